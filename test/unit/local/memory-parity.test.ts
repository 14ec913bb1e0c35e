import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { WalkItem, WalkOptions } from '../../../src/engine/ports/folder.ts';
import { createMemoryDisk } from '../../../src/local/memory/disk.ts';
import { openFolder } from '../../../src/local/open-folder.ts';
import { collectWalk, relPath } from '../../contract/folder-contract.ts';
import { createFakeRuntime, seededRandom } from '../../support/fake-runtime.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const NAMES = [
  'a',
  'a!',
  'b',
  'B',
  'c.log',
  'build',
  '.s4',
  'back\\slash',
  'é',
  '\u{1F600}',
  '\uFF5E',
  'x y',
];
const RULES = ['*.log', 'build/', '!c.log', 'a', '/b', 'b/**', '.syncignore', '!a', '*', '!b/'];

/** Without what a disk is free to choose: stats and wording. */
function comparable(item: WalkItem): unknown {
  switch (item.kind) {
    case 'entry':
      return item.row.kind === 'folder' ? item.row : { kind: item.row.kind, key: item.row.key };
    case 'problem':
      return { ...item, problem: { path: item.problem.path, code: item.problem.code } };
    case 'notice':
      return { kind: item.kind, path: item.path };
    case 'rules':
    case 'ignored':
      return item;
  }
}

it('walks any tree as the real folder does', async () => {
  const random = seededRandom(17);
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  for (let round = 0; round < 40; round++) {
    const dir = await createTempDir();
    const runtime = createFakeRuntime();
    const disk = createMemoryDisk({ runtime });
    const taken = new Set<string>();
    for (let i = 0; i < 18; i++) {
      const names = Array.from({ length: 1 + random(3) }, () => pick(NAMES));
      const isRules = random(5) === 0;
      if (isRules) names.push('.syncignore');
      const path = names.join('/');
      const kind = isRules ? 'file' : pick(['file', 'file', 'folder', 'symlink'] as const);
      const above = names.slice(0, -1).map((_, depth) => names.slice(0, depth + 1).join('/'));
      if (names[0] === '.s4' || disk.user.read(path) !== undefined) continue;
      if (taken.has(path) || above.some((each) => disk.user.read(each) !== undefined)) continue;
      for (const each of [...above, path]) taken.add(each);
      const real = join(dir.path, path);
      mkdirSync(kind === 'folder' ? real : dirname(real), { recursive: true });
      const text = isRules ? Array.from({ length: 1 + random(2) }, () => pick(RULES)).join('\n') : 'x';
      if (kind === 'folder') disk.user.mkdir(path);
      if (kind === 'file') {
        writeFileSync(real, text);
        disk.user.write(path, text);
      }
      if (kind === 'symlink') {
        symlinkSync('..', real);
        disk.user.symlink(path, '..');
      }
    }
    const realFolder = await openFolder({ root: dir.path, runtime });
    const memoryFolder = disk.open();
    const under = [...taken].filter((path) => !path.includes('\\') && !path.includes('.s4'));
    const looks: WalkOptions[] = [
      {},
      {
        extraRules: new Map([
          ['', '*.log'],
          ['a', 'b'],
        ]),
      },
      ...under.map((path) => ({ under: relPath(path) })),
    ];
    for (const look of looks) {
      const walked = async (folder: typeof memoryFolder) => (await collectWalk(folder, look)).map(comparable);
      expect({ look, items: await walked(memoryFolder) }).toEqual({ look, items: await walked(realFolder) });
    }
    await realFolder.close();
    await dir.remove();
  }
});
