// The simulation, many seeds in worker processes: `npm run sim -- --runs 100000 [--from 1] [--config NAME] [--minutes N]`,
// or one seed told in full: `npm run sim -- --seed 42 --config full --trace`.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    config: { type: 'string' },
    minutes: { type: 'string', default: '0' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});
const MAX_SHOWN = 20;

async function bundle(folder) {
  const outfile = join(folder, 'sim.mjs');
  await build({
    entryPoints: [join(root, 'test/simulation/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return outfile;
}

const total = { runs: 0, steps: 0, cycles: 0, contents: 0, hidden: 0, rounds: 0, faults: {} };
const failures = [];

function add(sums) {
  for (const name of ['runs', 'steps', 'cycles', 'contents', 'hidden']) total[name] += sums[name];
  total.rounds = Math.max(total.rounds, sums.rounds);
  for (const [name, count] of Object.entries(sums.faults))
    total.faults[name] = (total.faults[name] ?? 0) + count;
}

function tellFailure({ seed, config, violations }) {
  failures.push(seed);
  if (failures.length > MAX_SHOWN) return;
  console.log(`\nFAILED seed ${seed}, config ${config}`);
  for (const violation of violations.slice(0, 3)) console.log(`  ${violation}`);
  console.log(`  replay: npm run sim -- --seed ${seed} --config ${config} --trace`);
}

function work(file, args) {
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line);
    if (message.kind === 'sums') add(message);
    else tellFailure(message);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

async function runOne(file) {
  const config = values.config === undefined ? [] : ['--config', values.config];
  const trace = values.trace ? ['--trace'] : [];
  const args = ['--enable-source-maps', file, '--seed', values.seed, ...config, ...trace];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

async function runMany(file) {
  const workers = Number(values.workers);
  const startedMs = Date.now();
  const ends = Array.from({ length: workers }, (_, i) =>
    work(file, [
      ...['--from', String(Number(values.from) + i), '--step', String(workers)],
      ...['--runs', String(Math.ceil(Number(values.runs) / workers))],
      ...['--max-seconds', String(Number(values.minutes) * 60)],
      ...(values.config === undefined ? [] : ['--config', values.config]),
    ]),
  );
  const codes = await Promise.all(ends);
  const seconds = (Date.now() - startedMs) / 1000;
  console.log(
    `\n${total.runs} runs in ${seconds.toFixed(0)} s: ${(total.runs / seconds).toFixed(0)} a second`,
  );
  console.log(
    `${total.cycles} cycles, ${total.steps} steps, ${total.contents} contents written, ` +
      `at most ${total.rounds} rounds to rest, ${total.hidden} contents left to trash or versions alone`,
  );
  for (const [name, count] of Object.entries(total.faults).sort())
    console.log(`  ${name.padEnd(24)} ${count}`);
  const died = codes.some((code) => code !== 0);
  if (died) console.log('A WORKER FAILED: its runs are not all counted');
  else console.log(failures.length === 0 ? 'no failures' : `${failures.length} FAILURES`);
  return failures.length > 0 || died ? 1 : 0;
}

const folder = await mkdtemp(join(tmpdir(), 's4-sim-'));
try {
  const file = await bundle(folder);
  process.exitCode = values.seed === undefined ? await runMany(file) : await runOne(file);
} finally {
  await rm(folder, { recursive: true, force: true });
}
