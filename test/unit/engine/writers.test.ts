import { describe, expect, it } from 'vitest';
import type { MemoryServerOptions } from '../../../src/stores/memory/memory-server.ts';
import { quiet } from '../../support/crash.ts';
import { seededRandom } from '../../support/fake-runtime.ts';
import { createWorld, type Machine } from '../../support/machines.ts';
import { contentsInTrees } from '../../support/writers.ts';

const IGNORES_CONDITIONS = {
  putIfAbsent: false,
  putIfMatch: false,
  multipartIfAbsent: false,
  multipartIfMatch: false,
  copyIfAbsent: false,
  copyIfMatch: false,
  deleteIfMatch: false,
};
const UNVERSIONED = {
  putIfAbsent: 'unversioned',
  putIfMatch: 'unversioned',
  multipartIfAbsent: 'unversioned',
  multipartIfMatch: 'unversioned',
  copyIfAbsent: 'unversioned',
  copyIfMatch: 'unversioned',
  deleteIfMatch: 'unversioned',
} as const;

// Many more with S4_FULL=1.
const SEEDS = Array.from({ length: process.env['S4_FULL'] === '1' ? 60 : 3 }, (_, i) => i + 1);
const MACHINES = 4;
const ROUNDS = 60;
const FILES = ['one', 'two', 'dir/three', 'dir/four', 'five'];

/** A random number of turns of the loop: requests of different machines come in any order. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

/**
 * Machines that edit the same files and sync at the same time. A content may vanish from all trees only if a user
 * wrote over it on a machine that had it: what nobody saw must be kept.
 */
async function contend(
  options: MemoryServerOptions,
  seed: number,
  { mixed = false, versionsAfterProbe = false } = {},
): Promise<void> {
  const random = seededRandom(seed);
  const world = createWorld(options);
  const machines: Machine[] = [];
  for (let i = 0; i < MACHINES; i++) {
    const machine = await world.machine(`m${i}`);
    machine.store = world.server.connect(machine.runtime, () => turns(random(7)));
    machines.push(machine);
  }
  if (versionsAfterProbe) world.server.setVersioning('enabled');
  const owed = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const machine of machines) {
      if (random(3) === 0) continue;
      const name = FILES[random(FILES.length)] ?? 'one';
      const other = FILES[random(FILES.length)] ?? 'one';
      const before = machine.user.read(name);
      const what = mixed ? random(6) : 0;
      if (what === 5 && before !== undefined && machine.user.read(other) === undefined) {
        machine.user.rename(name, other);
        continue;
      }
      if (before !== undefined) owed.delete(before);
      if (what === 4) {
        machine.user.remove(name);
        continue;
      }
      const content = `${machine.name} in round ${round}`;
      machine.user.write(name, content);
      owed.add(content);
    }
    world.tick(1000);
    const syncing = machines.filter(() => random(4) > 0);
    const results = await Promise.all(syncing.map((machine) => machine.sync()));
    for (const [i, result] of results.entries()) {
      if (result.kind === 'halted') await syncing[i]?.sync({ approve: result.planId });
    }
    for (const machine of machines) machine.events.length = 0;
  }
  await quiet(machines);
  const [first, ...others] = machines.map(({ user }) => user.tree());
  for (const tree of others) expect(tree).toEqual(first);
  const found = contentsInTrees(machines);
  expect([...owed].filter((content) => !found.has(content))).toEqual([]);
}

const STORES: readonly (readonly [string, MemoryServerOptions, { versionsAfterProbe?: boolean }])[] = [
  ['a store with conditions', {}, {}],
  ['a store with conditions and no versions', { versioning: 'off' }, {}],
  ['a store without conditions that keeps versions', { enforces: IGNORES_CONDITIONS }, {}],
  [
    'a store that was given versions, and ignores conditions since',
    { versioning: 'off', enforces: UNVERSIONED },
    { versionsAfterProbe: true },
  ],
];

describe.each(STORES)('four machines at the same five files at the same time, on %s', (_, store, how) => {
  it.each(SEEDS)('lose no edit, seed %i', (seed) => contend(store, seed, how), 60_000);

  it.each(SEEDS)(
    'lose no edit among moves and deletions, seed %i',
    (seed) => contend(store, seed, { ...how, mixed: true }),
    60_000,
  );
});
