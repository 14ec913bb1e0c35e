import { describe, expect, it } from 'vitest';
import { objectKeys } from '../../support/crash.ts';
import { createWorld, summaryOf } from '../../support/machines.ts';

/** A file that was synced, is ignored for a while, and is synced again: what was done to it meanwhile is no deletion. */

async function ignored(options: { readonly deleteIgnored?: true } = {}) {
  const world = createWorld();
  const a = await world.machine('laptop');
  for (const name of ['f', 'g', 'keep']) a.user.write(name, name);
  await a.sync();
  a.user.write('.syncignore', 'f\n');
  const summary = summaryOf(await a.sync(options));
  return { world, a, summary };
}

describe('a file that is ignored from now on', () => {
  it('is told, and has no row that would prove a deletion later: removed there, it stays here', async () => {
    const { world, a, summary } = await ignored();
    expect(summary).toMatchObject({ deletedLocal: 0, deletedRemote: 0 });
    const told = a.events.flatMap((event) =>
      event.kind === 'notice' ? [`${event.code} ${event.path}`] : [],
    );
    expect(told).toContain('now-ignored f');
    world.server.remove('f');
    a.user.remove('.syncignore');
    summaryOf(await a.sync());
    expect(a.user.tree()).toEqual({ f: 'f', g: 'g', keep: 'keep' });
    expect(objectKeys(world.server)).toEqual(['f', 'g', 'keep']);
  });

  it('removed here, it comes back', async () => {
    const { world, a } = await ignored();
    a.user.remove('f');
    a.user.remove('.syncignore');
    summaryOf(await a.sync());
    expect(a.user.tree()).toEqual({ f: 'f', g: 'g', keep: 'keep' });
    expect(objectKeys(world.server)).toEqual(['f', 'g', 'keep']);
  });

  it('goes there where that was asked for, and stays here', async () => {
    const { world, a, summary } = await ignored({ deleteIgnored: true });
    expect(summary).toMatchObject({ deletedLocal: 0, deletedRemote: 1 });
    expect(objectKeys(world.server)).toEqual(['.syncignore', 'g', 'keep']);
    expect(a.user.read('f')).toBe('f');
  });
});

describe('rules that another machine wrote', () => {
  it('rule before anything is sent, fetched or deleted', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    for (const name of ['f', 'g', 'keep']) a.user.write(name, name);
    await a.sync();
    await b.sync();
    b.user.write('.syncignore', '*.key\nf\n');
    await b.sync();
    world.server.put('theirs.key', 'another tool');
    a.user.write('mine.key', 'secret');
    a.user.remove('f');
    expect(summaryOf(await a.sync())).toMatchObject({ uploaded: 0, downloaded: 1, deletedRemote: 0 });
    expect(objectKeys(world.server)).toEqual(['.syncignore', 'f', 'g', 'keep', 'theirs.key']);
    expect(Object.keys(a.user.tree()).toSorted()).toEqual(['.syncignore', 'g', 'keep', 'mine.key']);
  });
});
