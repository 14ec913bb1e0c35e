import type { CycleOptions } from '../../src/engine/cycle.ts';
import { createMemoryServer } from '../../src/stores/memory/memory-server.ts';
import type { RelPath } from '../../src/sync/path.ts';
import { seededRandom } from '../support/fake-runtime.ts';
import { checkBases, checkEnd } from './checks.ts';
import { type Client, createClient, die, type Process, startCycle, startLiveCycle } from './client.ts';
import { CONFIGS, type Config, type ConfigName } from './configs.ts';
import { createEditor } from './edits.ts';
import { createFaultBox, type FaultName, STATE_FAULTS } from './faults.ts';
import { meddle } from './foreign.ts';
import { createLedger } from './ledger.ts';
import { createScheduler } from './scheduler.ts';
import { calmDown, settle } from './settle.ts';
import { harmState } from './state-faults.ts';
import type { Weakening } from './weakened.ts';
import { isExpected, pickOf, type World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  readonly config: ConfigName;
  readonly listen?: (line: string) => void;
  /** Worse parts in place of s4's own, to see that the checks notice. */
  readonly weakening?: Weakening;
}

export interface RunReport {
  readonly seed: number;
  readonly config: ConfigName;
  /** What must hold and does not. */
  readonly violations: readonly string[];
  readonly traceHash: string;
  readonly steps: number;
  readonly cycles: number;
  readonly contents: number;
  readonly faults: ReadonlyMap<FaultName, number>;
  /** Rounds of syncs that it took to come to rest. */
  readonly rounds: number;
  /** Contents that only the store's versions keep. */
  readonly hidden: number;
}

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const MAX_STEPS = 60_000;
/** Paths of `s4 sync`: a file, a folder, what is either. */
const CHOSEN = ['a', 'c.txt', 'd', 'd/e', 'd/x', 'g', 'keep', 'empty0'];

/** One run: the seed decides everything. */
export async function simulate({ seed, config: name, ...options }: RunOptions): Promise<RunReport> {
  const random = seededRandom(seed * 8 + Object.keys(CONFIGS).indexOf(name));
  const config: Config = CONFIGS[name];
  const world = await createWorld(config, random, options);
  let rounds = 0;
  try {
    await disturb(world);
    await calmDown(world);
    if (world.violations.length === 0) await checkBases(world, 'while disturbed');
    rounds = await settle(world);
    if (world.violations.length === 0) await checkEnd(world, { strict: isStrict(config, world) });
  } catch (error) {
    world.violations.push(`exception: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
  }
  return {
    seed,
    config: name,
    violations: world.violations,
    traceHash: world.scheduler.traceHash(),
    steps: world.scheduler.steps,
    cycles: world.clients.reduce((sum, { cycles }) => sum + cycles, 0),
    contents: world.ledger.written,
    faults: world.faults.counts,
    rounds,
    hidden: world.hidden.size,
  };
}

/** A base that was harmed may forget what it knew: then a version in the trash, or kept by the store, is enough. */
function isStrict(config: Config, { faults }: World): boolean {
  return config.strict === true && ![...faults.counts.keys()].some((name) => STATE_FAULTS.has(name));
}

async function createWorld(
  config: Config,
  random: World['random'],
  { listen, weakening }: Omit<RunOptions, 'seed' | 'config'>,
): Promise<World> {
  const scheduler = createScheduler(random, START_MS, listen);
  const faults = createFaultBox(random, config.faults);
  const ledger = createLedger();
  const twins = random(3) === 0;
  const world: World = {
    config,
    random,
    scheduler,
    faults,
    ledger,
    server: createMemoryServer({ clock: () => scheduler.nowMs, ...config.server }),
    clients: [],
    keys: new Set(),
    listings: new Map(),
    violations: [],
    stuckTemps: new Set(),
    hidden: new Set(),
    weakening: weakening ?? {},
    editor: createEditor({ random, ledger, faults, scheduler, twins }),
  };
  scheduler.calm = true;
  const count = 2 + random(3);
  for (let i = 0; i < count; i++) {
    await createClient(`m${i}`, world, config.folding === true && random(2) === 0);
  }
  scheduler.calm = false;
  return world;
}

/** Cycles, edits and accidents, interleaved as the seed says. */
async function disturb(world: World): Promise<void> {
  const { random, scheduler } = world;
  let events = 30 + random(60);
  const switchAt = world.config.versionsLater === true ? random(events) : -1;
  let versionsDue = false;
  while (events > 0 && world.violations.length === 0 && scheduler.steps < MAX_STEPS) {
    await losePower(world);
    const idle = scheduler.waiting === 0;
    if (idle || random(12) === 0) {
      events--;
      versionsDue ||= events === switchAt;
      await happen(world);
    } else {
      await scheduler.resumeOne();
    }
    if (
      versionsDue &&
      world.clients.every(({ running }) => running.length === 0) &&
      !scheduler.isOnItsWay()
    ) {
      world.server.setVersioning('enabled');
      scheduler.say('  the store keeps versions from now on');
      versionsDue = false;
    }
    await scheduler.quiesce();
    judgeEnded(world);
  }
}

async function losePower(world: World): Promise<void> {
  for (const client of world.clients) {
    if (!client.powerGoes) continue;
    client.powerGoes = false;
    await world.scheduler.quiesce();
    client.disk.powerLoss();
  }
}

/** One thing that is nobody's continuation. */
async function happen(world: World): Promise<void> {
  const { random, faults, scheduler } = world;
  const client = pickOf(world.clients, random);
  const dice = random(20);
  if (dice < 7) {
    for (let i = random(3); i >= 0; i--) world.editor(client);
  } else if (dice < 13) {
    start(client, world);
  } else if (dice < 15) {
    meddle(world);
  } else if (dice < 16) {
    await harmState(client, world);
  } else if (dice < 17) {
    const power = faults.strikes('power-loss', 3);
    if (power || faults.strikes('crash', 3)) die(client, world, power);
  } else if (dice < 18) {
    limitDisk(client, world);
  } else if (dice < 19) {
    if (faults.strikes('clock-jump', 2)) {
      client.clock.skewMs += (random(2) === 0 ? -1 : 1) * random(3) * 1_800_017 + random(5000);
      scheduler.say(`  clock of ${client.name} jumps: ${client.clock.skewMs}`);
    }
  } else {
    scheduler.advance(random(5) * 1000);
  }
}

function start(client: Client, world: World): void {
  const { random, faults, config } = world;
  const busy = client.running.length > 0;
  if (busy && !faults.strikes('second-process', 2)) return;
  if (config.serial === true && world.clients.some(({ running }) => running.length > 0)) return;
  if (faults.strikes('preview', 4)) {
    track(startCycle(client, world, { mode: 'preview' }), client, world);
    return;
  }
  const approve = client.approve === undefined ? {} : { approve: client.approve };
  client.approve = undefined;
  if (client.isLive && !busy) {
    const whole = random(10) === 0;
    track(startLiveCycle(client, world, { whole, approve: approve.approve }), client, world);
    return;
  }
  track(startCycle(client, world, { mode: 'sync', ...approve, ...wishes(world) }), client, world);
}

/** What a person asks for beside a plain sync. */
function wishes({ random, faults, scheduler }: World): Partial<CycleOptions> {
  const wished: Partial<CycleOptions> = {
    ...(random(12) === 0 && { checksum: true }),
    ...(faults.strikes('one-way', 3) && { direction: pickOf(['up', 'down'] as const, random) }),
    ...(faults.strikes('chosen-paths', 3) && { paths: [pickOf(CHOSEN, random) as RelPath] }),
    ...(faults.strikes('delete-ignored', 6) && { deleteIgnored: true }),
  };
  if (Object.keys(wished).length > 0) scheduler.say(`  asked for ${JSON.stringify(wished)}`);
  return wished;
}

const ended = new WeakMap<World, { readonly process: Process; readonly client: Client }[]>();

function track(process: Process, client: Client, world: World): void {
  ended.set(world, [...(ended.get(world) ?? []), { process, client }]);
}

/** Looks at what processes came back with: a halted plan is approved by its user, an exception is a bug. */
function judgeEnded(world: World): void {
  const open = ended.get(world) ?? [];
  for (const { process, client } of open) {
    const { outcome } = process;
    if (outcome === undefined) continue;
    if (outcome.kind === 'ended' && outcome.result.kind === 'halted') client.approve = outcome.result.planId;
    if (outcome.kind === 'failed' && !isExpected(outcome.error)) {
      const { error } = outcome;
      world.violations.push(`${process.name} threw ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  ended.set(
    world,
    open.filter(({ process }) => process.alive),
  );
}

function limitDisk(client: Client, { random, faults, scheduler }: World): void {
  if (faults.strikes('disk-full', 2)) {
    client.disk.setFreeBytes(random(2) === 0 ? random(4000) : undefined);
    scheduler.say(`  disk of ${client.name} has little room`);
  }
  if (faults.strikes('unreadable', 2)) {
    const path = pickOf(['a', 'd', 'd/x', 'keep', '.syncignore', 'g'], random);
    client.disk.setUnreadable(path, random(3) > 0);
    scheduler.say(`  ${path} of ${client.name} cannot be read, or can again`);
  }
}
