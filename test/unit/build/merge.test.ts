import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeStart } from '../../../scripts/build/merge.mjs';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

/** `one` and `two` export the same name; `later` needs `one` as the start does, the worker needs `two` as the start does. */
const SOURCES = {
  'one.js': `globalThis.loaded = [...(globalThis.loaded ?? []), 'one']; export const name = { of: 'one' }; export default 1;`,
  'two.js': `export const name = { of: 'two' };`,
  'start.js': `
    import one, { name } from './one.js';
    import { name as second } from './two.js';
    export const start = { one, name, second };
    export const later = () => import('./later.js');`,
  'later.js': `import one, { name } from './one.js'; export { one, name };`,
  'worker.js': `import { name } from './two.js'; export { name };`,
};

const OPTIONS = { bundle: true, format: 'esm', platform: 'node', write: false } as const;

interface Start {
  readonly start: { readonly one: number; readonly name: object; readonly second: object };
  readonly later: () => Promise<{ readonly one: number; readonly name: object }>;
}

describe('the start in one file', () => {
  let temp: TempDir;
  const out = (): string => join(temp.path, 'out');

  beforeAll(async () => {
    temp = await createTempDir();
    for (const [name, text] of Object.entries(SOURCES)) await writeFile(join(temp.path, name), text);
    const options: BuildOptions = { ...OPTIONS, outdir: out() };
    const result = await build({
      ...OPTIONS,
      outdir: out(),
      entryPoints: [join(temp.path, 'start.js'), join(temp.path, 'worker.js')],
      splitting: true,
      metafile: true,
    });
    const files = await mergeStart(result, 'start.js', ['worker.js'], options);
    await mkdir(out());
    await writeFile(join(out(), 'package.json'), '{"type":"module"}');
    for (const [name, contents] of files) await writeFile(join(out(), name), contents);
  });

  afterAll(() => temp.remove());

  it('loads each module once, whoever asks for it', async () => {
    const { start, later } = (await import(pathToFileURL(join(out(), 'start.js')).href)) as Start;
    const others = await later();
    expect(start).toEqual({ one: 1, name: { of: 'one' }, second: { of: 'two' } });
    expect(others.name).toBe(start.name);
    expect(others.one).toBe(1);
    expect((globalThis as { loaded?: string[] }).loaded).toEqual(['one']);
  });

  it('leaves a worker with what it needs alone', async () => {
    const text = await readFile(join(out(), 'worker.js'), 'utf8');
    expect(text).not.toContain('start.js');
    const names = (await readdir(out())).map((name) => name.replace(/-[A-Z0-9]{8}/, '')).sort();
    expect(names).toEqual(['chunk.js', 'later.js', 'package.json', 'start.js', 'worker.js']);
  });
});
