import { expect, it } from 'vitest';
import { createWorld, type Machine, summaryOf } from '../../support/machines.ts';

const PATHS = Array.from({ length: 12 }, (_, i) => `busy${String(i).padStart(2, '0')}`);

/** A service that calls its own state of these another one, as SeaweedFS does while versioning is suspended. */
function refuses({ store }: Machine, paths: readonly string[]): Machine['store'] {
  return {
    ...store,
    put: async (key, source, options) =>
      paths.includes(key) ? { kind: 'precondition-failed' } : store.put(key, source, options),
  };
}

const postponed = ({ events }: Machine) =>
  events.flatMap((event) => (event.kind === 'notice' && event.code === 'postponed' ? [event] : []));

it('names what could not be settled in several looks, and sends the rest', async () => {
  const world = createWorld();
  const a = await world.machine('laptop');
  a.user.write('busy', 'first');
  a.user.write('quiet', 'first');
  a.store = refuses(a, ['busy']);
  expect(summaryOf(await a.sync())).toMatchObject({ uploaded: 1, problems: 0 });
  expect(postponed(a)).toMatchObject([{ path: 'busy', message: expect.stringContaining('keeps changing') }]);
});

it('names ten of them, and counts the rest', async () => {
  const world = createWorld();
  const a = await world.machine('laptop');
  for (const path of PATHS) a.user.write(path, 'first');
  a.store = refuses(a, PATHS);
  await a.sync();
  const told = postponed(a);
  expect(new Set(told.slice(0, -1).map(({ path }) => path)).size).toBe(10);
  expect(told.slice(10)).toMatchObject([{ message: 'so do 2 more: they are left for the next sync' }]);
});
