import type { CycleSummary } from '../../src/engine/events.ts';
import { foldKey } from '../../src/sync/names.ts';
import { type EntryKey, parseKey } from '../../src/sync/path.ts';
import { type Client, die, startCycle, startLiveCycle } from './client.ts';
import { textOf } from './foreign.ts';
import { isOwn, type World } from './world.ts';

const MAX_ROUNDS = 10;
const UNREADABLE = ['a', 'd', 'd/x', 'keep', '.syncignore', 'g'];

/** No more accidents: what is under way ends, late requests land, disks have room and can be read. */
export async function calmDown(world: World): Promise<void> {
  const { scheduler, faults } = world;
  faults.stop();
  while (await scheduler.resumeOne()) {
    if (scheduler.steps > 200_000) throw new Error('cycles do not end');
  }
  for (const client of world.clients) {
    if (client.running.length > 0 || client.powerGoes) die(client, world, client.powerGoes);
    await scheduler.quiesce();
    if (client.powerGoes) client.disk.powerLoss();
    client.powerGoes = false;
    client.disk.setFreeBytes(undefined);
    for (const path of UNREADABLE) client.disk.setUnreadable(path, false);
  }
  scheduler.calm = true;
}

/** Everybody syncs until nobody has anything to do. */
export async function settle(world: World): Promise<number> {
  const { scheduler } = world;
  let toldBefore: ReadonlySet<string> = new Set();
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    scheduler.say(`round ${round}`);
    untangle(world);
    let work = 0;
    const told = new Set<string>();
    for (const client of world.clients) {
      work += workOf(await syncCalmly(client, world), client, world);
      for (const path of heldNames(client)) told.add(path);
    }
    // The hint says so: something that is not synced holds the name on a disk.
    for (const path of told) {
      if (!toldBefore.has(path)) continue;
      moveAway(world, path);
      moveAway(world, `${path}/`);
    }
    toldBefore = told;
    if (work === 0) return round;
    if (world.violations.length > 0) return round;
  }
  const last = world.clients.map(({ name, events }) => `${name}: ${JSON.stringify(events.slice(-4), plain)}`);
  world.violations.push(`does not come to rest in ${MAX_ROUNDS} rounds:\n${last.join('\n')}`);
  return MAX_ROUNDS;
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** A cycle that nothing disturbs; a halted plan is approved. */
export async function syncCalmly(client: Client, world: World): Promise<CycleSummary | undefined> {
  let approve: string | undefined;
  for (let attempt = 0; attempt < 3; attempt++) {
    world.scheduler.advance(1500);
    client.events = [];
    const options = { mode: 'sync' as const, ...(approve !== undefined && { approve }) };
    const process = client.isLive
      ? startLiveCycle(client, world, { whole: true, approve })
      : startCycle(client, world, options);
    await process.done;
    const { outcome } = process;
    if (outcome?.kind === 'failed') {
      const { error } = outcome;
      world.violations.push(
        `calm sync of ${client.name} failed: ${error instanceof Error ? error.stack : error}`,
      );
      return undefined;
    }
    if (outcome?.result.kind !== 'halted') return outcome?.result.summary;
    approve = outcome.result.planId;
  }
  world.violations.push(`an approved plan of ${client.name} halts again and again`);
  return undefined;
}

/** Paths of objects (of files, of empty folders) that cannot be here because of what a disk holds, and is not synced. */
function heldNames({ events }: Client): readonly string[] {
  const codes = new Set(['name-twins', 'blocked-folder']);
  return events.flatMap((e) => (e.kind === 'problem' && codes.has(e.problem.code) ? [e.problem.path] : []));
}

function workOf(summary: CycleSummary | undefined, client: Client, world: World): number {
  if (summary === undefined) return 0;
  const problems = client.events.filter((e) => e.kind === 'problem' && e.problem.code !== 'bad-key');
  for (const event of problems) {
    if (event.kind === 'problem') world.scheduler.say(`  problem: ${JSON.stringify(event.problem)}`);
  }
  // A new client id makes the next cycle write its index anew.
  const renewed = client.events.filter((e) => e.kind === 'notice' && e.code === 'index-copied');
  const { uploaded, downloaded, deletedLocal, deletedRemote, renamed, keptBoth } = summary;
  const done = uploaded + downloaded + deletedLocal + deletedRemote + renamed + keptBoth;
  return done + problems.length + renewed.length;
}

/**
 * Two things that s4 reports and leaves alone are ended by a person, as the hint says: a file and a folder of one name in
 * the store, and names that a folding disk cannot hold side by side.
 */
function untangle(world: World): void {
  const { server, config } = world;
  const fold = (key: string): string => foldKey(key as EntryKey, config.folding === true);
  const usable = (): string[] => server.keys().filter((key) => !isOwn(key) && parseKey(key).ok);
  for (const key of usable()) {
    const below = fold(`${key}/`);
    if (!key.endsWith('/') && usable().some((other) => fold(other).startsWith(below))) moveAway(world, key);
  }
  const spellings = new Map<string, string>();
  for (const key of usable()) {
    const parts = key.split('/');
    const clash = parts.some((_, i) => {
      const above = parts.slice(0, i + 1).join('/');
      const first = spellings.get(fold(above)) ?? above;
      spellings.set(fold(above), first);
      return first !== above;
    });
    if (config.folding === true && clash) moveAway(world, key);
  }
}

function moveAway(world: World, key: string): void {
  const { server } = world;
  const content = server.history(key).at(-1)?.content;
  if (content === undefined) return;
  const to = `moved/${world.keys.size}-${key.replaceAll('/', '-').toLowerCase()}`;
  if (!key.endsWith('/')) {
    server.put(to, content.bytes, content.metadata);
    world.keys.add(to);
  }
  world.scheduler.say(`  a person moves ${key} (${textOf(server, key)}) to ${to}`);
  server.remove(key);
}
