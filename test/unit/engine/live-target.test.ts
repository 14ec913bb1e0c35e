import { describe, expect, it } from 'vitest';
import { S4Error } from '../../../src/lib/errors.ts';
import { createWorld, summaryOf } from '../../support/machines.ts';

describe('a live target', () => {
  it('syncs again and again over one lock and one base', async () => {
    const world = createWorld();
    const a = await world.machine('laptop');
    const b = await world.machine('desk');
    a.user.write('f', '1');
    const live = await a.live();
    await live.cycle({ mode: 'sync' });
    await expect(a.live()).rejects.toMatchObject({ code: 'LOCKED' });
    await b.sync();
    b.user.write('f', '2');
    world.tick(5000);
    await b.sync();
    await live.cycle({ mode: 'sync' });
    expect(a.user.tree()).toEqual(b.user.tree());
    await live.close();
    expect(summaryOf(await a.sync()).downloaded).toBe(0);
  });

  it('asks nothing of a store whose folder lost its marker, and goes on when it is back', async () => {
    const world = createWorld();
    const a = await world.machine('laptop');
    a.user.write('f', '1');
    const live = await a.live();
    await live.cycle({ mode: 'sync' });
    const marker = a.user.read('.s4/target.json') ?? '';
    a.user.remove('.s4/target.json');
    a.user.remove('f');
    const before = total(a.store.requests);
    await expect(live.cycle({ mode: 'sync' })).rejects.toMatchObject({ code: 'MARKER_MISSING' });
    expect(total(a.store.requests)).toBe(before);
    a.user.write('.s4/target.json', marker);
    // Another file than before: it may be of another moment, and so proves no deletion (H3).
    expect(summaryOf(await live.cycle({ mode: 'sync' })).downloaded).toBe(1);
    expect(a.user.read('f')).toBe('1');
    await live.close();
  });

  it('leaves the folder alone when the store was swapped between two cycles', async () => {
    const world = createWorld();
    const a = await world.machine('laptop');
    a.user.write('f', '1');
    const live = await a.live();
    await live.cycle({ mode: 'sync' });
    for (const key of world.server.keys()) world.server.remove(key);
    await expect(live.cycle({ mode: 'sync' })).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    expect(a.user.read('f')).toBe('1');
    expect(world.server.keys()).toEqual([]);
    await live.close();
  });

  it('lets go of the folder when the cycle under way has ended, and not before', async () => {
    const world = createWorld();
    const a = await world.machine('laptop');
    const live = await a.live();
    a.user.write('f', '1');
    const cycle = live.cycle({ mode: 'sync' });
    const order: string[] = [];
    await Promise.all([
      live.close().then(() => order.push('closed')),
      cycle.then(() => order.push('synced')),
    ]);
    expect(order).toEqual(['synced', 'closed']);
    expect(world.server.keys()).toContain('f');
  });

  it('recovers first after a cycle that failed', async () => {
    const world = createWorld();
    const a = await world.machine('laptop');
    a.user.write('f', '1');
    const live = await a.live();
    await live.cycle({ mode: 'sync' });
    world.server.put('f', 'two');
    world.tick(5000);
    let failed = false;
    a.disk.beforeStep((step) => {
      if (step !== 'link' || failed) return;
      failed = true;
      throw new S4Error('STORE_FAILED', 'for a test');
    });
    await live.cycle({ mode: 'sync' }).catch(() => undefined);
    a.disk.beforeStep(undefined);
    expect(failed).toBe(true);
    await live.cycle({ mode: 'sync' });
    expect(a.user.read('f')).toBe('two');
    expect(summaryOf(await live.cycle({ mode: 'sync' }))).toMatchObject({ downloaded: 0, uploaded: 0 });
    await live.close();
  });
});

function total(requests: ReadonlyMap<string, number>): number {
  return [...requests.values()].reduce((sum, count) => sum + count, 0);
}
