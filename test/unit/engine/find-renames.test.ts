import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../src/engine/evidence.ts';
import { recogniseRenames } from '../../../src/engine/find-renames.ts';
import type { Folder, HashOutcome } from '../../../src/engine/ports/folder.ts';
import type { HeadOutcome, Store } from '../../../src/engine/ports/store.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { Digest } from '../../../src/sync/entry.ts';
import type { JoinedRow } from '../../../src/sync/join.ts';
import type { Judged } from '../../../src/sync/judged.ts';
import type { EntryKey } from '../../../src/sync/path.ts';

/** Which creations and deletions of one side are taken for a move, and what is asked for it. */

const X = '1'.repeat(64) as Digest;
const Y = '2'.repeat(64) as Digest;
const MD5 = 'a'.repeat(32);
const NOWHERE = { base: false, local: false, remote: false, settled: false };

type Kind = 'upload' | 'download' | 'delete-local' | 'delete-remote' | 'none';

function judged(key: string, kind: Kind, row: Partial<JoinedRow>): Judged {
  const decision = kind === 'upload' || kind === 'download' ? { kind, editBeatsDelete: false } : { kind };
  return { kind: 'entry', row: { key: key as EntryKey, beneath: NOWHERE, ...row }, decision };
}

const stat = (sizeBytes: number, inode = 7n) => ({ inode, sizeBytes, mtimeNs: 1n, ctimeNs: 1n });
const token = (sizeBytes: number, etag = MD5) => ({ etag, sizeBytes, modifiedMs: 1000 });
const baseRow = (key: string, digest: Digest, { sizeBytes = 3, executable = false, inode = 7n } = {}) => ({
  key: key as EntryKey,
  content: { kind: 'file', digest, sizeBytes, executable } as const,
  mtimeNs: 1n,
  local: stat(sizeBytes, inode),
  remote: token(sizeBytes),
});
const gone = (key: string, kind: 'delete-local' | 'delete-remote', digest: Digest, options = {}) =>
  judged(key, kind, { base: baseRow(key, digest, options) });
const newHere = (key: string, { sizeBytes = 3, inode = 7n } = {}, row: Partial<JoinedRow> = {}) =>
  judged(key, 'upload', {
    local: { kind: 'file', key: key as EntryKey, fingerprint: stat(sizeBytes, inode), executable: false },
    ...row,
  });
const newThere = (key: string, sizeBytes = 3, row: Partial<JoinedRow> = {}) =>
  judged(key, 'download', { remote: { key: key as EntryKey, token: token(sizeBytes) }, ...row });

interface World {
  readonly hashes?: Readonly<
    Record<string, Partial<Extract<HashOutcome, { kind: 'hashed' }>> | Error | undefined>
  >;
  readonly objects?: Readonly<Record<string, Readonly<Record<string, string>> | Error | undefined>>;
  readonly etag?: string;
}

/** What comes of rows, and which paths were hashed or asked about. */
async function recognised(rows: readonly Judged[], { hashes = {}, objects = {}, etag = MD5 }: World = {}) {
  const asked: string[] = [];
  const folder: Pick<Folder, 'hash'> = {
    hash: async ({ path, etagPartSizes }) => {
      asked.push(`hash ${path} ${etagPartSizes}`);
      const known = hashes[path];
      if (known instanceof Error) throw known;
      if (known === undefined) return { kind: 'absent' };
      const plain = { kind: 'hashed', entry: 'file', digest: X, fingerprint: stat(3), etags: [MD5] } as const;
      return { ...plain, executable: false, racy: false, ...known };
    },
  };
  const store: Pick<Store, 'head'> = {
    head: async (key): Promise<HeadOutcome> => {
      asked.push(`head ${key}`);
      const metadata = objects[key];
      if (metadata instanceof Error) throw metadata;
      return metadata === undefined
        ? { kind: 'absent' }
        : { kind: 'found', state: { token: token(3, etag), metadata } };
    },
  };
  const evidence = new Map<EntryKey, Evidence>();
  const found = await recogniseRenames(
    { judged: rows, evidence, problems: [], unsettled: 0 },
    { folder: folder as Folder, store: store as Store, distrustStat: false },
  );
  const told = (renames: readonly { readonly from: string; readonly to: string }[]) =>
    renames.map(({ from, to }) => `${from} > ${to}`);
  return { ...found, here: told(found.remoteRenames), there: told(found.localRenames), asked };
}

const bound = (digest: Digest, mode?: string) => ({
  's4-sha256': digest,
  's4-md5': MD5,
  ...(mode !== undefined && { mode }),
});

describe('a file that appeared here', () => {
  it('is what vanished here with the same content', async () => {
    const rows = [gone('old', 'delete-remote', X), newHere('new')];
    const found = await recognised(rows, { hashes: { new: { racy: true } } });
    expect([found.here, found.there, found.asked]).toEqual([['old > new'], [], ['hash new 0']]);
    const content = { kind: 'file', digest: X, sizeBytes: 3, executable: false };
    expect(found.evidence.get('new' as EntryKey)).toEqual({ local: { content, racy: true, md5: MD5 } });
    const other = await recognised(rows, { hashes: { new: { digest: Y } } });
    expect([other.here, other.asked]).toEqual([[], ['hash new 0']]);
  });

  it('is taken as it was when it was hashed', async () => {
    const moved = { fingerprint: stat(3, 99n), executable: true };
    const found = await recognised(
      [gone('old', 'delete-remote', X), newHere('new'), newHere('other', { sizeBytes: 4 })],
      {
        hashes: { new: moved },
      },
    );
    expect(found.judged.map(({ row }) => row.key)).toEqual(['old', 'new', 'other']);
    expect(found.judged[1]?.row.local).toMatchObject(moved);
    expect(found.judged[2]?.row.local).toMatchObject({ fingerprint: stat(4) });
  });

  it('is told apart by its inode where several have that content', async () => {
    const rows = [
      gone('a', 'delete-remote', X, { inode: 1n }),
      gone('b', 'delete-remote', X, { inode: 2n }),
      newHere('y'),
      newHere('z'),
    ];
    const hashes = { y: { fingerprint: stat(3, 2n) }, z: { fingerprint: stat(3, 1n) } };
    expect((await recognised(rows, { hashes })).here).toEqual(['b > y', 'a > z']);
  });

  it.each<[string, Judged, Judged, World?]>([
    [
      'has another size than all that vanished',
      gone('old', 'delete-remote', X),
      newHere('new', { sizeBytes: 4 }),
    ],
    ['vanished there, not here', gone('old', 'delete-local', X), newHere('new')],
    ['was there before', gone('old', 'delete-remote', X), newHere('new', {}, { base: baseRow('new', Y) })],
    [
      'is on both sides',
      gone('old', 'delete-remote', X),
      newHere('new', {}, { remote: { key: 'new' as EntryKey, token: token(3) } }),
    ],
    [
      'is a symlink',
      gone('old', 'delete-remote', X),
      newHere('new', {}, { local: { kind: 'symlink', key: 'new' as EntryKey, fingerprint: stat(3) } }),
    ],
    [
      'replaces a symlink',
      judged('old', 'delete-remote', {
        base: { ...baseRow('old', X), content: { kind: 'symlink', digest: X, sizeBytes: 3 } },
      }),
      newHere('new'),
    ],
    [
      'is a folder elsewhere',
      gone('old', 'delete-remote', X),
      newHere('new', {}, { beneath: { ...NOWHERE, remote: true } }),
    ],
    [
      'was a folder',
      gone('old', 'delete-remote', X),
      newHere('new', {}, { beneath: { ...NOWHERE, base: true } }),
    ],
    [
      'is a folder here, too',
      gone('old', 'delete-remote', X),
      newHere('new', {}, { beneath: { ...NOWHERE, local: true } }),
    ],
    [
      'is below a file',
      gone('old', 'delete-remote', X),
      newHere('new', {}, { under: { key: 'n' as EntryKey, beneath: NOWHERE } }),
    ],
    ['comes for what nobody deletes', judged('old', 'none', { base: baseRow('old', X) }), newHere('new')],
  ])('and %s is not asked about, and no move', async (_, before, after) => {
    const { here, there, asked } = await recognised([before, after], {
      hashes: { new: {} },
      objects: { new: bound(X) },
    });
    expect([here, there, asked]).toEqual([[], [], []]);
  });

  it.each<[string, Partial<Extract<HashOutcome, { kind: 'hashed' }>> | Error | undefined]>([
    ['is gone again', undefined],
    ['became a symlink', { entry: 'symlink' }],
    ['cannot be read', new S4Error('LOCAL_UNREADABLE', 'denied')],
  ])('and %s is no move', async (_, outcome) => {
    const {
      here,
      judged: rows,
      evidence,
    } = await recognised([gone('old', 'delete-remote', X), newHere('new')], {
      hashes: { new: outcome },
    });
    expect([here, rows.length, evidence.size]).toEqual([[], 2, 0]);
  });

  it('ends all where its hash fails for a reason that is not its own', async () => {
    const rows = [gone('old', 'delete-remote', X), newHere('new')];
    await expect(recognised(rows, { hashes: { new: new Error('a bug') } })).rejects.toThrow('a bug');
  });
});

describe('an object that appeared', () => {
  const rows = [gone('old', 'delete-local', X), newThere('new')];

  it('is what vanished there, if a hash that is bound to its bytes says so', async () => {
    const found = await recognised(rows, { objects: { new: bound(X) } });
    expect([found.here, found.there, found.asked]).toEqual([[], ['old > new'], ['head new']]);
    for (const metadata of [bound(Y), { 's4-sha256': X }, {}, bound(X, '0120777')])
      expect((await recognised(rows, { objects: { new: metadata } })).there).toEqual([]);
    expect((await recognised(rows, { objects: { new: bound(X) }, etag: 'b'.repeat(32) })).there).toEqual([]);
    expect((await recognised(rows)).there).toEqual([]);
    // It was written again since it was listed: its hash is that of the other content.
    const again = { ...bound(X), 's4-md5': 'b'.repeat(32) };
    expect((await recognised(rows, { objects: { new: again }, etag: 'b'.repeat(32) })).there).toEqual([]);
  });

  it('has the mode of what vanished, or tells none', async () => {
    const executable = [gone('old', 'delete-local', X, { executable: true }), newThere('new')];
    const there = async (from: readonly Judged[], mode?: string) =>
      (await recognised(from, { objects: { new: bound(X, mode) } })).there;
    expect(await there(rows, '0100644')).toEqual(['old > new']);
    expect(await there(rows, '0100755')).toEqual([]);
    expect(await there(executable, '0100755')).toEqual(['old > new']);
    expect(await there(executable, '0100644')).toEqual([]);
    expect(await there(executable)).toEqual(['old > new']);
    const either = [gone('older', 'delete-local', X), ...executable];
    expect(await there(either, '0100644')).toEqual([]);
    expect(await there(either, '0100755')).toEqual([]);
    const unlike = [gone('older', 'delete-local', Y), ...executable];
    expect(await there(unlike, '0100755')).toEqual(['old > new']);
  });

  it.each<[string, Judged, Judged]>([
    ['has another size than all that vanished', gone('old', 'delete-local', X), newThere('new', 4)],
    ['vanished here, not there', gone('old', 'delete-remote', X), newThere('new')],
    ['was there before', gone('old', 'delete-local', X), newThere('new', 3, { base: baseRow('new', Y) })],
    [
      'is a folder elsewhere',
      gone('old', 'delete-local', X),
      newThere('new', 3, { beneath: { ...NOWHERE, local: true } }),
    ],
  ])('and %s is not asked about, and no move', async (_, before, after) => {
    const { here, there, asked } = await recognised([before, after], {
      hashes: { new: {} },
      objects: { new: bound(X) },
    });
    expect([here, there, asked]).toEqual([[], [], []]);
  });

  it('and cannot be asked about is no move; where the whole store fails, that is told', async () => {
    const denied = new S4Error('OBJECT_DENIED', 'denied');
    expect((await recognised(rows, { objects: { new: denied } })).there).toEqual([]);
    const offline = new S4Error('STORE_UNREACHABLE', 'offline');
    await expect(recognised(rows, { objects: { new: offline } })).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    });
  });
});
