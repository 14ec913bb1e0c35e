import { beforeEach, describe, expect, it } from 'vitest';
import type { CycleDeps, CycleOptions } from '../../../src/engine/cycle.ts';
import type { SyncEvent } from '../../../src/engine/events.ts';
import type { LiveTarget } from '../../../src/engine/live-target.ts';
import { openLive, openLiveTarget } from '../../../src/engine/open-live-target.ts';
import { createSession, openTarget, trusted } from '../../../src/engine/open-target.ts';
import type { Folder } from '../../../src/engine/ports/folder.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import { createTally } from '../../../src/engine/tally.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';

/** Who may work on a folder and a store, with which base, and what is looked at again before each cycle. */

let world: World;
let a: Machine;
beforeEach(async () => {
  world = createWorld();
  a = await world.machine('laptop');
  a.user.write('f', 'f');
  await a.sync();
  a.events.length = 0;
});

function depsOf(machine = a, changes: Partial<CycleDeps> = {}): CycleDeps & { readonly said: SyncEvent[] } {
  const { target, store, runtime, disk } = machine;
  const said: SyncEvent[] = [];
  const emit = (event: SyncEvent) => void said.push(event);
  return { target, store, runtime, folder: disk.open(), emit, said, ...changes };
}

const told = (events: readonly SyncEvent[]) =>
  events.flatMap((event) => (event.kind === 'notice' ? [`${event.code}: ${event.message}`] : []));
const total = () => [...a.store.requests.values()].reduce((sum, count) => sum + count, 0);
const marker = () => a.user.read('.s4/target.json') ?? '';
const clientHere = () => (JSON.parse(marker()) as { clientId: string }).clientId;
/** The same bytes in another file, as a backup brings them back. */
function copiedMarker(): void {
  const text = marker();
  a.user.remove('.s4/target.json');
  a.user.write('.s4/target.json', text);
}
const UNITED = 'both sides are united, nothing is deleted';

describe('a target that is opened', () => {
  it('says nothing where its base is sound, and believes its rows', async () => {
    const deps = depsOf();
    const opened = await openTarget(deps, { mode: 'sync' });
    const { base, clientId } = opened;
    const session = createSession(opened, { mode: 'sync' }, createTally());
    expect(session).toMatchObject({ clientId, approvalUsed: false, nextOperationId: 1, facts: [] });
    expect([base.trust, clientId, told(deps.said)]).toEqual(['sound', a.target.clientId, []]);
    expect(trusted(base)).toBe(base);
  });

  it('says that it is synced for the first time', async () => {
    const b = await world.machine('desk');
    const deps = depsOf(b);
    await openTarget(deps, { mode: 'preview' });
    expect(told(deps.said)).toEqual([`first-sync: first sync: ${UNITED}`]);
    expect(Object.keys(b.user.tree('.s4'))).not.toContain('index.json.gz');
  });

  it('says that its index is lost', async () => {
    for (const name of ['index', 'index.prev']) a.user.write(`.s4/${name}.json.gz`, 'rubbish');
    const deps = depsOf();
    const { base } = await openTarget(deps, { mode: 'sync' });
    expect(told(deps.said)).toEqual([`index-lost: the index cannot be used (${base.doubt}): ${UNITED}`]);
  });

  it.each(['sync', 'preview'] as const)(
    'believes no row of a copy, whose client is a new one (%s)',
    async (mode) => {
      copiedMarker();
      const kept: string[] = [];
      const deps = depsOf(a, { onNewClient: async (id) => void kept.push(id) });
      const before = clientHere();
      const { base, clientId } = await openTarget(deps, { mode });
      expect([clientId === before, base.trust]).toEqual([false, 'evidence']);
      expect(mode === 'sync' ? [clientHere(), kept] : [before, []]).toEqual([
        ...(mode === 'sync' ? [clientId, [clientId]] : [clientHere(), kept]),
      ]);
      expect(told(deps.said)).toEqual([
        `index-copied: the index is a copy or of another moment (${base.doubt}): ${UNITED}`,
      ]);
      const rows: unknown[] = [];
      for await (const batch of trusted(base).rows()) rows.push(...batch);
      expect([rows, trusted(base) === base]).toEqual([[], false]);
    },
  );

  it('takes a new client where config and folder disagree, and has it kept once', async () => {
    const kept: string[] = [];
    const changes = {
      target: { ...a.target, clientId: 'd'.repeat(16) },
      onNewClient: async (id: string) => void kept.push(id),
    };
    const preview = await openTarget(depsOf(a, changes), { mode: 'preview' });
    expect([kept, clientHere()]).toEqual([[], a.target.clientId]);
    expect(preview.base.trust).toBe('evidence');
    const { clientId, base } = await openTarget(depsOf(a, changes), { mode: 'sync' });
    expect([kept, clientHere(), base.trust]).toEqual([[clientId], clientId, 'evidence']);
    const { onNewClient: _, ...without } = changes;
    expect((await openTarget(depsOf(a, without), { mode: 'sync' })).clientId).toBe(clientHere());
  });

  it('recovers in a sync, and writes nothing in a preview', async () => {
    const folder = a.disk.open();
    const { id: targetId, clientId } = a.target;
    const died = await openBase({ state: folder.state, targetId, clientId, mode: 'write' });
    const now = await folder.stat('f' as RelPath);
    if (now?.kind !== 'file') throw new Error('no file');
    const ref = folder.trashRef('f' as RelPath);
    const removal = { kind: 'remove', path: 'f' as RelPath, ref, copyPath: 'g' as RelPath } as const;
    await died.begin({ ...removal, expected: { ...now.fingerprint, inode: 99n } });
    await folder.remove('f' as RelPath, now.fingerprint, ref);
    const { base } = await openTarget(depsOf(), { mode: 'preview' });
    expect([base.pending.length, a.user.tree()]).toEqual([1, {}]);
    const opened = await openTarget(depsOf(), { mode: 'sync' });
    expect([opened.base.pending, a.user.tree()]).toEqual([[], { f: 'f' }]);
  });

  it('owes the others what the last process may have written and not told, once, and not in a preview', async () => {
    const folder = a.disk.open();
    const { id: targetId, clientId } = a.target;
    const died = await openBase({ state: folder.state, targetId, clientId, mode: 'write' });
    await died.record({ cursor: { ...died.cursor, writing: true } });
    await died.flush();
    const { unpublished } = died.cursor;
    const { base } = await openTarget(depsOf(), { mode: 'preview' });
    expect(base.cursor).toMatchObject({ writing: true, unpublished });
    for (let time = 0; time < 2; time++) {
      const opened = await openTarget(depsOf(), { mode: 'sync' });
      expect(opened.base.cursor.unpublished).toBe(unpublished + 1);
      expect(opened.base.cursor).not.toHaveProperty('writing');
      await opened.base.flush();
    }
  });

  it('believes no condition where the store keeps versions by now', async () => {
    const plain = createWorld({ versioning: 'off' });
    const c = await plain.machine('nas');
    const before = await openTarget(depsOf(c), { mode: 'sync' });
    expect(before.deps.target.capabilities).toMatchObject({ putIfMatch: true });
    plain.server.setVersioning('enabled');
    plain.server.put('.s4/target.json', Buffer.from(plain.server.bytes('.s4/target.json') ?? []));
    const { deps } = await openTarget(depsOf(c), { mode: 'preview' });
    expect(deps.target).toMatchObject({ id: c.target.id, capabilities: { putIfMatch: false } });
  });

  it('ends with the wish to stop', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    for (const mode of ['sync', 'preview'] as const)
      await expect(openTarget(depsOf(), { mode, signal })).rejects.toThrow('stopped');
  });
});

describe('the lock of a folder', () => {
  const isFree = async () => {
    const outcome = await a.disk.open().lock({ waitMs: 0 });
    if (outcome.kind === 'locked') await outcome.release();
    return outcome.kind === 'locked';
  };

  it('is waited for, three seconds, and told whose it is', async () => {
    await a.disk.open().lock({ waitMs: 0 });
    const before = a.runtime.nowMs();
    await expect(openLiveTarget(depsOf())).rejects.toMatchObject({
      ...{ code: 'LOCKED', message: 'another s4 works on this folder: laptop' },
      ...{ hint: 'Wait for it to end, or stop it.', data: { folder: '/memory' } },
    });
    expect(a.runtime.nowMs() - before).toBe(3000);
    const deps = depsOf();
    const lock = async () => ({ kind: 'busy', owner: 'nas', foreignHost: true }) as const;
    await expect(openLiveTarget({ ...deps, folder: { ...deps.folder, lock } })).rejects.toMatchObject({
      hint: expect.stringContaining('It runs on another machine'),
    });
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(openLiveTarget(depsOf(), { signal })).rejects.toThrow('stopped');
  });

  it('is let go of where the target cannot be opened, and when it is closed', async () => {
    const text = marker();
    a.user.remove('.s4/target.json');
    await expect(openLiveTarget(depsOf())).rejects.toMatchObject({ code: 'MARKER_MISSING' });
    expect(await isFree()).toBe(true);
    a.user.write('.s4/target.json', text);
    const live = await openLiveTarget(depsOf());
    expect(await isFree()).toBe(false);
    await live.close();
    expect(await isFree()).toBe(true);
  });

  it('is held while a cycle works, also one that fails', async () => {
    const live = await openLive(depsOf(), {});
    world.server.remove('.s4/target.json');
    const failing = live.work({ mode: 'sync' }, createTally());
    await Promise.all([live.close(), failing.catch(() => undefined)]);
    expect(await isFree()).toBe(true);
  });
});

describe('between two cycles of a live target', () => {
  const LOOK: CycleOptions = { mode: 'sync' };
  const NOTHING = { ...LOOK, focus: { local: [], remote: [] } };
  let deps: ReturnType<typeof depsOf>;
  let live: LiveTarget;
  const opened: string[] = [];

  async function open(changes: Partial<CycleDeps> = {}): Promise<void> {
    opened.length = 0;
    const given = depsOf(a, changes);
    const { state } = given.folder;
    // The index is read when the base is opened.
    const read: typeof state.read = (name) => {
      if (name === 'journal.jsonl') opened.push(name);
      return state.read(name);
    };
    const folder: Folder = { ...given.folder, state: { ...state, read } };
    deps = { ...given, folder };
    live = await openLiveTarget(deps);
    world.tick(5000);
  }
  const asked = async (options: Parameters<LiveTarget['cycle']>[0]) => {
    world.tick();
    const before = total();
    deps.said.length = 0;
    const result = await live.cycle(options);
    const whole = deps.said.some(({ kind }) => kind === 'scanned');
    return { result, whole, requests: total() - before };
  };

  it('the base stays open, and nothing is asked where nothing is to be done', async () => {
    await open();
    await asked(LOOK);
    await asked(LOOK);
    expect(await asked(NOTHING)).toMatchObject({ whole: false, requests: 0 });
    expect(opened).toHaveLength(1);
    await live.close();
  });

  it('the whole is looked at before a focus is enough: at the first cycle, and where more is asked for', async () => {
    await open();
    expect((await asked(NOTHING)).whole).toBe(true);
    expect((await asked(NOTHING)).whole).toBe(false);
    for (const more of [
      { checksum: true },
      { deleteIgnored: true },
      { paths: ['f' as RelPath] },
      { paths: ['f' as RelPath, 'g' as RelPath] },
    ])
      expect((await asked({ ...NOTHING, ...more })).whole, JSON.stringify(more)).toBe(true);
    expect((await asked({ ...NOTHING, checksum: false, deleteIgnored: false, paths: [] })).whole).toBe(false);
    expect((await asked(LOOK)).whole).toBe(true);
    await live.close();
  });

  it('a folder whose marker was copied is opened anew, under a new client, and looked at whole', async () => {
    const kept: string[] = [];
    await open({ onNewClient: async (id) => void kept.push(id) });
    await asked(LOOK);
    copiedMarker();
    expect((await asked(NOTHING)).whole).toBe(true);
    expect([kept, opened.length]).toEqual([[clientHere()], 3]);
    expect((await asked(NOTHING)).whole).toBe(false);
    expect(opened).toHaveLength(3);
    await live.close();
  });

  it('a marker that names another client is not ours, though it is the same file', async () => {
    await open();
    await asked(LOOK);
    a.user.write('.s4/target.json', marker().replace(clientHere(), 'd'.repeat(16)));
    await asked(NOTHING);
    expect(clientHere()).not.toBe('d'.repeat(16));
    await live.close();
  });

  it('a marker that was written again in place, as a backup does, is of another moment', async () => {
    await open();
    await asked(LOOK);
    const before = clientHere();
    a.user.write('.s4/target.json', marker());
    expect((await asked(NOTHING)).whole).toBe(true);
    expect([clientHere() === before, opened.length]).toEqual([false, 3]);
    await live.close();
  });

  it('rows that are mere evidence stay so until all is synced: a focus is not enough', async () => {
    copiedMarker();
    await open();
    await asked({ ...LOOK, direction: 'down' });
    expect((await asked(NOTHING)).whole).toBe(true);
    expect((await asked(NOTHING)).whole).toBe(false);
    await live.close();
  });

  it('an intent that a cycle left open is looked after first, and then all is looked at', async () => {
    world = createWorld({ enforces: { putIfAbsent: false, putIfMatch: false } });
    a = await world.machine('nas');
    await a.sync();
    await open();
    await asked(LOOK);
    const { put } = deps.store;
    const lost: typeof put = async (name, ...rest) => {
      const outcome = await put(name, ...rest);
      return (name as string) === 'g' ? { kind: 'abandoned' } : outcome;
    };
    Object.assign(deps.store, { put: lost });
    a.user.write('g', 'g');
    await asked(LOOK);
    Object.assign(deps.store, { put });
    expect([(await asked(NOTHING)).whole, (await asked(NOTHING)).whole]).toEqual([true, false]);
    expect([opened.length, world.server.keys().includes('g')]).toEqual([1, true]);
    await live.close();
  });

  it('nothing is done in the folder by a preview', async () => {
    await open();
    const ref = deps.folder.trashRef('lost' as RelPath);
    const wishes = [{ kind: 'trashed', path: 'lost' as RelPath, ref }] as const;
    const problems = () => deps.said.filter(({ kind }) => kind === 'problem').length;
    await asked({ mode: 'preview', wishes });
    expect(problems()).toBe(0);
    await asked({ ...LOOK, wishes });
    expect(problems()).toBe(1);
    await live.close();
  });

  it('the wish to stop is at hand where the markers are read', async () => {
    const signals: unknown[] = [];
    const { signal } = new AbortController();
    const { get } = a.store;
    const store = {
      ...a.store,
      get: (name: Parameters<typeof get>[0], options: Parameters<typeof get>[1]) => {
        if ((name as string) === '.s4/target.json') signals.push(options?.signal);
        return get(name, options);
      },
    };
    const given = depsOf(a, { store });
    live = await openLiveTarget(given, { signal });
    await live.cycle(LOOK);
    await live.cycle({ ...LOOK, signal });
    await live.cycle(LOOK);
    expect(signals).toEqual([signal, signal, undefined]);
    await live.close();
  });

  it('the base is opened anew after a cycle that failed, and a focus is not enough then', async () => {
    await open();
    await asked(LOOK);
    a.user.write('g', 'g');
    let fails = true;
    a.disk.beforeStep((_, path) => {
      if (fails && path.includes('journal')) throw new S4Error('STATE_UNREADABLE', 'for a test');
    });
    await expect(asked(LOOK)).rejects.toThrow('for a test');
    fails = false;
    a.disk.beforeStep(undefined);
    const before = opened.length;
    await asked(NOTHING);
    expect(opened.length).toBe(before + 1);
    expect(world.server.keys()).toContain('g');
    await live.close();
  });

  it('the store is looked at before it is asked, and before it is written to, once a cycle', async () => {
    await open();
    await asked(LOOK);
    const id = a.target.id;
    world.server.put('.s4/target.json', marker().replaceAll(id, 'e'.repeat(32)));
    expect(await asked(NOTHING)).toMatchObject({ requests: 0 });
    a.user.write('g', 'g');
    const focus = { local: ['g' as RelPath], remote: [] };
    for (const options of [
      LOOK,
      { ...LOOK, focus },
      { ...LOOK, focus: { local: [], remote: ['f' as RelPath] } },
    ])
      await expect(asked(options)).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    expect(world.server.keys()).not.toContain('g');
    await live.close();
  });

  it('what the store can do is judged anew with its marker', async () => {
    world = createWorld({ versioning: 'off' });
    a = await world.machine('nas');
    await a.sync();
    await open();
    await asked(LOOK);
    world.server.setVersioning('enabled');
    world.server.put('.s4/target.json', Buffer.from(world.server.bytes('.s4/target.json') ?? []));
    a.user.write('g', 'g');
    await asked({ ...LOOK, focus: { local: ['g' as RelPath], remote: [] } });
    // A write that a condition guards needs none.
    const unguarded = () => (a.user.read('.s4/journal.jsonl') ?? '').split('unguarded-put').length - 1;
    expect(unguarded()).toBe(1);
    a.user.write('h', 'h');
    await asked(LOOK);
    expect(unguarded()).toBe(2);
    await live.close();
  });

  it('the trash is purged and temp files are removed once an hour, and after no preview', async () => {
    await open();
    let purges = 0;
    const { purgeTrash } = deps.folder;
    Object.assign(deps.folder, {
      purgeTrash: (policy: Parameters<typeof purgeTrash>[0]) => {
        purges++;
        return purgeTrash(policy);
      },
    });
    await asked({ mode: 'preview' });
    expect(purges).toBe(0);
    await asked(LOOK);
    await asked(NOTHING);
    expect(purges).toBe(1);
    world.tick(60 * 60 * 1000);
    await asked(NOTHING);
    await asked(NOTHING);
    expect(purges).toBe(2);
    await live.close();
  });

  it('a halted cycle leaves the target as it was: the next one needs no other look at the base', async () => {
    for (let i = 0; i < 12; i++) a.user.write(`many/${i}`, `${i}`);
    await a.sync();
    await open();
    await asked(LOOK);
    a.user.remove('many');
    a.user.remove('f');
    expect((await asked(LOOK)).result.kind).toBe('halted');
    expect(deps.said.map(({ kind }) => kind)).not.toContain('index-flushed');
    expect((await asked(LOOK)).result.kind).toBe('halted');
    a.user.write('f', 'f');
    for (let i = 0; i < 12; i++) a.user.write(`many/${i}`, `${i}`);
    expect(summaryOf((await asked(LOOK)).result)).toMatchObject({ deletedRemote: 0 });
    expect(opened).toHaveLength(1);
    await live.close();
  });

  it('the wish to stop is an outcome, and the next cycle goes on', async () => {
    await open();
    await asked(LOOK);
    const signal = AbortSignal.abort(new Error('stopped'));
    expect((await asked({ ...LOOK, signal })).result.kind).toBe('interrupted');
    expect((await asked(LOOK)).result.kind).toBe('synced');
    await live.close();
  });
});
