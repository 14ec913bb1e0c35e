import { describe, expect, it } from 'vitest';
import {
  makeLocalFolder,
  makeRemoteFolder,
  removeLocalFolder,
  removeRemoteFolder,
} from '../../../src/engine/operations/folders.ts';
import type { PutOptions } from '../../../src/engine/ports/store.ts';
import { key, operationRoom } from '../../support/operation-room.ts';

/** Empty folders that are made and removed, each operation by itself. */

const D = key('d/');
const stopped = { signal: AbortSignal.abort(new Error('stopped')) };

async function room(options?: Parameters<typeof operationRoom>[0]) {
  const here = await operationRoom(options);
  here.server.put('d/', '', { 's4-write': 'desk.1' });
  return { here, remote: await here.remote('d/') };
}

const folderRow = (remote: unknown) => ({ key: 'd/', content: { kind: 'folder' }, mtimeNs: 0n, remote });

describe('a folder that is made here', () => {
  it('is recorded with the marker that it has there, whether it was made or was there', async () => {
    const { here, remote } = await room();
    const operation = { kind: 'make-local-folder', key: D, remote } as const;
    const result = { kind: 'done', changes: [{ kind: 'set', row: folderRow(remote.token) }] };
    await expect(makeLocalFolder(operation, here.context(stopped))).rejects.toThrow('stopped');
    expect(here.user.tree()).toEqual({});
    expect(await makeLocalFolder(operation, here.context())).toEqual(result);
    expect(await makeLocalFolder(operation, here.context())).toEqual(result);
    expect(here.user.tree()).toEqual({ 'd/': '' });
  });

  it('is told where a file has its name', async () => {
    const { here, remote } = await room();
    here.user.write('d', 'file');
    const result = await makeLocalFolder({ kind: 'make-local-folder', key: D, remote }, here.context());
    expect(result).toMatchObject({ kind: 'failed', problem: { path: 'd', code: 'blocked-folder' } });
    expect(here.user.tree()).toEqual({ d: 'file' });
  });
});

describe('a folder that is made there', () => {
  const operation = { kind: 'make-remote-folder', key: D } as const;

  async function emptyFolder() {
    const here = await operationRoom();
    here.user.mkdir('d');
    return here;
  }

  it('is an empty object of its name, which is recorded and told', async () => {
    const here = await emptyFolder();
    await expect(makeRemoteFolder(operation, here.context(stopped))).rejects.toThrow('stopped');
    expect(here.server.keys()).toEqual([]);
    const result = await makeRemoteFolder(operation, here.context());
    const object = here.server.history('d/').at(-1);
    const write = expect.stringMatching(/^me\.[0-9a-f]{16}$/);
    expect([here.server.bytes('d/')?.length, object?.content?.metadata]).toEqual([
      0,
      { mode: '040755', 's4-write': write },
    ]);
    expect(here.server.history('d/')).toHaveLength(1);
    const { token } = await here.remote('d/');
    const row = folderRow(expect.objectContaining({ etag: token.etag, versionId: token.versionId }));
    const fact = { path: 'd/', op: 'put', write: object?.content?.metadata['s4-write'] };
    expect(result).toEqual({
      kind: 'done',
      changes: [{ kind: 'set', row }],
      facts: [expect.objectContaining(fact)],
    });
  });

  it('is not made where there is no folder here any more', async () => {
    const here = await emptyFolder();
    here.user.remove('d');
    expect(await makeRemoteFolder(operation, here.context())).toEqual({ kind: 'stale' });
    here.user.write('d', 'file');
    expect(await makeRemoteFolder(operation, here.context())).toEqual({ kind: 'stale' });
    expect(here.server.keys()).toEqual([]);
  });

  it('replaces no object with content; where an empty one is in the way that no listing shows, it is made over it', async () => {
    const here = await emptyFolder();
    const conditions: string[] = [];
    const { store } = here;
    here.store = {
      ...store,
      put: async (name, content, options: PutOptions) => {
        conditions.push(options.condition.kind);
        if (options.condition.kind === 'absent') return { kind: 'precondition-failed' };
        return store.put(name, content, options);
      },
    };
    expect(await makeRemoteFolder(operation, here.context())).toEqual({ kind: 'stale' });
    here.server.put('d/', 'content');
    expect(await makeRemoteFolder(operation, here.context())).toEqual({ kind: 'stale' });
    expect(Buffer.from(here.server.bytes('d/') ?? []).toString()).toBe('content');
    here.server.put('d/', '');
    expect(await makeRemoteFolder(operation, here.context())).toMatchObject({ kind: 'done' });
    expect(conditions).toEqual(['absent', 'absent', 'absent', 'none']);
  });
});

describe('a folder that is removed here', () => {
  const operation = { kind: 'remove-local-folder', key: D } as const;

  it('goes only where it is empty, and its row either way', async () => {
    const { here } = await room();
    const dropped = { kind: 'done', changes: [{ kind: 'drop', key: 'd/' }] };
    here.user.mkdir('d');
    await expect(removeLocalFolder(operation, here.context(stopped))).rejects.toThrow('stopped');
    expect(here.user.tree()).toEqual({ 'd/': '' });
    expect(await removeLocalFolder(operation, here.context())).toEqual(dropped);
    expect(here.user.tree()).toEqual({});
    expect(await removeLocalFolder(operation, here.context())).toEqual(dropped);
    here.user.write('d/new', 'new');
    expect(await removeLocalFolder(operation, here.context())).toEqual(dropped);
    expect(here.user.tree()).toEqual({ 'd/new': 'new' });
  });

  it('has no row to lose where it went with its last child', async () => {
    const { here } = await room();
    here.user.mkdir('d');
    expect(await removeLocalFolder({ ...operation, implicit: true }, here.context())).toEqual({
      kind: 'done',
      changes: [],
    });
    expect(here.user.tree()).toEqual({});
  });

  it('is told where a folder above it is none any more', async () => {
    const { here } = await room();
    here.user.write('d', 'file');
    const nested = { ...operation, key: key('d/e/') };
    const result = await removeLocalFolder(nested, here.context());
    expect(result).toMatchObject({ kind: 'failed', problem: { path: 'd/e', code: 'blocked-folder' } });
  });
});

describe('a folder that is removed there', () => {
  it('is deleted in the state in which it was listed, and told', async () => {
    const { here, remote } = await room();
    const result = await removeRemoteFolder({ kind: 'remove-remote-folder', key: D, remote }, here.context());
    expect(here.server.keys()).toEqual([]);
    expect(result).toEqual({
      kind: 'done',
      changes: [{ kind: 'drop', key: 'd/' }],
      facts: [expect.objectContaining({ path: 'd/', op: 'delete', mode: '040755' })],
    });
    const again = await removeRemoteFolder({ kind: 'remove-remote-folder', key: D, remote }, here.context());
    expect(again).toEqual({ kind: 'stale' });
  });

  it('is left where it got content, before it was listed or since', async () => {
    const { here, remote } = await room();
    here.server.put('d/', 'content');
    const operation = { kind: 'remove-remote-folder', key: D, remote } as const;
    expect(await removeRemoteFolder(operation, here.context())).toEqual({ kind: 'stale' });
    const listed = { ...operation, remote: await here.remote('d/') };
    const result = await removeRemoteFolder(listed, here.context());
    expect(result).toMatchObject({
      kind: 'failed',
      problem: { path: 'd/', side: 'remote', code: 'bad-key' },
    });
    expect(Buffer.from(here.server.bytes('d/') ?? []).toString()).toBe('content');
  });
});
