import { describe, expect, it } from 'vitest';
import { S4Error } from '../../../src/lib/errors.ts';
import { objectKeys } from '../../support/crash.ts';
import { createWorld, summaryOf } from '../../support/machines.ts';

/** Who may work on a folder at once, and who lets it go. */

async function room() {
  const world = createWorld();
  const a = await world.machine('laptop');
  a.user.write('f', 'f');
  return { world, a };
}

describe('a preview', () => {
  it('needs no lock, takes none, and changes nothing here or there', async () => {
    const { world, a } = await room();
    const live = await a.live();
    expect(summaryOf(await a.sync({ mode: 'preview' }))).toMatchObject({ uploaded: 0, problems: 0 });
    expect(objectKeys(world.server)).toEqual([]);
    await live.cycle({ mode: 'sync' });
    expect(objectKeys(world.server)).toEqual(['f']);
    await live.close();
  });
});

describe('a sync', () => {
  it('does not work on a folder that another process has', async () => {
    const { world, a } = await room();
    const live = await a.live();
    await expect(a.sync()).rejects.toMatchObject({ code: 'LOCKED' });
    expect(objectKeys(world.server)).toEqual([]);
    await live.close();
  });

  it('lets the folder go when it ends, fails or is interrupted', async () => {
    const { a } = await room();
    const stop = new AbortController();
    stop.abort(new Error('Ctrl-C'));
    const calm = a.store;
    a.store = {
      ...calm,
      list: () => {
        throw new S4Error('STORE_UNREACHABLE', 'no route');
      },
    };
    await expect(a.sync()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    a.store = calm;
    const interrupted = await a.sync({ signal: stop.signal });
    expect(interrupted).toMatchObject({ kind: 'interrupted', summary: { uploaded: 0 } });
    expect(summaryOf(await a.sync())).toMatchObject({ uploaded: 1 });
    await (await a.live()).close();
  });
});
