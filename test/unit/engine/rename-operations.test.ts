import { describe, expect, it } from 'vitest';
import { renameLocal, renameRemote } from '../../../src/engine/operations/rename.ts';
import type { CopyOptions } from '../../../src/engine/ports/store.ts';
import {
  baseRow,
  digestOf,
  key,
  md5Of,
  type OperationRoom,
  operationRoom,
} from '../../support/operation-room.ts';

/** A move that is done again on the other side, by itself: what it expects, records and tells. */

const TEXT = '#!/bin/sh';
const UNGUARDED = { copyIfAbsent: false, deleteIfMatch: false };

/** `old` was on both sides. */
async function synced(options?: Parameters<typeof operationRoom>[0]) {
  const here = await operationRoom(options);
  here.user.write('old', TEXT, { executable: true });
  here.server.put('old', TEXT, { mode: '0100755' });
  here.runtime.advance(600_000);
  const from = await here.remote('old');
  const before = await here.local('old');
  return { here, from, before, base: { ...baseRow(before, TEXT, from), mtimeNs: 77n } };
}

/** And was moved here. */
async function movedHere(options?: Parameters<typeof operationRoom>[0]) {
  const { here, from, base } = await synced(options);
  here.user.rename('old', 'new');
  const local = await here.look('new');
  return { here, operation: { kind: 'rename-remote', key: key('new'), local, from, base } as const };
}

/** And was moved there. */
async function movedThere() {
  const { here, before, base } = await synced();
  here.server.put('new', TEXT, { mode: '0100755' });
  here.server.remove('old');
  const remote = await here.remote('new');
  return { here, operation: { kind: 'rename-local', key: key('new'), from: before, remote, base } as const };
}

const keysOf = ({ server }: OperationRoom) => server.keys();
const newest = ({ server }: OperationRoom, name: string) => server.history(name).at(-1);

function replaced(user: OperationRoom['user'], by: () => void): void {
  user.remove('new');
  by();
}

function copies(here: OperationRoom, refuse = false): CopyOptions[] {
  const { store } = here;
  const seen: CopyOptions[] = [];
  here.store = {
    ...store,
    copy: async (from, to, options) => {
      seen.push(options);
      if (refuse && options.byLooking !== true) return { kind: 'precondition-failed', nothingThere: true };
      return store.copy(from, to, options);
    },
  };
  return seen;
}

describe('a file that was moved here', () => {
  it('is copied there and its old name deleted: both are recorded and told', async () => {
    const { here, operation } = await movedHere();
    const asked = copies(here);
    const result = await renameRemote(operation, here.context());
    expect(keysOf(here)).toEqual(['new']);
    const metadata = newest(here, 'new')?.content?.metadata;
    const { fingerprint } = operation.local;
    expect(metadata).toEqual({
      mtime: expect.stringMatching(/^\d+\.\d{9}$/),
      mode: '0100755',
      's4-sha256': digestOf(TEXT),
      's4-md5': md5Of(TEXT),
      's4-write': expect.stringMatching(/^me\.[0-9a-f]{16}$/),
    });
    const { token } = await here.remote('new');
    const row = {
      key: 'new',
      content: { kind: 'file', digest: digestOf(TEXT), sizeBytes: TEXT.length, executable: true },
      mtimeNs: fingerprint.mtimeNs,
      local: fingerprint,
      remote: expect.objectContaining({ etag: token.etag, versionId: token.versionId }),
    };
    expect(result).toEqual({
      kind: 'done',
      changes: [
        { kind: 'drop', key: 'old' },
        { kind: 'set', row },
      ],
      finished: [1],
      facts: [
        expect.objectContaining({ path: 'new', op: 'put', write: metadata?.['s4-write'] }),
        expect.objectContaining({ path: 'old', op: 'delete' }),
      ],
    });
    expect(asked).toEqual([
      expect.objectContaining({ source: { etag: operation.from.token.etag }, condition: { kind: 'absent' } }),
    ]);
    expect(asked[0]).not.toHaveProperty('byLooking');
  });

  it('says what was found out of it: a symlink, no MD5, that it may still be written to', async () => {
    const { here, operation } = await movedHere();
    const content = { kind: 'symlink', digest: digestOf(TEXT), sizeBytes: TEXT.length } as const;
    here.evidence.set(key('new'), { local: { content, racy: true } });
    const result = await renameRemote(operation, here.context());
    expect(result).toMatchObject({ changes: [{}, { row: { content, racy: true } }] });
    expect(newest(here, 'new')?.content?.metadata).not.toHaveProperty('s4-md5');
    expect(newest(here, 'new')?.content?.metadata['mode']).toBe('0120777');
  });

  it('is no executable there where it is none', async () => {
    const { here, operation } = await movedHere();
    here.user.chmod('new', false);
    const local = await here.look('new');
    expect(await renameRemote({ ...operation, local }, here.context())).toMatchObject({ kind: 'done' });
    expect(newest(here, 'new')?.content?.metadata['mode']).toBe('0100644');
  });

  it.each<[string, (here: OperationRoom) => void]>([
    ['was edited since', ({ user }) => user.write('new', 'edited')],
    ['is gone', ({ user }) => user.remove('new')],
    ['is a folder by now', ({ user }) => replaced(user, () => user.mkdir('new'))],
    ['is a pipe by now', ({ user }) => replaced(user, () => user.fifo('new'))],
    ['was not looked at', ({ evidence }) => evidence.clear()],
    ['has its old name again', ({ user }) => user.write('old', 'again')],
  ])('and %s is not moved there', async (_, act) => {
    const { here, operation } = await movedHere();
    act(here);
    expect(await renameRemote(operation, here.context())).toEqual({ kind: 'stale' });
    expect([keysOf(here), here.server.history('old').length]).toEqual([['old'], 1]);
  });

  it('is told where a pipe has its old name; a folder there is none of its business, nor is the same file respelled', async () => {
    const { here, operation } = await movedHere();
    here.user.fifo('old');
    expect(await renameRemote(operation, here.context())).toMatchObject({
      kind: 'failed',
      problem: { path: 'old' },
    });
    expect(keysOf(here)).toEqual(['old']);
    here.user.remove('old');
    here.user.mkdir('old');
    expect(await renameRemote(operation, here.context())).toMatchObject({ kind: 'done' });
    const { here: other, operation: same } = await movedHere();
    other.user.write('old', 'the same file on a disk that folds names');
    const respelled = new Set([key('old')]);
    expect(await renameRemote(same, other.context({ respelled }))).toMatchObject({ kind: 'done' });
    expect(keysOf(other)).toEqual(['new']);
  });

  it('is not moved over an object, nor from another than was listed', async () => {
    const { here, operation } = await movedHere();
    here.server.put('new', 'theirs');
    expect(await renameRemote(operation, here.context())).toEqual({ kind: 'stale', finished: [] });
    expect([keysOf(here), Buffer.from(here.server.bytes('new') ?? []).toString()]).toEqual([
      ['new', 'old'],
      'theirs',
    ]);
    const { here: other, operation: same } = await movedHere();
    other.server.put('old', 'edited there');
    expect(await renameRemote(same, other.context())).toEqual({ kind: 'stale', finished: [] });
    expect([keysOf(other), Buffer.from(other.server.bytes('old') ?? []).toString()]).toEqual([
      ['old'],
      'edited there',
    ]);
  });

  it('leaves its old name where it was edited there before it is deleted, and tells of no deletion', async () => {
    const { here, operation } = await movedHere();
    here.gate(async (at, request) => {
      if (at === 'request' && request === 'DELETE') here.server.put('old', 'edited there');
    });
    const result = await renameRemote(operation, here.context());
    expect(result).toMatchObject({ kind: 'done', lookAgain: true, facts: [{ path: 'new', op: 'put' }] });
    expect(result).toHaveProperty('facts.length', 1);
    expect([keysOf(here), Buffer.from(here.server.bytes('old') ?? []).toString()]).toEqual([
      ['new', 'old'],
      'edited there',
    ]);
  });

  it('is journaled twice where nothing guards it, and brings back what it hid under either name', async () => {
    const { here, operation } = await movedHere({ enforces: UNGUARDED });
    const result = await renameRemote(operation, here.context());
    expect(result).toMatchObject({ kind: 'done', finished: [1, 2] });
    expect(result).not.toHaveProperty('lookAgain');
    for (const [request, name] of [
      ['COPY', 'new'],
      ['DELETE', 'old'],
    ] as const) {
      const { here: other, operation: same } = await movedHere({ enforces: UNGUARDED });
      other.gate(async (at, asked) => {
        if (at === 'request' && asked === request) other.server.put(name, 'hidden');
      });
      const hiding = await renameRemote(same, other.context());
      expect([request, Object.values(other.user.tree()).sort()]).toEqual([request, [TEXT, 'hidden']]);
      expect(hiding).toMatchObject({ kind: 'done', lookAgain: true });
    }
  });

  it('goes to a name that the service refuses by looking, where versions are kept; elsewhere that is told', async () => {
    const { here, operation } = await movedHere();
    const asked = copies(here, true);
    const result = await renameRemote(operation, here.context());
    expect(asked.map(({ byLooking }) => byLooking)).toEqual([undefined, true]);
    expect([result, keysOf(here)]).toMatchObject([{ kind: 'done', finished: [1, 2] }, ['new']]);
    const { here: other, operation: same } = await movedHere({ versioning: 'off' });
    const once = copies(other, true);
    expect(await renameRemote(same, other.context())).toMatchObject({
      kind: 'failed',
      problem: { path: 'new', code: 'name-refused' },
      finished: [],
    });
    expect([once.length, keysOf(other)]).toEqual([1, ['old']]);
  });
});

describe('a file that was moved there', () => {
  it('is moved here between an intent and its end, and recorded as it is then', async () => {
    const { here, operation } = await movedThere();
    const pending: unknown[] = [];
    here.disk.beforeStep((step) => {
      if (step === 'rename') pending.push(...here.base.pending);
    });
    const result = await renameLocal(operation, here.context());
    here.disk.beforeStep(undefined);
    const now = await here.local('new');
    expect(here.user.tree()).toEqual({ new: TEXT });
    const { key: _, ...kept } = operation.base;
    const row = { ...kept, key: 'new', local: now.fingerprint, remote: operation.remote.token };
    expect(result).toEqual({
      kind: 'done',
      changes: [
        { kind: 'drop', key: 'old' },
        { kind: 'set', row },
      ],
      finished: [1],
    });
    const intent = { kind: 'rename', from: 'old', to: 'new', expected: operation.from.fingerprint };
    expect(here.base.pending).toEqual([{ id: 1, intent }]);
  });

  it('says so where it may still be written to', async () => {
    const { here, operation } = await movedThere();
    await here.look('old', true);
    expect(await renameLocal(operation, here.context())).toMatchObject({
      changes: [{}, { row: { racy: true } }],
    });
    const { here: other, operation: same } = await movedThere();
    const rename = async (...args: Parameters<typeof other.folder.rename>) => ({
      ...(await other.folder.rename(...args)),
      racy: true,
    });
    const folder = { ...other.folder, rename } as typeof other.folder;
    expect(await renameLocal(same, other.context({ folder }))).toMatchObject({
      changes: [{}, { row: { racy: true } }],
    });
  });

  it('stays where its old name is there again, or where the sync was stopped: nothing was begun', async () => {
    const { here, operation } = await movedThere();
    const stopped = new AbortController();
    here.gate(async (at, request) => {
      if (at === 'response' && request === 'HEAD') stopped.abort(new Error('stopped'));
    });
    await expect(renameLocal(operation, here.context({ signal: stopped.signal }))).rejects.toThrow('stopped');
    here.server.put('old', 'again');
    expect(await renameLocal(operation, here.context())).toEqual({ kind: 'stale' });
    expect([here.user.tree(), here.base.pending]).toEqual([{ old: TEXT }, []]);
  });

  it.each<[string, (here: OperationRoom) => void, string | undefined]>([
    ['was edited', ({ user }) => user.write('old', 'edited'), undefined],
    ['is gone', ({ user }) => user.remove('old'), undefined],
    ['finds its name taken', ({ user }) => user.write('new', 'made here'), undefined],
    ['finds a pipe under its name', ({ user }) => user.fifo('new'), 'blocked-folder'],
  ])('and %s stays, and its intent is done with', async (_, act, code) => {
    const { here, operation } = await movedThere();
    act(here);
    const tree = here.user.tree();
    const result = await renameLocal(operation, here.context());
    expect(result).toMatchObject({ kind: code === undefined ? 'stale' : 'failed', finished: [1] });
    if (code !== undefined) expect(result).toMatchObject({ problem: { path: 'new', code } });
    expect(here.user.tree()).toEqual(tree);
  });

  it('is looked at again where what had its name is gone by then', async () => {
    const { here, operation } = await movedThere();
    here.user.write('new', 'made here');
    const rename = async (...args: Parameters<typeof here.folder.rename>) => {
      const outcome = await here.folder.rename(...args);
      here.user.remove('new');
      return outcome;
    };
    const folder = { ...here.folder, rename } as typeof here.folder;
    expect(await renameLocal(operation, here.context({ folder }))).toEqual({ kind: 'stale', finished: [1] });
  });

  it('is told where a folder above its new name is none', async () => {
    const { here, operation } = await movedThere();
    here.user.write('d', 'file');
    const below = { ...operation, key: key('d/new') };
    expect(await renameLocal(below, here.context())).toMatchObject({
      kind: 'failed',
      problem: { path: 'd/new', code: 'blocked-folder' },
      finished: [1],
    });
    expect(here.user.tree()).toEqual({ d: 'file', old: TEXT });
  });
});
