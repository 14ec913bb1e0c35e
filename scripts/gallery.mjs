// Every screen with sample data: `npm run gallery -- [--screen NAME] [--columns N] [--rows N] [--ascii] [--list]`.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

// Inside the project, where the packages that are not bundled are found.
const folder = await mkdtemp(join(root, 'node_modules', '.gallery-'));
try {
  const outfile = join(folder, 'gallery.mjs');
  await build({
    entryPoints: [join(root, 'test/gallery/main.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    jsx: 'automatic',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'warning',
  });
  // React's development build is four times as slow, and watches itself.
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = spawn(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit', env });
  process.exitCode = await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
} finally {
  await rm(folder, { recursive: true, force: true });
}
