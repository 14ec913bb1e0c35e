// What hearing changes of a large folder costs, by each way of watching: start, memory, rest, and how soon a change is told.
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `node bench/watch.mjs [--files N] [--folders N] [--kind fs|chokidar] [--rest SECONDS]

  --files    in all (100000), spread over --folders (10000)
  --kind     one way alone; else both
  --rest     how long to sit still for the figure of idle CPU (20)
`;
const MB = 1024 * 1024;
const CHANGES = 100;
const DROPPED = 10_000;
const DEBOUNCE_MS = 20;

async function main() {
  const { values } = parseArgs({
    options: {
      files: { type: 'string', default: '100000' },
      folders: { type: 'string', default: '10000' },
      kind: { type: 'string', multiple: true, default: ['fs', 'chokidar'] },
      rest: { type: 'string', default: '20' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return process.stdout.write(USAGE);
  const room = realpathSync(mkdtempSync(join(tmpdir(), 's4-bench-watch-')));
  try {
    const bundle = await bundleWatcher(room);
    const root = join(room, 'folder');
    makeTree(root, Number(values.files), Number(values.folders));
    for (const kind of values.kind) {
      const { kind: name, ...row } = await runChild({ kind, root, bundle, rest: Number(values.rest) });
      console.table({ [name]: row });
    }
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

/** The watcher alone, as it is in dist. */
async function bundleWatcher(room) {
  const { build } = await import('esbuild');
  const outfile = join(room, 'watcher.mjs');
  await build({
    absWorkingDir: join(dirname(fileURLToPath(import.meta.url)), '..'),
    entryPoints: ['src/local/watch/watch-folder.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return pathToFileURL(outfile).href;
}

function makeTree(root, files, folders) {
  const each = Math.ceil(files / folders);
  for (let folder = 0; folder < folders; folder++) {
    const path = join(root, String(folder % 100), String(folder));
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < each; file++) writeFileSync(join(path, `${file}.txt`), 'x');
  }
}

/** Each way in a process of its own: memory is not given back. */
function runChild(job) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--child'], { execArgv: ['--expose-gc'] });
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the measured process ended with ${code}`)));
    child.send(job);
  });
}

async function measure({ kind, root, bundle, rest }) {
  const { createWatcher } = await import(bundle);
  const hearing = createHearing();
  await settle();
  const rssBefore = process.memoryUsage().rss;
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const startMs = performance.now();
  const running = await createWatcher({ root, kind }).watch({
    debounceMs: DEBOUNCE_MS,
    maxDelayMs: 2_000,
    onEvent: hearing.take,
  });
  const readyMs = performance.now() - startMs;
  const blockedMs = loop.max / 1e6;
  loop.disable();
  await settle();
  const rss = process.memoryUsage().rss;
  const cpuPercent = await idleCpu(rest);
  const latencies = await changes(root, hearing);
  const dropMs = await drop(root, hearing);
  const at = (part) => Math.round(latencies[Math.floor(latencies.length * part)] * 10) / 10;
  const row = {
    kind,
    watches: running.watches,
    'ready s': round(readyMs / 1000),
    'longest block ms': Math.round(blockedMs),
    'RSS MB': Math.round(rss / MB),
    'of it for watching MB': Math.round((rss - rssBefore) / MB),
    'idle CPU %': round(cpuPercent),
    'told p50 ms': at(0.5),
    'told p95 ms': at(0.95),
    '10,000 files told s': round(dropMs / 1000),
  };
  await running.close();
  rmSync(join(root, 'drop'), { recursive: true });
  return row;
}

function createHearing() {
  let wake = () => {};
  let wanted = () => false;
  return {
    take: (event) => {
      if (wanted(event)) wake();
    },
    until: (test) =>
      new Promise((resolve) => {
        wanted = test;
        wake = resolve;
      }),
  };
}

/** From the write to the event, the debounce taken off. */
async function changes(root, hearing) {
  const latencies = [];
  for (let i = 0; i < CHANGES; i++) {
    const path = `${i % 100}/${i}/0.txt`;
    const told = hearing.until(
      ({ kind, paths }) => kind === 'rescan' || (kind === 'touched' && paths.includes(path)),
    );
    const startMs = performance.now();
    writeFileSync(join(root, path), `change ${i}`);
    await told;
    latencies.push(performance.now() - startMs - DEBOUNCE_MS);
  }
  return latencies.sort((a, b) => a - b);
}

/** Until everything of it was told, or a look at everything was asked for. */
async function drop(root, hearing) {
  const missing = new Set(Array.from({ length: DROPPED }, (_, i) => `drop/${i}.txt`));
  const startMs = performance.now();
  const told = hearing.until((event) => {
    if (event.kind === 'rescan') return true;
    if (event.kind !== 'touched') return false;
    if (event.paths.includes('drop')) return true;
    for (const path of event.paths) missing.delete(path);
    return missing.size === 0;
  });
  mkdirSync(join(root, 'drop'));
  // Watched before it is filled: else the folder alone is told.
  await delay(200);
  for (const path of missing) writeFileSync(join(root, path), 'x');
  await told;
  return performance.now() - startMs - 200;
}

async function idleCpu(seconds) {
  const before = process.cpuUsage();
  await delay(seconds * 1000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (seconds * 10_000);
}

async function settle() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await delay(300);
  }
}

const round = (value) => Math.round(value * 100) / 100;

if (process.argv.includes('--child')) {
  // Stays listening, which keeps it alive: the watcher does not.
  process.on('message', (job) => {
    void measure(job).then((row) => process.send(row, () => process.disconnect()));
  });
} else {
  await main();
}
