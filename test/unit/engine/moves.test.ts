import { describe, expect, it } from 'vitest';
import type { SyncEvent } from '../../../src/engine/events.ts';
import { readHeads } from '../../../src/remote-log/reader.ts';
import { expectTrueBase } from '../../support/base-check.ts';
import { objectKeys, quiet } from '../../support/crash.ts';
import { createWorld, fileOf, type Machine, summaryOf, type World } from '../../support/machines.ts';

/** A file that was given another name, and somebody who comes in between. */

const UNGUARDED = { putIfAbsent: false, copyIfAbsent: false, deleteIfMatch: false };

async function room(options?: Parameters<typeof createWorld>[0]) {
  const world = createWorld(options);
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  a.user.write('old', '#!/bin/sh', { executable: true });
  a.user.write('keep', 'keep');
  await a.sync();
  await b.sync();
  world.tick(5000);
  await a.sync();
  a.events.length = 0;
  return { world, a, b };
}

type Asked = 'COPY' | 'DELETE' | 'HEAD';

/** Acts once, before the laptop's request or after it. */
function meanwhile(
  { world, a }: { world: World; a: Machine },
  [when, asked, name]: readonly ['request' | 'response', Asked, string],
  act: () => unknown,
): void {
  let once = true;
  a.store = world.server.connect(a.runtime, async (at, request, key) => {
    if (!once || at !== when || request !== asked || key !== name) return;
    once = false;
    await act();
  });
}

/** When the plan is made, and nothing of it done yet. */
const planned = (act: () => void): ((event: SyncEvent) => void) => {
  let once = true;
  return ({ kind }) => {
    if (!once || kind !== 'planned') return;
    once = false;
    act();
  };
};

const contents = ({ user }: Machine) => Object.values(user.tree()).sort();
const problems = ({ events }: Machine) =>
  events.flatMap((event) => (event.kind === 'problem' ? [event.problem.code] : []));

describe('a file that was moved here', () => {
  it('is moved there without sending it, and the others are told of both names', async () => {
    const { world, a, b } = await room();
    const { known } = await readHeads({ store: a.store, known: undefined });
    a.user.rename('old', 'new');
    expect(summaryOf(await a.sync())).toMatchObject({ renamed: 1, uploaded: 0, deletedRemote: 0 });
    const { news } = await readHeads({ store: a.store, known });
    const entries = news.flatMap((each) => each.entries.map(({ path, op, mode }) => [path, op, mode]));
    expect(entries).toEqual([
      ['new', 'put', '0100755'],
      ['old', 'delete', '0100755'],
    ]);
    await expectTrueBase(world, a);
    await quiet([b, a]);
    expect(b.user.tree()).toEqual({ keep: 'keep', new: '#!/bin/sh' });
  });

  it('is no executable there where it was none', async () => {
    const { world, a, b } = await room();
    a.user.rename('keep', 'kept');
    await a.sync();
    expect(world.server.history('kept').at(-1)?.content?.metadata).toMatchObject({ mode: '0100644' });
    await expectTrueBase(world, a);
    await quiet([b, a]);
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it.each<[string, (a: Machine) => void, readonly string[]]>([
    ['is edited', (a) => a.user.write('new', 'edited'), ['edited', 'keep']],
    ['is removed', (a) => a.user.remove('new'), ['keep']],
    ['has its old name again', (a) => a.user.write('old', 'again'), ['#!/bin/sh', 'again', 'keep']],
    [
      'becomes a folder',
      (a) => {
        a.user.remove('new');
        a.user.write('new/inside', 'inside');
      },
      ['inside', 'keep'],
    ],
    [
      'has a folder where it was',
      (a) => a.user.write('old/inside', 'inside'),
      ['#!/bin/sh', 'inside', 'keep'],
    ],
  ])('and %s before it is moved there', async (_, edit, left) => {
    const { a, b } = await room();
    a.user.rename('old', 'new');
    summaryOf(await a.sync({}, { emit: planned(() => edit(a)) }));
    expect(contents(a)).toEqual(left);
    await quiet([a, b]);
    expect(contents(b)).toEqual(left);
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it.each<[string, readonly ['request', Asked, string]]>([
    ['before it is copied', ['request', 'COPY', 'new']],
    ['before its old name is deleted', ['request', 'DELETE', 'old']],
  ])('and was edited there by another machine %s: both are kept', async (_, moment) => {
    const all = await room();
    const { a, b } = all;
    a.user.rename('old', 'new');
    b.user.write('old', 'edited by the desk');
    meanwhile(all, moment, () => b.sync());
    summaryOf(await a.sync());
    await quiet([a, b]);
    expect(contents(b)).toEqual(['#!/bin/sh', 'edited by the desk', 'keep']);
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it.each([true, false])(
    'and another machine made a file of that name: both are kept; the copy is guarded: %s',
    async (guarded) => {
      const all = await room(guarded ? {} : { enforces: UNGUARDED });
      const { a, b } = all;
      a.user.rename('old', 'new');
      b.user.write('new', 'made by the desk');
      meanwhile(all, ['request', 'COPY', 'new'], () => b.sync());
      summaryOf(await a.sync());
      await quiet([a, b]);
      expect(contents(b)).toEqual(['#!/bin/sh', 'keep', 'made by the desk']);
      expect(b.user.tree()).toEqual(a.user.tree());
    },
  );

  it('and was edited there before its old name is deleted without a condition: the edit comes back', async () => {
    const all = await room({ enforces: UNGUARDED });
    const { a, b } = all;
    a.user.rename('old', 'new');
    b.user.write('old', 'edited by the desk');
    meanwhile(all, ['request', 'DELETE', 'old'], () => b.sync());
    summaryOf(await a.sync());
    await quiet([a, b]);
    expect(contents(b)).toEqual(['#!/bin/sh', 'edited by the desk', 'keep']);
  });
});

describe('a file that was moved there', () => {
  async function moved() {
    const all = await room();
    all.b.user.rename('old', 'new');
    await all.b.sync();
    return all;
  }

  it('is moved here without fetching it, with its bit', async () => {
    const { world, a } = await moved();
    const { inode } = await fileOf(a, 'old');
    expect(summaryOf(await a.sync())).toMatchObject({ renamed: 1, downloaded: 0, deletedLocal: 0 });
    expect(a.user.tree()).toEqual({ keep: 'keep', new: '#!/bin/sh' });
    expect(await fileOf(a, 'new')).toMatchObject({ executable: true, inode });
    await expectTrueBase(world, a, { onlyListed: ['new'] });
  });

  it('and has its old name there again: nothing is moved here, and both come', async () => {
    const all = await moved();
    const { world, a, b } = all;
    meanwhile(all, ['request', 'HEAD', 'old'], () => world.server.put('old', 'again'));
    summaryOf(await a.sync());
    await quiet([a, b]);
    expect(a.user.tree()).toEqual({ keep: 'keep', new: '#!/bin/sh', old: 'again' });
    expect(objectKeys(world.server)).toEqual(['keep', 'new', 'old']);
  });

  it.each<[string, (a: Machine) => void, readonly string[]]>([
    ['is edited here', (a) => a.user.write('old', 'edited'), ['#!/bin/sh', 'edited', 'keep']],
    ['is removed here', (a) => a.user.remove('old'), ['#!/bin/sh', 'keep']],
    [
      'its new name is taken here',
      (a) => a.user.write('new', 'made here'),
      ['#!/bin/sh', 'keep', 'made here'],
    ],
  ])('and %s before it is moved here', async (_, edit, left) => {
    const all = await moved();
    const { a, b } = all;
    meanwhile(all, ['response', 'HEAD', 'old'], () => edit(a));
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 0 });
    await quiet([a, b]);
    expect(contents(a)).toEqual(left);
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it('is told where a pipe has its new name, and stays', async () => {
    const all = await moved();
    const { a, b } = all;
    meanwhile(all, ['response', 'HEAD', 'old'], () => a.user.fifo('new'));
    expect(summaryOf(await a.sync())).toMatchObject({ renamed: 0 });
    expect(problems(a)).toEqual(['blocked-folder']);
    expect(a.user.read('old')).toBe('#!/bin/sh');
    a.user.remove('new');
    a.events.length = 0;
    await quiet([a, b]);
    expect(a.user.tree()).toEqual({ keep: 'keep', new: '#!/bin/sh' });
  });

  it('is told where a folder of its new name is a symlink by now, and stays', async () => {
    const all = await room();
    const { a, b } = all;
    for (const { user } of [a]) user.write('d/x', 'x');
    await a.sync();
    await b.sync();
    b.user.rename('old', 'd/new');
    await b.sync();
    meanwhile(all, ['response', 'HEAD', 'old'], () => {
      a.user.rename('d', 'elsewhere');
      a.user.symlink('d', 'elsewhere');
    });
    summaryOf(await a.sync());
    expect(problems(a)).toContain('blocked-folder');
    expect(a.user.read('old')).toBe('#!/bin/sh');
    expect(a.user.tree()).not.toHaveProperty('elsewhere/new');
  });
});
