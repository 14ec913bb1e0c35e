import { describe, expect, it } from 'vitest';
import { namedPaths } from '../../../src/daemon/listen/named-paths.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { readHeads } from '../../../src/remote-log/reader.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';

async function pair(): Promise<{ world: World; a: Machine; b: Machine }> {
  const world = createWorld();
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  for (let i = 0; i < 14; i++) a.user.write(`keep/k${i}`, `kept ${i}`);
  a.user.write('f', 'base');
  await a.sync();
  await b.sync();
  world.tick(5000);
  return { world, a, b };
}

/** The service does what it is asked, and answers that it failed. */
function failAfter(world: World, a: Machine, request: string, path: string): void {
  const open = a.store;
  a.store = world.server.connect(a.runtime, async (at, asked, key) => {
    if (at !== 'response' || asked !== request || key !== path) return;
    a.store = open;
    throw new S4Error('STORE_FAILED', '503');
  });
}

describe('a write that took effect, and of which the service said that it failed', () => {
  it.each([
    ['PUT', 'f', (a: Machine) => a.user.write('f', 'edited')],
    ['PUT', 'new', (a: Machine) => a.user.write('new', 'new')],
    ['COPY', 'f', (a: Machine) => a.user.chmod('f', true)],
    ['COPY', 'g', (a: Machine) => a.user.rename('f', 'g')],
    ['DELETE', 'f', (a: Machine) => a.user.remove('f')],
  ] as const)('is told to the others by the process that goes on (%s %s)', async (request, path, edit) => {
    const { world, a, b } = await pair();
    const [here, there] = [await a.live(), await b.live()];
    await here.cycle({ mode: 'sync' });
    await there.cycle({ mode: 'sync' });
    const { known } = await readHeads({ store: b.store, known: undefined });
    edit(a);
    failAfter(world, a, request, path);
    const local = ['f', 'g', 'new'] as RelPath[];
    await here.cycle({ mode: 'sync', focus: { local, remote: [] } });
    world.tick(5000);
    // As the daemon does with a path that had a problem.
    await here.cycle({ mode: 'sync', focus: { local, remote: local } });
    const { news, complete } = await readHeads({ store: b.store, known });
    expect(complete).toBe(true);
    expect(namedPaths(news)).toContain(path);
    await there.cycle({ mode: 'sync', focus: { local: [], remote: namedPaths(news) } });
    expect(b.user.tree()).toEqual(a.user.tree());
    await here.close();
    await there.close();
  });
});
