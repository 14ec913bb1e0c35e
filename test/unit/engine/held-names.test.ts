import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/engine/ports/store.ts';
import { createWorld, type Machine, summaryOf } from '../../support/machines.ts';

/** The laptop's store: the desk syncs just before the laptop's first deletion there. */
function meanwhile(store: Store, act: () => Promise<unknown>): Store {
  let done = false;
  return {
    ...store,
    delete: async (key, options) => {
      if (!done) {
        done = true;
        await act();
      }
      return store.delete(key, options);
    },
  };
}

async function settled(...machines: readonly Machine[]): Promise<Readonly<Record<string, string>>> {
  for (let round = 0; round < 3; round++) for (const machine of machines) await machine.sync();
  const [one, ...others] = machines.map(({ user }) => user.tree());
  for (const other of others) expect(other).toEqual(one);
  for (const machine of machines) expect(summaryOf(await machine.sync()).problems).toBe(0);
  return one ?? {};
}

describe('a name that could not be vacated is not taken', () => {
  test('a file became a folder here while another machine edited the file', async () => {
    const world = createWorld();
    const laptop = await world.machine('laptop');
    const desk = await world.machine('desk');
    laptop.user.write('keep', 'keep');
    laptop.user.write('x', 'first');
    await laptop.sync();
    await desk.sync();
    laptop.user.remove('x');
    laptop.user.write('x/inside', 'in the folder');
    desk.user.write('x', 'edited by the desk');
    await laptop.sync({}, { store: meanwhile(laptop.store, () => desk.sync()) });
    expect(laptop.events.filter(({ kind }) => kind === 'problem')).toEqual([]);
    const contents = Object.values(await settled(laptop, desk));
    expect(contents.sort()).toEqual(['edited by the desk', 'in the folder', 'keep']);
  });

  test('a folder became a file here while another machine edited what was in it', async () => {
    const world = createWorld();
    const laptop = await world.machine('laptop');
    const desk = await world.machine('desk');
    laptop.user.write('keep', 'keep');
    laptop.user.write('x/inside', 'first');
    await laptop.sync();
    await desk.sync();
    laptop.user.remove('x/inside');
    laptop.user.remove('x');
    laptop.user.write('x', 'now a file');
    desk.user.write('x/inside', 'edited by the desk');
    await laptop.sync({}, { store: meanwhile(laptop.store, () => desk.sync()) });
    expect(laptop.events.filter(({ kind }) => kind === 'problem')).toEqual([]);
    const contents = Object.values(await settled(laptop, desk));
    expect(contents.sort()).toEqual(['edited by the desk', 'keep', 'now a file']);
  });
});
