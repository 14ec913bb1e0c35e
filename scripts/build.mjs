// Bundles s4 into dist/. `--if-missing`: only where there is no dist yet; `--watch`: again after each change.
import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { packages } from './build/packages.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

/** dist name -> source. Workers are separate files: they are loaded by URL, next to the chunk that starts them. */
const ENTRIES = {
  cli: 'src/cli.ts',
  'walk-worker': 'src/local/walk-worker.ts',
  'hash-worker': 'src/local/hash-worker.ts',
};

async function exists(path) {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

// An installed package has dist and no sources: there is nothing to build, and nothing to build it with.
if (!(await exists(join(root, 'src', 'cli.ts')))) process.exit(0);
if (process.argv.includes('--if-missing') && (await exists(join(dist, 'cli.js')))) process.exit(0);

async function loadEsbuild() {
  try {
    return await import('esbuild');
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error('build: esbuild is not installed (an install without dev dependencies); dist is not built');
    // Such an install must not fail for it; whoever needs dist builds with --if-missing, and fails there.
    const isInstall = process.env.npm_lifecycle_event === 'prepare';
    process.exit(isInstall || (await exists(join(dist, 'cli.js'))) ? 0 : 1);
  }
}

const missing = [];
for (const source of Object.values(ENTRIES)) if (!(await exists(join(root, source)))) missing.push(source);
if (missing.length > 0) {
  console.error(`build: missing entry points: ${missing.join(', ')}`);
  process.exit(1);
}

const { build, context } = await loadEsbuild();

/** After a good build only: a failed one leaves the last dist as it was. Chunks carry a hash in their name: old ones go. */
const finish = {
  name: 'finish',
  setup(setup) {
    setup.onEnd(async ({ errors, metafile }) => {
      if (errors.length > 0) return;
      await chmod(join(dist, 'cli.js'), 0o755);
      const written = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
      for (const name of await readdir(dist))
        if (!written.has(name)) await rm(join(dist, name), { recursive: true });
    });
  },
};

/** @type {import('esbuild').BuildOptions} */
const options = {
  absWorkingDir: root,
  entryPoints: Object.entries(ENTRIES).map(([out, source]) => ({ in: source, out })),
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  mainFields: ['module', 'main'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  sourcemap: process.argv.includes('--watch'),
  define: { 'process.env.NODE_ENV': '"production"' },
  // CommonJS packages in the bundle call require for Node's own modules.
  banner: {
    js: "import { createRequire as __s4CreateRequire } from 'node:module'; const require = __s4CreateRequire(import.meta.url);",
  },
  metafile: true,
  plugins: [...packages, finish],
  logLevel: 'warning',
};

if (process.argv.includes('--watch')) {
  const watching = await context({ ...options, logLevel: 'info' });
  await watching.watch();
} else {
  await build(options);
}
