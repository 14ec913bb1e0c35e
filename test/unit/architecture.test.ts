import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXCEPTIONS, type Violation, violationsOf } from '../support/architecture.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function sourceFiles(): readonly string[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

const rules = (violations: readonly Violation[]) =>
  violations.map(({ rule, detail }) => `${rule}: ${detail}`);

describe('the layout of the source', () => {
  const files = sourceFiles().map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

  it('keeps the table of allowed imports and the rules of style', () => {
    expect(files.length).toBeGreaterThan(10);
    const violations = files.flatMap(({ path, text }) => violationsOf(path, text));
    expect(violations.map(({ file, rule, detail }) => `${file}: ${rule}: ${detail}`)).toEqual([]);
    // It parses all of the source, and a busy machine takes its time.
  }, 120_000);

  it('has no exception that is not needed', () => {
    for (const edge of Object.keys(EXCEPTIONS)) {
      const [from, to] = edge.split(' -> ');
      const file = files.find(({ path }) => path === from);
      expect(file?.text, edge).toContain(`/${to?.split('/').slice(-2).join('/')}'`);
    }
  });
});

describe('the check of the layout', () => {
  it.each([
    ['src/sync/a.ts', "import { readFileSync } from 'node:fs';", 'package: node:fs'],
    ['src/sync/a.ts', "import { z } from 'zod';", 'package: zod'],
    [
      'src/sync/a.ts',
      "import type { Store } from '../engine/ports/store.ts';",
      'import: src/engine/ports/store.ts',
    ],
    ['src/sync/a.ts', 'export const now = () => Date.now();', 'pure: Date.now'],
    ['src/sync/a.ts', 'export const now = () => new Date();', 'pure: new Date()'],
    ['src/sync/a.ts', 'export const dice = () => Math.random();', 'pure: Math.random'],
    ['src/sync/a.ts', 'export const home = () => process.env.HOME;', 'pure: process'],
    ['src/sync/a.ts', "export const say = () => console.log('x');", 'pure: console'],
    ['src/sync/a.ts', 'export async function f() {}', 'pure: async'],
    ['src/sync/a.ts', 'export const f = () => Promise.resolve(1);', 'pure: Promise'],
    ['src/sync/a.ts', 'let count = 0;\nexport const f = () => ++count;', 'pure: module state'],
    [
      'src/engine/a.ts',
      "import { openS3Store } from '../stores/s3/open.ts';",
      'import: src/stores/s3/open.ts',
    ],
    ['src/engine/a.ts', "import type { X } from '../local/change.ts';", 'import: src/local/change.ts'],
    ['src/engine/a.ts', "const x = await import('../config/schema.ts');", 'import: src/config/schema.ts'],
    ['src/engine/a.ts', "type X = import('../ui/App.tsx').X;", 'import: src/ui/App.tsx'],
    ['src/stores/a.ts', "import { execute } from '../engine/execute.ts';", 'import: src/engine/execute.ts'],
    ['src/stores/a.ts', "import type { Plan } from '../engine/plan.ts';", 'import: src/engine/plan.ts'],
    ['src/stores/a.ts', "import { x } from '../engine/ports/store.ts';", 'import: src/engine/ports/store.ts'],
    ['src/local/a.ts', "import { x } from '../stores/file/open.ts';", 'import: src/stores/file/open.ts'],
    ['src/report/a.ts', "import { x } from '../engine/run-cycle.ts';", 'import: src/engine/run-cycle.ts'],
    ['src/report/a.ts', "import { render } from 'ink';", 'package: ink'],
    ['src/ui/a.ts', "import { x } from '../config/schema.ts';", 'import: src/config/schema.ts'],
    ['src/ui/a.ts', "import { readFileSync } from 'node:fs';", 'package: node:fs'],
    ['src/commands/a.ts', "import { x } from '../stores/s3/open.ts';", 'import: src/stores/s3/open.ts'],
    ['src/lib/a.ts', "import type { RelPath } from '../sync/path.ts';", 'import: src/sync/path.ts'],
    ['src/lib/a.ts', "import { x } from '../../test/support/x.ts';", 'import: test/support/x.ts'],
    ['src/other/a.ts', '', 'room: other is not in the table'],
    ['src/lib/a.ts', 'export default 1;', 'default-export: export default'],
    ['src/lib/a.ts', 'export default function f() {}', 'default-export: export default'],
    ['src/lib/a.ts', "export * from './b.ts';", "barrel: export from './b.ts'"],
    ['src/lib/a.ts', "export { b } from './b.ts';", "barrel: export from './b.ts'"],
    ['src/lib/aB.ts', '', 'name: kebab-case.ts, PascalCase.tsx'],
    ['src/ui/screen.tsx', '', 'name: kebab-case.ts, PascalCase.tsx'],
    ['src/ui/Big_Screens/Main.tsx', '', 'name: kebab-case.ts, PascalCase.tsx'],
  ])('in %s reports %j', (path, text, violation) => {
    expect(rules(violationsOf(path, text))).toEqual([violation]);
  });

  it('reports a file of more than 400 lines', () => {
    const lines = (count: number) => violationsOf('src/lib/a.ts', 'export const a = 1;\n'.repeat(count));
    expect(rules(lines(401))).toEqual(['size: 401 lines']);
    expect(lines(400)).toEqual([]);
  });

  it.each([
    ['src/stores/a.ts', "import type { Store } from '../engine/ports/store.ts';"],
    ['src/stores/a.ts', "import { type Store, type PutOutcome } from '../engine/ports/store.ts';"],
    ['src/sync/a.ts', "import ignore from 'ignore';\nexport const f = (ms: number) => new Date(ms);"],
    ['src/sync/a.ts', 'export const f = (x: { process: number }) => ({ process: x.process });'],
    ['src/ui/MainScreen.tsx', "import { Box } from 'ink';"],
    ['src/compose.ts', "import { x } from './stores/s3/open.ts';"],
    ['src/lib/a.ts', "import { version } from '../../package.json' with { type: 'json' };"],
  ])('in %s allows %j', (path, text) => {
    expect(violationsOf(path, text)).toEqual([]);
  });
});
