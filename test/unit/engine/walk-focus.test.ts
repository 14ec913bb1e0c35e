import { describe, expect, it } from 'vitest';
import type { LiveTarget } from '../../../src/engine/live-target.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';

interface Room {
  readonly world: World;
  readonly laptop: Machine;
  readonly desk: Machine;
  readonly live: LiveTarget;
}

async function room(): Promise<Room> {
  const world = createWorld();
  const laptop = await world.machine('laptop');
  const desk = await world.machine('desk');
  for (let i = 0; i < 60; i++) laptop.user.write(`d${i % 6}/f${i}`, `content ${i}`);
  const live = await laptop.live();
  // Files that were written a moment before a look are looked at once more.
  for (let look = 0; look < 2; look++) {
    await live.cycle({ mode: 'sync' });
    world.tick(10_000);
  }
  await desk.sync();
  world.tick(10_000);
  return { world, laptop, desk, live };
}

/** What a walk asked of the store, by kind. */
async function walk({ laptop, live, world }: Room) {
  const before = new Map(laptop.store.requests);
  const result = await live.cycle({ mode: 'sync', focus: { local: [], remote: [], walk: true } });
  world.tick();
  const made = [...laptop.store.requests].map(
    ([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const,
  );
  return { result, requests: Object.fromEntries(made.filter(([, count]) => count > 0)) };
}

describe('a walk beside a focus', () => {
  it('asks nothing of the store where nothing happened', async () => {
    expect((await walk(await room())).requests).toEqual({});
  });

  it('finds what nobody heard of, and lists nothing but the versions under the name that was given up', async () => {
    const all = await room();
    const { laptop, desk } = all;
    laptop.user.write('d1/f1', 'edited');
    laptop.user.write('new/deep/file', 'new');
    laptop.user.rename('d2/f2', 'd3/moved');
    const { result, requests } = await walk(all);
    expect(summaryOf(result)).toMatchObject({ uploaded: 2, renamed: 1, problems: 0 });
    expect(requests).toMatchObject({ LIST: 1 });
    expect((await walk(all)).requests).toEqual({});
    await desk.sync();
    expect(desk.user.tree()).toEqual(laptop.user.tree());
  });

  it('deletes there what is gone here, and lets an edit of another machine live', async () => {
    const all = await room();
    const { laptop, desk } = all;
    laptop.user.remove('d1/f1');
    laptop.user.remove('d2/f2');
    desk.user.write('d2/f2', 'edited there');
    await desk.sync();
    expect(summaryOf((await walk(all)).result)).toMatchObject({ deletedRemote: 1, problems: 0 });
    await all.live.cycle({ mode: 'sync' });
    await desk.sync();
    expect(desk.user.tree()).toEqual(laptop.user.tree());
    expect(laptop.user.tree()).toMatchObject({ 'd2/f2': 'edited there' });
    expect(laptop.user.tree()).not.toHaveProperty(['d1/f1']);
  });

  it('tells of names that no key can hold', async () => {
    const all = await room();
    all.laptop.user.write('d1/back\\slash', 'text');
    const { result, requests } = await walk(all);
    expect(summaryOf(result)).toMatchObject({ uploaded: 0, problems: 1 });
    expect(requests).toEqual({});
  });

  it('halts where everything is gone', async () => {
    const all = await room();
    for (let i = 0; i < 6; i++) all.laptop.user.remove(`d${i}`);
    expect((await walk(all)).result.kind).toBe('halted');
  });

  it('looks at everything where ignore rules changed', async () => {
    const all = await room();
    all.laptop.user.write('.syncignore', 'd1/\n');
    all.laptop.user.write('d1/f1', 'edited, and ignored');
    const { result, requests } = await walk(all);
    expect(requests).toHaveProperty('LIST');
    expect(summaryOf(result)).toMatchObject({ uploaded: 1, deletedRemote: 0 });
  });
});
