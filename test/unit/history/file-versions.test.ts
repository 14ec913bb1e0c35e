import { beforeEach, describe, expect, it } from 'vitest';
import { fileVersions, storedVersions } from '../../../src/engine/history/file-versions.ts';
import type { Store } from '../../../src/engine/ports/store.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { digestOf, type OperationRoom, operationRoom } from '../../support/operation-room.ts';
import { tell } from './told.ts';

/** What is told of the versions of one file: the store says what there is, metadata and log who and when. */

const F = 'f' as RelPath;
const [DESK, LAPTOP] = ['a'.repeat(16), 'b'.repeat(16)];

let room: OperationRoom;
beforeEach(async () => {
  room = await operationRoom();
});

function put(text: string, metadata: Readonly<Record<string, string>> = {}): void {
  room.runtime.advance(60_000);
  room.server.put('f', text, metadata);
}

function remove(): void {
  room.runtime.advance(60_000);
  room.server.remove('f');
}

const idOf = (nth: number): string => room.server.history('f').at(nth)?.versionId ?? '';

const versions = (changes: Partial<Store> = {}, signal?: AbortSignal) =>
  fileVersions({ ...room.store, ...changes }, F, {
    hostOf: async (client) => (client === DESK ? 'desk' : undefined),
    ...(signal && { signal }),
  });
const authors = async (changes: Partial<Store> = {}) =>
  (await versions(changes)).map(({ author }) => author?.host ?? author?.client);
const failing = (error: Error) => async () => {
  throw error;
};

describe('a version', () => {
  it('is told with all that the object says of itself', async () => {
    const digest = digestOf('one');
    const [one, two] = [
      { mode: '0100755', mtime: '12.000000000', 's4-sha256': digest, 's4-write': `${DESK}.1` },
      { mode: '0120777', 's4-write': `${LAPTOP}.1` },
    ];
    put('one', one);
    put('link', two);
    put('three');
    const found = await versions();
    const modifiedMs = Math.floor(room.runtime.nowMs() / 1000) * 1000;
    expect(found).toEqual([
      {
        ...{ path: 'f', versionId: idOf(2), latest: true, modifiedMs },
        state: { kind: 'file', etag: expect.any(String), sizeBytes: 5 },
      },
      {
        ...{ path: 'f', versionId: idOf(1), latest: false, modifiedMs: modifiedMs - 60_000 },
        author: { client: LAPTOP },
        state: { kind: 'symlink', etag: expect.any(String), sizeBytes: 4 },
      },
      {
        ...{ path: 'f', versionId: idOf(0), latest: false, modifiedMs: modifiedMs - 120_000 },
        author: { client: DESK, host: 'desk' },
        state: {
          ...{ kind: 'file', etag: expect.any(String), sizeBytes: 3, digest },
          ...{ executable: true, mtimeNs: 12_000_000_000n },
        },
      },
    ]);
  });

  it('that is archived is told so', async () => {
    put('one');
    room.server.archive('f');
    expect((await versions())[0]?.state).toMatchObject({ archived: true });
  });

  it('that is gone between two looks is told as far as it is known', async () => {
    put('one', { 's4-write': `${DESK}.1`, mode: '0100755' });
    const [only] = await versions({ head: async () => ({ kind: 'absent' }) });
    expect(only?.state).toEqual({ kind: 'file', etag: expect.any(String), sizeBytes: 3 });
    expect(only).not.toHaveProperty('author');
  });

  it('is looked at if it is one of the two hundred newest that are no deletions', async () => {
    for (let i = 0; i < 3; i++) {
      put('x', { 's4-write': `${DESK}.1` });
      remove();
    }
    for (let i = 0; i < 198; i++) put('x', { 's4-write': `${DESK}.1` });
    let heads = 0;
    const head: Store['head'] = (of, options) => {
      heads++;
      return room.store.head(of, options);
    };
    const found = await authors({ head });
    expect(heads).toBe(200);
    expect(found.filter((host) => host === 'desk')).toHaveLength(200);
    expect(found.slice(-2)).toEqual([undefined, undefined]);
  });
});

describe('who deleted', () => {
  it('is told by the log, which names the version, or its content, that was there before', async () => {
    put('one');
    remove();
    put('two');
    remove();
    put('three');
    remove();
    const etag = room.server.history('f')[2]?.content?.etag ?? '';
    await tell(room.server, DESK, [
      { path: 'f', op: 'delete', versionId: idOf(0), etag: 'rewritten' },
      { path: 'f', op: 'put', versionId: idOf(4) },
      { path: 'other', op: 'delete', versionId: idOf(4) },
      { path: 'f', op: 'delete', versionId: 'unknown', etag },
      { path: 'f', op: 'delete', etag: 'of nothing that is kept' },
    ]);
    await tell(room.server, LAPTOP, [{ path: 'f', op: 'delete', etag }]);
    expect(await authors()).toEqual([
      ...[undefined, undefined, `host of ${LAPTOP}`, undefined, `host of ${DESK}`, undefined],
    ]);
    const [, , second] = await versions();
    expect(second).toMatchObject({ author: { client: LAPTOP }, state: { kind: 'deleted' } });
  });

  it('is not looked for where nothing was deleted, and no further than the last of it', async () => {
    put('one');
    let lists = 0;
    const list: Store['list'] = (options) => {
      lists++;
      return room.store.list(options);
    };
    await versions({ list });
    expect(lists).toBe(0);
    remove();
    const facts = Array.from({ length: 5000 }, (_, i) => ({ path: `other ${i}`, atMs: i }));
    await tell(room.server, DESK, [
      ...facts,
      { path: 'f', op: 'delete', versionId: idOf(0), atMs: 9000 },
      { path: 'other', op: 'delete', versionId: idOf(0), atMs: 9001 },
    ]);
    let gets = 0;
    const get: Store['get'] = (of, options) => {
      gets++;
      return room.store.get(of, options);
    };
    expect(await authors({ list, get })).toEqual([`host of ${DESK}`, undefined]);
    expect([lists, gets]).toEqual([1, 1]);
  });

  it('is not told of a deletion over a deletion, or over nothing that is kept', async () => {
    put('one');
    remove();
    const [content, marker] = await storedVersions(room.store, F, {}).then((all) => all.toReversed());
    if (content === undefined || marker === undefined) throw new Error('expected two versions');
    const above = { ...marker, versionId: 'above' };
    const pages = (...found: readonly (typeof marker)[]) => ({
      versions: async function* () {
        yield found;
      },
    });
    await tell(room.server, DESK, [{ path: 'f', op: 'delete', versionId: idOf(0) }]);
    expect(await authors(pages(above, marker, content))).toEqual([undefined, `host of ${DESK}`, undefined]);
    expect(await authors(pages(above, marker))).toEqual([undefined, undefined]);
  });

  it('is not told without the log: it is never needed; a bug is no such thing', async () => {
    put('one');
    remove();
    const list = async function* () {
      yield* [];
      throw new S4Error('OBJECT_DENIED', 'for a test');
    };
    expect(await authors({ list })).toEqual([undefined, undefined]);
    const bug = async function* () {
      yield* [];
      throw new TypeError('a bug');
    };
    await expect(authors({ list: bug })).rejects.toThrow('a bug');
  });
});

it('the wish to stop ends each of its requests', async () => {
  put('one');
  remove();
  const signal = AbortSignal.abort(new Error('stopped'));
  await expect(versions({}, signal)).rejects.toThrow('stopped');
  const found = await storedVersions(room.store, F, {});
  const pages = {
    versions: async function* () {
      yield found;
    },
  };
  await expect(versions(pages, signal)).rejects.toThrow('stopped');
  const head = async () => ({ kind: 'absent' }) as const;
  await expect(versions({ ...pages, head }, signal)).rejects.toThrow('stopped');
  await expect(versions({ head: failing(new S4Error('OBJECT_DENIED', 'for a test')) })).rejects.toThrow();
});
