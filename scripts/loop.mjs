// Two daemons around one store, on a clock of their own: does each edit make one upload and one download, and then rest?
// `npm run loop -- [--edits 100000] [--seed 1]`
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = await mkdtemp(join(tmpdir(), 's4-loop-'));
try {
  const outfile = join(folder, 'loop.mjs');
  await build({
    entryPoints: [join(root, 'test/loop/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(folder, { recursive: true });
}
