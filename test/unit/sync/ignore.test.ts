import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIgnoreRules } from '../../../src/sync/ignore.ts';
import { seededRandom } from '../../support/fake-runtime.ts';

function rulesOf(texts: Readonly<Record<string, string | readonly string[]>>) {
  const rules = createIgnoreRules();
  for (const [folder, versions] of Object.entries(texts)) {
    for (const text of typeof versions === 'string' ? [versions] : versions) rules.addRules(folder, text);
  }
  return rules;
}

describe('ignore rules', () => {
  it('ignores nothing while there are no rules', () => {
    const rules = rulesOf({ '': '# only a comment\n\n' });
    expect(rules.empty).toBe(true);
    expect(rules.ignores('a/b', false)).toBe(false);
    rules.addRules('a', '*.log');
    expect(rules.empty).toBe(false);
  });

  it('tells folders from files', () => {
    const rules = rulesOf({ '': 'build/\n' });
    expect(rules.ignores('build', true)).toBe(true);
    expect(rules.ignores('x/build', true)).toBe(true);
    expect(rules.ignores('build', false)).toBe(false);
    expect(rules.ignores('build/out.o', false)).toBe(true);
  });

  it('tells upper from lower case', () => {
    const rules = rulesOf({ '': 'Build\n' });
    expect(rules.ignores('Build', false)).toBe(true);
    expect(rules.ignores('build', false)).toBe(false);
  });

  it('lets a deeper file decide against a higher one', () => {
    const rules = rulesOf({ '': '*.log', a: '!keep.log' });
    expect(rules.ignores('a/keep.log', false)).toBe(false);
    expect(rules.ignores('a/b/keep.log', false)).toBe(false);
    expect(rules.ignores('keep.log', false)).toBe(true);
    expect(rules.ignores('a/other.log', false)).toBe(true);
  });

  it('applies to the content of a folder that a deeper file included again', () => {
    const rules = rulesOf({ '': 'b/\n*.o', a: '!b/' });
    expect(rules.ignores('a/b', true)).toBe(false);
    expect(rules.ignores('a/b/c', false)).toBe(false);
    expect(rules.ignores('a/b/c.o', false)).toBe(true);
    expect(rules.ignores('b/c', false)).toBe(true);
  });

  it('cannot include again what lies in an ignored folder', () => {
    const rules = rulesOf({ '': 'b', b: '!c' });
    expect(rules.ignores('b/c', false)).toBe(true);
    expect(rules.ignores('b/d/e', false)).toBe(true);
  });

  it('ignores what either of two versions ignores', () => {
    const either = rulesOf({ '': ['*.log', '*.tmp'] });
    expect(either.ignores('x.log', false)).toBe(true);
    expect(either.ignores('x.tmp', false)).toBe(true);
    const oneIncludes = rulesOf({ '': '*.log', a: ['!x.log', '!y.log'] });
    expect(oneIncludes.ignores('a/x.log', false)).toBe(true);
    const bothInclude = rulesOf({ '': '*.log', a: ['!x.log', '!x.log\n'] });
    expect(bothInclude.ignores('a/x.log', false)).toBe(false);
    const oneIsAbsent = rulesOf({ '': '*.log', a: ['', '!x.log'] });
    expect(oneIsAbsent.ignores('a/x.log', false)).toBe(true);
  });

  it('ignores a .syncignore only where a rule names it, or in an ignored folder', () => {
    const wild = rulesOf({ '': '*\n.*\n**\n!a/\n', a: '*' });
    expect(wild.ignores('.syncignore', false)).toBe(false);
    expect(wild.ignores('a/.syncignore', false)).toBe(false);
    expect(wild.ignores('b/.syncignore', false)).toBe(true);
    const named = rulesOf({ '': '.syncignore\n!/.syncignore' });
    expect(named.ignores('.syncignore', false)).toBe(false);
    expect(named.ignores('a/.syncignore', false)).toBe(true);
    expect(rulesOf({ '': 'a/*/.syncignore  ' }).ignores('a/b/.syncignore', false)).toBe(true);
    expect(rulesOf({ '': '.syncignore\n!.syncignore' }).ignores('.syncignore', false)).toBe(false);
  });

  it('takes rules added after it was asked', () => {
    const rules = rulesOf({ '': '*.log' });
    expect(rules.ignores('a/x.tmp', false)).toBe(false);
    rules.addRules('a', '*.tmp');
    expect(rules.ignores('a/x.tmp', false)).toBe(true);
  });

  it('answers the same after its memory was dropped', () => {
    const rules = rulesOf({ '': '*.log\n!a/keep.log' });
    const said = new Set(Array.from({ length: 25_000 }, (_, i) => rules.ignores(`f${i}/x.log`, false)));
    expect([...said]).toEqual([true]);
    expect(rules.ignores('a/keep.log', false)).toBe(false);
    expect(rules.ignores('X.LOG', false)).toBe(false);
    expect(rules.ignores('.../x.log', false)).toBe(true);
  });

  it('reads what other systems write: a mark at the beginning, and lines that end in CR LF or CR', () => {
    const rules = rulesOf({ '': '\uFEFF*.log\r\n*.tmp\r\nbuild/\r' });
    for (const name of ['x.log', 'x.tmp', 'build/x'])
      expect([name, rules.ignores(name, false)]).toEqual([name, true]);
    expect(rulesOf({ '': 'a\uFEFFb' }).ignores('a\uFEFFb', false)).toBe(true);
  });

  it('asks about names that are dots alone like about any other', () => {
    const rules = rulesOf({ '': '*.log' });
    for (const path of ['...', '.../x', '..x/y'])
      expect([path, rules.ignores(path, false)]).toEqual([path, false]);
    expect(rules.ignores('.../x.log', false)).toBe(true);
  });

  it('lets the last line that speaks decide, also among lines with many **', () => {
    const rules = rulesOf({ '': '*.log\na/**/b/**/c/**/x\n!keep.log\n' });
    for (const [path, ignored] of [
      ['x.log', true],
      ['a/b/c/x', true],
      ['keep.log', false],
      ['other', false],
    ] as const)
      expect([path, rules.ignores(path, false)]).toEqual([path, ignored]);
  });

  it('takes the mark for folders behind which spaces stand', () => {
    const rules = rulesOf({ '': 'build/  \n' });
    expect(rules.ignores('build', true)).toBe(true);
    expect(rules.ignores('build', false)).toBe(false);
  });
});

const FOLDERS = ['a', 'a/b', 'a/b/c', 'b', 'b/a', 'build', 'a/build', 'x y', 'a/[d]'];
const NAMES = [
  'a.log',
  'b.log',
  'keep.log',
  'x',
  'build',
  '#hash',
  '!bang',
  'trail ',
  'é.txt',
  'b1',
  'A.LOG',
];
const PATTERNS = [
  ...[
    '*.log',
    '!*.log',
    '!keep.log',
    'keep.log',
    'build',
    'build/',
    '!build/',
    '/build',
    '/build/',
    'a/',
    '!a/',
  ],
  ...[
    '/a',
    '!/a',
    'b/',
    'a/b',
    '!a/b',
    'a/**',
    '!a/**',
    '**/b',
    '**/build/',
    'a/**/c',
    '*',
    '!*',
    '*/',
    '!*/',
  ],
  ...[
    '/*',
    '!/a/',
    '**',
    '/**',
    '[ab].log',
    '[!a]*',
    '\\#hash',
    '\\!bang',
    '#hash',
    '!bang',
    'trail ',
    'trail\\ ',
  ],
  ...[
    'b?',
    'x y/',
    'x*y',
    '\\[d\\]/',
    'a/[[]d]',
    'build/ ',
    'c/*',
    '/',
    '!',
    '//',
    'é*',
    'b[0-9]',
    '*.l?g',
    'a/b/',
  ],
];
const hasGit = spawnSync('git', ['--version']).status === 0;

describe('ignore rules against git', () => {
  let root = '';
  const files = ['', ...FOLDERS].flatMap((folder) =>
    NAMES.map((name) => (folder === '' ? name : `${folder}/${name}`)).filter(
      (path) => !FOLDERS.includes(path),
    ),
  );
  const paths = [
    ...files.map((path) => ({ path, folder: false })),
    ...FOLDERS.map((path) => ({ path, folder: true })),
  ];

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 's4-ignore-'));
    for (const path of files) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), '');
    }
    if (hasGit) execFileSync('git', ['init', '--quiet', root]);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const ignoredByGit = (): ReadonlySet<string> => {
    const input = paths.map(({ path }) => path).join('\0');
    const args = ['-c', 'core.ignorecase=false', '-c', 'core.excludesFile=', 'check-ignore'];
    const run = spawnSync('git', [...args, '--no-index', '-z', '--stdin'], { cwd: root, input });
    if (run.status !== 0 && run.status !== 1) throw new Error(run.stderr.toString());
    return new Set(run.stdout.toString().split('\0'));
  };

  const name = 'agrees with git check-ignore on generated rules';
  it.skipIf(!hasGit)(hasGit ? name : `${name} (SKIPPED: git is not installed)`, () => {
    const random = seededRandom(7);
    for (let round = 0; round < 150; round++) {
      const rules = createIgnoreRules();
      const texts: Record<string, string> = {};
      for (const folder of ['', 'a', 'a/b', 'b', 'build']) {
        const count = folder === '' ? 1 + random(4) : random(3);
        const lines = Array.from({ length: count }, () => PATTERNS[random(PATTERNS.length)]);
        texts[folder] = lines.join(random(4) === 0 ? '\r\n' : '\n');
        rules.addRules(folder, texts[folder]);
        writeFileSync(join(root, folder, '.gitignore'), texts[folder]);
      }
      const expected = ignoredByGit();
      const differing = paths.filter(
        ({ path, folder }) => rules.ignores(path, folder) !== expected.has(path),
      );
      expect({ texts, differing }).toEqual({ texts, differing: [] });
    }
  });
});
