import { describe, expect, it } from 'vitest';
import { createWorld, type Machine, summaryOf } from '../../support/machines.ts';

async function pair(options?: Parameters<typeof createWorld>[0]) {
  const world = createWorld(options);
  return { world, a: await world.machine('laptop'), b: await world.machine('desk') };
}

function changes(machine: Machine, result: Awaited<ReturnType<Machine['sync']>>) {
  const { uploaded, downloaded, deletedLocal, deletedRemote, renamed, keptBoth, conflicts, problems } =
    summaryOf(result);
  void machine;
  return { uploaded, downloaded, deletedLocal, deletedRemote, renamed, keptBoth, conflicts, problems };
}

const NOTHING = {
  uploaded: 0,
  downloaded: 0,
  deletedLocal: 0,
  deletedRemote: 0,
  renamed: 0,
  keptBoth: 0,
  conflicts: 0,
  problems: 0,
};

describe('two machines and a store', () => {
  it('bring a file, an edit, a move and a deletion to the other side', async () => {
    const { a, b } = await pair();
    a.user.write('notes/one.txt', 'one');
    a.user.write('run.sh', '#!/bin/sh', { executable: true });
    a.user.symlink('link', 'notes/one.txt');
    a.user.mkdir('empty');
    expect(changes(a, await a.sync())).toEqual({ ...NOTHING, uploaded: 4 });
    expect(changes(b, await b.sync())).toEqual({ ...NOTHING, downloaded: 4 });
    expect(b.user.tree()).toEqual(a.user.tree());
    expect(changes(a, await a.sync())).toEqual(NOTHING);
    expect(changes(b, await b.sync())).toEqual(NOTHING);

    b.user.write('notes/one.txt', 'one, edited');
    b.user.rename('run.sh', 'bin/run.sh');
    expect(changes(b, await b.sync())).toEqual({ ...NOTHING, uploaded: 1, renamed: 1 });
    expect(changes(a, await a.sync())).toEqual({ ...NOTHING, downloaded: 1, renamed: 1 });
    expect(a.user.tree()).toEqual(b.user.tree());

    a.user.remove('notes');
    expect(changes(a, await a.sync())).toEqual({ ...NOTHING, deletedRemote: 1 });
    expect(changes(b, await b.sync())).toEqual({ ...NOTHING, deletedLocal: 1 });
    expect(b.user.tree()).toEqual(a.user.tree());
    expect(changes(a, await a.sync())).toEqual(NOTHING);
    expect(changes(b, await b.sync())).toEqual(NOTHING);
  });

  it('take a folder along that was renamed on the other side', async () => {
    const { a, b } = await pair();
    a.user.write('old/one', 'one');
    a.user.write('old/deep/two', 'two');
    await a.sync();
    await b.sync();
    b.user.rename('old', 'new');
    expect(changes(b, await b.sync())).toEqual({ ...NOTHING, renamed: 2 });
    expect(changes(a, await a.sync())).toEqual({ ...NOTHING, renamed: 2 });
    expect(a.user.tree()).toEqual({ 'new/one': 'one', 'new/deep/two': 'two' });
    expect(changes(a, await a.sync())).toEqual(NOTHING);
    expect(changes(b, await b.sync())).toEqual(NOTHING);
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  it('keep both versions of a file that both edited', async () => {
    const { a, b } = await pair();
    a.user.write('f.txt', 'base');
    await a.sync();
    await b.sync();
    a.user.write('f.txt', 'from the laptop');
    b.user.write('f.txt', 'from the desk');
    await a.sync();
    expect(changes(b, await b.sync())).toEqual({ ...NOTHING, keptBoth: 1 });
    const tree = b.user.tree();
    expect(tree['f.txt']).toBe('from the laptop');
    expect(Object.values(tree).sort()).toEqual(['from the desk', 'from the laptop']);
    expect(changes(a, await a.sync())).toEqual({ ...NOTHING, downloaded: 1 });
    expect(a.user.tree()).toEqual(tree);
    expect(changes(a, await a.sync())).toEqual(NOTHING);
    expect(changes(b, await b.sync())).toEqual(NOTHING);
  });
});
