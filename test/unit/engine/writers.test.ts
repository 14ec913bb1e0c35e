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
async function contend(options: MemoryServerOptions, seed: number, afterProbe?: 'versioning'): Promise<void> {
  const random = seededRandom(seed);
  const world = createWorld(options);
  const machines: Machine[] = [];
  for (let i = 0; i < MACHINES; i++) {
    const machine = await world.machine(`m${i}`);
    machine.store = world.server.connect(machine.runtime, () => turns(random(7)));
    machines.push(machine);
  }
  if (afterProbe === 'versioning') world.server.setVersioning('enabled');
  const owed = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const machine of machines) {
      if (random(3) === 0) continue;
      const name = FILES[random(FILES.length)] ?? 'one';
      const before = machine.user.read(name);
      if (before !== undefined) owed.delete(before);
      const content = `${machine.name} in round ${round}`;
      machine.user.write(name, content);
      owed.add(content);
    }
    world.tick(1000);
    const syncing = machines.filter(() => random(4) > 0);
    const results = await Promise.all(syncing.map((machine) => machine.sync()));
    for (const result of results) if (result.kind !== 'synced') throw new Error(JSON.stringify(result));
    for (const machine of machines) machine.events.length = 0;
  }
  await quiet(machines);
  const [first, ...others] = machines.map(({ user }) => user.tree());
  for (const tree of others) expect(tree).toEqual(first);
  const found = contentsInTrees(machines);
  expect([...owed].filter((content) => !found.has(content))).toEqual([]);
}

describe('four machines that write the same five files at the same time', { timeout: 60_000 }, () => {
  it.each(SEEDS)('lose nothing on a store with conditions, seed %i', (seed) => contend({}, seed));

  it.each(SEEDS)('lose nothing on one with conditions and no versions, seed %i', (seed) =>
    contend({ versioning: 'off' }, seed),
  );

  it.each(SEEDS)('lose nothing on one without conditions that keeps versions, seed %i', (seed) =>
    contend({ enforces: IGNORES_CONDITIONS }, seed),
  );

  it.each(SEEDS)(
    'lose nothing on one that was given versions, and ignores conditions since, seed %i',
    (seed) => contend({ versioning: 'off', enforces: UNVERSIONED }, seed, 'versioning'),
  );
});
