import type { CycleDeps, CycleOptions, CycleResult } from '../../src/engine/cycle.ts';
import type { SyncEvent } from '../../src/engine/events.ts';
import { joinTarget } from '../../src/engine/identity.ts';
import type { Runtime } from '../../src/engine/ports/runtime.ts';
import { runCycle } from '../../src/engine/run-cycle.ts';
import type { Target } from '../../src/engine/target.ts';
import { S4Error } from '../../src/lib/errors.ts';
import { createMemoryDisk, type MemoryDisk } from '../../src/local/memory/disk.ts';
import type { MemoryUser } from '../../src/local/memory/user.ts';
import type { RelPath } from '../../src/sync/path.ts';
import { seededRandom } from '../support/fake-runtime.ts';
import { type Daemon, heardUser, type LiveCycle, liveCycle } from './live-client.ts';
import type { Actor } from './scheduler.ts';
import { simFolder } from './sim-folder.ts';
import { simStore } from './sim-store.ts';
import { Death, type World } from './world.ts';

/** One run of s4 on a client. */
export interface Process extends Actor {
  readonly preview: boolean;
  readonly runtime: Runtime;
  readonly done: Promise<void>;
  outcome?: ProcessOutcome;
}

export type ProcessOutcome =
  | { readonly kind: 'ended'; readonly result: CycleResult }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface Client {
  readonly name: string;
  readonly disk: MemoryDisk;
  readonly user: MemoryUser;
  readonly runtime: Runtime;
  target: Target;
  /** What this client's clock is ahead of the world's. */
  readonly clock: { skewMs: number };
  running: Process[];
  cycles: number;
  /** The halted plan that its user will approve. */
  approve: string | undefined;
  events: SyncEvent[];
  /** Copies of `.s4` as it was. */
  readonly backups: ReadonlyMap<string, Uint8Array>[];
  powerGoes: boolean;
  /** Works as a daemon does: one process from cycle to cycle. */
  readonly isLive: boolean;
  daemon: Daemon | undefined;
  /** Where a watcher heard something, and no cycle looked yet. */
  readonly heard: Set<RelPath>;
}

/** Joins a new machine to the target. Nothing interferes with that. */
export async function createClient(name: string, world: World, foldsCase: boolean): Promise<Client> {
  const random = seededRandom(world.random(2 ** 30));
  const clock = { skewMs: 0 };
  const os: Actor = { name: `${name} os`, alive: true };
  const runtime: Runtime = {
    host: name,
    nowMs: () => world.scheduler.nowMs + clock.skewMs,
    sleep: (delayMs) => world.scheduler.park(os, 'sleep', { dueMs: world.scheduler.nowMs + delayMs }),
    randomHex: (bytes) =>
      Array.from({ length: bytes }, () => random(256).toString(16).padStart(2, '0')).join(''),
  };
  const disk = createMemoryDisk({ runtime, foldsCase });
  // Texts here are of one line, so that no merge is clean: one that is merged against the wrong ancestor.
  const conflicts = random(3) === 0 ? ({ conflicts: 'merge' } as const) : {};
  const target = { ...(await join({ name, disk, runtime }, world)), ...conflicts };
  const isLive = world.config.live === true && world.random(3) > 0;
  const heard = new Set<RelPath>();
  const client: Client = {
    name,
    disk,
    user: isLive ? heardUser(disk.user, heard) : disk.user,
    runtime,
    clock,
    target,
    running: [],
    cycles: 0,
    approve: undefined,
    events: [],
    backups: [],
    powerGoes: false,
    isLive,
    daemon: undefined,
    heard,
  };
  arm(client, world);
  world.clients.push(client);
  return client;
}

/** From now on anything may come between two steps of this client's disk. */
export function arm(client: Client, world: World): void {
  client.disk.beforeStep((step, path) => beforeStep(client, world, `${step} ${path}`));
}

/** `s4 add`: also what a user does whose folder lost its marker. */
export async function join(
  { name, disk, runtime }: Pick<Client, 'name' | 'disk' | 'runtime'>,
  world: World,
): Promise<Target> {
  const store = world.server.connect(runtime);
  const capabilities = await store.probe();
  const folder = disk.open();
  const joined = await joinTarget({ store, folder, runtime, capabilities, rejoin: true });
  await folder.close();
  return {
    id: joined.targetId,
    name,
    folder: `/${name}`,
    url: store.url,
    clientId: joined.clientId,
    capabilities,
  };
}

export function startCycle(client: Client, world: World, options: CycleOptions): Process {
  const { process, settle } = createProcess(client, world, options.mode === 'preview');
  const deps = depsOf(process, client, world);
  void run(process, client, world, () => runCycle(deps, options)).then(() => {
    void deps.folder.close();
    settle();
  });
  return process;
}

/** A cycle of the target that its daemon keeps open, and opens first where there is none. */
export function startLiveCycle(client: Client, world: World, cycle: LiveCycle): Process {
  client.daemon ??= createDaemon(client, world);
  const { daemon } = client;
  const { process, settle } = createProcess(client, world, false);
  void run(process, client, world, () => liveCycle(daemon, client, world, cycle)).then(settle);
  return process;
}

function createDaemon(client: Client, world: World): Daemon {
  const { process } = createProcess(client, world, false);
  client.heard.clear();
  return {
    process,
    deps: depsOf(process, client, world),
    heardEtag: undefined,
    known: undefined,
    named: new Set(),
    wholeDue: true,
  };
}

/** Runs until it ends or its client dies. @returns a promise that waits for ever in the latter case */
async function run(
  process: Process,
  client: Client,
  world: World,
  work: () => Promise<CycleResult>,
): Promise<void> {
  client.running.push(process);
  world.scheduler.say(`  ${process.name} starts${process.preview ? ' a preview' : ''}`);
  const outcome = await work().then(
    (result): ProcessOutcome => ({ kind: 'ended', result }),
    (error: unknown): ProcessOutcome => ({ kind: 'failed', error }),
  );
  if (!process.alive) return new Promise(() => {});
  process.alive = false;
  process.outcome = outcome;
  client.running = client.running.filter((each) => each !== process);
  world.scheduler.say(`  ${process.name} ${describe(outcome)}`);
}

function createProcess(client: Client, world: World, preview: boolean) {
  const name = `${client.name}.${++client.cycles}`;
  const { host, nowMs, randomHex } = client.runtime;
  const sleep: Runtime['sleep'] = (delayMs) =>
    world.scheduler.park(process, `sleep ${delayMs}`, { dueMs: world.scheduler.nowMs + delayMs });
  const runtime: Runtime = { host, nowMs, randomHex, sleep };
  let settle: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const process: Process = { name, alive: true, preview, runtime, done };
  return { process, settle };
}

function depsOf(process: Process, client: Client, world: World): CycleDeps {
  return {
    target: client.target,
    store: simStore(process, world),
    folder: simFolder(client.disk, client, process, world),
    runtime: process.runtime,
    emit: (event) => {
      if (!process.alive) return;
      client.events.push(event);
      tell(event, world);
    },
    onNewClient: async (clientId) => {
      if (process.alive) client.target = { ...client.target, clientId };
    },
  };
}

function tell(event: SyncEvent, { scheduler }: World): void {
  if (event.kind === 'notice') scheduler.say(`    ${event.path ?? ''} ${event.code}: ${event.message}`);
  if (event.kind === 'problem') scheduler.say(`    ${event.problem.path} ${event.problem.code}: problem`);
  if (event.kind !== 'operation-finished') return;
  const { kind, direction, path, other } = event.operation;
  scheduler.say(`    ${kind} ${direction} ${path} ${other ?? ''} ${event.outcome}`);
}

function describe(outcome: ProcessOutcome): string {
  if (outcome.kind === 'ended') return `ends: ${JSON.stringify(outcome.result)}`;
  const { error } = outcome;
  return `fails: ${error instanceof S4Error ? `${error.code} ${error.message}` : String(error)}`;
}

/** All of this client's processes end where they are. */
export function die(client: Client, world: World, powerLoss: boolean): void {
  world.scheduler.say(`  ${client.name} ${powerLoss ? 'loses power' : 'crashes'}`);
  for (const process of client.running) {
    process.alive = false;
    world.scheduler.abandon(process, () => world.random(3) === 0);
  }
  client.running = [];
  if (client.daemon !== undefined) {
    client.daemon.process.alive = false;
    world.scheduler.abandon(client.daemon.process, () => world.random(3) === 0);
    client.daemon = undefined;
  }
  client.disk.crash();
  if (powerLoss) client.powerGoes = true;
}

/** The disk is about to change: what may come in between. */
function beforeStep(client: Client, world: World, what: string): void {
  const { faults } = world;
  if (faults.strikes('edit-inside', 30)) {
    world.scheduler.say(`  before ${what}:`);
    world.editor(client);
  }
  const power = faults.strikes('power-loss-inside', 250);
  if (power || faults.strikes('crash-inside', 250)) {
    die(client, world, power);
    throw new Death(what);
  }
  if (faults.strikes('io-error', 120)) {
    world.scheduler.say(`  ${what} fails`);
    const [, stuck] = /^unlink \.s4\/tmp\/(.+)$/.exec(what) ?? [];
    if (stuck !== undefined) world.stuckTemps.add(stuck);
    throw new S4Error('LOCAL_FAILED', 'injected: input/output error');
  }
}
