import { describe, expect, it } from 'vitest';
import type { CycleDeps } from '../../../src/engine/cycle.ts';
import type { SyncEvent } from '../../../src/engine/events.ts';
import type { HashRequest } from '../../../src/engine/ports/folder.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { readHeads } from '../../../src/remote-log/reader.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { expectTrueBase } from '../../support/base-check.ts';
import { objectKeys } from '../../support/crash.ts';
import { createWorld, type Machine, summaryOf } from '../../support/machines.ts';

/** What one look leads to: what is asked, recorded, told, and what halts. */

type Told<K extends SyncEvent['kind']> = Extract<SyncEvent, { kind: K }>;
const told = <K extends SyncEvent['kind']>({ events }: Machine, kind: K) =>
  events.filter((event): event is Told<K> => event.kind === kind);

async function pair(files = 4) {
  const world = createWorld();
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  for (let i = 0; i < files; i++) a.user.write(`d/${i}`, `text ${i}`);
  await a.sync();
  await b.sync();
  world.tick(60_000);
  await a.sync();
  await b.sync();
  a.events.length = 0;
  return { world, a, b };
}

/** What is hashed in a sync. */
async function hashedBy(machine: Machine, options = {}): Promise<HashRequest[]> {
  const asked: HashRequest[] = [];
  const folder = machine.disk.open();
  const deps: Partial<CycleDeps> = {
    folder: {
      ...folder,
      hash: (request) => {
        asked.push(request);
        return folder.hash(request);
      },
    },
  };
  await machine.sync(options, deps);
  return asked;
}

const halts = (machine: Machine) =>
  told(machine, 'guard-halted').map(({ guards }) => guards.map(({ code }) => code));
const shownPlan = ({ user }: Machine) => user.read('.s4/halted.json');

describe('a file whose object changed', () => {
  it('is not hashed where its stat is what it was', async () => {
    const { a, b } = await pair();
    b.user.write('d/1', 'edited');
    await b.sync();
    expect(await hashedBy(a)).toEqual([]);
    expect(a.user.read('d/1')).toBe('edited');
  });

  it('is hashed where stats are not to be trusted, and that can be interrupted', async () => {
    const { a, b } = await pair();
    b.user.write('d/1', 'edited');
    await b.sync();
    const { signal } = new AbortController();
    const hashed = await hashedBy(a, { checksum: true, signal });
    expect(hashed.filter(({ path }) => path === 'd/1')).toMatchObject([{ signal }]);
  });

  it('is taken for equal where Python S4 recorded both, and else kept beside it', async () => {
    for (const known of [true, false]) {
      const world = createWorld();
      const a = await world.machine('laptop');
      a.user.write('f', 'here');
      world.server.put('f', 'over');
      const seconds = Math.floor(a.runtime.nowMs() / 1000);
      const legacyIndex = new Map([['f', { localS: seconds, remoteS: seconds }]]);
      const summary = summaryOf(await a.sync(known ? { legacyIndex } : {}));
      expect(summary).toMatchObject({ keptBoth: known ? 0 : 1, problems: 0 });
    }
  });
});

describe('a preview', () => {
  it('looks once, and shows a plan that it neither carries out nor remembers', async () => {
    const { world, a } = await pair(12);
    for (let i = 0; i < 8; i++) a.user.remove(`d/${i}`);
    const keys = objectKeys(world.server);
    expect((await a.sync({ mode: 'preview' })).kind).toBe('halted');
    expect(shownPlan(a)).toBeUndefined();
    expect((await a.sync()).kind).toBe('halted');
    expect(shownPlan(a)).toBeDefined();
    const [shown, remembered] = told(a, 'guard-halted');
    expect(shown).toEqual(remembered);
    expect(objectKeys(world.server)).toEqual(keys);
  });

  it('that does not halt is told once, without what would be left', async () => {
    const { world, a } = await pair();
    a.user.write('new', 'new');
    summaryOf(await a.sync({ mode: 'preview' }));
    expect([told(a, 'planned').length, told(a, 'notice')]).toEqual([1, []]);
    expect(objectKeys(world.server)).not.toContain('new');
  });

  it('of a daemon is a look at everything, after which a focus is enough', async () => {
    const { world, a } = await pair(20);
    const live = await a.live();
    await live.cycle({ mode: 'preview' });
    world.tick();
    a.events.length = 0;
    a.user.write('d/1', 'edited');
    await live.cycle({ mode: 'sync', focus: { local: ['d/1' as RelPath], remote: [] } });
    expect(told(a, 'scanned')).toEqual([]);
    expect(Buffer.from(world.server.bytes('d/1') ?? []).toString()).toBe('edited');
    await live.close();
  });
});

describe('a sync that finds nothing to do', () => {
  it('writes nothing to its journal', async () => {
    const { a } = await pair();
    const before = a.user.read('.s4/journal.jsonl');
    await a.sync();
    expect(a.user.read('.s4/journal.jsonl')).toBe(before);
  });

  it('of a focus does not even ask for the marker of the store', async () => {
    const { a } = await pair(20);
    const live = await a.live();
    await live.cycle({ mode: 'sync' });
    const before = [...a.store.requests];
    await live.cycle({ mode: 'sync', focus: { local: ['d/1' as RelPath], remote: [] } });
    expect([...a.store.requests]).toEqual(before);
    await live.close();
  });
});

describe('a plan', () => {
  it('numbers what it does, and tells of the bytes under the same number', async () => {
    const { a, b } = await pair();
    a.user.write('one', '12345');
    a.user.write('two', '12');
    b.user.write('three', '123');
    await b.sync();
    const summary = summaryOf(await a.sync());
    expect(summary).toMatchObject({ bytesUp: 7, bytesDown: 3 });
    const started = told(a, 'operation-started');
    expect(started.map(({ id }) => id)).toEqual([1, 2, 3]);
    const moved = new Map<string, number>();
    for (const { id, bytes, target } of told(a, 'operation-progress')) {
      const path = started.find((event) => event.id === id)?.operation.path ?? target;
      moved.set(path, (moved.get(path) ?? 0) + bytes);
    }
    expect(Object.fromEntries(moved)).toEqual({ one: 5, two: 2, three: 3 });
  });

  it('goes on counting in the next look', async () => {
    const { a } = await pair();
    for (const name of ['new', 'other']) a.user.write(name, name);
    const { put } = a.store;
    let refused = false;
    a.store = {
      ...a.store,
      put: async (key, source, options) => {
        if (key !== 'new' || refused) return put(key, source, options);
        refused = true;
        return { kind: 'precondition-failed' };
      },
    };
    await a.sync();
    expect(told(a, 'operation-started').map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(told(a, 'notice')).toEqual([]);
  });

  it('counts the conflicts that wait, whatever else it does', async () => {
    const { a, b } = await pair();
    for (const [machine, text] of [
      [b, 'there'],
      [a, 'here'],
    ] as const) {
      machine.user.write('d/1', text);
      machine.user.write(`of ${text}`, text);
      if (machine === b) await b.sync();
    }
    const summary = summaryOf(await a.sync({ conflicts: 'skip' }));
    expect(summary).toMatchObject({ conflicts: 1, uploaded: 1, downloaded: 1 });
    a.user.write('new', 'new');
    expect(summaryOf(await a.sync({ conflicts: 'local' }))).toMatchObject({ conflicts: 0, uploaded: 2 });
  });
});

describe('the name of a conflict copy', () => {
  const conflict = async (taken?: string) => {
    const { world, a, b } = await pair();
    b.user.write('d/1', 'there');
    await b.sync();
    a.user.write('d/1', 'here');
    if (taken !== undefined) world.server.put(taken, 'by another tool');
    return { world, a };
  };
  const copiesOf = ({ user }: Machine) =>
    Object.keys(user.tree()).filter((path) => path.includes('conflict'));

  it('is not one that the store has, and this folder not yet', async () => {
    const first = await conflict();
    await first.a.sync();
    const [name] = copiesOf(first.a);
    const { world, a } = await conflict(name);
    await a.sync();
    // Found free before it is used: nothing is refused, and nothing looked at again.
    expect([told(a, 'planned').length, copiesOf(a).length]).toEqual([1, 2]);
    expect(a.user.read(name ?? '')).toBe('by another tool');
    expect(Object.values(a.user.tree())).toEqual(expect.arrayContaining(['here', 'there']));
    await expectTrueBase(world, a);
  });

  it('is looked at in the same focused cycle, when it could not be sent at once', async () => {
    const { world, a, b } = await pair(20);
    const live = await a.live();
    await live.cycle({ mode: 'sync' });
    b.user.write('d/1', 'there');
    await b.sync();
    a.user.write('d/1', 'here');
    world.tick(5000);
    const { put } = a.store;
    let refused = 0;
    a.store = {
      ...a.store,
      put: async (key, source, options) =>
        key.includes('conflict') && refused++ === 0
          ? { kind: 'precondition-failed' }
          : put(key, source, options),
    };
    a.events.length = 0;
    const path = ['d/1' as RelPath];
    await live.cycle({ mode: 'sync', focus: { local: path, remote: path } });
    expect([refused > 0, told(a, 'scanned')]).toEqual([true, []]);
    expect(copiesOf(a).filter((copy) => world.server.keys().includes(copy as never))).toHaveLength(1);
    await live.close();
  });
});

describe('a name that gets another normal form between two looks of a first sync', () => {
  it('keeps its file, and the base forgets the other spelling (seed 64513)', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    for (const name of ['e\u0301', 'x', 'keep']) a.user.write(name, name);
    await a.sync();
    let lists = 0;
    b.store = world.server.connect(b.runtime, async (at, request, key) => {
      if (at !== 'request') return;
      if (request === 'GET' && key === 'x' && lists === 1) world.server.put('x', 'by another tool');
      if (request === 'LIST' && ++lists === 2) b.user.rename('e\u0301', '\u00e9');
    });
    await b.sync();
    expect(lists).toBeGreaterThan(1);
    for (const machine of [b, a, b]) await machine.sync();
    const kept = ['by another tool', 'e\u0301', 'keep'];
    expect(Object.values(b.user.tree()).sort()).toEqual(kept);
    expect(Object.values(a.user.tree()).sort()).toEqual(kept);
  });
});

describe('what was written here and is found equal', () => {
  /** What the others hear of the laptop. */
  const sequenceOf = async ({ store }: Machine) => {
    const { news } = await readHeads({ store, known: new Map() });
    return news.map(({ sequence }) => sequence);
  };

  it('is told, or owed where the log cannot be written: what took effect and was answered as failed', async () => {
    const { world, a, b } = await pair();
    const { known } = await readHeads({ store: b.store, known: undefined });
    const calm = a.store;
    const failing = (when: 'request' | 'response', of: string): void => {
      a.store = world.server.connect(a.runtime, async (at, request, key) => {
        if (at === when && request === 'PUT' && key.startsWith(of)) throw new S4Error('STORE_FAILED', '503');
      });
    };
    a.user.write('new', 'new');
    failing('response', 'new');
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 1 });
    failing('request', '.s4/heads/');
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 0 });
    expect(told(a, 'notice').map(({ code }) => code)).toEqual(['log-unavailable']);
    await expectTrueBase(world, a);
    a.store = calm;
    await a.sync();
    // Which facts they were is lost with the process: a gap, at which the others look at everything.
    expect((await readHeads({ store: b.store, known })).complete).toBe(false);
  });

  it('is not told anew when the index was lost', async () => {
    const { a } = await pair();
    const before = await sequenceOf(a);
    for (const name of ['index.json.gz', 'index.prev.json.gz', 'journal.jsonl']) a.user.remove(`.s4/${name}`);
    expect(summaryOf(await a.sync())).toMatchObject({ uploaded: 0, downloaded: 0 });
    expect(await sequenceOf(a)).toEqual(before);
  });
});

describe('guards', () => {
  it('count the deletions of each side by themselves', async () => {
    const { world, a } = await pair(20);
    for (let i = 0; i < 7; i++) a.user.remove(`d/${i}`);
    expect(summaryOf(await a.sync())).toMatchObject({ deletedRemote: 7 });
    for (let i = 7; i < 13; i++) world.server.remove(`d/${i}`);
    expect(summaryOf(await a.sync())).toMatchObject({ deletedLocal: 6 });
    expect(halts(a)).toEqual([]);
  });

  it.each([
    [
      'mass-delete-local',
      (name: string, { world }: Awaited<ReturnType<typeof pair>>) => world.server.remove(name),
    ],
    ['mass-delete-remote', (name: string, { a }: Awaited<ReturnType<typeof pair>>) => a.user.remove(name)],
  ] as const)('add up what went in bursts: %s', async (code, remove) => {
    const room = await pair(20);
    for (let i = 0; i < 8; i++) remove(`d/${i}`, room);
    summaryOf(await room.a.sync());
    for (let i = 8; i < 13; i++) remove(`d/${i}`, room);
    expect((await room.a.sync()).kind).toBe('halted');
    expect(halts(room.a)).toEqual([[code]]);
  });

  it('say what they halted, and of which target', async () => {
    const { a } = await pair(12);
    for (let i = 0; i < 8; i++) a.user.remove(`d/${i}`);
    const result = await a.sync();
    const [halted] = told(a, 'guard-halted');
    expect(halted).toMatchObject({ target: 'laptop', guards: [{ code: 'mass-delete-remote' }] });
    expect(halted?.operations.map(({ kind, path }) => `${kind} ${path}`)).toContain('delete d/0');
    expect(halted?.operations).toHaveLength(8);
    expect(result).toMatchObject({ kind: 'halted', planId: halted?.planId, guards: halted?.guards });
  });

  it('that were overruled forget what was shown', async () => {
    const { a } = await pair(12);
    for (let i = 0; i < 8; i++) a.user.remove(`d/${i}`);
    const halted = await a.sync();
    if (halted.kind !== 'halted') throw new Error('expected a halt');
    expect(summaryOf(await a.sync({ approve: halted.planId }))).toMatchObject({ deletedRemote: 8 });
    expect(shownPlan(a)).toBeUndefined();
  });
});
