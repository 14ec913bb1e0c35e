// Two daemons, two folders, a real SeaweedFS:
//   node bench/daemon.mjs [--files N] [--changes N] [--idle SECONDS] [--drop N] [--events]
// How long a change takes to the bucket and to the other folder, what an idle daemon costs (before files are dropped in
// and after), files dropped in at once. `--events`: moto, whose bucket sends its events to a queue that B listens to.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { eventQueue } from './support/events.mjs';
import { startServer, toolEnvironment } from './support/servers.mjs';

const CLI = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url));
const TICKS_A_SECOND = 100;
const LOOK_MS = 5;
const PATIENCE_MS = 600_000;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '2000' },
    changes: { type: 'string', default: '30' },
    idle: { type: 'string', default: '60' },
    drop: { type: 'string', default: '1000' },
    events: { type: 'boolean', default: false },
  },
});
const [files, changes, idleS, drop] = [values.files, values.changes, values.idle, values.drop].map(Number);
const root = await mkdtemp(join(tmpdir(), 's4-bench-daemon-'));
const server = await startServer(values.events ? 'moto' : 'seaweedfs', join(root, 'server'));
const machines = [];
try {
  await run();
} finally {
  for (const { child } of machines) child?.kill('SIGKILL');
  await server.stop();
  await rm(root, { recursive: true, force: true });
}

async function run() {
  const a = await machine('a');
  const b = await machine('b');
  await fill(a.folder, 'base', files);
  await add(a, ['--create-bucket']);
  await add(b, []);
  say(`${files} files`);
  const startMs = Date.now();
  start(a);
  await finished(
    a,
    (event) => event.kind === 'daemon-target' && event.phase === 'idle' && event.lastSyncMs > 0,
  );
  say(`first sync: ${seconds(Date.now() - startMs)}`);
  const notify = values.events ? ['--notify', `sqs:${await eventQueue(server, 'bench', 'docs/')}`] : [];
  start(b, notify);
  await finished(
    b,
    (event) => event.kind === 'daemon-target' && event.phase === 'idle' && event.lastSyncMs > 0,
  );
  if (changes > 0) await changeByChange(a, b);
  await idle(a);
  if (drop > 0) await dropIn(a, b);
}

async function dropIn(a, b) {
  const before = [await requests(a), await requests(b)];
  const dropMs = Date.now();
  await fill(a.folder, 'dropped', drop);
  const writtenMs = Date.now();
  await until(async () => (await count(join(b.folder, 'dropped'))) === drop);
  say(
    `${drop} files dropped in at once: written in ${seconds(writtenMs - dropMs)}, in B ${seconds(Date.now() - writtenMs)} later`,
  );
  await sleep(10_000);
  for (const [i, machine] of [a, b].entries()) {
    const made = since(before[i], await requests(machine));
    say(`requests of ${machine.name.toUpperCase()} for it, and 10 s after it: ${made}`);
  }
  await idle(a);
}

async function changeByChange(a, b) {
  const toBucket = [];
  const toOther = [];
  for (let i = 0; i < changes; i++) {
    const path = `base/${i % 50}.txt`;
    const text = `change ${i} ${Date.now()}\n`;
    const seen = finished(
      a,
      (event) =>
        event.kind === 'operation-finished' && event.operation.path === path && event.outcome === 'done',
    );
    await writeFile(join(a.folder, path), text);
    const startMs = Date.now();
    await seen;
    toBucket.push(Date.now() - startMs);
    await until(async () => (await textOf(join(b.folder, path))) === text);
    toOther.push(Date.now() - startMs);
    await sleep(300);
  }
  say(`A -> bucket (with 0.2 s of debounce): ${percentiles(toBucket)}`);
  say(`A -> B (${values.events ? 'by events' : 'polls every 3 s'}): ${percentiles(toOther)}`);
}

async function idle(a) {
  await sleep(5_000);
  const before = await usage(a.child.pid);
  const requestsBefore = await requests(a);
  await sleep(idleS * 1000);
  const after = await usage(a.child.pid);
  const requestsAfter = await requests(a);
  const cpu = ((after.cpuS - before.cpuS) / idleS) * 100;
  say(`idle for ${idleS} s: ${cpu.toFixed(2)} % of a core, ${Math.round(after.rssMib)} MiB`);
  say(`requests in that time: ${since(requestsBefore, requestsAfter)}`);
}

function since(before, after) {
  return Object.entries(after)
    .map(([kind, n]) => `${n - (before[kind] ?? 0)} ${kind}`)
    .join(', ');
}

async function machine(name) {
  const home = join(root, name);
  const folder = join(home, 'docs');
  await mkdir(folder, { recursive: true });
  const made = { name, home, folder, events: [], waiting: new Set(), child: undefined };
  machines.push(made);
  return made;
}

async function fill(folder, name, n) {
  await mkdir(join(folder, name), { recursive: true });
  for (let i = 0; i < n; i++) await writeFile(join(folder, name, `${i}.txt`), `file ${i} of ${name}\n`);
}

function environment({ name, home }) {
  return { ...toolEnvironment(home), S4_HOST: name, S4_CONFIG_DIR: join(home, 'config') };
}

async function add(a, flags) {
  const args = ['add', a.folder, 's3://bench/docs', '--endpoint', server.endpoint, '--yes', ...flags];
  await ended(spawn(process.execPath, [CLI, ...args], { env: environment(a), stdio: 'ignore' }));
}

function start(a, flags = []) {
  a.child = spawn(process.execPath, [CLI, 'daemon', '--json', '--no-notifications', ...flags], {
    env: environment(a),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let rest = '';
  a.child.stdout.setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = JSON.parse(line);
      for (const look of [...a.waiting]) look(event);
    }
  });
}

/** Resolves with the first event from now on that is meant. */
function finished(a, isMeant) {
  return new Promise((resolve) => {
    const look = (event) => {
      if (!isMeant(event)) return;
      a.waiting.delete(look);
      resolve(event);
    };
    a.waiting.add(look);
  });
}

async function requests(a) {
  const child = spawn(process.execPath, [CLI, 'daemon', 'status', '--json'], {
    env: environment(a),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await ended(child);
  return JSON.parse(text.split('\n')[0]).targets[0].requests;
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`ended with ${code}`))));
  });
}

async function usage(pid) {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return {
    cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
    rssMib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
  };
}

/** In the very moment of a replacement there is nothing at the name: see "A local file is never overwritten" in docs/architecture.md. */
function textOf(path) {
  return readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function count(folder) {
  return (await stat(folder).catch(() => undefined)) === undefined ? 0 : (await readdir(folder)).length;
}

async function until(isSo) {
  const deadlineMs = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error('it did not come about');
    await sleep(LOOK_MS);
  }
}

function percentiles(times) {
  const sorted = [...times].sort((x, y) => x - y);
  const at = (p) => sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)];
  return `p50 ${at(50)} ms, p95 ${at(95)} ms, p99 ${at(99)} ms (${sorted.length} changes)`;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function say(text) {
  console.log(text);
}
