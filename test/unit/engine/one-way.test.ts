import { describe, expect, it } from 'vitest';
import type { SyncEvent } from '../../../src/engine/events.ts';
import { objectKeys, quiet } from '../../support/crash.ts';
import { createWorld, fileOf, type Machine, summaryOf } from '../../support/machines.ts';

/** `push`, `pull` and chosen paths: the same plan, of which a part is done. */

const BEFORE = ['edited', 'gone', 'moved', 'mode', 'd/gone'];

/** Each side has an edit, a deletion, a move, a new file, a changed bit, a new and a removed folder of its own. */
function change({ user }: Machine, side: string): void {
  user.write(`${side}/edited`, `edited by ${side}`);
  user.remove(`${side}/gone`);
  user.rename(`${side}/moved`, `${side}/to`);
  user.write(`${side}/new`, `new of ${side}`);
  user.chmod(`${side}/mode`, true);
  user.mkdir(`${side}/empty`);
  user.remove(`${side}/d`);
}

async function room() {
  const world = createWorld();
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  for (const side of ['a', 'b'])
    for (const name of BEFORE) a.user.write(`${side}/${name}`, `${side} ${name}`);
  for (let i = 0; i < 20; i++) a.user.write(`more/${i}`, `more ${i}`);
  await a.sync();
  await b.sync();
  world.tick(5000);
  await a.sync();
  return { world, a, b };
}

async function changedOnBothSides() {
  const all = await room();
  change(all.a, 'a');
  change(all.b, 'b');
  await all.b.sync();
  all.a.events.length = 0;
  return all;
}

const treeOf = ({ user }: Machine, side: string) =>
  Object.fromEntries(Object.entries(user.tree()).filter(([path]) => path.startsWith(`${side}/`)));
const plannedBy = ({ events }: Machine) =>
  events.flatMap((event: SyncEvent) => (event.kind === 'planned' ? [event] : []));
const problemsOf = ({ events }: Machine) =>
  events.flatMap((event) => (event.kind === 'problem' ? [event.problem] : []));
const SETTLED_BY_SYNC = {
  message: expect.stringContaining('is taken'),
  hint: 'Run "s4 sync": it settles both sides.',
};

const UP = { uploaded: 4, deletedRemote: 2, downloaded: 0, deletedLocal: 0, renamed: 1, problems: 0 };
const DOWN = { uploaded: 0, deletedRemote: 0, downloaded: 4, deletedLocal: 2, renamed: 1, problems: 0 };

describe('one way', () => {
  it('up: all that changed here goes there, and nothing here is touched', async () => {
    const { a, b } = await changedOnBothSides();
    const before = a.user.tree();
    expect(summaryOf(await a.sync({ direction: 'up' }))).toMatchObject(UP);
    expect(a.user.tree()).toEqual(before);
    expect(a.user.tree('.s4/trash')).toEqual({});
    await b.sync();
    expect(treeOf(b, 'a')).toEqual(treeOf(a, 'a'));
    expect((await fileOf(b, 'a/mode')).executable).toBe(true);
    await quiet([a, b]);
    expect(a.user.tree()).toEqual(b.user.tree());
  });

  it('down: all that changed there comes here, and nothing there is touched', async () => {
    const { world, a, b } = await changedOnBothSides();
    const before = objectKeys(world.server).map((key) => world.server.history(key).at(-1)?.versionId);
    expect(summaryOf(await a.sync({ direction: 'down' }))).toMatchObject(DOWN);
    expect(objectKeys(world.server).map((key) => world.server.history(key).at(-1)?.versionId)).toEqual(
      before,
    );
    expect(treeOf(a, 'b')).toEqual(treeOf(b, 'b'));
    expect((await fileOf(a, 'b/mode')).executable).toBe(true);
    await quiet([a, b]);
    expect(a.user.tree()).toEqual(b.user.tree());
  });

  it.each(['up', 'down'] as const)('%s: a conflict that is to be kept as both waits', async (direction) => {
    const { a, b } = await room();
    a.user.write('a/edited', 'here');
    b.user.write('a/edited', 'there');
    await b.sync();
    expect(summaryOf(await a.sync({ direction }))).toMatchObject({ keptBoth: 0, conflicts: 1 });
    expect(a.user.read('a/edited')).toBe('here');
    expect(summaryOf(await a.sync())).toMatchObject({ keptBoth: 1, conflicts: 0 });
  });

  it('up: a folder does not take the name of a file that was edited there', async () => {
    const { world, a, b } = await room();
    b.user.write('a/edited', 'there');
    await b.sync();
    a.user.remove('a/edited');
    a.user.write('a/edited/inside', 'inside');
    expect(summaryOf(await a.sync({ direction: 'up' }))).toMatchObject({ problems: 1 });
    expect(problemsOf(a)).toEqual([
      { path: 'a/edited/inside', side: 'remote', code: 'file-and-folder', ...SETTLED_BY_SYNC },
    ]);
    expect(objectKeys(world.server)).not.toContain('a/edited/inside');
    a.events.length = 0;
    await quiet([a, b]);
    expect(Object.values(b.user.tree())).toEqual(expect.arrayContaining(['there', 'inside']));
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it('down: a folder does not take the name of a file that was edited here', async () => {
    const { a, b } = await room();
    b.user.remove('a/edited');
    b.user.write('a/edited/inside', 'inside');
    await b.sync();
    a.user.write('a/edited', 'here');
    expect(summaryOf(await a.sync({ direction: 'down' }))).toMatchObject({ problems: 1 });
    expect(problemsOf(a)).toEqual([
      { path: 'a/edited/inside', side: 'local', code: 'file-and-folder', ...SETTLED_BY_SYNC },
    ]);
    expect(a.user.read('a/edited')).toBe('here');
    a.events.length = 0;
    await quiet([a, b]);
    expect(Object.values(b.user.tree())).toEqual(expect.arrayContaining(['here', 'inside']));
    expect(b.user.tree()).toEqual(a.user.tree());
  });
});

describe('chosen paths', () => {
  it('are a file, and a folder with what is in it, and no name that one begins', async () => {
    const { world, a } = await room();
    for (const path of ['d/x', 'd/y/z', 'd.txt', 'dd', 'f', 'ff']) a.user.write(path, path);
    expect(summaryOf(await a.sync({ paths: ['d', 'f'] as never }))).toMatchObject({ uploaded: 3 });
    const keys = objectKeys(world.server);
    expect(keys.filter((key) => /^[df]/.test(key))).toEqual(['d/x', 'd/y/z', 'f']);
    expect(summaryOf(await a.sync({ paths: [] }))).toMatchObject({ uploaded: 3 });
  });

  it('in a folder that has the name of a file there do not leave both in the store', async () => {
    const { world, a, b } = await room();
    b.user.write('a/edited', 'there');
    await b.sync();
    a.user.remove('a/edited');
    a.user.write('a/edited/inside', 'inside');
    a.user.write('other', 'other');
    expect(summaryOf(await a.sync({ paths: ['a/edited/inside'] as never }))).toMatchObject({ problems: 0 });
    const keys = objectKeys(world.server);
    expect([keys.includes('a/edited/inside'), keys.includes('a/edited')]).toEqual([true, false]);
    expect(keys).not.toContain('other');
    await quiet([a, b]);
    expect(Object.values(b.user.tree())).toEqual(expect.arrayContaining(['there', 'inside', 'other']));
  });
});

describe('a plan', () => {
  it('is announced with what it moves each way, and its conflicts', async () => {
    const { a, b } = await room();
    a.user.write('up', '12345');
    a.user.write('a/edited', 'here');
    b.user.write('down', '123');
    b.user.write('a/edited', 'there');
    b.user.remove('b/gone');
    await b.sync();
    a.events.length = 0;
    await a.sync({ mode: 'preview' });
    const [plan] = plannedBy(a);
    expect(plan).toMatchObject({ bytesUp: 5, bytesDown: 3 });
    expect(plan?.operations.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
      'create down',
      'create up',
      'delete b/gone',
      'keep-both a/edited',
    ]);
    expect(plan?.conflicts.map(({ path }) => path)).toEqual(['a/edited']);
    expect(a.user.read('down')).toBeUndefined();
  });

  it('counts deletions for a day, and no longer', async () => {
    const { world, a } = await room();
    const remove = (from: number, to: number): void => {
      for (let i = from; i < to; i++) a.user.remove(`more/${i}`);
    };
    remove(0, 8);
    await a.sync();
    remove(8, 16);
    const halted = await a.sync();
    expect(halted).toMatchObject({ kind: 'halted', guards: [{ code: 'mass-delete-remote' }] });
    world.tick(25 * 60 * 60 * 1000);
    expect(summaryOf(await a.sync())).toMatchObject({ deletedRemote: 8 });
  });
});
