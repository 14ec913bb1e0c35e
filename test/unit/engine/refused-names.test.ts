import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/engine/ports/store.ts';
import { createWorld, type Machine, summaryOf } from '../../support/machines.ts';

/** As SeaweedFS does where a folder of that name was: refused as if it were there, while nothing is. */
function haunted(store: Store, name: string): Store {
  const refused = { kind: 'precondition-failed', nothingThere: true } as const;
  return {
    ...store,
    put: async (key, source, options) =>
      key === (name as string) && options.condition.kind === 'absent' && options.byLooking !== true
        ? refused
        : store.put(key, source, options),
    copy: async (from, to, options) =>
      to === (name as string) && options.byLooking !== true ? refused : store.copy(from, to, options),
  };
}

const READS = ['LIST', 'HEAD', 'GET'];

async function machine(versioning: boolean): Promise<Machine> {
  const world = createWorld({ versioning: versioning ? 'enabled' : 'off' });
  const laptop = await world.machine('laptop');
  laptop.user.write('keep', 'keep');
  laptop.user.write('old', 'moved soon');
  await laptop.sync();
  laptop.store = haunted(laptop.store, 'x');
  return laptop;
}

describe('a name that the store refuses though nothing is there', () => {
  test('is written to all the same where versions tell what that overtook', async () => {
    const laptop = await machine(true);
    laptop.user.write('x', 'new');
    expect(summaryOf(await laptop.sync())).toMatchObject({ uploaded: 1, problems: 0 });
    const { uploaded, problems, requests } = summaryOf(await laptop.sync());
    expect({ uploaded, problems }).toEqual({ uploaded: 0, problems: 0 });
    expect(Object.keys(requests).filter((kind) => !READS.includes(kind))).toEqual([]);
  });

  test('is where a file is moved to, all the same', async () => {
    const laptop = await machine(true);
    laptop.user.rename('old', 'x');
    expect(summaryOf(await laptop.sync())).toMatchObject({ renamed: 1, uploaded: 0, problems: 0 });
  });

  test.each([
    ['a new file', (laptop: Machine) => laptop.user.write('x', 'new')],
    ['a moved file', (laptop: Machine) => laptop.user.rename('old', 'x')],
  ])('is told where there are no versions, and stops nothing (%s)', async (_, edit) => {
    const laptop = await machine(false);
    edit(laptop);
    laptop.user.write('other', 'goes up');
    expect(summaryOf(await laptop.sync())).toMatchObject({ uploaded: 1, problems: 1 });
    const told = laptop.events.flatMap((event) => (event.kind === 'problem' ? [event.problem.code] : []));
    expect(told).toEqual(['name-refused']);
  });
});
