import { expect, test } from 'vitest';
import type { Store } from '../../../src/engine/ports/store.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, summaryOf } from '../../support/machines.ts';

/** The laptop makes a file, and the desk a folder of that name, between the laptop's look and its upload. */
async function clash(): Promise<readonly [Machine, Machine, Machine]> {
  const world = createWorld();
  const [laptop, desk, third] = [
    await world.machine('laptop'),
    await world.machine('desk'),
    await world.machine('third'),
  ];
  laptop.user.write('keep', 'keep');
  for (const machine of [laptop, desk, third]) await machine.sync();
  laptop.user.write('x', 'the file');
  desk.user.write('x/inside', 'in the folder');
  let done = false;
  const { store } = laptop;
  const put: Store['put'] = async (key, source, options) => {
    if (!done) {
      done = true;
      await desk.sync();
    }
    return store.put(key, source, options);
  };
  await laptop.sync({}, { store: { ...store, put } });
  return [laptop, desk, third];
}

test.each([
  ['the one with the file first', [0, 1, 2]],
  ['the one with the folder first', [1, 0, 2]],
  ['a third machine first', [2, 1, 0]],
])(
  'a file and a folder of one name, made in the same moment: the file steps aside (%s)',
  async (_, order) => {
    const machines = await clash();
    for (let round = 0; round < 4; round++) for (const i of order) await machines[i]?.sync();
    for (const machine of machines) {
      expect(summaryOf(await machine.sync()).problems).toBe(0);
      const tree = machine.user.tree();
      expect(tree).toEqual(machines[0].user.tree());
      expect(tree['x/inside']).toBe('in the folder');
      expect(Object.values(tree).sort()).toEqual(['in the folder', 'keep', 'the file']);
    }
  },
);

test('a file that another program put there stays', async () => {
  const world = createWorld();
  const laptop = await world.machine('laptop');
  laptop.user.write('x/inside', 'in the folder');
  await laptop.sync();
  world.server.put('x', 'foreign');
  for (let round = 0; round < 2; round++) expect(summaryOf(await laptop.sync()).problems).toBe(1);
  expect(laptop.user.tree()).toEqual({ 'x/inside': 'in the folder' });
});

test('a file that was edited elsewhere while a folder was made of it here steps aside', async () => {
  const world = createWorld();
  const [laptop, desk] = [await world.machine('laptop'), await world.machine('desk')];
  laptop.user.write('keep', 'keep');
  laptop.user.write('x', 'the file');
  for (const machine of [laptop, desk]) await machine.sync();
  laptop.user.write('x', 'the file, edited');
  await laptop.sync();
  desk.user.remove('x');
  desk.user.write('x/inside', 'in the folder');
  await desk.sync({ paths: ['x/inside' as RelPath] });
  for (let round = 0; round < 4; round++) for (const machine of [laptop, desk]) await machine.sync();
  for (const machine of [laptop, desk]) {
    expect(summaryOf(await machine.sync()).problems).toBe(0);
    expect(Object.values(machine.user.tree()).sort()).toEqual(['in the folder', 'keep', 'the file, edited']);
  }
});
