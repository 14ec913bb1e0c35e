// Fuzzes s4 with hostile input: `npm run fuzz -- --cases 1000000`, `--target NAME`, `--seed N` (see `--help`).
// Bundles test/fuzz first: transpiling while it runs would cost more than the cases.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Below node_modules, so that the packages that stay outside of the bundle are found, and git looks away.
const outdir = join(root, 'node_modules', '.cache', 's4-fuzz');
const outfile = join(outdir, `fuzz-${process.pid}.mjs`);

await mkdir(outdir, { recursive: true });
await build({
  entryPoints: [join(root, 'test/fuzz/main.ts')],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
});
process.setSourceMapsEnabled?.(true);
await import(pathToFileURL(outfile).href);
