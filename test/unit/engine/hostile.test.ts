import { describe, expect, it } from 'vitest';
import type { MemoryServerOptions } from '../../../src/stores/memory/memory-server.ts';
import { objectKeys } from '../../support/crash.ts';
import { seededRandom } from '../../support/fake-runtime.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';
import { contentsInStore, contentsOnDisks } from '../../support/writers.ts';

// Many more with S4_FULL=1.
const SEEDS = process.env['S4_FULL'] === '1' ? 3000 : 60;
const NAMES = ['a', 'b', 'd/x', 'd/y', 'd/e/z', 'd/e', 'f.txt', 'g/h'];
const FOREIGN_NAMES = ['a', 'b', 'f.txt', 'd/x'];
const UNGUARDED = {
  putIfAbsent: false,
  putIfMatch: false,
  copyIfAbsent: false,
  copyIfMatch: false,
  deleteIfMatch: false,
};
const STORES: readonly MemoryServerOptions[] = [
  {},
  { versioning: 'off' },
  { enforces: UNGUARDED },
  { enforces: { ...UNGUARDED, putIfMatch: true }, sortedListing: false },
];

type Random = (bound: number) => number;

interface Hostile {
  readonly world: World;
  readonly machines: readonly Machine[];
  readonly random: Random;
  /** Contents that somebody wrote and nobody who had them replaced or deleted. */
  readonly owed: Set<string>;
  /** Every key that ever was. */
  readonly keys: Set<string>;
  count: number;
}

const pick = <T>(items: readonly T[], random: Random): T => items[random(items.length)] as T;

/** One random edit by a user of this machine, as far as the disk allows it. */
function edit(machine: Machine, all: Hostile): void {
  const { user } = machine;
  const { random, owed } = all;
  const before = user.tree();
  const [name, other] = [pick(NAMES, random), pick(NAMES, random)];
  const what = random(10);
  try {
    if (what < 5) {
      const content = `${machine.name} ${all.count++}`;
      user.write(name, content, { executable: random(4) === 0 });
      if (user.read(name) === content) owed.add(content);
    } else if (what < 6) user.remove(name);
    else if (what < 7) {
      if (user.tree()[other] === undefined) user.rename(name, other);
    } else if (what < 8) user.mkdir(name);
    else if (what < 9) user.chmod(name, random(2) === 0);
    else user.symlink(`${name}.link`, other);
  } catch {
    // A folder is a file here, or the other way round: a user would get an error, too.
  }
  for (const content of parted(before, user.tree())) owed.delete(content);
}

/** Contents that lost a name and gained none: s4 may be about to give a file its second name just then. */
function parted(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  const gained = new Set(
    Object.entries(after).flatMap(([path, text]) => (before[path] === text ? [] : [text])),
  );
  return Object.entries(before).flatMap(([path, text]) =>
    after[path] === text || gained.has(text) ? [] : [text],
  );
}

/** Another tool writes or removes an object, and looks at nothing first. */
function meddle({
  world: { server },
  random,
  owed,
  ...all
}: Hostile & { count: number }): string | undefined {
  const key = pick(FOREIGN_NAMES, random);
  const taken = objectKeys(server).some(
    (known) => known.startsWith(`${key}/`) || key.startsWith(`${known}/`),
  );
  if (taken) return undefined;
  const current = server.bytes(key);
  if (current !== undefined) owed.delete(Buffer.from(current).toString());
  if (random(3) === 0) {
    server.remove(key);
    return undefined;
  }
  const content = `foreign ${all.count}`;
  server.put(key, content);
  owed.add(content);
  return key;
}

/** A sync that may die at a random step or request, or meet an edit in its middle. */
async function sync(machine: Machine, all: Hostile): Promise<void> {
  const { world, random } = all;
  const how = random(8);
  let left = random(how < 4 ? 40 : 15);
  let dead = false;
  const strike = (): void => {
    if (dead) throw new Error('dead');
    if (left-- !== 0) return;
    if (how < 2) edit(machine, all);
    else if (how < 6) {
      dead = true;
      machine.disk.crash();
      throw new Error('dead');
    }
  };
  const calm = machine.store;
  if (how < 4) machine.disk.beforeStep(strike);
  else machine.store = world.server.connect(machine.runtime, async () => strike());
  try {
    const result = await machine.sync();
    if (result.kind === 'halted') await machine.sync({ approve: result.planId });
  } catch (error) {
    if (!dead) throw error;
  }
  if (dead && random(2) === 0) machine.disk.powerLoss();
  machine.disk.beforeStep(undefined);
  machine.store = calm;
  machine.events.length = 0;
  for (const key of world.server.keys()) all.keys.add(key);
}

/** What the store holds as file and folder at once s4 leaves alone: a person moves the file away. */
function untangle({ world: { server }, keys }: Hostile): void {
  for (const key of objectKeys(server)) {
    if (!objectKeys(server).some((other) => other.startsWith(`${key}/`))) continue;
    server.put(`${key}.untangled`, server.bytes(key) ?? '');
    server.remove(key);
    keys.add(`${key}.untangled`);
  }
}

async function settle(all: Hostile): Promise<void> {
  for (let round = 1; round <= 12; round++) {
    let work = 0;
    untangle(all);
    for (const machine of all.machines) {
      let result = await machine.sync();
      if (result.kind === 'halted') result = await machine.sync({ approve: result.planId });
      const s = summaryOf(result);
      work +=
        s.uploaded + s.downloaded + s.deletedLocal + s.deletedRemote + s.renamed + s.keptBoth + s.problems;
    }
    for (const key of all.world.server.keys()) all.keys.add(key);
    if (work === 0) return;
  }
  throw new Error(`does not come to rest: ${JSON.stringify(all.machines.at(-1)?.events.slice(-6))}`);
}

async function run(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const world = createWorld(pick(STORES, random));
  const machines: Machine[] = [];
  for (let i = 0; i < 2 + (seed % 2); i++) machines.push(await world.machine(`m${i}`));
  const all: Hostile = { world, machines, random, owed: new Set(), keys: new Set(), count: 0 };
  for (let step = 0; step < 30; step++) {
    const machine = pick(machines, random);
    for (let i = random(4); i > 0; i--) edit(machine, all);
    all.count++;
    if (random(5) === 0) meddle(all);
    if (random(2) === 0) await sync(machine, all);
    world.tick(random(3) * 500);
  }
  await settle(all);
  const [first, ...others] = machines.map(({ user }) => user.tree());
  for (const tree of others) expect(tree).toEqual(first);
  const found = new Set([...contentsOnDisks(machines), ...contentsInStore(world.server, all.keys)]);
  expect([...all.owed].filter((content) => !found.has(content))).toEqual([]);
  for (const { user } of machines) expect(user.tree('.s4/tmp')).toEqual({});
}

describe('crashes, power losses, edits in the middle and other tools in the store', {
  timeout: 60_000,
}, () => {
  it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('lose nothing and come to rest, seed %i', run);
});
