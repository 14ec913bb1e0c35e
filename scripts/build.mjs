// Bundles s4 into dist/. `--if-missing`: only where there is no dist yet; `--watch`: again after each change.
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { mergeStart } from './build/merge.mjs';
import { packages } from './build/packages.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

/** What is started is CommonJS: Node's loader of ES modules alone is 10 ms, and the version is told without it. */
const CLI = 'src/cli.ts';
/** The rest are ES modules, dist name -> source. Workers are loaded by URL, next to the chunk that starts them. */
const MODULES = {
  s4: 'src/commands/process.ts',
  'walk-worker': 'src/local/walk-worker.ts',
  'hash-worker': 'src/local/hash-worker.ts',
};
const WORKERS = ['walk-worker.js', 'hash-worker.js'];

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
if (!(await exists(join(root, CLI)))) process.exit(0);
if (process.argv.includes('--if-missing') && (await exists(join(dist, 'cli.cjs')))) process.exit(0);

async function loadEsbuild() {
  try {
    return await import('esbuild');
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error('build: esbuild is not installed (an install without dev dependencies); dist is not built');
    // Such an install must not fail for it; whoever needs dist builds with --if-missing, and fails there.
    const isInstall = process.env.npm_lifecycle_event === 'prepare';
    process.exit(isInstall || (await exists(join(dist, 'cli.cjs'))) ? 0 : 1);
  }
}

const missing = [];
for (const source of [CLI, ...Object.values(MODULES)])
  if (!(await exists(join(root, source)))) missing.push(source);
if (missing.length > 0) {
  console.error(`build: missing entry points: ${missing.join(', ')}`);
  process.exit(1);
}

const { build, context } = await loadEsbuild();

/** @type {Map<string, Map<string, Uint8Array>>} contents by file name, of each build that is done */
const made = new Map();

/** Only after good builds: a failed one leaves the last dist as it was. Chunks carry a hash in their name: old ones go. */
const finish = (name, filesOf) => ({
  name: 'finish',
  setup(setup) {
    setup.onEnd(async (result) => {
      if (result.errors.length > 0) return;
      made.set(name, await filesOf(result));
      if (made.size < builds.length) return;
      const files = new Map([...made.values()].flatMap((some) => [...some]));
      await mkdir(dist, { recursive: true });
      for (const [file, contents] of files) await writeFile(join(dist, file), contents);
      await chmod(join(dist, 'cli.cjs'), 0o755);
      for (const old of await readdir(dist))
        if (!files.has(old)) await rm(join(dist, old), { recursive: true });
    });
  },
});

const asTheyAre = ({ outputFiles }) =>
  new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));

/** The way from one to the other: what `cli.ts` imports is the module `s4` beside it. */
const rest = {
  name: 'rest',
  setup(setup) {
    setup.onResolve({ filter: /^\.\/commands\/process\.ts$/ }, () => ({ path: './s4.js', external: true }));
  },
};

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  outdir: dist,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: process.argv.includes('--watch') ? 'info' : 'warning',
};

/** @type {import('esbuild').BuildOptions[]} */
const builds = [
  {
    ...common,
    entryPoints: [CLI],
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    plugins: [rest, finish('cli', asTheyAre)],
  },
  {
    ...common,
    entryPoints: Object.entries(MODULES).map(([out, source]) => ({ in: source, out })),
    format: 'esm',
    splitting: true,
    mainFields: ['module', 'main'],
    define: { 'process.env.NODE_ENV': '"production"' },
    // CommonJS packages in the bundle call require for Node's own modules.
    banner: {
      js: "import { createRequire as __s4CreateRequire } from 'node:module'; const require = __s4CreateRequire(import.meta.url);",
    },
    plugins: [...packages, finish('modules', (result) => mergeStart(result, 's4.js', WORKERS, common))],
  },
];

if (process.argv.includes('--watch')) {
  for (const options of builds) await (await context(options)).watch();
} else {
  await Promise.all(builds.map((options) => build(options)));
}
