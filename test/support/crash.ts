import type { CycleOptions } from '../../src/engine/cycle.ts';
import type { MemoryServer, MemoryServerOptions } from '../../src/stores/memory/memory-server.ts';
import { createWorld, type Machine, summaryOf, type World } from './machines.ts';

/** One kind of cycle: how the world is before it, and who runs it. */
export interface CrashScenario {
  readonly name: string;
  readonly server?: MemoryServerOptions;
  readonly options?: Partial<CycleOptions>;
  /** What is interrupted; default a cycle. */
  act?(victim: Machine): Promise<void>;
  /** The machine whose cycle is interrupted; default the first. */
  readonly victim?: 'a' | 'b';
  prepare(world: World, a: Machine, b: Machine): Promise<void>;
  /** Conflict copies may be named, and even be there twice, but no content may be missing or come back. */
  readonly copies?: true;
}

/** What dies where. `crash`: the process, before a step of its disk. */
export type Blow =
  | { readonly kind: 'crash'; readonly step: number }
  | { readonly kind: 'power-loss'; readonly step: number }
  /** Before a request of the store took effect. */
  | { readonly kind: 'request'; readonly request: number }
  /** After it took effect, before the response came. */
  | { readonly kind: 'response'; readonly request: number };

export interface Aftermath {
  readonly trees: readonly Readonly<Record<string, string>>[];
  /** Keys of the store, without s4's own. */
  readonly keys: readonly string[];
  /** What is left below `.s4/tmp`, on either machine. */
  readonly temps: readonly string[];
  /** Writes that a further sync of both makes, at the disk and in the store. */
  readonly writes: readonly string[];
  /** Contents in the victim's trash. */
  readonly trash: readonly string[];
  readonly struck: boolean;
}

export interface Steps {
  readonly disk: number;
  readonly requests: number;
}

class Death extends Error {}

export interface Room {
  readonly world: World;
  readonly a: Machine;
  readonly b: Machine;
  readonly victim: Machine;
}

export async function enter(scenario: CrashScenario): Promise<Room> {
  const world = createWorld(scenario.server);
  const a = await world.machine('laptop');
  const b = await world.machine('desk');
  await scenario.prepare(world, a, b);
  return { world, a, b, victim: scenario.victim === 'b' ? b : a };
}

/** Runs the cycle once as it is, and counts where it could die. */
export async function countSteps(
  scenario: CrashScenario,
): Promise<Steps & { readonly aftermath: Aftermath }> {
  const room = await enter(scenario);
  let disk = 0;
  let requests = 0;
  room.victim.disk.beforeStep(() => void disk++);
  room.victim.store = room.world.server.connect(room.victim.runtime, async (at) => {
    if (at === 'request') requests++;
  });
  await act(room.victim, scenario);
  room.victim.disk.beforeStep(undefined);
  return { disk, requests, aftermath: await settle(room, scenario, true) };
}

async function act(victim: Machine, scenario: CrashScenario): Promise<void> {
  if (scenario.act !== undefined) return scenario.act(victim);
  const result = await victim.sync(scenario.options);
  if (result.kind === 'halted') throw new Error(`halted: ${JSON.stringify(result)}`);
}

/** Runs the cycle until the blow, then lets both machines sync until they are quiet. */
export async function strike(scenario: CrashScenario, blow: Blow): Promise<Aftermath> {
  const room = await enter(scenario);
  const struck = await die(room, scenario, blow);
  return settle(room, scenario, struck);
}

/** Runs the cycle until the blow; false: it ended before. */
export async function die({ world, victim }: Room, scenario: CrashScenario, blow: Blow): Promise<boolean> {
  let dead = false;
  const kill = (): never => {
    dead = true;
    victim.disk.crash();
    throw new Death(`${blow.kind}`);
  };
  const alive = (): void => {
    if (dead) throw new Death('no process is left to ask');
  };
  let disk = 0;
  const seen = { request: 0, response: 0 };
  victim.disk.beforeStep(() => {
    alive();
    if ('step' in blow && disk++ === blow.step) kill();
  });
  const before = victim.store;
  victim.store = world.server.connect(victim.runtime, async (at) => {
    alive();
    const nth = seen[at]++;
    if (at === blow.kind && nth === blow.request) kill();
  });
  try {
    await act(victim, scenario);
  } catch (error) {
    if (!dead) throw error;
  }
  if (blow.kind === 'power-loss' && dead) victim.disk.powerLoss();
  victim.disk.beforeStep(undefined);
  victim.store = before;
  return dead;
}

async function settle(
  { world, a, b, victim }: Room,
  scenario: CrashScenario,
  struck: boolean,
): Promise<Aftermath> {
  const other = victim === a ? b : a;
  await quiet([victim, other], scenario.options);
  const writes: string[] = [];
  for (const machine of [a, b]) {
    machine.disk.beforeStep((step, path) => void writes.push(`${machine.name}: ${step} ${path}`));
    machine.store = world.server.connect(machine.runtime, async (at, request, key) => {
      if (at === 'request' && !['GET', 'HEAD', 'LIST'].includes(request)) {
        writes.push(`${machine.name}: ${request} ${key}`);
      }
    });
    summaryOf(await machine.sync(scenario.options));
    machine.disk.beforeStep(undefined);
  }
  return {
    trees: [a.user.tree(), b.user.tree()],
    keys: objectKeys(world.server),
    temps: [a, b].flatMap(({ name, user }) =>
      Object.keys(user.tree('.s4/tmp')).map((temp) => `${name}: ${temp}`),
    ),
    writes,
    trash: Object.values(victim.user.tree('.s4/trash')),
    struck,
  };
}

/** Syncs in turns until a whole round did nothing. */
export async function quiet(
  machines: readonly Machine[],
  options: Partial<CycleOptions> = {},
): Promise<void> {
  for (let round = 1; round <= 12; round++) {
    let work = 0;
    for (const machine of machines) {
      const s = summaryOf(await machine.sync(options));
      work += s.uploaded + s.downloaded + s.deletedLocal + s.deletedRemote + s.renamed + s.keptBoth;
      const problems = machine.events.filter((event) => event.kind === 'problem');
      machine.events.length = 0;
      if (problems.length > 0) throw new Error(`problems: ${JSON.stringify(problems)}`);
    }
    if (work === 0) return;
  }
  throw new Error('does not come to rest');
}

export function objectKeys(server: MemoryServer): readonly string[] {
  return server.keys().filter((key) => !key.startsWith('.s4/'));
}
