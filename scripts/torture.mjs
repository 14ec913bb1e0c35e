// The built s4 under torture: several clients, edits at chance, kill -9, a server that dies, a network that lies. At
// the end a checker that shares no code with s4 accounts for every content that anyone ever wrote.
import { setMaxListeners } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { check, latecomers, stampsOf } from './torture/check.mjs';
import { createClient } from './torture/client.mjs';
import { startProxy } from './torture/proxy.mjs';
import { createRandom } from './torture/random.mjs';
import { createS3 } from './torture/s3.mjs';
import { CREDENTIALS, startSeaweed } from './torture/servers.mjs';
import { directoryView, s3View } from './torture/store.mjs';

const USAGE = `npm run torture -- [--seconds 60] [--clients 3] [--seed N] [--server seaweedfs|file] [--mode mixed|contended] [--conditions honoured|ignored|lying] [--daemon] [--keep]

  --seconds   how long everything goes wrong, before all must come to rest
  --server    seaweedfs: a real S3 service (weed on PATH) behind a bad network; file: a directory
  --mode      contended: all edit the same 20 files
  --conditions  what the store makes of If-Match on a write: ignored: nothing; lying: nothing, once it is trusted
  --daemon    each client runs a daemon, and syncs go through it; at rest the daemons must have done it all
  --policy    both: conflicts are always kept as both; any: now and then another answer
  --pause     milliseconds between two edits of one writer, about
  --cli       the program, instead of dist/cli.cjs
  --keep      leaves the folders also when all is well
`;
const POLICIES = ['local', 'remote', 'newer', 'merge', 'skip'];
const BUCKET = 'torture';
const ROUNDS = 30;
/** Paths that had problems are tried again every five minutes; then backoff, a poll of the bell, the transfers. */
const DAEMONS_REST_MS = 600_000;

function readFlags() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      clients: { type: 'string' },
      seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
      server: { type: 'string', default: 'seaweedfs' },
      mode: { type: 'string', default: 'mixed' },
      conditions: { type: 'string', default: 'honoured' },
      policy: { type: 'string', default: 'any' },
      pause: { type: 'string', default: '150' },
      cli: { type: 'string', default: fileURLToPath(new URL('../dist/cli.cjs', import.meta.url)) },
      daemon: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const choices = {
    server: ['seaweedfs', 'file'],
    mode: ['mixed', 'contended'],
    conditions: ['honoured', 'ignored', 'lying'],
    policy: ['any', 'both'],
  };
  for (const [name, allowed] of Object.entries(choices))
    if (!allowed.includes(values[name])) throw new Error(`--${name} ${values[name]}\n${USAGE}`);
  const numbers = {
    seconds: Number(values.seconds),
    clients: Number(values.clients ?? (values.mode === 'contended' ? 8 : 3)),
    pauseMs: Number(values.pause),
  };
  if (Object.values(numbers).some((number) => !(number > 0))) throw new Error(USAGE);
  return { ...values, ...numbers };
}

async function main() {
  const flags = readFlags();
  if (flags.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const root = await realpath(await mkdtemp(join(tmpdir(), 's4-torture-')));
  say(
    `seed ${flags.seed}, ${flags.clients} clients, ${flags.seconds} s, ${flags.server}, ${flags.mode}, conditions ${flags.conditions}, in ${root}`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => {
      say(`interrupted; ${root} is left`);
      process.exit(130);
    });
  // One for each process that must not outlive this one.
  setMaxListeners(0, process);
  const outside = makeOutside(root);
  const violations = [];
  const place = await openPlace(flags, root);
  const clients = Array.from({ length: flags.clients }, (_, i) =>
    createClient({
      name: `client${i + 1}`,
      base: join(root, `client${i + 1}`),
      cli: flags.cli,
      policies: flags.policy === 'any' ? POLICIES : [],
      env: place.env,
      violations,
    }),
  );
  const world = { clients, view: place.view, outside, outsideBefore: stampsOf(outside) };
  const counts = { syncs: 0, kills: 0, interrupts: 0, restarts: 0, daemons: 0 };
  try {
    await joinAll(clients, place);
    if (flags.conditions === 'lying') place.proxy.ignoreConditions();
    const { edits, rest } = await torment(clients, place, flags, counts, outside);
    counts.edits = edits;
    await place.calm();
    violations.push(...(await rest()));
    violations.push(...(await settle(clients)));
    violations.push(...(await expectQuiet(clients, place)));
    say('checking');
    const findings = await check(world);
    violations.push(...findings.violations);
    summarize({ flags, clients, counts, place, contents: findings.contents, violations });
  } finally {
    await place.close();
  }
  const isClean = violations.length === 0;
  if (isClean && !flags.keep) await rm(root, { recursive: true, force: true });
  else say(`look at what is there: ${root}`);
  return isClean ? 0 : 1;
}

/** What symlinks in the folders lead to, and no sync may touch. */
function makeOutside(root) {
  const outside = join(root, 'outside');
  mkdirSync(join(outside, 'folder'), { recursive: true });
  for (const name of ['a.txt', 'folder/b.txt']) writeFileSync(join(outside, name), `${name} is not yours\n`);
  return outside;
}

async function openPlace(flags, root) {
  const random = createRandom(flags.seed, 'network');
  if (flags.server === 'file') {
    const directory = join(root, 'store');
    return {
      url: `file://${directory}`,
      addFlags: ['--create-bucket'],
      env: {},
      view: directoryView(directory),
      calm: async () => {},
      close: async () => {},
    };
  }
  const s3For = (port) => createS3({ port, bucket: BUCKET, credentials: CREDENTIALS });
  const server = await startSeaweed({
    folder: join(root, 'weed'),
    isReady: (port) => s3For(port).isUp(),
    // Nobody can change what is signed.
    checksSignatures: flags.conditions === 'honoured',
  });
  const proxy = await startProxy({ random, upstreamPort: server.port });
  if (flags.conditions === 'ignored') proxy.ignoreConditions();
  return {
    url: `s3://${BUCKET}`,
    addFlags: ['--endpoint', `http://127.0.0.1:${proxy.port}`, '--create-bucket', '--enable-versioning'],
    env: {
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    view: s3View(s3For(server.port)),
    server,
    proxy,
    calm: async () => proxy.setWeather('calm'),
    close: async () => {
      await proxy.close();
      await server.kill();
    },
  };
}

async function joinAll(clients, place) {
  for (const [i, { name, folder, s4 }] of clients.entries()) {
    const addFlags =
      i === 0
        ? place.addFlags
        : place.addFlags.filter((flag) => !flag.startsWith('--create') && flag !== '--enable-versioning');
    const { exit, events } = await s4('add', folder, place.url, ...addFlags, '--yes');
    if (exit !== 0) throw new Error(`${name} could not join (${exit}): ${JSON.stringify(events.at(-1))}`);
  }
}

/** @returns the number of edits, by kind */
async function torment(clients, place, flags, counts, outside) {
  const untilMs = Date.now() + flags.seconds * 1000;
  const isOver = () => Date.now() >= untilMs;
  const { seed, mode, pauseMs } = flags;
  const writers = clients.map((client) => client.startWriter({ outside, seed, mode, pauseMs }));
  const work = clients.map((client, i) => {
    const settings = { random: createRandom(seed, client.name), counts, writer: writers[i], isOver };
    return flags.daemon ? client.keep(settings) : client.torment(settings);
  });
  const others = [];
  if (place.proxy !== undefined)
    others.push(misfortune(place, createRandom(seed, 'misfortune'), counts, isOver));
  const progress = setInterval(() => say(progressOf(counts, place, untilMs)), 30_000);
  try {
    const [ends] = await Promise.race([
      Promise.all([Promise.all(work), ...others]),
      ...writers.map((writer) => writer.died),
    ]);
    const edits = {};
    for (const writer of writers)
      for (const [name, count] of Object.entries(await writer.stop()))
        edits[name] = (edits[name] ?? 0) + count;
    return { edits, rest: () => (flags.daemon ? restOfDaemons(clients, ends) : []) };
  } finally {
    clearInterval(progress);
  }
}

/** The weather changes, and the server dies. */
async function misfortune({ proxy, server }, random, counts, isOver) {
  let restartMs = Date.now() + random.between(8_000, 25_000);
  while (!isOver()) {
    proxy.setWeather(random.weighted({ calm: 35, breeze: 45, storm: 20 }));
    await sleep(random.between(1_000, 5_000));
    if (Date.now() < restartMs || isOver()) continue;
    await server.kill();
    counts.restarts++;
    await sleep(random.between(0, 2_000));
    await server.start();
    restartMs = Date.now() + random.between(15_000, 60_000);
  }
  // Syncs that are under way through a daemon end in their own time.
  proxy.setWeather('calm');
}

/** The daemons alone must bring everything to rest; only what a guard halted is approved. */
async function restOfDaemons(clients, ends) {
  say('no more faults, no more edits: until the daemons are at rest');
  const untilMs = Date.now() + DAEMONS_REST_MS;
  let restless = [];
  do {
    await sleep(2_000);
    restless = [];
    for (const client of clients) {
      const { events } = await client.s4('status');
      const status = events.find((event) => event?.kind === 'status');
      if (status?.halted === true) await client.sync();
      if (status?.inSync !== true) restless.push(client.name);
    }
  } while (restless.length > 0 && Date.now() < untilMs);
  for (const end of ends) await end();
  return restless.map((name) => `${name} is not in sync ${DAEMONS_REST_MS / 1000} s after the last edit`);
}

/** All sync in turn until none has anything to do. */
async function settle(clients) {
  say('no more faults, no more edits: until quiet');
  let last = [];
  for (let round = 1; round <= ROUNDS; round++) {
    last = [];
    for (const client of clients) {
      const { exit, events } = await client.sync();
      const done = events.filter((event) => event?.kind === 'operation-finished').length;
      if (exit !== 0 || done > 0) last.push({ client, exit, done, events });
    }
    if (last.length === 0) {
      say(`quiet after ${round} rounds`);
      return [];
    }
  }
  return last.map(({ client, exit, done, events }) => {
    const problem = events.find((event) => event?.kind === 'problem' || event?.kind === 'error');
    return `${client.name} is not quiet after ${ROUNDS} rounds: exit ${exit}, ${done} operations, ${JSON.stringify(problem)}`;
  });
}

/** One more sync of each writes nothing. */
async function expectQuiet(clients, { view, proxy }) {
  const writes = () => ['PUT', 'POST', 'DELETE'].reduce((sum, name) => sum + (proxy?.methods[name] ?? 0), 0);
  const [stateBefore, writesBefore] = [await view.state(), writes()];
  const violations = [];
  for (const client of clients) {
    const treeBefore = stampsOf(client.folder);
    await client.sync();
    if (stampsOf(client.folder) !== treeBefore)
      violations.push(`${client.name}: a sync of equal sides changed the folder`);
  }
  if ((await view.state()) !== stateBefore) violations.push('a sync of equal sides wrote to the store');
  if (writes() !== writesBefore)
    violations.push(`a sync of equal sides sent ${writes() - writesBefore} writes`);
  return violations;
}

function progressOf({ syncs, kills, restarts }, place, untilMs) {
  const left = Math.max(0, Math.round((untilMs - Date.now()) / 1000));
  return `${left} s left: ${syncs} syncs, ${kills} kills, ${restarts} restarts, faults ${list(place.proxy?.faults ?? {})}`;
}

function summarize({ flags, clients, counts, place, contents, violations }) {
  const total = (name) => {
    const all = {};
    for (const client of clients)
      for (const [key, count] of Object.entries(client[name])) all[key] = (all[key] ?? 0) + count;
    return all;
  };
  const { edits } = counts;
  const late = latecomers(clients);
  say('');
  say(
    `syncs      ${counts.syncs}: ${counts.kills} killed, ${counts.interrupts} interrupted; exits ${list(total('exits'))}`,
  );
  if (flags.daemon) say(`daemons    ${counts.daemons} times started`);
  say(`errors     ${list(total('errors'))}`);
  if (place.proxy !== undefined) {
    say(`server     ${counts.restarts} times killed and started`);
    say(`network    ${list(place.proxy.methods)} requests; ${list(place.proxy.faults)}`);
  }
  say(`edits      ${Object.values(edits).reduce((a, b) => a + b, 0)}: ${list(edits)}`);
  say(`conflicts  ${clients.reduce((sum, client) => sum + client.keptBoth(), 0)} kept as both`);
  say(`contents   ${list(contents)}`);
  if (late.length > 0)
    say(
      `latecomers ${late.length} files reached a folder that was moved out of the tree:\n${late.join('\n')}`,
    );
  for (const violation of violations) say(`VIOLATION  ${violation}`);
  say(
    `${violations.length === 0 ? 'nothing lost' : `${violations.length} violations`}; lost ${contents.lost}; seed ${flags.seed}`,
  );
}

function list(counts) {
  return (
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none'
  );
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
