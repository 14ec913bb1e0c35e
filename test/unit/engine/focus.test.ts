import { describe, expect, it } from 'vitest';
import type { LiveTarget } from '../../../src/engine/live-target.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { MemoryServerOptions } from '../../../src/stores/memory/memory-server.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';

interface Room {
  readonly world: World;
  readonly a: Machine;
  readonly b: Machine;
  readonly live: LiveTarget;
  /** A focused cycle of `a`, and what it asked of the store. */
  cycle(local: readonly string[], remote?: readonly string[]): Promise<Looked>;
}

interface Looked {
  readonly requests: Readonly<Record<string, number>>;
  readonly result: Awaited<ReturnType<LiveTarget['cycle']>>;
  readonly whole: boolean;
}

const paths = (list: readonly string[]): RelPath[] => list.map((path) => path as RelPath);

async function room(files: number, options: MemoryServerOptions = {}): Promise<Room> {
  const world = createWorld(options);
  const a = await world.machine('laptop');
  const b = await world.machine('desk');
  for (let i = 0; i < files; i++) a.user.write(`d${i % 50}/f${i}`, `content ${i}`);
  const live = await a.live();
  await live.cycle({ mode: 'sync' });
  await b.sync();
  world.tick(10_000);
  // Files that were written a moment before the look are looked at once more.
  await live.cycle({ mode: 'sync' });
  await b.sync();
  world.tick(10_000);
  return {
    world,
    a,
    b,
    live,
    cycle: async (local, remote = []) => {
      world.tick();
      a.events.length = 0;
      const before = new Map(a.store.requests);
      const result = await live.cycle({
        mode: 'sync',
        focus: { local: paths(local), remote: paths(remote) },
      });
      const requests: Record<string, number> = {};
      for (const [kind, count] of a.store.requests) {
        const made = count - (before.get(kind) ?? 0);
        if (made > 0) requests[kind] = made;
      }
      world.tick();
      return { requests, result, whole: a.events.some(({ kind }) => kind === 'scanned') };
    },
  };
}

/** Both sides are equal, as a look at everything sees it. */
async function expectEqual({ a, b, live }: Room): Promise<void> {
  const seen = summaryOf(await live.cycle({ mode: 'preview' }));
  const { uploaded, downloaded, deletedLocal, deletedRemote, renamed, keptBoth } = seen;
  expect(uploaded + downloaded + deletedLocal + deletedRemote + renamed + keptBoth).toBe(0);
  const planned = a.events.filter((event) => event.kind === 'planned').at(-1);
  expect(planned).toMatchObject({ operations: [] });
  await b.sync();
  expect(b.user.tree()).toEqual(a.user.tree());
}

describe('a focused cycle', () => {
  it('sends a change for a constant number of requests, whatever the folder holds', async () => {
    const costs: unknown[] = [];
    for (const files of [100, 5000]) {
      const all = await room(files);
      // The first change moves what the head is full of to a segment.
      all.a.user.write('d2/f2', 'changed');
      await all.cycle(['d2/f2']);
      all.a.user.write('d3/f3', 'changed');
      const { requests, whole } = await all.cycle(['d3/f3']);
      expect(whole).toBe(false);
      costs.push(requests);
      await expectEqual(all);
      await all.live.close();
    }
    // The marker, the object, the head (looked at and written), the bell.
    expect(costs[0]).toEqual({ GET: 2, PUT: 3 });
    expect(costs[1]).toEqual(costs[0]);
  }, 60_000);

  it('asks nothing of the store about its own download', async () => {
    const all = await room(30);
    all.b.user.write('d1/f1', 'by the desk');
    await all.b.sync();
    const down = await all.cycle([], ['d1/f1']);
    expect(down.whole).toBe(false);
    expect(down.requests).toEqual({ GET: 2, HEAD: 1 });
    expect(all.a.user.read('d1/f1')).toBe('by the desk');
    const echo = await all.cycle(['d1/f1', 'd1']);
    expect(echo.requests).toEqual({});
    expect(echo.whole).toBe(false);
    await all.live.close();
  });

  it('carries every kind of change, either way', async () => {
    const all = await room(60);
    const { a, b } = all;
    a.user.write('new/deep/er/file', 'n');
    a.user.mkdir('empty/inside');
    a.user.rename('d1/f1', 'd2/moved');
    a.user.remove('d3/f3');
    a.user.chmod('d4/f4', true);
    a.user.symlink('link', 'd4/f4');
    b.user.write('d5/f5', 'by the desk');
    b.user.remove('d6/f6');
    b.user.write('theirs/x', 'x');
    b.user.rename('d7/f7', 'd8/moved');
    await b.sync();
    const { whole } = await all.cycle(
      ['new', 'empty', 'd1/f1', 'd2/moved', 'd3/f3', 'd4/f4', 'link'],
      ['d5/f5', 'd6/f6', 'theirs/x', 'd7/f7', 'd8/moved'],
    );
    expect(whole).toBe(false);
    expect(a.user.read('d5/f5')).toBe('by the desk');
    expect(a.user.read('d6/f6')).toBeUndefined();
    expect(a.user.read('d8/moved')).toBe('content 7');
    await expectEqual(all);
    await all.live.close();
  });

  it('looks again when the store is not what the base says', async () => {
    const all = await room(30);
    const { a, b } = all;
    b.user.write('d1/f1', 'by the desk');
    await b.sync();
    a.user.write('d1/f1', 'by the laptop');
    await all.cycle(['d1/f1']);
    await expectEqual(all);
    const contents = Object.values(a.user.tree());
    expect(contents).toContain('by the desk');
    expect(contents).toContain('by the laptop');
    await all.live.close();
  });

  it('does not delete an object that somebody changed unheard', async () => {
    const all = await room(30);
    all.b.user.write('d1/f1', 'by the desk');
    await all.b.sync();
    all.a.user.remove('d1/f1');
    await all.cycle(['d1/f1']);
    expect(all.a.user.read('d1/f1')).toBe('by the desk');
    await expectEqual(all);
    await all.live.close();
  });

  it('goes round a name that the service does not answer for', async () => {
    const all = await room(30);
    const { a, b, world } = all;
    b.user.write('d1/f1', 'by the desk');
    b.user.write('d2/f2', 'by the desk');
    await b.sync();
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (at === 'request' && request === 'HEAD' && key === 'd1/f1') throw new S4Error('OBJECT_DENIED', 'no');
    });
    const { result, whole } = await all.cycle([], ['d1/f1', 'd2/f2']);
    expect([result.kind, whole]).toEqual(['synced', true]);
    expect(a.user.read('d2/f2')).toBe('by the desk');
    await all.live.close();
  });

  it('keeps an empty folder, and takes its marker away when it gains a file', async () => {
    const all = await room(30);
    all.a.user.write('box/only', 'x');
    await all.cycle(['box']);
    all.a.user.remove('box/only');
    expect((await all.cycle(['box/only'])).whole).toBe(false);
    expect(all.world.server.keys()).toContain('box/');
    await expectEqual(all);
    all.a.user.write('box/again', 'y');
    expect((await all.cycle(['box/again'])).whole).toBe(false);
    expect(all.world.server.keys()).not.toContain('box/');
    await expectEqual(all);
    await all.live.close();
  });

  it('looks at everything for rules, for a file that became a folder, and before the first whole look', async () => {
    const all = await room(30);
    all.a.user.write('d1/.syncignore', '*.tmp');
    expect((await all.cycle(['d1/.syncignore'])).whole).toBe(true);
    all.a.user.remove('d2/f2');
    all.a.user.write('d2/f2/x', 'inside');
    expect((await all.cycle(['d2/f2'])).whole).toBe(true);
    await all.live.close();
    const again = await all.a.live();
    all.a.events.length = 0;
    await again.cycle({ mode: 'sync', focus: { local: paths(['d1/f1']), remote: [] } });
    expect(all.a.events.some(({ kind }) => kind === 'scanned')).toBe(true);
    await again.close();
  });

  it('looks at everything while the rules of the two sides differ: what either ignores is ignored', async () => {
    const { a, b, live, world } = await room(30);
    const cycle = async (focus: readonly string[]) => {
      world.tick();
      await live.cycle({ mode: 'sync', conflicts: 'skip', focus: { local: paths(focus), remote: [] } });
    };
    a.user.write('.syncignore', '*.a');
    await cycle(['.syncignore']);
    await b.sync();
    b.user.write('.syncignore', '*.a\n*.b');
    await b.sync();
    a.user.write('.syncignore', '*.a\n*.c');
    await cycle(['.syncignore']);
    for (const name of ['new.b', 'new.c', 'new.d']) a.user.write(name, name);
    await cycle(['new.b', 'new.c', 'new.d']);
    expect(world.server.keys().filter((name) => name.startsWith('new'))).toEqual(['new.d']);
    a.user.write('.syncignore', '*.a');
    await live.cycle({
      mode: 'sync',
      conflicts: 'remote',
      focus: { local: paths(['.syncignore']), remote: [] },
    });
    a.events.length = 0;
    a.user.write('new.c', 'changed');
    await cycle(['new.c']);
    expect(a.events.some(({ kind }) => kind === 'scanned')).toBe(false);
    expect(world.server.keys().filter((name) => name.startsWith('new'))).toEqual(['new.c', 'new.d']);
    await live.close();
  });

  it('keeps one object for a name that is spelled in two ways', async () => {
    const all = await room(30);
    all.world.server.put('d1/caf\u00e9', 'theirs');
    all.a.user.write('d1/cafe\u0301', 'theirs');
    await all.cycle(['d1/cafe\u0301'], ['d1/caf\u00e9']);
    all.world.tick(10_000);
    all.world.server.put('d1/caf\u00e9', 'newer');
    await all.cycle([], ['d1/caf\u00e9']);
    const names = Object.keys(all.a.user.tree()).filter((path) => path.normalize('NFC') === 'd1/caf\u00e9');
    expect(names).toHaveLength(1);
    await all.live.close();
  });

  it.each([['folder by folder', false] as const, ['file by file', true] as const])(
    'halts on a removal that comes in small pieces, %s',
    async (_, single) => {
      const all = await room(100);
      let halted = false;
      for (let i = 0; i < 50 && !halted; i++) {
        const gone = single ? [`d${i}/f${i}`, `d${i}/f${i + 50}`] : [`d${i}`];
        for (const path of gone) all.a.user.remove(path);
        const { result } = await all.cycle(gone);
        halted = result.kind === 'halted';
      }
      expect(halted).toBe(true);
      expect(all.world.server.keys().filter((key) => key.startsWith('d')).length).toBeGreaterThanOrEqual(48);
      await all.live.close();
    },
  );

  it('halts when everything is gone at once', async () => {
    const all = await room(8);
    for (let i = 0; i < 8; i++) all.a.user.remove(`d${i}`);
    const { result } = await all.cycle(Array.from({ length: 8 }, (_, i) => `d${i}`));
    expect(result.kind).toBe('halted');
    await all.live.close();
  });

  it('sees that a file became an empty folder there', async () => {
    const all = await room(100);
    all.b.user.remove('d3/f3');
    all.b.user.mkdir('d3/f3');
    await all.b.sync();
    const { result } = await all.cycle([], ['d3/f3']);
    expect(summaryOf(result)).toMatchObject({ deletedLocal: 1, problems: 0 });
    await expectEqual(all);
  });

  it('writes no new file to a store that was swapped, which itself would not refuse it', async () => {
    const all = await room(30);
    for (const key of all.world.server.keys()) all.world.server.remove(key);
    all.a.user.write('d1/new', 'new');
    await expect(all.cycle(['d1/new'])).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    expect(all.world.server.keys()).toEqual([]);
    await all.live.close();
  });

  it('writes nothing to a store that was swapped, and asks nothing of a folder that was', async () => {
    const all = await room(30);
    const marker = all.world.server.bytes('.s4/target.json');
    for (const key of all.world.server.keys()) all.world.server.remove(key);
    all.a.user.write('d1/f1', 'changed');
    await expect(all.cycle(['d1/f1'])).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    await expect(all.cycle([], ['d1/f1'])).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    expect(all.world.server.keys()).toEqual([]);
    expect(all.a.user.read('d1/f1')).toBe('changed');
    expect(marker).toBeDefined();
    const folder = all.a.user.read('.s4/target.json');
    expect(folder).toBeDefined();
    all.a.user.remove('.s4/target.json');
    await expect(all.cycle(['d1/f1'])).rejects.toMatchObject({ code: 'MARKER_MISSING' });
    await all.live.close();
  });
});
