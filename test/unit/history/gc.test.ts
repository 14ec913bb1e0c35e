import { describe, expect, test } from 'vitest';
import { expiredTrash, TRASH_POLICY } from '../../../src/sync/expired-trash.ts';
import { type CrashScenario, countSteps, quiet, strike } from '../../support/crash.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';
import { locked, write } from './act.ts';

const DAY_MS = 86_400_000;

/** The desk replaces a file and deletes another, days apart; both are in the laptop's trash. */
async function trashTwo(world: World, a: Machine, b: Machine): Promise<void> {
  await write(world, a, 'f', 'one');
  await write(world, a, 'gone', 'was deleted');
  await b.sync();
  await write(world, b, 'f', 'two');
  await a.sync();
  world.tick(20 * DAY_MS);
  b.user.remove('gone');
  await quiet([b, a]);
}

const empty = (machine: Machine, policy = TRASH_POLICY): Promise<void> =>
  locked(machine, async ({ folder }) => {
    await folder.purgeTrash({ ...policy, nowMs: machine.runtime.nowMs() });
  });

async function trashOf(machine: Machine) {
  const folder = machine.disk.open();
  try {
    return await folder.listTrash();
  } finally {
    await folder.close();
  }
}

describe('emptying the trash', () => {
  test('removes just what was told before: by age, and by size what is no younger than an hour', async () => {
    for (const [policy, waitMs, gone] of [
      [TRASH_POLICY, 5 * DAY_MS, []],
      [TRASH_POLICY, 15 * DAY_MS, ['f']],
      [TRASH_POLICY, 40 * DAY_MS, ['f', 'gone']],
      [{ ...TRASH_POLICY, maxBytes: 0 }, DAY_MS, ['f', 'gone']],
      [{ ...TRASH_POLICY, maxBytes: 12 }, DAY_MS, ['f']],
    ] as const) {
      const world = createWorld();
      const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
      await trashTwo(world, a, b);
      world.tick(waitMs);
      const before = await trashOf(a);
      const told = expiredTrash(before, policy, a.runtime.nowMs()).map(({ ref }) => ref);
      expect(
        before
          .filter(({ ref }) => told.includes(ref))
          .map(({ path }) => path)
          .sort(),
      ).toEqual(gone);
      await empty(a, policy);
      const left = (await trashOf(a)).map(({ ref }) => ref);
      expect(left).toEqual(before.map(({ ref }) => ref).filter((ref) => !told.includes(ref)));
      expect(a.user.read('f')).toBe('two');
    }
  });

  test('brings back what was written to since it was replaced', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    await trashTwo(world, a, b);
    const ref = (await trashOf(a)).find(({ path }) => path === 'f')?.ref ?? '';
    a.user.write(`.s4/trash/${ref}`, 'one, and what an application wrote that had it open');
    world.tick(40 * DAY_MS);
    await empty(a);
    expect(Object.values(a.user.tree())).toContain('one, and what an application wrote that had it open');
  });

  test('dies at any step, and the folder is as it was', { timeout: 120_000 }, async () => {
    const scenario: CrashScenario = {
      name: 'gc',
      prepare: async (world, a, b) => {
        await trashTwo(world, a, b);
        world.tick(40 * DAY_MS);
      },
      act: (a) => empty(a),
    };
    const { disk } = await countSteps(scenario);
    expect(disk).toBeGreaterThan(2);
    for (let step = 0; step < disk; step++) {
      for (const kind of ['crash', 'power-loss'] as const) {
        const after = await strike(scenario, { kind, step });
        expect(after.trees, `${kind} ${step}`).toEqual([{ f: 'two' }, { f: 'two' }]);
        expect([after.temps, after.writes], `${kind} ${step}`).toEqual([[], []]);
      }
    }
  });

  test('after a sync that died long ago: what its intent needs from the trash is given back first', async () => {
    const scenario: CrashScenario = {
      name: 'gc after a crash',
      prepare: async (world, a, b) => {
        await write(world, a, 'f', 'one');
        await b.sync();
        await write(world, b, 'f', 'two');
      },
    };
    const { disk } = await countSteps(scenario);
    for (let step = 0; step < disk; step++) {
      const world = createWorld();
      const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
      await scenario.prepare(world, a, b);
      let at = 0;
      a.disk.beforeStep(() => {
        if (at++ !== step) return;
        a.disk.crash();
        throw new Error('died');
      });
      await expect(a.sync()).rejects.toThrow();
      a.disk.beforeStep(undefined);
      world.tick(40 * DAY_MS);
      await empty(a);
      expect(['one', 'two'], `step ${step}`).toContain(a.user.read('f'));
    }
  });
});
