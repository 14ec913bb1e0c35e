import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/engine/judge.ts';
import type { Folder, HashOutcome } from '../../../src/engine/ports/folder.ts';
import type { HeadOutcome, Store } from '../../../src/engine/ports/store.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { BaseRow, Digest, LocalRow, RemoteRow } from '../../../src/sync/entry.ts';
import type { JoinedRow } from '../../../src/sync/join.ts';
import type { EntryKey } from '../../../src/sync/path.ts';

/** What each row is found to be: what is asked for it, what comes of the answers, and of trouble with one of them. */

const OLD = '1'.repeat(64) as Digest;
const NEW = '2'.repeat(64) as Digest;
const MD5 = 'a'.repeat(32);
const NOWHERE = { base: false, local: false, remote: false, settled: false };
const F = 'f' as EntryKey;
const D = 'd/' as EntryKey;

const stat = (mtimeNs = 1n) => ({ inode: 7n, sizeBytes: 3, mtimeNs, ctimeNs: 1n });
const token = (etag = MD5, modifiedMs = 1000) => ({ etag, sizeBytes: 3, modifiedMs });
const base = ({ executable = false, racy = false } = {}): BaseRow => ({
  key: F,
  content: { kind: 'file', digest: OLD, sizeBytes: 3, executable },
  mtimeNs: 1n,
  local: stat(),
  ...(racy && { racy }),
  remote: token(),
});
const local = ({ mtimeNs = 1n, executable = false } = {}): LocalRow => ({
  kind: 'file',
  key: F,
  fingerprint: stat(mtimeNs),
  executable,
});
const remote = (etag?: string, modifiedMs?: number): RemoteRow => ({
  key: F,
  token: token(etag, modifiedMs),
});

interface Answers {
  readonly hash?: Partial<Extract<HashOutcome, { kind: 'hashed' }>> | Error;
  readonly head?: { readonly metadata: Readonly<Record<string, string>>; readonly etag?: string } | Error;
  readonly signal?: AbortSignal;
}

/** Judges one row; what was asked for it. */
async function judged(row: Partial<JoinedRow>, { hash, head, signal }: Answers = {}) {
  const asked: string[] = [];
  const folder: Pick<Folder, 'hash'> = {
    hash: async () => {
      asked.push('hash');
      if (hash instanceof Error) throw hash;
      if (hash === undefined) return { kind: 'absent' };
      const plain = {
        kind: 'hashed',
        entry: 'file',
        digest: OLD,
        fingerprint: stat(),
        etags: [MD5],
      } as const;
      return { ...plain, executable: false, racy: false, ...hash };
    },
  };
  const store: Pick<Store, 'head'> = {
    head: async (): Promise<HeadOutcome> => {
      asked.push('head');
      if (head instanceof Error) throw head;
      if (head === undefined) return { kind: 'absent' };
      const { metadata, etag } = head;
      return { kind: 'found', state: { token: token(etag, 9000), metadata } };
    },
  };
  const found = await judge([{ key: F, beneath: NOWHERE, ...row }], {
    folder: folder as Folder,
    store: store as Store,
    distrustStat: false,
    ...(signal && { signal }),
  });
  const [only] = found.judged;
  return {
    ...found,
    only,
    decision: only?.decision.kind,
    evidence: found.evidence.get(only?.row.key ?? F),
    asked,
  };
}

describe('a file is judged', () => {
  it('without asking anybody where stat and listing say enough', async () => {
    const cases: readonly (readonly [Partial<JoinedRow>, string])[] = [
      [{ base: base(), local: local(), remote: remote() }, 'none'],
      [{ local: local() }, 'upload'],
      [{ remote: remote() }, 'download'],
      [{ base: base() }, 'forget'],
      [{ base: base(), local: local() }, 'delete-local'],
      [{ base: base(), remote: remote() }, 'delete-remote'],
      [{ base: base(), local: local(), remote: remote('other') }, 'download'],
      [{ base: base(), local: local({ executable: true }), remote: remote() }, 'mode-up'],
    ];
    for (const [row, decision] of cases) {
      const found = await judged(row);
      expect([found.decision, found.asked, found.only?.row]).toEqual([
        decision,
        [],
        { key: F, beneath: NOWHERE, ...row },
      ]);
      expect([found.problems, found.unsettled, found.only?.kind]).toEqual([[], 0, 'entry']);
      expect(found.only).not.toHaveProperty('executable');
      // Without a row of the base nobody deleted what is here or there alone.
      if (row.base === undefined) expect(found.only?.decision).toMatchObject({ editBeatsDelete: false });
    }
  });

  it('by its hash where its stat is another, as it was then', async () => {
    const row = { base: base(), local: local({ mtimeNs: 2n }), remote: remote() };
    const touched = await judged(row, { hash: { fingerprint: stat(3n), racy: true } });
    expect([touched.decision, touched.asked]).toEqual(['none', ['hash']]);
    expect(touched.only?.row.local).toEqual(local({ mtimeNs: 3n }));
    expect(touched.evidence).toEqual({
      local: {
        content: { kind: 'file', digest: OLD, sizeBytes: 3, executable: false },
        racy: true,
        md5: MD5,
      },
    });
    const edited = await judged(row, { hash: { digest: NEW } });
    expect([edited.decision, edited.asked]).toEqual(['upload', ['hash']]);
  });

  it('by what the object says of itself where only its time is another', async () => {
    const row = { base: base(), local: local(), remote: remote(MD5, 5000) };
    const chmod = await judged(row, { head: { metadata: { mode: '0100755' } } });
    expect([chmod.decision, chmod.asked]).toEqual(['mode-down', ['head']]);
    expect(chmod.only?.row.remote).toEqual(remote(MD5, 9000));
    expect(chmod.only).not.toHaveProperty('executable');
    expect(chmod.evidence?.remote).toEqual({ token: token(MD5, 9000), metadata: { mode: '0100755' } });
    const same = await judged(row, { head: { metadata: { mode: '0100644' } } });
    expect(same.decision).toBe('none');
  });

  it('by both where both are new: the same, or not; and as both are then', async () => {
    const row = { local: local(), remote: remote() };
    const bound = { 's4-sha256': OLD, 's4-md5': MD5 };
    const same = await judged(row, { hash: { fingerprint: stat(4n) }, head: { metadata: bound } });
    expect([same.decision, same.asked]).toEqual(['adopt', ['head', 'hash']]);
    expect(same.only?.row).toMatchObject({ local: local({ mtimeNs: 4n }), remote: remote(MD5, 9000) });
    expect(same.evidence).toEqual({
      local: {
        content: { kind: 'file', digest: OLD, sizeBytes: 3, executable: false },
        racy: false,
        md5: MD5,
      },
      remote: { token: token(MD5, 9000), metadata: bound },
    });
    const differ = await judged(row, { hash: { digest: NEW }, head: { metadata: bound } });
    expect(differ.decision).toBe('conflict');
    const link = await judged(row, { hash: {}, head: { metadata: { mode: '0120777' } } });
    expect([link.decision, link.asked]).toEqual(['conflict', ['head']]);
    expect(link.evidence?.local).toBeUndefined();
    const edited = { base: base(), local: local({ mtimeNs: 2n }), remote: remote('other') };
    const larger = await judged(edited, { hash: { digest: NEW }, head: { metadata: { mode: '0120777' } } });
    expect([larger.decision, larger.asked]).toEqual(['conflict', ['hash', 'head']]);
    expect(larger.evidence?.local?.content).toMatchObject({ digest: NEW });
  });

  it.each<[string, Partial<JoinedRow>, Answers]>([
    ['hashed', { base: base(), local: local({ mtimeNs: 2n }), remote: remote() }, {}],
    ['asked for', { base: base(), local: local(), remote: remote(MD5, 5000) }, {}],
    ['compared', { local: local(), remote: remote() }, {}],
  ])('in the next pass where it was gone when it was %s', async (_, row, answers) => {
    const found = await judged(row, answers);
    expect([found.judged, found.unsettled, found.problems]).toEqual([[], 1, []]);
  });

  it('in the next pass where it was gone between two looks', async () => {
    const gone = await judged({ local: local(), remote: remote() }, { head: { metadata: {} } });
    expect([gone.judged, gone.unsettled]).toEqual([[], 1]);
  });

  it('as a problem of its own where one look fails, unless the whole store does', async () => {
    const row = { base: base(), local: local(), remote: remote(MD5, 5000) };
    const denied = await judged(row, { head: new S4Error('OBJECT_DENIED', 'denied') });
    expect(denied.problems).toMatchObject([{ path: 'f', side: 'remote', code: 'denied' }]);
    expect([denied.judged, denied.unsettled]).toEqual([[], 0]);
    const offline = new S4Error('STORE_UNREACHABLE', 'offline');
    await expect(judged(row, { head: offline })).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    await expect(judged(row, { head: new Error('a bug') })).rejects.toThrow('a bug');
    await expect(judged(row, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
  });

  it('as archived where it would have to be fetched, and only there', async () => {
    const archived = { ...remote('other'), archived: true } as const;
    const found = await judged({ base: base(), local: local(), remote: archived });
    expect(found.problems).toMatchObject([{ path: 'f', code: 'archived' }]);
    expect(found.judged).toEqual([]);
    const known = { ...remote(), archived: true } as const;
    expect((await judged({ base: base(), remote: known })).decision).toBe('delete-remote');
  });
});

describe('an executable bit that the other side changed travels with the content', () => {
  it.each([true, false])('that goes up (it was set before: %s)', async (executable) => {
    const row = {
      base: base({ executable }),
      local: local({ mtimeNs: 2n, executable }),
      remote: remote(MD5, 5000),
    };
    const mode = executable ? '0100644' : '0100755';
    const found = await judged(row, { hash: { digest: NEW, executable }, head: { metadata: { mode } } });
    expect([found.decision, found.only]).toEqual([
      'upload',
      expect.objectContaining({ executable: !executable }),
    ]);
    const plain = await judged({ ...row, remote: remote() }, { hash: { digest: NEW, executable } });
    expect(plain.decision).toBe('upload');
    expect(plain.only).not.toHaveProperty('executable');
  });

  it.each([true, false])('that comes down (it was set before: %s)', async (executable) => {
    const row = {
      base: base({ executable }),
      local: local({ executable: !executable }),
      remote: remote('other'),
    };
    const found = await judged(row);
    expect([found.decision, found.only]).toEqual([
      'download',
      expect.objectContaining({ executable: !executable }),
    ]);
    const plain = await judged({ ...row, local: local({ executable }) });
    expect(plain.decision).toBe('download');
    expect(plain.only).not.toHaveProperty('executable');
  });
});

describe('a folder is judged', () => {
  const here = (occupied: boolean): LocalRow => ({ kind: 'folder', key: D, occupied });
  const there: RemoteRow = { key: D, token: token() };
  const before: BaseRow = { key: D, content: { kind: 'folder' }, mtimeNs: 0n, remote: token() };
  it.each<[string, Partial<JoinedRow>, string]>([
    ['made there where it is new here', { local: here(false) }, 'make-remote'],
    ['left here where it only holds what is not synced', { local: here(true) }, 'none'],
    [
      'left where it holds something there',
      { local: here(false), beneath: { ...NOWHERE, remote: true } },
      'none',
    ],
    ['made here where it is new there', { remote: there }, 'make-local'],
    [
      'left there where it is a marker beside children',
      { remote: there, beneath: { ...NOWHERE, remote: true } },
      'none',
    ],
    ['equal', { local: here(false), remote: there }, 'adopt'],
    ['removed there where it is gone here', { base: before, remote: there }, 'remove-remote'],
    [
      'removed there where it held something before',
      { remote: there, beneath: { ...NOWHERE, base: true } },
      'remove-remote',
    ],
    ['removed here where it is gone there', { base: before, local: here(false) }, 'remove-local'],
    [
      'removed here where it held something before',
      { local: here(false), beneath: { ...NOWHERE, base: true } },
      'remove-local',
    ],
    ['forgotten where it is gone', { base: before }, 'forget'],
    [
      'no marker any more where it has a child here',
      { base: before, remote: there, beneath: { ...NOWHERE, local: true } },
      'remove-remote',
    ],
  ])('%s', async (_, row, decision) => {
    const found = await judged({ key: D, ...row });
    expect([found.only?.kind, found.decision, found.asked, found.evidence]).toEqual([
      'folder',
      decision,
      [],
      undefined,
    ]);
  });
});
