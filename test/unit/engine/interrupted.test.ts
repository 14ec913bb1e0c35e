import { describe, expect, it } from 'vitest';
import type { SyncEvent } from '../../../src/engine/events.ts';
import type { Store } from '../../../src/engine/ports/store.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { readHeads } from '../../../src/remote-log/reader.ts';
import { objectKeys } from '../../support/crash.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';

/** What one overwrite or deletion does when somebody comes in between, or when it dies there: each by itself, and quick. */

interface Room {
  readonly world: World;
  readonly a: Machine;
  readonly b: Machine;
}

const UNGUARDED = {
  putIfAbsent: false,
  putIfMatch: false,
  copyIfAbsent: false,
  copyIfMatch: false,
  deleteIfMatch: false,
};

/** SeaweedFS with versions: of a deletion and a write of one state that meet, both may come through. */
const HASTY = { enforces: { deleteIfMatch: false }, claims: { deleteIfMatch: true } };

/** Both have `f` and `keep`. */
async function room(options: Parameters<typeof createWorld>[0] = {}): Promise<Room> {
  const world = createWorld(options);
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  a.user.write('f', 'base');
  a.user.write('keep', 'keep');
  await a.sync();
  await b.sync();
  return { world, a, b };
}

type Hook = Parameters<Machine['disk']['beforeStep']>[0];

/** A sync that dies where the hook throws. */
async function dies(machine: Machine, hook: Hook): Promise<void> {
  machine.disk.beforeStep(hook);
  await expect(machine.sync()).rejects.toThrow('killed');
  machine.disk.beforeStep(undefined);
}

/** Recovery alone: what is there before anybody looks. */
async function recovered(machine: Machine): Promise<Readonly<Record<string, string>>> {
  machine.events.length = 0;
  const live = await machine.live();
  await live.close();
  const folder = machine.disk.open();
  const { id: targetId, clientId } = machine.target;
  const base = await openBase({ state: folder.state, targetId, clientId, mode: 'read' });
  await folder.close();
  expect(base.pending).toEqual([]);
  return machine.user.tree();
}

const told = ({ events }: Machine) =>
  events.flatMap((event: SyncEvent) => (event.kind === 'notice' ? [event.code] : []));

const contents = ({ user }: Machine) => Object.values(user.tree()).sort();

async function rest({ a, b }: Room): Promise<void> {
  for (const machine of [a, b, a, b, a, b]) await machine.sync();
  expect(b.user.tree()).toEqual(a.user.tree());
}

describe('a replacement that died', () => {
  const replaced = async (): Promise<Room> => {
    const all = await room();
    all.b.user.write('f', 'by the desk');
    await all.b.sync();
    return all;
  };

  it('between its two steps: the old file is back, and that is told', async () => {
    const { a } = await replaced();
    await dies(a, (step, path) => {
      if (step === 'link' && path === 'f') throw new Error('killed');
    });
    expect(a.user.tree()).toEqual({ keep: 'keep' });
    expect(await recovered(a)).toEqual({ f: 'base', keep: 'keep' });
    expect(told(a)).toEqual(['recovered']);
  });

  it('after both: nothing is to be done', async () => {
    const { a } = await replaced();
    let linked = false;
    await dies(a, (step, path) => {
      if (linked) throw new Error('killed');
      linked = step === 'link' && path === 'f';
    });
    expect(await recovered(a)).toEqual({ f: 'by the desk', keep: 'keep' });
    expect(told(a)).toEqual([]);
  });

  it('between its two steps, over an edit of the last moment: the edit is back', async () => {
    const { a } = await replaced();
    await dies(a, (step, path) => {
      if (step === 'rename' && path === 'f') a.user.write('f', 'edited');
      if (step === 'link' && path === 'f') throw new Error('killed');
    });
    expect(await recovered(a)).toEqual({ f: 'edited', keep: 'keep' });
  });

  it('after both, over an edit of the last moment: the edit is beside it, and that is told', async () => {
    const all = await replaced();
    const { a } = all;
    let linked = false;
    await dies(a, (step, path) => {
      if (step === 'rename' && path === 'f') a.user.write('f', 'edited');
      if (linked) throw new Error('killed');
      linked = step === 'link' && path === 'f';
    });
    const tree = await recovered(a);
    expect(tree['f']).toBe('by the desk');
    expect(contents(a)).toEqual(['by the desk', 'edited', 'keep']);
    expect(told(a)).toEqual(['recovered']);
    await rest(all);
    expect(contents(a)).toEqual(['by the desk', 'edited', 'keep']);
  });

  it('of a conflict kept as both: both are there, twice at most', async () => {
    const all = await replaced();
    const { a } = all;
    a.user.write('f', 'by the laptop');
    let step2 = false;
    await dies(a, (step, path) => {
      if (step2) throw new Error('killed');
      step2 = step === 'link' && path.startsWith('f (');
    });
    await recovered(a);
    expect(told(a)).toEqual([]);
    expect(contents(a)).toContain('by the laptop');
    await rest(all);
    expect(new Set(contents(a))).toEqual(new Set(['by the desk', 'by the laptop', 'keep']));
  });
});

describe('a local deletion that died', () => {
  const removed = async (): Promise<Room> => {
    const all = await room();
    all.b.user.remove('f');
    await all.b.sync();
    return all;
  };

  it('after the move is done', async () => {
    const { a } = await removed();
    let moved = false;
    await dies(a, (step, path) => {
      if (moved) throw new Error('killed');
      moved = step === 'rename' && path === 'f';
    });
    expect(await recovered(a)).toEqual({ keep: 'keep' });
    expect(told(a)).toEqual([]);
  });

  it('after the move of an edit of the last moment: the edit is back', async () => {
    const { a } = await removed();
    let moved = false;
    await dies(a, (step, path) => {
      if (moved) throw new Error('killed');
      moved = step === 'rename' && path === 'f';
      if (moved) a.user.write('f', 'edited');
    });
    expect(await recovered(a)).toEqual({ f: 'edited', keep: 'keep' });
  });
});

describe('a move that died', () => {
  it.each([true, false])(
    'the file has one of its names or both, and nothing is told; before the step: %s',
    async (before) => {
      const all = await room();
      const { a, b } = all;
      b.user.rename('f', 'g');
      await b.sync();
      let moved = false;
      await dies(a, (step, path) => {
        const isMove = (step === 'link' || step === 'rename') && (path === 'f' || path === 'g');
        if (moved || (before && isMove)) throw new Error('killed');
        moved = isMove;
      });
      expect(new Set(Object.values(await recovered(a)))).toEqual(new Set(['base', 'keep']));
      expect(told(a)).toEqual([]);
      await rest(all);
      expect(b.user.tree()).toEqual({ g: 'base', keep: 'keep' });
    },
  );
});

describe('a write without conditions that died', () => {
  it('after it hid a version: that one is brought back', async () => {
    const all = await room({ enforces: UNGUARDED });
    const { world, a, b } = all;
    a.user.write('f', 'by the laptop');
    b.user.write('f', 'by the desk');
    const calm = a.store;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (request !== 'PUT' || key !== 'f') return;
      if (at === 'request') await b.sync();
      else throw new Error('killed');
    });
    await expect(a.sync()).rejects.toThrow('killed');
    a.store = calm;
    await recovered(a);
    expect(contents(a)).toEqual(['by the desk', 'by the laptop', 'keep']);
    expect(told(a)).toEqual(['overtaken-recovered']);
    await rest(all);
    expect(contents(b)).toEqual(['by the desk', 'by the laptop', 'keep']);
  });

  it.each([
    { store: { enforces: UNGUARDED }, died: true },
    { store: { enforces: UNGUARDED }, died: false },
    { store: HASTY, died: true },
    { store: HASTY, died: false },
  ])('a deletion that hid a version brings it back: $store, died first: $died', async ({ store, died }) => {
    const all = await room(store);
    const { world, a, b } = all;
    a.user.remove('f');
    b.user.write('f', 'by the desk');
    const calm = a.store;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (request !== 'DELETE' || key !== 'f') return;
      if (at === 'request') await b.sync();
      else if (died) throw new Error('killed');
    });
    if (died) await expect(a.sync()).rejects.toThrow('killed');
    else expect(summaryOf(await a.sync())).toMatchObject({ deletedRemote: 1, uploaded: 1 });
    a.store = calm;
    await recovered(a);
    expect(contents(a)).toEqual(['by the desk', 'keep']);
    await rest(all);
    expect(contents(b)).toEqual(['by the desk', 'keep']);
  });

  it.each([true, false])(
    'a deletion that hid a version brings it back, also where somebody wrote since; it died first: %s',
    async (died) => {
      const all = await room({ enforces: UNGUARDED });
      const { world, a, b } = all;
      a.user.remove('f');
      b.user.write('f', 'by the desk');
      const calm = a.store;
      a.store = world.server.connect(a.runtime, async (at, request, key) => {
        if (request !== 'DELETE' || key !== 'f') return;
        if (at === 'request') await b.sync();
        else {
          world.server.put('f', 'by another tool');
          if (died) throw new Error('killed');
        }
      });
      if (died) await expect(a.sync()).rejects.toThrow('killed');
      else await a.sync();
      a.store = calm;
      await recovered(a);
      await rest(all);
      expect(contents(b)).toEqual(['by another tool', 'by the desk', 'keep']);
    },
  );
});

describe('what a deletion hid', () => {
  it('is not asked for where a look at versions is denied and the store guards all writes', async () => {
    const all = await room();
    const { a, b } = all;
    a.user.remove('f');
    a.store = deniesVersions(a.store);
    expect(summaryOf(await a.sync())).toMatchObject({ deletedRemote: 1, problems: 0 });
    expect(await recovered(a)).toEqual({ keep: 'keep' });
    await rest(all);
    expect(b.user.tree()).toEqual({ keep: 'keep' });
  });

  it.each(['deleteIfMatch', 'multipartIfMatch', 'copyIfAbsent'])(
    'has to be asked for where a condition is missing, as %s: a denied look is an error, and repeated',
    async (missing) => {
      const { a } = await room({ enforces: { [missing]: false } });
      a.user.remove('f');
      const calm = a.store;
      a.store = deniesVersions(a.store);
      await expect(a.sync()).rejects.toThrow('denied');
      await expect(a.sync()).rejects.toThrow('denied');
      a.store = calm;
      expect(await recovered(a)).toEqual({ keep: 'keep' });
    },
  );

  it('is nothing that was replaced before, where the deleted state itself was never a version', async () => {
    const world = createWorld();
    const a = await world.machine('laptop');
    a.user.write('keep', 'keep');
    for (const text of ['long ago', 'replaced']) {
      a.user.write('f', text);
      await a.sync();
    }
    world.server.setVersioning('suspended');
    a.user.write('f', 'not kept as a version');
    await a.sync();
    a.user.remove('f');
    await a.sync();
    expect(a.user.tree()).toEqual({ keep: 'keep' });
  });
});

function deniesVersions(store: Store): Store {
  return {
    ...store,
    versions: () => {
      throw new S4Error('STORE_DENIED', 'denied');
    },
  };
}

describe('a new object without conditions that died', () => {
  it('brings nothing back that was deleted long ago', async () => {
    const all = await room({ enforces: UNGUARDED });
    const { world, a, b } = all;
    a.user.remove('f');
    await a.sync();
    await b.sync();
    a.user.write('f', 'new');
    const calm = a.store;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (at === 'response' && request === 'PUT' && key === 'f') throw new Error('killed');
    });
    await expect(a.sync()).rejects.toThrow('killed');
    a.store = calm;
    expect(await recovered(a)).toEqual({ f: 'new', keep: 'keep' });
    await rest(all);
    expect(b.user.tree()).toEqual({ f: 'new', keep: 'keep' });
  });
});

describe('somebody comes in between', () => {
  it('an edit in the very swap goes beside the new file, and up', async () => {
    const all = await room();
    const { a, b } = all;
    b.user.write('f', 'by the desk');
    await b.sync();
    a.disk.beforeStep((step, path) => {
      if (step === 'rename' && path === 'f') a.user.write('f', 'edited');
    });
    expect(summaryOf(await a.sync())).toMatchObject({ downloaded: 1, uploaded: 1 });
    a.disk.beforeStep(undefined);
    expect(told(a)).toContain('recovered');
    expect(a.user.read('f')).toBe('by the desk');
    await rest(all);
    expect(contents(b)).toEqual(['by the desk', 'edited', 'keep']);
  });

  it('an edit during the download is looked at again, and becomes a conflict', async () => {
    const all = await room();
    const { a, b } = all;
    b.user.write('f', 'by the desk');
    await b.sync();
    let once = true;
    a.disk.beforeStep((step, path) => {
      if (!once || step !== 'fsync' || !path.startsWith('.s4/tmp')) return;
      once = false;
      a.user.write('f', 'edited');
    });
    expect(summaryOf(await a.sync())).toMatchObject({ keptBoth: 1, problems: 0 });
    a.disk.beforeStep(undefined);
    expect(a.user.tree('.s4/tmp')).toEqual({});
    await rest(all);
    expect(contents(b)).toEqual(['by the desk', 'edited', 'keep']);
  });

  it('a folder that takes the place during the download is told, and stays', async () => {
    const { a, b } = await room();
    b.user.write('f', 'by the desk');
    await b.sync();
    a.disk.beforeStep((step, path) => {
      if (step !== 'fsync' || !path.startsWith('.s4/tmp')) return;
      a.disk.beforeStep(undefined);
      a.user.remove('f');
      a.user.fifo('f');
    });
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 1, downloaded: 0 });
    expect(a.user.tree()).toEqual({ f: '(special)', keep: 'keep' });
    expect(a.user.tree('.s4/tmp')).toEqual({});
  });

  it('a file that is written again there is not deleted here', async () => {
    const all = await room();
    const { world, a, b } = all;
    b.user.remove('f');
    await b.sync();
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (at !== 'request' || request !== 'HEAD' || key !== 'f') return;
      if (world.server.bytes('f') === undefined) world.server.put('f', 'written again');
    });
    expect(summaryOf(await a.sync())).toMatchObject({ deletedLocal: 0, problems: 0 });
    expect(a.user.read('f')).toBe('written again');
    expect(Object.values(a.user.tree('.s4/trash'))).toEqual(['base']);
  });

  it('an edit just before a deletion here stays, and goes up', async () => {
    const all = await room();
    const { world, a, b } = all;
    b.user.remove('f');
    await b.sync();
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (at === 'response' && request === 'HEAD' && key === 'f') a.user.write('f', 'edited');
    });
    expect(summaryOf(await a.sync())).toMatchObject({ deletedLocal: 0, uploaded: 1 });
    await rest(all);
    expect(b.user.read('f')).toBe('edited');
  });

  it('an edit in the very deletion here is back, and goes up', async () => {
    const all = await room();
    const { a, b } = all;
    b.user.remove('f');
    await b.sync();
    a.disk.beforeStep((step, path) => {
      if (step === 'rename' && path === 'f') a.user.write('f', 'edited');
    });
    expect(summaryOf(await a.sync())).toMatchObject({ deletedLocal: 0, uploaded: 1 });
    a.disk.beforeStep(undefined);
    await rest(all);
    expect(b.user.read('f')).toBe('edited');
  });

  it('a file that is deleted on both sides in one moment is deleted, and counted once', async () => {
    const { a, b } = await room();
    b.user.remove('f');
    await b.sync();
    a.disk.beforeStep((step, path) => {
      if (step !== 'fsync' || path !== '.s4/journal.jsonl') return;
      a.disk.beforeStep(undefined);
      a.user.remove('f');
    });
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 0 });
    expect(a.user.tree()).toEqual({ keep: 'keep' });
    expect(summaryOf(await a.sync())).toMatchObject({ deletedLocal: 0, deletedRemote: 0, uploaded: 0 });
  });

  it('an object that is written meanwhile is not deleted there', async () => {
    const all = await room();
    const { world, a, b } = all;
    a.user.remove('f');
    b.user.write('f', 'by the desk');
    let raced = false;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (at !== 'request' || request !== 'DELETE' || key !== 'f' || raced) return;
      raced = true;
      await b.sync();
    });
    expect(summaryOf(await a.sync())).toMatchObject({ deletedRemote: 0, downloaded: 1 });
    expect(contents(a)).toEqual(['by the desk', 'keep']);
    expect(objectKeys(world.server)).toEqual(['f', 'keep']);
  });

  it('a file that is back before its object is deleted keeps it', async () => {
    const all = await room();
    const { world, a, b } = all;
    a.user.remove('f');
    const emit = (event: SyncEvent): void => {
      if (event.kind === 'planned' && a.user.read('f') === undefined) a.user.write('f', 'back');
    };
    expect(summaryOf(await a.sync({}, { emit }))).toMatchObject({ deletedRemote: 0, uploaded: 1 });
    expect(world.server.history('f').map(({ content }) => content === undefined)).toEqual([false, false]);
    await rest(all);
    expect(b.user.read('f')).toBe('back');
  });

  it.each(['deleted', 'written'])(
    'a folder that becomes a symlink before a file in it is %s here leads nowhere, and is told',
    async (how) => {
      const { a, b } = await room();
      b.user.write('d/inside', 'inside');
      await b.sync();
      await a.sync();
      if (how === 'deleted') b.user.remove('d/inside');
      else b.user.write('d/inside', 'by the desk');
      b.user.write('d/other', 'other');
      await b.sync();
      const swap = (): void => {
        a.disk.beforeStep(undefined);
        a.user.rename('d', 'elsewhere');
        a.user.symlink('d', 'elsewhere');
      };
      a.disk.beforeStep((step, path) => {
        if (step === 'fsync' && path === '.s4/journal.jsonl') swap();
      });
      expect(summaryOf(await a.sync()).problems).toBeGreaterThan(0);
      expect(a.user.tree()).toMatchObject({ d: '-> elsewhere', 'elsewhere/inside': 'inside' });
    },
  );
});

describe('what was deleted', () => {
  it('here, in small bursts, adds up for the guards', async () => {
    const { world, a, b } = await room();
    for (let i = 0; i < 20; i++) b.user.write(`f${i}`, `${i}`);
    await b.sync();
    await a.sync();
    let halted = false;
    for (let i = 0; i < 18 && !halted; i += 3) {
      for (let j = i; j < i + 3; j++) world.server.remove(`f${j}`);
      halted = (await a.sync()).kind === 'halted';
      world.tick(60_000);
    }
    expect(halted).toBe(true);
    expect(Object.keys(a.user.tree()).length).toBeGreaterThan(8);
  });

  it('there is told to the others', async () => {
    const { a, b } = await room();
    const { known } = await readHeads({ store: b.store, known: undefined });
    a.user.remove('f');
    await a.sync();
    const { news } = await readHeads({ store: b.store, known });
    expect(news.flatMap(({ entries }) => entries.map(({ path }) => path))).toEqual(['f']);
  });
});
