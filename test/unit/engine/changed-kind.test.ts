import { expect, test } from 'vitest';
import type { Folder } from '../../../src/engine/ports/folder.ts';
import { createWorld, type Machine } from '../../support/machines.ts';

/** The laptop's folder: something happens between the walk and the first look into a file. */
function meanwhile(machine: Machine, act: () => void): Folder {
  const folder = machine.disk.open();
  let done = false;
  return {
    ...folder,
    hash: (request) => {
      if (!done) act();
      done = true;
      return folder.hash(request);
    },
  };
}

async function twoMachines(): Promise<readonly [Machine, Machine]> {
  const world = createWorld();
  const laptop = await world.machine('laptop');
  const desk = await world.machine('desk');
  laptop.user.write('keep', 'keep');
  laptop.user.symlink('link', 'first');
  laptop.user.write('file', 'first');
  await laptop.sync();
  await desk.sync();
  world.tick(5000);
  return [laptop, desk];
}

test('a symlink that becomes a file while it is looked at goes up as a file', async () => {
  const [laptop, desk] = await twoMachines();
  laptop.user.remove('link');
  laptop.user.symlink('link', 'second');
  const folder = meanwhile(laptop, () => {
    laptop.user.remove('link');
    laptop.user.write('link', 'now a file');
  });
  await laptop.sync({}, { folder });
  await folder.close();
  await desk.sync();
  expect(desk.user.tree()).toEqual({ file: 'first', keep: 'keep', link: 'now a file' });
});

test('a file that becomes a symlink while it is looked at goes up as a symlink', async () => {
  const [laptop, desk] = await twoMachines();
  laptop.user.write('file', 'second');
  const folder = meanwhile(laptop, () => {
    laptop.user.remove('file');
    laptop.user.symlink('file', 'keep');
  });
  await laptop.sync({}, { folder });
  await folder.close();
  await desk.sync();
  expect(desk.user.tree()).toEqual({ file: '-> keep', keep: 'keep', link: '-> first' });
});
