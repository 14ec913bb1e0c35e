import { describe, expect, it } from 'vitest';
import { compareContents } from '../../../src/engine/compare-contents.ts';
import type { Folder, HashOutcome } from '../../../src/engine/ports/folder.ts';
import type { GetOutcome, HeadOutcome, Store } from '../../../src/engine/ports/store.ts';
import type { LocalFile } from '../../../src/sync/operations.ts';
import { digestOf, key, md5Of } from '../../support/operation-room.ts';

/** A file and an object that are both new: whether they are the same, and what is read to know it. */

const MiB = 1024 * 1024;
const TEXT = 'the text';
const F = key('f');
const stat = (sizeBytes = TEXT.length, mtimeNs = 5_900_000_000n) => ({
  inode: 7n,
  sizeBytes,
  mtimeNs,
  ctimeNs: 1n,
});
const file = (sizeBytes?: number): LocalFile => ({
  kind: 'file',
  key: F,
  fingerprint: stat(sizeBytes),
  executable: false,
});
const link: LocalFile = { kind: 'symlink', key: F, fingerprint: stat() };

type Hashed = Extract<HashOutcome, { kind: 'hashed' }>;

interface Given {
  readonly local?: LocalFile;
  readonly hash?: Partial<Hashed> | 'absent';
  readonly gone?: boolean;
  readonly etag?: string;
  readonly sizeBytes?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly content?: string;
  readonly legacy?: { readonly localS: number; readonly remoteS: number };
  readonly signal?: AbortSignal;
}

/** Compares; `asked` is every question to the folder and the store. */
async function compare(given: Given) {
  const asked: unknown[] = [];
  const { local = file(), etag = md5Of('other'), sizeBytes = TEXT.length, metadata = {} } = given;
  const folder: Pick<Folder, 'hash'> = {
    hash: async (request) => {
      asked.push({ hash: request });
      if (given.hash === 'absent') return { kind: 'absent' };
      const seen = { entry: local.kind, digest: digestOf(TEXT), fingerprint: local.fingerprint };
      return { kind: 'hashed', ...seen, etags: [md5Of(TEXT)], executable: false, racy: false, ...given.hash };
    },
  };
  const state = { token: { etag, sizeBytes, modifiedMs: 8_900 }, metadata };
  async function* body() {
    for (const part of given.content ?? '') yield Buffer.from(part);
  }
  const store: Pick<Store, 'head' | 'get'> = {
    head: async (name, options): Promise<HeadOutcome> => {
      asked.push({ head: name, ...options });
      return given.gone === true ? { kind: 'absent' } : { kind: 'found', state };
    },
    get: async (name, options): Promise<GetOutcome> => {
      asked.push({ get: name, ...options });
      return given.content === undefined ? { kind: 'absent' } : { kind: 'found', state, body: body() };
    },
  };
  const result = await compareContents(
    local,
    { key: F, token: { ...state.token, modifiedMs: 1 } },
    {
      folder: folder as Folder,
      store: store as Store,
      distrustStat: false,
      ...(given.legacy && { legacyIndex: new Map([['f', given.legacy]]) }),
      ...(given.signal && { signal: given.signal }),
    },
  );
  return { result, asked, equality: result.kind === 'compared' ? result.equality : result.kind };
}

const HASH = { hash: { path: 'f', etagPartSizes: [0] } };
const HEAD = { head: 'f' };
const bound = (text: string, etag: string) => ({ 's4-sha256': digestOf(text), 's4-md5': etag });

describe('a file and an object are compared', () => {
  it('by size and kind alone where these differ', async () => {
    const cases: readonly Given[] = [
      { sizeBytes: 9, etag: md5Of(TEXT) },
      { metadata: { mode: '0120777' }, etag: md5Of(TEXT) },
      { local: link, etag: md5Of(TEXT) },
    ];
    for (const given of cases) {
      const { result, asked } = await compare(given);
      const state = expect.objectContaining({ metadata: given.metadata ?? {} });
      expect(result).toStrictEqual({
        kind: 'compared',
        equality: 'different',
        local: given.local ?? file(),
        state,
      });
      expect(asked).toEqual([HEAD]);
    }
  });

  it('by a SHA-256 that is bound to the bytes, whatever its ETag', async () => {
    const etag = md5Of('whatever');
    const same = await compare({ etag, metadata: bound(TEXT, etag) });
    expect([same.equality, same.asked]).toEqual(['equal', [HEAD, HASH]]);
    const other = await compare({ etag, metadata: bound('other', etag), content: TEXT });
    expect([other.equality, other.asked]).toEqual(['different', [HEAD, HASH]]);
    const forged = await compare({ etag, metadata: bound(TEXT, md5Of('before')), content: 'other' });
    expect(forged.equality).toBe('different');
  });

  it('by their ETag, as it was when the file was hashed', async () => {
    const etag = md5Of(TEXT);
    const moved = stat(TEXT.length, 7n);
    const { result, asked } = await compare({ etag, hash: { fingerprint: moved, racy: true } });
    expect(result).toEqual({
      kind: 'compared',
      equality: 'equal',
      local: { ...file(), fingerprint: moved },
      state: expect.objectContaining({ token: { etag, sizeBytes: TEXT.length, modifiedMs: 8_900 } }),
      evidence: {
        content: { kind: 'file', digest: digestOf(TEXT), sizeBytes: TEXT.length, executable: false },
        racy: true,
        md5: etag,
      },
    });
    expect(asked).toEqual([HEAD, HASH]);
  });

  it.each<[string, string, number, readonly number[]]>([
    ['plain', 'a'.repeat(32), 20, [0]],
    ['in parts of 8', `${'a'.repeat(32)}-3`, 24, [8, 10]],
    ['in two parts of some size', `${'a'.repeat(32)}-2`, 10, [8, 5]],
    ['in two parts of another', `${'a'.repeat(32)}-2`, 9, [8, 5]],
    ['in many parts', `${'a'.repeat(32)}-12`, 60, [5]],
    ['in more parts than anybody makes', `${'a'.repeat(32)}-99`, 16, []],
    ['in one part', `${'a'.repeat(32)}-1`, 100, [100, 128, 256, 512, 1024]],
    ['of another form', `${'a'.repeat(31)}-2`, 16, [0]],
    ['with something before it', `x${'a'.repeat(32)}-2`, 16, [0]],
    ['with something after it', `${'a'.repeat(32)}-2x`, 16, [0]],
    ['that is no number', `${'z'.repeat(32)}-2`, 16, [0]],
    ['without a count', `${'a'.repeat(32)}-x`, 16, [0]],
  ])('with the ETags that the object may have: %s', async (_, etag, mib, sizes) => {
    const sizeBytes = mib * MiB;
    const { asked } = await compare({ local: file(sizeBytes), sizeBytes, etag, content: 'other' });
    expect(asked[1]).toEqual({
      hash: { path: 'f', etagPartSizes: sizes.map((size) => size * MiB) },
    });
  });

  it('by any of these ETags', async () => {
    const etag = `${'a'.repeat(32)}-2`;
    const { equality, asked } = await compare({ etag, hash: { etags: ['x', etag] } });
    expect(equality).toBe('equal');
    expect(asked).toHaveLength(2);
  });

  it('by their bytes where nothing else tells, in the state that was seen', async () => {
    const etag = 'kms';
    const get = { get: 'f', etag };
    const same = await compare({ etag, content: TEXT });
    expect([same.equality, same.asked]).toEqual(['equal', [HEAD, HASH, get]]);
    const other = await compare({ etag, content: 'the other' });
    expect([other.equality, other.asked]).toEqual(['different', [HEAD, HASH, get]]);
    expect((await compare({ etag })).equality).toBe('different');
  });

  it('by what Python S4 recorded, to the second, of both', async () => {
    const legacy = { localS: 5, remoteS: 8 };
    const known = await compare({ legacy });
    expect([known.equality, known.asked]).toEqual(['equal', [HEAD, HASH]]);
    expect((await compare({ legacy: { localS: 6, remoteS: 8 } })).equality).toBe('different');
    expect((await compare({ legacy: { localS: 5, remoteS: 9 } })).equality).toBe('different');
    const etag = md5Of('whatever');
    expect((await compare({ legacy, etag, metadata: bound('other', etag) })).equality).toBe('different');
  });

  it.each([
    ['later', stat(TEXT.length, 6_000_000_000n)],
    ['in that second, to another size', stat(9)],
  ])('by what Python S4 recorded only where nobody edits the file meanwhile: %s', async (_, fingerprint) => {
    const hash = { fingerprint, digest: digestOf('an edit'), etags: [md5Of('an edit')] };
    const found = await compare({ legacy: { localS: 5, remoteS: 8 }, hash, content: TEXT });
    expect(found.equality).toBe('different');
  });

  it('to the executable bit, where the object tells one', async () => {
    const etag = md5Of(TEXT);
    const equality = async (mode: string | undefined, executable: boolean) =>
      (await compare({ etag, ...(mode && { metadata: { mode } }), hash: { executable } })).equality;
    expect(await equality(undefined, false)).toBe('equal');
    expect(await equality(undefined, true)).toBe('equal');
    expect(await equality('0100755', true)).toBe('equal');
    expect(await equality('0100755', false)).toBe('bytes');
    expect(await equality('0100644', true)).toBe('bytes');
    expect((await compare({ metadata: { mode: '0100755' }, content: 'other' })).equality).toBe('different');
    const symlink = { local: link, etag, metadata: { mode: '0120777' }, hash: { executable: true } };
    expect((await compare(symlink)).equality).toBe('equal');
  });

  it('in the next pass where one of them is gone, or the file another kind of thing', async () => {
    expect(await compare({ gone: true })).toMatchObject({ result: { kind: 'unsettled' }, asked: [HEAD] });
    expect((await compare({ hash: 'absent' })).result).toEqual({ kind: 'unsettled' });
    expect((await compare({ hash: { entry: 'symlink' } })).result).toEqual({ kind: 'unsettled' });
  });

  it('and every question ends when it is told to', async () => {
    const { signal } = new AbortController();
    const { asked } = await compare({ etag: 'kms', content: TEXT, signal });
    expect(asked).toEqual([
      { head: 'f', signal },
      { hash: { path: 'f', etagPartSizes: [0], signal } },
      { get: 'f', etag: 'kms', signal },
    ]);
  });
});
