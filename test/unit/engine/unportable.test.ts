import { expect, it } from 'vitest';
import { createWorld, type Machine } from '../../support/machines.ts';

const told = ({ events }: Machine) =>
  events.flatMap((event) => (event.kind === 'notice' && event.code === 'portability' ? [event.path] : []));

it('tells names that Windows cannot hold when they first go up, and syncs them', async () => {
  const world = createWorld();
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  for (const path of ['aux.txt', 'what?', 'con/plain', 'dot./plain', 'fine.txt']) a.user.write(path, path);
  await a.sync();
  expect(told(a).toSorted()).toEqual(['aux.txt', 'con/plain', 'dot./plain', 'what?']);
  await b.sync();
  expect(b.user.tree()).toEqual(a.user.tree());
  expect(told(b)).toEqual([]);

  a.events.length = 0;
  world.tick(60_000);
  a.user.write('aux.txt', 'edited');
  a.user.rename('fine.txt', 'no:longer');
  await a.sync();
  expect(told(a)).toEqual(['no:longer']);
});

it('counts them where they are many', async () => {
  const a = await createWorld().machine('laptop');
  for (let i = 10; i < 25; i++) a.user.write(`mail:${i}`, `${i}`);
  await a.sync();
  expect(told(a)).toHaveLength(11);
  expect(a.events).toContainEqual(
    expect.objectContaining({ kind: 'notice', message: '5 more such names: Windows cannot hold them' }),
  );
});
