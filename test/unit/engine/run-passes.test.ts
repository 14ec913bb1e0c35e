import { describe, expect, it } from 'vitest';
import type { CycleDeps, CycleOptions } from '../../../src/engine/cycle.ts';
import type { LiveTarget } from '../../../src/engine/live-target.ts';
import { openLiveTarget } from '../../../src/engine/open-live-target.ts';
import type { Folder } from '../../../src/engine/ports/folder.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { objectKeys } from '../../support/crash.ts';
import { createWorld, type Machine, summaryOf } from '../../support/machines.ts';

/** How often is looked, at what, and what rules then. */

const paths = (...names: readonly string[]) => names as unknown as readonly RelPath[];
const plans = ({ events }: Machine) => events.filter(({ kind }) => kind === 'planned').length;
const notices = ({ events }: Machine) =>
  events.flatMap((event) => (event.kind === 'notice' ? [`${event.code} ${event.path ?? '-'}`] : []));
const problems = ({ events }: Machine) =>
  events.flatMap((event) =>
    event.kind === 'problem' ? [`${event.problem.code} ${event.problem.path}`] : [],
  );
const scanned = ({ events }: Machine) =>
  events.flatMap((event) => (event.kind === 'scanned' ? [`${event.side} ${event.entries}`] : []));

/** A sync over a folder that does some calls otherwise. */
async function syncOver(machine: Machine, change: (folder: Folder) => Partial<Folder>, options = {}) {
  const folder = machine.disk.open();
  const deps: Partial<CycleDeps> = { folder: { ...folder, ...change(folder) } };
  return machine.sync(options, deps);
}

/** What each walk is given to stop it. */
const walks =
  (signals: unknown[]) =>
  ({ walk }: Folder): Partial<Folder> => ({
    walk: (options) => {
      signals.push(options?.signal);
      return walk(options);
    },
  });

async function pair() {
  const world = createWorld();
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  for (const name of ['d/f', 'd/g', 'e/f', 'keep']) a.user.write(name, name);
  await a.sync();
  await b.sync();
  a.events.length = 0;
  return { world, a, b };
}

describe('a sync looks', () => {
  it('once where everything is as it was planned for', async () => {
    const { a } = await pair();
    a.user.write('new', 'new');
    await a.sync();
    expect(plans(a)).toBe(1);
    expect(notices(a)).toEqual([]);
  });

  it('four times at what keeps changing, and leaves it, said, to the next', async () => {
    const { a } = await pair();
    a.user.write('d/f', 'edited');
    await syncOver(a, () => ({ hash: async () => ({ kind: 'unsettled' }) }));
    expect(plans(a)).toBe(4);
    expect(notices(a)).toEqual(['postponed -']);
    const told = a.events.find(({ kind }) => kind === 'notice');
    expect(told).toMatchObject({ message: 'some files keep changing: they are left for the next sync' });
  });

  it('not again at a plan that halted', async () => {
    const { a } = await pair();
    for (const name of ['d', 'e', 'keep']) a.user.remove(name);
    expect((await a.sync()).kind).toBe('halted');
    expect(scanned(a)).toEqual(['local 0', 'remote 4']);
  });

  it('at every content, where stats are not to be trusted', async () => {
    const { world, a } = await pair();
    world.tick(60_000);
    await a.sync();
    const hashed: string[] = [];
    const counting = ({ hash }: Folder): Partial<Folder> => ({
      hash: (request) => {
        hashed.push(request.path);
        return hash(request);
      },
    });
    await syncOver(a, counting);
    expect(hashed).toEqual([]);
    await syncOver(a, counting, { checksum: true });
    expect(hashed.sort()).toEqual(['d/f', 'd/g', 'e/f', 'keep']);
  });

  it('and tells what it found: how much on each side, and what no folder can hold', async () => {
    const { world, a } = await pair();
    a.user.fifo('pipe');
    world.server.put('bad//key', 'x');
    await a.sync();
    expect(scanned(a)).toEqual(['local 4', 'remote 4']);
    expect(notices(a)).toEqual(['special-file pipe']);
    expect(problems(a)).toEqual(['bad-key bad//key']);
  });
});

describe('a look that is interrupted', () => {
  it('stops in the middle of the walk', async () => {
    const { a } = await pair();
    const { signal } = new AbortController();
    const signals: unknown[] = [];
    await syncOver(a, walks(signals), { signal });
    expect(signals).toEqual([signal]);
  });
});

describe('chosen paths', () => {
  it.each([
    [['d'], 'd'],
    [['d', 'e'], undefined],
    [[], undefined],
    [['d/f/x'], 'd/f'],
    [['none/x/y'], 'none/x/y'],
  ] as const)('%j: what is walked and listed is %s', async (chosen, under) => {
    const { a } = await pair();
    const asked: unknown[] = [];
    const { list } = a.store;
    a.store = {
      ...a.store,
      list: (options) => {
        if (options?.under?.startsWith('.s4') !== true) asked.push(options?.under);
        return list(options);
      },
    };
    const watching = ({ walk }: Folder): Partial<Folder> => ({
      walk: (options) => {
        asked.push(options?.under);
        return walk(options);
      },
    });
    await syncOver(a, watching, { paths: paths(...chosen) });
    expect(asked).toEqual([under, under]);
  });
});

describe('ignore rules that another machine changed', () => {
  const rules = async () => {
    const { world, a, b } = await pair();
    b.user.write('.syncignore', '*.tmp\n');
    await b.sync();
    a.user.write('x.tmp', 'x');
    return { world, a, b };
  };

  it('are synced first, and rule what is sent', async () => {
    const { world, a } = await rules();
    expect(summaryOf(await a.sync())).toMatchObject({ downloaded: 1, uploaded: 0 });
    expect(a.user.read('.syncignore')).toBe('*.tmp\n');
    expect(objectKeys(world.server)).not.toContain('x.tmp');
  });

  it('rule a preview, which fetches nothing', async () => {
    const { a } = await rules();
    const previewed = await a.sync({ mode: 'preview' });
    expect(summaryOf(previewed)).toMatchObject({ downloaded: 0, uploaded: 0 });
    const planned = a.events.filter(({ kind }) => kind === 'planned');
    expect(planned).toMatchObject([{ operations: [{ path: '.syncignore', direction: 'down' }] }]);
    expect(a.user.read('.syncignore')).toBeUndefined();
  });

  it('rule no more in the sync that hears of their end', async () => {
    const { world, a, b } = await rules();
    await a.sync();
    b.user.remove('.syncignore');
    b.user.write('.syncignore', '# nothing\n');
    await b.sync();
    expect(summaryOf(await a.sync())).toMatchObject({ downloaded: 1, uploaded: 1 });
    expect(objectKeys(world.server)).toContain('x.tmp');
  });

  it('rule together with ours while both versions differ', async () => {
    const { world, a } = await rules();
    a.user.write('.syncignore', '*.bak\n');
    a.user.write('x.bak', 'x');
    a.user.write('x.txt', 'x');
    await a.sync({ conflicts: 'skip' });
    const keys = objectKeys(world.server).filter((key) => key.startsWith('x.'));
    expect(keys).toEqual(['x.txt']);
    expect(a.user.read('.syncignore')).toBe('*.bak\n');
  });
});

describe('a focused cycle', () => {
  async function focused() {
    const { world, a, b } = await pair();
    for (let i = 0; i < 20; i++) a.user.write(`many/${i}`, `${i}`);
    const live = await a.live();
    for (let look = 0; look < 2; look++) {
      await live.cycle({ mode: 'sync' });
      world.tick(10_000);
    }
    await b.sync();
    world.tick(10_000);
    a.events.length = 0;
    return { world, a, b, live };
  }
  const cycle = (
    live: LiveTarget,
    local: readonly string[],
    remote: readonly string[] = [],
    walk = false,
  ) => {
    const focus = { local: paths(...local), remote: paths(...remote), ...(walk && { walk }) };
    return live.cycle({ mode: 'sync', focus } as CycleOptions & { readonly mode: 'sync' });
  };

  it('looks at what it was told of, and at nothing else', async () => {
    const { a, live } = await focused();
    a.user.write('d/f', 'edited');
    a.user.write('d/g', 'unheard');
    expect(summaryOf(await cycle(live, ['d/f']))).toMatchObject({ uploaded: 1 });
    expect(scanned(a)).toEqual([]);
    await live.close();
  });

  it('looks at what a walk finds, too, where one is asked for', async () => {
    const { a, live } = await focused();
    a.user.write('d/f', 'edited');
    a.user.write('d/g', 'unheard');
    expect(summaryOf(await cycle(live, ['d/f'], [], true))).toMatchObject({ uploaded: 2 });
    expect(scanned(a)).toEqual([]);
    await live.close();
  });

  it('looks at everything where a name cannot be asked for, and tells whose it is', async () => {
    const { world, a, b, live } = await focused();
    b.user.write('d/f', 'by the desk');
    b.user.write('d/g', 'by the desk');
    await b.sync();
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (at === 'request' && request !== 'LIST' && key === 'd/f') throw new S4Error('OBJECT_DENIED', 'no');
    });
    expect(summaryOf(await cycle(live, [], ['d/f', 'd/g']))).toMatchObject({ downloaded: 1, problems: 1 });
    expect([scanned(a).length, problems(a)]).toEqual([2, ['denied d/f']]);
    await live.close();
  });

  it('ends where the store as a whole cannot be asked', async () => {
    const { world, a, live } = await focused();
    const dead = new S4Error('STORE_UNREACHABLE', 'no route');
    a.store = world.server.connect(a.runtime, async (at, request) => {
      if (at === 'request' && request === 'HEAD') throw dead;
    });
    await expect(cycle(live, [], ['d/f'])).rejects.toBe(dead);
    expect(scanned(a)).toEqual([]);
    await live.close();
  });

  it('asks the store about all of its paths when it looks again', async () => {
    const { world, a, live } = await focused();
    world.server.put('d/f', 'by another tool, unheard');
    a.user.write('d/f', 'edited');
    const result = await cycle(live, ['d/f']);
    expect(summaryOf(result)).toMatchObject({ keptBoth: 1, problems: 0 });
    expect([plans(a), scanned(a), notices(a)]).toEqual([2, [], []]);
    expect(Object.values(a.user.tree())).toEqual(
      expect.arrayContaining(['edited', 'by another tool, unheard']),
    );
    await live.close();
  });

  it.each([false, true])(
    'counts files for the guards, not folders (a look at everything in between: %s)',
    async (whole) => {
      const { world, a, live } = await focused();
      const made = Array.from({ length: 20 }, (_, i) => `empty/${i}`);
      for (const folder of made) a.user.mkdir(folder);
      await cycle(live, made);
      world.tick(10_000);
      if (whole) await live.cycle({ mode: 'sync' });
      const gone = Array.from({ length: 14 }, (_, i) => `many/${i}`);
      for (const file of gone) a.user.remove(file);
      a.events.length = 0;
      // 14 of 24 files.
      expect((await cycle(live, gone)).kind).toBe('halted');
      expect(scanned(a)).toEqual([]);
      await live.close();
    },
  );

  it('writes no new file to a store that was swapped', async () => {
    const { world, a, live } = await focused();
    for (const key of world.server.keys()) world.server.remove(key);
    a.user.write('d/new', 'new');
    await expect(cycle(live, ['d/new'])).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    expect(world.server.keys()).toEqual([]);
    await live.close();
  });

  it('can be interrupted in each of its walks', async () => {
    const { a, live: other } = await focused();
    await other.close();
    const { signal } = new AbortController();
    const signals: unknown[] = [];
    const folder = a.disk.open();
    const live = await openLiveTarget({
      ...{ target: a.target, store: a.store, runtime: a.runtime, emit: () => {} },
      folder: { ...folder, ...walks(signals)(folder) },
    });
    await live.cycle({ mode: 'sync' });
    signals.length = 0;
    const focus = { local: paths('d/f'), remote: paths('d/f'), walk: true } as const;
    a.user.write('d/f', 'edited');
    await live.cycle({ mode: 'sync', focus, signal });
    expect(signals.length).toBeGreaterThan(1);
    expect(new Set(signals)).toEqual(new Set([signal]));
    await live.close();
  });

  it('looks at everything in a store only once it is known for ours', async () => {
    const { world, a, live } = await focused();
    for (const key of world.server.keys()) world.server.remove(key);
    a.user.write('d/.syncignore', '*.tmp');
    await expect(cycle(live, ['d/.syncignore'])).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    expect(scanned(a)).toEqual([]);
    await live.close();
  });

  it('tells of what it was told of, and cannot sync', async () => {
    const { a, live } = await focused();
    a.user.fifo('d/pipe');
    a.user.write('d/new', 'new');
    await cycle(live, ['d/pipe', 'd/new']);
    expect(notices(a)).toEqual(['special-file d/pipe']);
    await live.close();
  });
});
