import { describe, expect, it } from 'vitest';
import { type FetchRequest, fetchObject } from '../../../src/engine/operations/fetch-object.ts';
import type { ObjectKey, Store } from '../../../src/engine/ports/store.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { countedBodies } from '../../support/counted-bodies.ts';
import { digestOf, md5Of, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** An object's content in a temp file: which state is fetched, as what, and which bytes are believed. */

const TEXT = 'text';
const KEY = 'f' as ObjectKey;
const request = (changes: Partial<FetchRequest> = {}): FetchRequest => ({
  key: KEY,
  executable: (published) => published ?? false,
  ...changes,
});

async function room(metadata: Readonly<Record<string, string>> = {}): Promise<OperationRoom> {
  const here = await operationRoom();
  here.server.put('f', TEXT, metadata);
  return here;
}

/** The service sends other bytes, and says another ETag, than it has. */
function lying(here: OperationRoom, { text = TEXT, etag }: { text?: string; etag?: string }): void {
  const { store } = here;
  const get: Store['get'] = async (key, options) => {
    const got = await store.get(key, options);
    if (got.kind !== 'found') return got;
    const token = { ...got.state.token, ...(etag !== undefined && { etag }) };
    const body = (async function* () {
      yield Buffer.from(text);
    })();
    return { ...got, state: { ...got.state, token }, body };
  };
  here.store = { ...store, get };
}

const temps = ({ user }: OperationRoom) => Object.values(user.tree('.s4/tmp'));

describe('an object that is fetched', () => {
  it('is a file in a temp file, with all that it says of itself', async () => {
    const here = await room({ mode: '0100755', mtime: '12.000000005', 's4-write': 'desk.1' });
    const outcome = await fetchObject(request(), here.context());
    expect(outcome).toMatchObject({
      kind: 'fetched',
      fetched: {
        staged: { digest: digestOf(TEXT), md5: md5Of(TEXT), sizeBytes: 4 },
        content: { kind: 'file', digest: digestOf(TEXT), sizeBytes: 4, executable: true },
        mtimeNs: 12_000_000_005n,
        facts: { write: 'desk.1' },
        state: { token: { etag: md5Of(TEXT) } },
      },
    });
    expect([temps(here), here.bytes]).toEqual([[TEXT], { up: 0, down: 4 }]);
  });

  it('has the time of the object where it tells none, and the mode that whoever asks gives it', async () => {
    const here = await room();
    const asked: unknown[] = [];
    const executable = (published: boolean | undefined) => {
      asked.push(published);
      return true;
    };
    const { token } = await here.remote('f');
    const outcome = await fetchObject(request({ executable }), here.context());
    const mtimeNs = BigInt(token.modifiedMs) * 1_000_000n;
    expect(outcome).toMatchObject({ fetched: { mtimeNs, content: { executable: true } } });
    expect(asked).toEqual([undefined]);
  });

  it.each([
    [{ mode: '0120777' }, { kind: 'symlink', digest: digestOf(TEXT), sizeBytes: 4 }],
    [{ mode: '040755' }, { kind: 'file', digest: digestOf(TEXT), sizeBytes: 4, executable: false }],
  ])('is what its mode says: %j', async (metadata, content) => {
    const here = await room(metadata);
    const outcome = await fetchObject(request(), here.context());
    expect(outcome.kind === 'fetched' && outcome.fetched.content).toEqual(content);
    const [temp] = Object.values(here.user.tree('.s4/tmp'));
    expect(temp).toBe(content.kind === 'symlink' ? `-> ${TEXT}` : TEXT);
  });

  it.each([
    [
      { mode: '0100755', mtime: '12.000000000' },
      { kind: 'file', executable: true },
    ],
    [
      { mode: '0100644', mtime: '12.000000000' },
      { kind: 'file', executable: false },
    ],
    [{ mode: '0120777', mtime: '12.000000000' }, { kind: 'symlink' }],
  ])('is placed as that, with its bit and time: %j', async (metadata, expected) => {
    const here = await room(metadata);
    const outcome = await fetchObject(request(), here.context());
    if (outcome.kind !== 'fetched') throw new Error(outcome.kind);
    const { temp } = outcome.fetched.staged;
    const path = 'f' as RelPath;
    const displaceTo = { kind: 'trash', ref: here.folder.trashRef(path) } as const;
    await here.folder.place({ path, temp, expected: { kind: 'absent' }, displaceTo });
    expect(await here.local('f')).toMatchObject({ ...expected, fingerprint: { mtimeNs: 12_000_000_000n } });
  });

  it('is of the state, or the version, that was asked for', async () => {
    const here = await room();
    const { token } = await here.remote('f');
    here.server.put('f', 'newer');
    expect(await fetchObject(request({ etag: token.etag }), here.context())).toEqual({ kind: 'changed' });
    expect(await fetchObject(request({ etag: md5Of('newer') }), here.context())).toMatchObject({
      kind: 'fetched',
    });
    const versionId = token.versionId ?? '';
    const old = await fetchObject(request({ versionId }), here.context());
    expect(old).toMatchObject({ fetched: { staged: { digest: digestOf(TEXT) } } });
    expect(await fetchObject(request({ key: 'gone' as ObjectKey }), here.context())).toEqual({
      kind: 'changed',
    });
    expect(temps(here)).toHaveLength(2);
  });

  it('keeps no connection where there is no room for it', async () => {
    const here = await room();
    const { store, open } = countedBodies(here.store);
    here.store = store;
    here.disk.setFreeBytes(0);
    await expect(fetchObject(request(), here.context())).rejects.toMatchObject({ code: 'LOCAL_DISK_FULL' });
    expect([open(), temps(here)]).toEqual([0, []]);
    here.disk.setFreeBytes(undefined);
    expect((await fetchObject(request(), here.context())).kind).toBe('fetched');
    expect(open()).toBe(0);
  });

  it('is told where it is archived', async () => {
    const here = await room();
    here.server.archive('f');
    expect(await fetchObject(request(), here.context())).toEqual({ kind: 'archived' });
    expect(temps(here)).toEqual([]);
  });

  it('is not fetched once the sync was stopped', async () => {
    const here = await room();
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(fetchObject(request(), here.context({ signal }))).rejects.toThrow('stopped');
  });
});

describe('the bytes of an object', () => {
  const bound = (text: string, etag: string) => ({ 's4-sha256': digestOf(text), 's4-md5': etag });
  const OTHER = 'b'.repeat(32);

  it.each<[string, { text?: string; etag?: string }, Readonly<Record<string, string>>]>([
    ['are their MD5, which is the ETag', {}, {}],
    ['are their MD5, whatever hash is claimed', {}, bound('stale', OTHER)],
    ['are their MD5, whatever hash is bound to it', {}, bound('stale', md5Of(TEXT))],
    ['are of the hash that is bound to an ETag that is no MD5', { etag: OTHER }, bound(TEXT, OTHER)],
    ['have an ETag that is no MD5, and no hash', { etag: `${OTHER}-2` }, {}],
    [
      'have an ETag that is no MD5, and a hash that is not bound to it',
      { etag: OTHER },
      bound('stale', 'c'.repeat(32)),
    ],
  ])('are believed where they %s', async (_, lie, metadata) => {
    const here = await room(metadata);
    lying(here, lie);
    expect(await fetchObject(request(), here.context())).toMatchObject({ kind: 'fetched' });
  });

  it.each<[string, { text?: string; etag?: string }, Readonly<Record<string, string>>, string]>([
    ['are fewer than announced', { text: 'tex' }, {}, 'length'],
    [
      'are fewer than announced, though they are those of the ETag',
      { text: 'tex', etag: md5Of('tex') },
      {},
      'length',
    ],
    ['are not of the hash that is bound to their ETag', { etag: OTHER }, bound('other', OTHER), 'SHA-256'],
    ['are not of the hash that s4 wrote', { text: 'flip' }, bound(TEXT, md5Of(TEXT)), 'SHA-256'],
  ])('are refused where they %s, and no temp file is left', async (_, lie, metadata, message) => {
    const here = await room(metadata);
    lying(here, lie);
    const failing = fetchObject(request(), here.context());
    await expect(failing).rejects.toMatchObject({ code: 'OBJECT_CORRUPT', data: { key: 'f' } });
    await expect(failing).rejects.toThrow(message);
    expect(temps(here)).toEqual([]);
  });
});
