import { describe, expect, it } from 'vitest';
import { S4Error } from '../../../src/lib/errors.ts';
import { createWorld, type Machine } from '../../support/machines.ts';

async function journalBytes({ disk }: Machine): Promise<number | undefined> {
  const folder = disk.open();
  const size = await folder.state.size('journal.jsonl');
  await folder.close();
  return size;
}

describe('what the simulation found', () => {
  it('an empty folder in two normal forms is recorded once, not in every cycle', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('a'), await world.machine('b')];
    a.user.mkdir('caf\u00e9');
    b.user.mkdir('cafe\u0301');
    for (const machine of [a, b, b]) await machine.sync();
    const before = await journalBytes(b);
    await b.sync();
    expect(await journalBytes(b)).toBe(before);
  });
  it('an edit that a rename hid is brought back, also when the disk failed just then (seed 22180)', async () => {
    const world = createWorld({ enforces: { copyIfAbsent: false, deleteIfMatch: false } });
    const [a, b] = [await world.machine('a'), await world.machine('b')];
    for (const name of ['f', 'keep']) a.user.write(name, name);
    await a.sync();
    await b.sync();
    b.user.rename('f', 'g');
    a.user.write('f', 'edited by a');
    const calm = b.store;
    b.store = world.server.connect(b.runtime, async (at, request, key) => {
      if (at !== 'request' || request !== 'DELETE' || key !== 'f') return;
      await a.sync();
      b.disk.beforeStep((step) => {
        if (step !== 'write') return;
        b.disk.beforeStep(undefined);
        throw new S4Error('LOCAL_FAILED', 'input/output error');
      });
    });
    await b.sync();
    b.store = calm;
    for (const machine of [b, a, b, a]) await machine.sync();
    expect(Object.values(a.user.tree())).toContain('edited by a');
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it('what is recorded after an unguarded deletion is remembered: a file deleted next does not come back', async () => {
    const world = createWorld({ enforces: { deleteIfMatch: false } });
    const [a, b] = [await world.machine('a'), await world.machine('b')];
    for (const name of ['f', 'keep']) a.user.write(name, name);
    await a.sync();
    a.user.remove('f');
    a.user.write('g', 'new');
    await a.sync();
    a.user.remove('g');
    await a.sync();
    await b.sync();
    expect(a.user.tree()).toEqual({ keep: 'keep' });
    expect(b.user.tree()).toEqual({ keep: 'keep' });
  });

  it('what a copy hid is brought back, also when the copy is deleted at once (seed 23876)', async () => {
    const world = createWorld({ enforces: { copyIfAbsent: false, deleteIfMatch: false } });
    const [a, b] = [await world.machine('a'), await world.machine('b')];
    for (const name of ['f', 'keep']) a.user.write(name, name);
    await a.sync();
    await b.sync();
    a.user.rename('f', 'g');
    const calm = a.store;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (request !== 'COPY' || key !== 'g') return;
      if (at === 'request') world.server.put('g', 'by another tool');
      else world.server.remove('g');
    });
    await a.sync();
    a.store = calm;
    for (const machine of [a, b, a, b]) await machine.sync();
    expect(Object.values(b.user.tree())).toContain('by another tool');
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it('a file that gets another normal form between two passes of a first sync stays (seed 64513)', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('a'), await world.machine('b')];
    for (const name of ['e\u0301', 'x', 'keep']) a.user.write(name, name);
    await a.sync();
    let lists = 0;
    b.store = world.server.connect(b.runtime, async (at, request, key) => {
      if (at !== 'request') return;
      // Whoever overtakes a download makes the sync look at everything once more.
      if (request === 'GET' && key === 'x' && lists === 1) world.server.put('x', 'by another tool');
      if (request === 'LIST' && ++lists === 2) b.user.rename('e\u0301', '\u00e9');
    });
    await b.sync();
    expect(lists).toBeGreaterThan(1);
    for (const machine of [b, a, b, a]) await machine.sync();
    expect(Object.values(b.user.tree()).sort()).toEqual(['by another tool', 'e\u0301', 'keep']);
    expect(Object.values(a.user.tree()).sort()).toEqual(['by another tool', 'e\u0301', 'keep']);
  });

  const UNGUARDED = { enforces: { putIfAbsent: false, putIfMatch: false, deleteIfMatch: false } };

  it('what a write hid is brought back, also when the look failed and both were deleted since (seeds 66026, 66125)', async () => {
    const world = createWorld(UNGUARDED);
    const [a, b] = [await world.machine('a'), await world.machine('b')];
    a.user.write('keep', 'keep');
    await a.sync();
    await b.sync();
    b.user.write('f', 'by b');
    const calm = b.store;
    b.store = world.server.connect(b.runtime, async (at, request, key) => {
      if (key !== 'f' || at !== 'request') return;
      if (request === 'PUT') world.server.put('f', 'by another tool');
      if (request === 'LIST') throw new S4Error('STORE_FAILED', 'no versions today');
    });
    await b.sync();
    b.store = calm;
    world.server.remove('f');
    for (const machine of [b, a, b, a]) await machine.sync();
    expect(Object.values(a.user.tree())).toContain('by another tool');
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it('what a write hid is brought back, also when its answer was lost and the file edited before the next attempt (seed 67386)', async () => {
    const world = createWorld(UNGUARDED);
    const [a, b] = [await world.machine('a'), await world.machine('b')];
    a.user.write('keep', 'keep');
    await a.sync();
    await b.sync();
    b.user.write('f', 'by b');
    const calm = b.store;
    b.store = {
      ...calm,
      put: async (key, ...rest) => {
        if (key !== 'f') return calm.put(key, ...rest);
        world.server.put('f', 'by another tool');
        await calm.put(key, ...rest);
        b.user.write('f', 'edited');
        return { kind: 'abandoned' };
      },
    };
    await b.sync();
    b.store = calm;
    for (const machine of [b, a, b, a]) await machine.sync();
    expect(Object.values(a.user.tree())).toContain('by another tool');
    expect(b.user.tree()).toEqual(a.user.tree());
  });
});
