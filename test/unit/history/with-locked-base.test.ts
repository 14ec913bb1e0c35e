import { beforeEach, describe, expect, it } from 'vitest';
import { type LockedDeps, withLockedBase } from '../../../src/engine/history/with-locked-base.ts';
import type { OperationContext } from '../../../src/engine/operations/context.ts';
import type { Folder } from '../../../src/engine/ports/folder.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';

/** The folder is changed outside of a cycle only where it is locked, known for what it is, synced, and recovered. */

let world: World;
let a: Machine;
let folder: Folder;
const notices: string[] = [];
beforeEach(async () => {
  world = createWorld();
  a = await world.machine('laptop');
  a.user.write('f', 'f');
  await a.sync();
  folder = a.disk.open();
  notices.length = 0;
});

function locked<T>(work: (context: OperationContext) => Promise<T>, changes: Partial<LockedDeps> = {}) {
  const { target, store, runtime } = a;
  const notice = (code: string, path: string) => void notices.push(`${code} ${path}`);
  return withLockedBase({ target, store, folder, runtime, notice, ...changes }, work);
}

const isFree = async () => {
  const outcome = await a.disk.open().lock({ waitMs: 0 });
  if (outcome.kind === 'locked') await outcome.release();
  return outcome.kind === 'locked';
};
const marker = () => a.user.read('.s4/target.json');
const never = async () => {
  throw new Error('the work was done');
};

describe('work on a folder', () => {
  it('has it alone, and what it needs, and lets go of it', async () => {
    const worked = await locked(async (context) => {
      expect(await isFree()).toBe(false);
      expect((await context.base.get('f' as never))?.key).toBe('f');
      await context.base.begin({
        ...{ kind: 'remove', path: 'f' as RelPath, ref: folder.trashRef('f' as RelPath) },
        ...{ copyPath: 'g' as RelPath, expected: { inode: 1n, sizeBytes: 1, mtimeNs: 1n, ctimeNs: 1n } },
      });
      const { clientId, capabilities } = context;
      expect([clientId, capabilities]).toEqual([a.target.clientId, a.target.capabilities]);
      expect([await context.hostOf(clientId), await context.hostOf('f'.repeat(16))]).toEqual([
        ...['laptop', 'other'],
      ]);
      context.notice('recovered', 'f', 'words');
      expect(context).not.toHaveProperty('signal');
      return 'worked';
    });
    expect([worked, notices, await isFree()]).toEqual(['worked', ['recovered f'], true]);
  });

  it('knows other hosts by the log, and counts bytes', async () => {
    const b = await world.machine('desk');
    b.user.write('g', 'g');
    await b.sync();
    const counted: number[] = [];
    const { signal } = new AbortController();
    await locked(
      async (context) => {
        expect(await context.hostOf(b.target.clientId)).toBe('desk');
        expect(context.signal).toBe(signal);
        context.onBytes('up', 7);
      },
      { signal, onBytes: (bytes) => void counted.push(bytes) },
    );
    expect(counted).toEqual([7]);
    await locked(async (context) => context.onBytes('up', 7));
  });

  it('lets go of it also where it fails', async () => {
    await expect(locked(never)).rejects.toThrow('the work was done');
    expect(await isFree()).toBe(true);
  });

  it('is not begun while another works there: it waits three seconds', async () => {
    await a.disk.open().lock({ waitMs: 0 });
    const before = a.runtime.nowMs();
    await expect(locked(never)).rejects.toMatchObject({
      ...{ code: 'LOCKED', message: 'another s4 works on this folder: laptop' },
      ...{ hint: expect.stringContaining('Wait for it to end'), data: { folder: '/memory' } },
    });
    expect(a.runtime.nowMs() - before).toBe(3000);
    const lock = async () => ({ kind: 'busy', owner: 'nas', foreignHost: true }) as const;
    await expect(locked(never, { folder: { ...folder, lock } })).rejects.toMatchObject({
      hint: expect.stringContaining('It runs on another machine'),
    });
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(locked(never, { signal })).rejects.toThrow('stopped');
  });

  it('recovers first what a crash has left', async () => {
    const { id: targetId, clientId } = a.target;
    const died = await openBase({ state: folder.state, targetId, clientId, mode: 'write' });
    const now = await folder.stat('f' as RelPath);
    if (now?.kind !== 'file') throw new Error('no file');
    const ref = folder.trashRef('f' as RelPath);
    const removal = { kind: 'remove', path: 'f' as RelPath, ref, copyPath: 'g' as RelPath } as const;
    await died.begin({ ...removal, expected: { ...now.fingerprint, inode: 99n } });
    await folder.remove('f' as RelPath, now.fingerprint, ref);
    expect(a.user.tree()).toEqual({});
    await locked(async ({ base }) => {
      expect([a.user.tree(), base.pending]).toEqual([{ f: 'f' }, []]);
    });
  });
});

describe('nothing is begun', () => {
  const refused = { code: 'USAGE', message: '"laptop" has to be synced first' };

  it('in a folder that was never synced', async () => {
    const b = await world.machine('desk');
    const { target, store, runtime, disk } = b;
    const deps = { target, store, runtime, folder: disk.open() };
    await expect(locked(never, deps)).rejects.toMatchObject({
      code: 'USAGE',
      hint: 'Run "s4 sync desk" first.',
    });
    await expect(locked(never, { ...deps, offline: true })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it.each([undefined, true] as const)(
    'in a copy of it, which is left as it is (offline: %s)',
    async (offline) => {
      const text = marker() ?? '';
      a.user.remove('.s4/target.json');
      a.user.write('.s4/target.json', text);
      const deps = offline === undefined ? {} : { offline };
      await expect(locked(never, deps)).rejects.toMatchObject(refused);
      expect([marker(), await isFree()]).toEqual([text, true]);
    },
  );

  it('where the config names another client: the next sync takes a new id, this takes none', async () => {
    const before = marker();
    const target = { ...a.target, clientId: 'd'.repeat(16) };
    await expect(locked(never, { target })).rejects.toMatchObject(refused);
    expect(marker()).toBe(before);
  });

  it('with a store that is another than it was', async () => {
    world.server.remove('.s4/target.json');
    await expect(locked(never)).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    const signal = AbortSignal.abort(new Error('stopped'));
    const { lock } = folder;
    const free: Folder = { ...folder, lock: ({ waitMs }) => lock({ waitMs }) };
    await expect(locked(never, { signal, folder: free })).rejects.toThrow('stopped');
  });
});

it('a folder alone can be worked on without its store', async () => {
  const before = new Map(a.store.requests);
  world.server.remove('.s4/target.json');
  await locked(async () => {}, { offline: true });
  expect(new Map(a.store.requests)).toEqual(before);
});

it('a store that keeps versions by now is not trusted with conditions that were proved before', async () => {
  const plain = createWorld({ versioning: 'off' });
  const c = await plain.machine('nas');
  await c.sync();
  const before = { target: c.target, store: c.store, runtime: c.runtime, folder: c.disk.open() };
  expect(await locked(async ({ capabilities }) => capabilities, before)).toEqual(c.target.capabilities);
  plain.server.setVersioning('enabled');
  plain.server.put('.s4/target.json', Buffer.from(plain.server.bytes('.s4/target.json') ?? []));
  const { target, store, runtime, disk } = c;
  const deps = { target, store, runtime, folder: disk.open() };
  const trusted = await locked(async ({ capabilities }) => capabilities, deps);
  expect(trusted).toMatchObject({ putIfMatch: false, putIfAbsent: false, versioning: 'enabled' });
});
