import { describe, expect, it } from 'vitest';
import { upload } from '../../../src/engine/operations/upload.ts';
import type { Folder } from '../../../src/engine/ports/folder.ts';
import type { PutOptions } from '../../../src/engine/ports/store.ts';
import { digestOf, key, md5Of, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** One upload by itself: what it sends over what, what it records, and when it leaves all as it was. */

const TEXT = 'text';
const OLD = { putIfAbsent: false, putIfMatch: false };

/** With `f` here, saved some time ago. */
async function room(options?: Parameters<typeof operationRoom>[0]): Promise<OperationRoom> {
  const here = await operationRoom(options);
  here.user.write('f', TEXT);
  here.runtime.advance(600_000);
  return here;
}

const newest = ({ server }: OperationRoom, name = 'f') => server.history(name).at(-1);
const textOf = ({ server }: OperationRoom, name = 'f') => Buffer.from(server.bytes(name) ?? []).toString();

/** The options of each PUT. */
function puts(here: OperationRoom): PutOptions[] {
  const { store } = here;
  const seen: PutOptions[] = [];
  here.store = {
    ...store,
    put: (name, content, options) => {
      seen.push(options);
      return store.put(name, content, options);
    },
  };
  return seen;
}

function beforePut(here: OperationRoom, act: () => void): void {
  const { store } = here;
  here.store = {
    ...store,
    put: (...args) => {
      act();
      return store.put(...args);
    },
  };
}

/** The service refuses a name as if it were taken. */
function refusing(here: OperationRoom): PutOptions[] {
  const { store } = here;
  const seen: PutOptions[] = [];
  here.store = {
    ...store,
    put: async (name, content, options) => {
      seen.push(options);
      if (options.byLooking !== true) return { kind: 'precondition-failed', nothingThere: true };
      return store.put(name, content, options);
    },
  };
  return seen;
}

describe('an upload', () => {
  it('makes an object that says all of the file, and records what is here and there then', async () => {
    const here = await room();
    const sent = puts(here);
    const local = await here.local('f');
    const result = await upload({ kind: 'upload', key: key('f'), local }, here.context());
    expect(textOf(here)).toBe(TEXT);
    const metadata = newest(here)?.content?.metadata ?? {};
    expect(metadata).toEqual({
      mtime: expect.stringMatching(/^\d+\.\d{9}$/),
      mode: '0100644',
      's4-sha256': digestOf(TEXT),
      's4-md5': md5Of(TEXT),
      's4-write': expect.stringMatching(/^me\.[0-9a-f]{16}$/),
    });
    const { token } = await here.remote('f');
    const row = {
      key: 'f',
      content: { kind: 'file', digest: digestOf(TEXT), sizeBytes: 4, executable: false },
      mtimeNs: local.fingerprint.mtimeNs,
      local: local.fingerprint,
      remote: expect.objectContaining({ etag: token.etag, versionId: token.versionId }),
    };
    expect(result).toEqual({
      kind: 'done',
      changes: [{ kind: 'set', row }],
      finished: [],
      facts: [expect.objectContaining({ path: 'f', op: 'put', write: metadata['s4-write'] })],
    });
    expect(sent.map(({ condition, byLooking }) => [condition, byLooking])).toEqual([
      [{ kind: 'absent' }, undefined],
    ]);
    expect(here.bytes).toEqual({ up: 4, down: 0 });
    expect(here.base.pending).toEqual([]);
  });

  it('takes what was found out before: the hash, and that the file may still be written to', async () => {
    const here = await room();
    const local = await here.look('f', true);
    const folder = { ...here.folder, hash: () => Promise.reject(new Error('hashed again')) };
    const result = await upload({ kind: 'upload', key: key('f'), local }, here.context({ folder }));
    expect(result).toMatchObject({ changes: [{ row: { racy: true } }] });
    const fresh = await room();
    fresh.user.write('f', 'now');
    const racy = await upload(
      { kind: 'upload', key: key('f'), local: await fresh.local('f') },
      fresh.context(),
    );
    expect(racy).toMatchObject({ changes: [{ row: { racy: true } }] });
  });

  it('of a symlink sends where it leads', async () => {
    const here = await operationRoom();
    here.user.symlink('link', 'there');
    here.runtime.advance(600_000);
    const local = await here.local('link');
    const result = await upload({ kind: 'upload', key: key('link'), local }, here.context());
    expect([textOf(here, 'link'), newest(here, 'link')?.content?.metadata['mode']]).toEqual([
      'there',
      '0120777',
    ]);
    const content = { kind: 'symlink', digest: digestOf('there'), sizeBytes: 5 };
    expect(result).toMatchObject({ kind: 'done', changes: [{ row: { content, local: local.fingerprint } }] });
    expect(result).not.toHaveProperty('changes.0.row.racy');
  });

  it.each([true, false])('sends the executable bit of the file (set: %s)', async (executable) => {
    const here = await operationRoom();
    here.user.write('f', TEXT, { executable });
    const local = await here.local('f');
    const result = await upload({ kind: 'upload', key: key('f'), local }, here.context());
    expect(newest(here)?.content?.metadata['mode']).toBe(executable ? '0100755' : '0100644');
    expect(result).toMatchObject({ changes: [{ row: { content: { executable } } }] });
  });

  it('says what it replaces: the version that the base knows, else the listed one, else by its ETag', async () => {
    const here = await room();
    const parents: (string | undefined)[] = [];
    const local = await here.local('f');
    for (const how of ['base', 'listed', 'etag'] as const) {
      here.server.put('f', `before ${how}`);
      const { token } = await here.remote('f');
      const { versionId: _, ...unversioned } = token;
      const replaces = { key: key('f'), token: how === 'listed' ? token : unversioned };
      const content = { kind: 'file', digest: digestOf('x'), sizeBytes: 1, executable: false } as const;
      const base = { key: key('f'), content, mtimeNs: 1n, remote: { ...token, versionId: 'of-the-base' } };
      const operation = {
        kind: 'upload',
        key: key('f'),
        local,
        replaces,
        ...(how === 'base' && { base }),
      } as const;
      const result = await upload({ ...operation, ancestor: 'older' }, here.context());
      expect(result).toMatchObject({ kind: 'done', facts: [{ replaced: expect.any(String) }] });
      const metadata = newest(here)?.content?.metadata;
      expect([textOf(here), metadata?.['s4-ancestor']]).toEqual([TEXT, 'older']);
      parents.push(metadata?.['s4-parent']);
      expect([token.versionId, token.etag, 'of-the-base']).toContain(metadata?.['s4-parent']);
    }
    expect([parents[0], parents[2]]).toEqual(['of-the-base', md5Of('before etag')]);
    expect(parents[1]).toBe(here.server.history('f').at(-4)?.versionId);
  });

  it('replaces nothing that it does not expect', async () => {
    const here = await room();
    const local = await here.local('f');
    here.server.put('f', 'first');
    const replaces = await here.remote('f');
    here.server.put('f', 'second');
    for (const operation of [
      { kind: 'upload', key: key('f'), local } as const,
      { kind: 'upload', key: key('f'), local, replaces } as const,
    ])
      expect(await upload(operation, here.context())).toEqual({ kind: 'stale', finished: [] });
    expect(textOf(here)).toBe('second');
  });

  it('goes to the name that the object has, whatever spelling the file has', async () => {
    const here = await room();
    here.server.put('F', 'before');
    const replaces = await here.remote('F');
    await upload({ kind: 'upload', key: key('f'), local: await here.local('f'), replaces }, here.context());
    expect([textOf(here, 'F'), here.server.keys()]).toEqual([TEXT, ['F']]);
  });

  it.each(['before it is hashed', 'once it is hashed', 'before it is visible'])(
    'of a file that is edited %s changes nothing',
    async (when) => {
      const here = await room();
      const local = when === 'once it is hashed' ? await here.look('f') : await here.local('f');
      if (when === 'before it is visible') beforePut(here, () => here.user.write('f', 'edited'));
      else here.user.write('f', 'edited');
      const result = await upload({ kind: 'upload', key: key('f'), local }, here.context());
      expect(result).toMatchObject({ kind: 'stale' });
      expect(here.server.keys()).toEqual([]);
    },
  );

  it('of a file that is gone changes nothing', async () => {
    const here = await room();
    const local = await here.local('f');
    here.user.remove('f');
    expect(await upload({ kind: 'upload', key: key('f'), local }, here.context())).toEqual({ kind: 'stale' });
  });

  it('sends no other bytes than those that were hashed', async () => {
    const here = await room();
    const local = await here.look('f');
    const evidence = here.evidence.get(key('f'))?.local;
    if (evidence === undefined) throw new Error('no evidence');
    here.evidence.set(key('f'), { local: { ...evidence, md5: md5Of('hashed') } });
    expect(await upload({ kind: 'upload', key: key('f'), local }, here.context())).toEqual({ kind: 'stale' });
    expect(here.server.keys()).toEqual([]);
  });

  it('of a large file is sent in parts, and has no MD5 of its own', async () => {
    const here = await operationRoom({ enforces: { multipartIfAbsent: false } });
    const bytes = Buffer.alloc(8 * 1024 * 1024 + 1, 'x');
    here.user.write('f', bytes);
    here.user.write('g', bytes.subarray(1));
    const results = [];
    for (const name of ['f', 'g'])
      results.push(
        await upload({ kind: 'upload', key: key(name), local: await here.local(name) }, here.context()),
      );
    expect(newest(here, 'f')?.content?.metadata).not.toHaveProperty('s4-md5');
    expect(newest(here, 'g')?.content?.metadata).toHaveProperty('s4-md5');
    expect(Buffer.compare(here.server.bytes('f') ?? new Uint8Array(), bytes)).toBe(0);
    // Its write is guarded by nothing: an intent was open while it lasted.
    expect(results.map((result) => result.finished?.length)).toEqual([1, 0]);
  });

  it('that the store does not guard is journaled before it is sent, and finished when it landed', async () => {
    const here = await room({ enforces: OLD });
    const pending: unknown[] = [];
    here.gate(async (at, request) => {
      if (at === 'request' && request === 'PUT')
        pending.push(...here.base.pending.map(({ intent }) => intent));
    });
    const result = await upload(
      { kind: 'upload', key: key('f'), local: await here.local('f') },
      here.context(),
    );
    const write = newest(here)?.content?.metadata['s4-write'];
    expect(pending).toEqual([{ kind: 'unguarded-put', key: 'f', write, parent: '' }]);
    expect(result).toMatchObject({ kind: 'done', finished: here.base.pending.map(({ id }) => id) });
    expect(result).not.toHaveProperty('lookAgain');
    here.server.put('f', 'before');
    const replaces = await here.remote('f');
    pending.length = 0;
    await upload({ kind: 'upload', key: key('f'), local: await here.local('f'), replaces }, here.context());
    expect(pending).toContainEqual(expect.objectContaining({ parent: replaces.token.versionId }));
  });

  it('that the store does not guard brings back what it hid', async () => {
    const here = await room({ enforces: OLD });
    here.server.put('f', 'before');
    const replaces = await here.remote('f');
    here.gate(async (at, request) => {
      if (at === 'request' && request === 'PUT') here.server.put('f', 'hidden');
    });
    const operation = { kind: 'upload', key: key('f'), local: await here.local('f'), replaces } as const;
    expect(await upload(operation, here.context())).toMatchObject({ kind: 'done', lookAgain: true });
    expect(Object.values(here.user.tree()).sort()).toEqual(['hidden', TEXT]);
  });

  it('that the store does not guard leaves alone what was hidden before the state that it replaces', async () => {
    const here = await room({ enforces: OLD });
    here.server.put('f', 'first');
    const first = (await here.remote('f')).token.versionId ?? '';
    here.server.put('f', 'hidden long ago', { 's4-write': 'desk.1', 's4-parent': first });
    here.server.put('f', 'before', { 's4-write': 'desk.2', 's4-parent': first });
    const operation = {
      kind: 'upload',
      key: key('f'),
      local: await here.local('f'),
      replaces: await here.remote('f'),
    } as const;
    expect(await upload(operation, here.context())).toMatchObject({ kind: 'done' });
    expect(here.user.tree()).toEqual({ f: TEXT });
  });

  it('closes the file, whatever comes of it', async () => {
    const here = await room();
    let open = 0;
    const opening: Folder['open'] = async (path, expected) => {
      const source = await here.folder.open(path, expected);
      if (source === undefined) return undefined;
      open++;
      return { ...source, close: () => source.close().then(() => void open--) };
    };
    const folder: Folder = { ...here.folder, open: opening };
    const operation = { kind: 'upload', key: key('f'), local: await here.local('f') } as const;
    expect(await upload(operation, here.context({ folder }))).toMatchObject({ kind: 'done' });
    expect(await upload(operation, here.context({ folder }))).toMatchObject({ kind: 'stale' });
    const signal = AbortSignal.abort(new Error('stopped'));
    await here.look('f');
    await expect(upload(operation, here.context({ folder, signal }))).rejects.toThrow('stopped');
    expect(open).toBe(0);
  });

  it('that the store does not guard, of a file that is edited before it is visible, leaves its intent open', async () => {
    const here = await room({ enforces: OLD });
    const local = await here.local('f');
    beforePut(here, () => here.user.write('f', 'edited'));
    const result = await upload({ kind: 'upload', key: key('f'), local }, here.context());
    expect([result, here.base.pending.length]).toEqual([{ kind: 'stale', finished: [] }, 1]);
  });
});

describe('an upload to a name that the service refuses without a reason', () => {
  it('is made by looking, between an intent and a look at what it hid, where versions are kept', async () => {
    const here = await room();
    const sent = refusing(here);
    const result = await upload(
      { kind: 'upload', key: key('f'), local: await here.local('f') },
      here.context(),
    );
    expect(sent.map(({ byLooking }) => byLooking)).toEqual([undefined, true]);
    expect(result).toMatchObject({ kind: 'done', finished: here.base.pending.map(({ id }) => id) });
    expect([textOf(here), here.base.pending.length]).toEqual([TEXT, 1]);
  });

  it.each(['off', 'suspended'] as const)('is told where versions are %s', async (versioning) => {
    const here = await room({ versioning });
    const sent = refusing(here);
    const result = await upload(
      { kind: 'upload', key: key('f'), local: await here.local('f') },
      here.context(),
    );
    expect(result).toMatchObject({
      kind: 'failed',
      problem: { path: 'f', code: 'name-refused' },
      finished: [],
    });
    expect([sent.length, here.server.keys()]).toEqual([1, []]);
  });
});

describe('the file that was sent', () => {
  it.each([
    ['written', 0, 120_000, true],
    ['written', 0, 121_000, false],
    ['given a time of long ago', -9_000_000, 1000, true],
    ['given a time to come', 9_000_000, 130_000, true],
  ])(
    'is made durable, with its name, where it may be in memory only (%s, %i, %i ms before)',
    async (_, shiftMs, ms, durable) => {
      const here = await operationRoom();
      here.user.write('f', TEXT);
      if (shiftMs !== 0) here.user.touch('f', BigInt(here.runtime.nowMs() + shiftMs) * 1_000_000n);
      here.runtime.advance(ms);
      const asked: string[] = [];
      const open: Folder['open'] = async (path, expected) => {
        const source = await here.folder.open(path, expected);
        return source && { ...source, makeDurable: async () => void asked.push(`durable ${path}`) };
      };
      const folder: Folder = { ...here.folder, open, touch: (path) => void asked.push(`touch ${path}`) };
      await upload({ kind: 'upload', key: key('f'), local: await here.local('f') }, here.context({ folder }));
      expect(asked).toEqual(durable ? ['durable f', 'touch f'] : []);
    },
  );

  it('gets the executable bit that the other side changed', async () => {
    const here = await room();
    const local = await here.local('f');
    const result = await upload({ kind: 'upload', key: key('f'), local, executable: true }, here.context());
    const now = await here.local('f');
    expect([now, newest(here)?.content?.metadata['mode']]).toMatchObject([{ executable: true }, '0100755']);
    expect(result).toMatchObject({
      changes: [{ row: { content: { executable: true }, local: now.fingerprint } }],
    });
    expect(now.fingerprint).not.toEqual(local.fingerprint);
  });

  it('keeps its own where it was edited since, and is looked at again', async () => {
    const here = await room();
    const local = await here.local('f');
    here.gate(async (at, request) => {
      if (at === 'response' && request === 'PUT') here.user.write('f', 'edited');
    });
    const result = await upload({ kind: 'upload', key: key('f'), local, executable: true }, here.context());
    expect(await here.local('f')).toMatchObject({ executable: false });
    expect(result).toMatchObject({ changes: [{ row: { local: local.fingerprint, racy: true } }] });
  });
});
