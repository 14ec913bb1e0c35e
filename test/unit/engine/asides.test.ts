import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/engine/ports/store.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { readHeads } from '../../../src/remote-log/reader.ts';
import { expectTrueBase } from '../../support/base-check.ts';
import { objectKeys, quiet } from '../../support/crash.ts';
import { createWorld, fileOf, type Machine, summaryOf, type World } from '../../support/machines.ts';

/** Files that do not keep their name: a conflict's local version, and a file where the other side has a folder. */

const UNGUARDED = { putIfAbsent: false, putIfMatch: false, deleteIfMatch: false };

async function room(options?: Parameters<typeof createWorld>[0]) {
  const world = createWorld(options);
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  a.user.write('x', 'base');
  a.user.write('keep', 'keep');
  await a.sync();
  await b.sync();
  a.events.length = 0;
  return { world, a, b };
}

const copyIn = ({ user }: Machine) =>
  Object.keys(user.tree()).find((path) => path.startsWith('x (')) ?? 'no copy';
const isExecutable = async (machine: Machine, path: string) => (await fileOf(machine, path)).executable;
const metadataOf = (world: World, key: string) => world.server.history(key).at(-1)?.content?.metadata;

/** The user acts once, at a step of the laptop's disk. */
function once({ disk }: Machine, when: (step: string, path: string) => boolean, act: () => void): void {
  disk.beforeStep((step, path) => {
    if (!when(step, path)) return;
    disk.beforeStep(undefined);
    act();
  });
}

/** A store that refuses every copy as if it were there, see `refused-names.test.ts`. */
function refusing(store: Store): Store {
  const refused = { kind: 'precondition-failed', nothingThere: true } as const;
  return {
    ...store,
    put: async (key, source, options) => (key.startsWith('x (') ? refused : store.put(key, source, options)),
  };
}

const contents = ({ user }: Machine) => Object.values(user.tree()).sort();
const told = ({ events }: Machine) =>
  events.flatMap((event) =>
    event.kind === 'problem' ? [event.problem.code] : event.kind === 'notice' ? [event.code] : [],
  );

describe('a conflict kept as both', () => {
  it('keeps the executable bit of a file whose object tells none, on the file and on the copy', async () => {
    const { world, a } = await room();
    world.server.put('x', 'by another tool');
    a.user.write('x', '#!/bin/sh', { executable: true });
    expect(summaryOf(await a.sync())).toMatchObject({ keptBoth: 1, problems: 0 });
    expect(a.user.read('x')).toBe('by another tool');
    expect([await isExecutable(a, 'x'), await isExecutable(a, copyIn(a))]).toEqual([true, true]);
    expect(a.events.filter(({ kind }) => kind === 'notice')).toEqual([]);
  });

  it('makes no file executable that was none', async () => {
    const { world, a } = await room();
    world.server.put('x', 'by another tool');
    a.user.write('x', 'by the laptop');
    await a.sync();
    expect([await isExecutable(a, 'x'), await isExecutable(a, copyIn(a))]).toEqual([false, false]);
  });

  it('tells in the copy which version both came from', async () => {
    const { world, a, b } = await room();
    const ancestor = world.server.history('x').at(-1)?.versionId;
    b.user.write('x', 'by the desk');
    await b.sync();
    a.user.write('x', 'by the laptop');
    await a.sync();
    expect(metadataOf(world, copyIn(a))).toMatchObject({ 's4-ancestor': ancestor });
    expect(metadataOf(world, 'x')).not.toHaveProperty('s4-ancestor');
    await expectTrueBase(world, a);
  });

  it('is decided anew where the local file is edited while the other version comes', async () => {
    const { world, a, b } = await room();
    b.user.write('x', 'by the desk');
    await b.sync();
    a.user.write('x', 'by the laptop');
    once(
      a,
      (step, path) => step === 'fsync' && path.startsWith('.s4/tmp'),
      () => a.user.write('x', 'by the laptop, later'),
    );
    expect(summaryOf(await a.sync())).toMatchObject({ keptBoth: 1, problems: 0 });
    expect(contents(a)).toEqual(['by the desk', 'by the laptop, later', 'keep']);
    await expectTrueBase(world, a);
  });

  it('ends well where the user removes the copy before it goes up', async () => {
    const { world, a, b } = await room();
    b.user.write('x', 'by the desk');
    await b.sync();
    a.user.write('x', 'by the laptop');
    once(
      a,
      (step, path) => step === 'unlink' && path.startsWith('.s4/tmp'),
      () => a.user.remove(copyIn(a)),
    );
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 0 });
    expect(contents(a)).toEqual(['by the desk', 'keep']);
    await expectTrueBase(world, a);
  });

  it('keeps the copy here where the store refuses it, and sends it when it can', async () => {
    const { world, a, b } = await room({ versioning: 'off' });
    b.user.write('x', 'by the desk');
    await b.sync();
    a.user.write('x', 'by the laptop');
    const calm = a.store;
    a.store = refusing(calm);
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 1 });
    expect(told(a)).toEqual(['name-refused']);
    expect(contents(a)).toEqual(['by the desk', 'by the laptop', 'keep']);
    a.store = calm;
    await a.sync();
    await expectTrueBase(world, a);
  });

  it('leaves the local file alone where the object is archived, and tells', async () => {
    const { world, a, b } = await room();
    b.user.write('x', 'by the desk');
    await b.sync();
    world.server.archive('x');
    a.user.write('x', 'by the laptop');
    expect(summaryOf(await a.sync())).toMatchObject({ keptBoth: 0, problems: 1 });
    expect(told(a)).toEqual(['archived']);
    expect(contents(a)).toEqual(['by the laptop', 'keep']);
  });

  it('looks again where the object is written to meanwhile', async () => {
    const { world, a, b } = await room();
    b.user.write('x', 'by the desk');
    await b.sync();
    a.user.write('x', 'by the laptop');
    let once = true;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (!once || at !== 'request' || request !== 'GET' || key !== 'x') return;
      once = false;
      world.server.put('x', 'by the desk, later');
    });
    expect(summaryOf(await a.sync())).toMatchObject({ keptBoth: 1, problems: 0 });
    expect(contents(a)).toEqual(['by the desk, later', 'by the laptop', 'keep']);
    await expectTrueBase(world, a);
  });

  it('tells the others of its copy', async () => {
    const { a, b } = await room();
    b.user.write('x', 'by the desk');
    await b.sync();
    a.user.write('x', 'by the laptop');
    const { known } = await readHeads({ store: a.store, known: undefined });
    await a.sync();
    const { news } = await readHeads({ store: a.store, known });
    expect(news.flatMap(({ entries }) => entries.map(({ path }) => path))).toEqual([
      expect.stringMatching(/^x \(conflict, laptop/),
    ]);
  });
});

describe('a file here where the store has a folder', () => {
  async function clash() {
    const all = await room();
    all.b.user.remove('x');
    all.b.user.write('x/inside', 'inside');
    await all.b.sync();
    all.a.user.write('x', 'edited');
    return all;
  }

  it('is kept under the name of a copy, goes up, and is told', async () => {
    const { world, a, b } = await clash();
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 0 });
    expect(told(a)).toEqual(['edit-kept']);
    expect(a.user.read('x/inside')).toBe('inside');
    await expectTrueBase(world, a);
    await quiet([a, b]);
    expect(contents(b)).toEqual(['edited', 'inside', 'keep']);
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it('is told where its folder is a symlink by now, and stays', async () => {
    const { a, b } = await room();
    b.user.write('d/x', 'base');
    await b.sync();
    await a.sync();
    b.user.remove('d/x');
    b.user.write('d/x/inside', 'inside');
    await b.sync();
    a.user.write('d/x', 'edited');
    a.events.length = 0;
    once(
      a,
      (step, path) => step === 'fsync' && path === '.s4/journal.jsonl',
      () => {
        a.user.rename('d', 'elsewhere');
        a.user.symlink('d', 'elsewhere');
      },
    );
    await a.sync();
    expect(told(a)).toContain('blocked-folder');
    expect(a.user.read('elsewhere/x')).toBe('edited');
    expect(Object.keys(a.user.tree('elsewhere'))).toHaveLength(1);
  });

  it('is looked at again where it is edited in that very moment', async () => {
    const { a, b } = await clash();
    a.disk.beforeStep((step, path) => {
      if (step !== 'fsync' || path !== '.s4/journal.jsonl') return;
      a.disk.beforeStep(undefined);
      a.user.write('x', 'edited again');
    });
    await a.sync();
    await quiet([a, b]);
    expect(contents(b)).toEqual(['edited again', 'inside', 'keep']);
  });
});

describe('a file of the store where a folder is here', () => {
  async function clash(options?: Parameters<typeof createWorld>[0]) {
    const all = await room(options);
    all.a.user.remove('x');
    all.a.user.write('x/inside', 'inside');
    all.b.user.write('x', 'edited', { executable: true });
    await all.b.sync();
    return all;
  }

  it('comes under the name of a copy, goes up under it, and is told', async () => {
    const { world, a, b } = await clash();
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 0 });
    expect(told(a)).toEqual(['edit-kept']);
    expect(objectKeys(world.server)).not.toContain('x');
    await expectTrueBase(world, a);
    await quiet([a, b]);
    expect(contents(b)).toEqual(['edited', 'inside', 'keep']);
    expect(await isExecutable(b, copyIn(b))).toBe(true);
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it('is not deleted there where the copy cannot be sent', async () => {
    const { world, a, b } = await clash({ versioning: 'off' });
    const calm = a.store;
    a.store = refusing(calm);
    await a.sync();
    expect(told(a)).toContain('name-refused');
    expect(Buffer.from(world.server.bytes('x') ?? []).toString()).toBe('edited');
    a.store = calm;
    await a.sync();
    a.events.length = 0;
    await quiet([a, b]);
    expect(new Set(contents(b))).toEqual(new Set(['edited', 'inside', 'keep']));
  });

  it('stays there, and nothing comes, where its copy has no room here', async () => {
    const { a } = await clash();
    let name = '';
    once(
      a,
      (step, path) => step === 'fsync' && path.startsWith('.s4/tmp'),
      () => {
        a.disk.beforeStep((step, path) => {
          if (step !== 'link' || name !== '') return;
          name = path;
          a.user.write(path, 'taken');
        });
      },
    );
    await a.sync();
    a.disk.beforeStep(undefined);
    expect(name).toContain('x (');
    expect(contents(a)).toEqual(expect.arrayContaining(['edited', 'inside', 'keep', 'taken']));
    expect(a.user.tree('.s4/tmp')).toEqual({});
  });

  it('is no executable where its object tells no mode', async () => {
    const { world, a } = await clash();
    world.server.put('x', 'by another tool');
    await a.sync();
    expect(contents(a)).toEqual(['by another tool', 'inside', 'keep']);
    expect(await isExecutable(a, copyIn(a))).toBe(false);
  });

  it('stays where it is archived, and that is told', async () => {
    const { world, a } = await clash();
    world.server.archive('x');
    expect(summaryOf(await a.sync())).toMatchObject({ problems: expect.any(Number) });
    expect(told(a)).toContain('archived');
    expect(objectKeys(world.server)).toContain('x');
    expect(contents(a)).toEqual(['inside', 'keep']);
  });

  it('has one copy, however often sending that fails, and goes once it was sent', async () => {
    const { world, a, b } = await clash();
    const open = a.store;
    const refusing = (fails: (key: string) => boolean): Store => ({
      ...open,
      put: (key, source, options) => {
        if (fails(key)) throw new S4Error('STORE_FAILED', 'not now');
        return open.put(key, source, options);
      },
    });
    a.store = refusing((key) => key.startsWith('x ('));
    for (let i = 0; i < 3; i++) await a.sync();
    expect(contents(a)).toEqual(['edited', 'inside', 'keep']);
    expect(Buffer.from(world.server.bytes('x') ?? []).toString()).toBe('edited');
    // Sent like any new file, where the second try in one cycle succeeds.
    let tries = 0;
    a.store = refusing((key) => key.startsWith('x (') && tries++ === 0);
    await a.sync();
    a.store = open;
    a.events.length = 0;
    await quiet([a, b]);
    expect(contents(b)).toEqual(['edited', 'inside', 'keep']);
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it('is looked at again when it is written again before it is read', async () => {
    const { world, a, b } = await clash();
    let once = true;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (!once || at !== 'request' || request !== 'GET' || key !== 'x') return;
      once = false;
      world.server.put('x', 'later');
    });
    await a.sync();
    await quiet([a, b]);
    expect(contents(b)).toEqual(['inside', 'keep', 'later']);
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it('stays in the store when it is written again before it is deleted there, and that is told', async () => {
    const { world, a } = await clash();
    let once = true;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (!once || at !== 'request' || request !== 'DELETE' || key !== 'x') return;
      once = false;
      world.server.put('x', 'later');
    });
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 1 });
    expect(told(a)).toEqual(['file-and-folder']);
    expect(Buffer.from(world.server.bytes('x') ?? []).toString()).toBe('later');
    expect(contents(a)).toEqual(['edited', 'inside', 'keep']);
  });

  it('is not lost when it is written again before it is deleted there without a condition', async () => {
    const { world, a, b } = await clash({ enforces: UNGUARDED });
    let once = true;
    a.store = world.server.connect(a.runtime, async (at, asked, key) => {
      if (!once || at !== 'request' || asked !== 'DELETE' || key !== 'x') return;
      once = false;
      b.user.write('x', 'later');
      await b.sync();
    });
    await a.sync();
    await quiet([a, b]);
    expect(contents(b)).toEqual(['edited', 'inside', 'keep', 'later']);
    expect(b.user.tree()).toEqual(a.user.tree());
  });
});
