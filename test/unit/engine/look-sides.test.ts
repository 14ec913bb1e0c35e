import { describe, expect, it } from 'vitest';
import type { LookDeps } from '../../../src/engine/evidence.ts';
import { lookLocal } from '../../../src/engine/look-local.ts';
import { lookRemote } from '../../../src/engine/look-remote.ts';
import type { Folder, HashOutcome } from '../../../src/engine/ports/folder.ts';
import type { HeadOutcome, ObjectState, Store } from '../../../src/engine/ports/store.ts';
import type { BaseRow, Content, LocalRow, RemoteToken } from '../../../src/sync/entry.ts';
import type { JoinedRow } from '../../../src/sync/join.ts';
import type { SideFact } from '../../../src/sync/reconcile.ts';
import { digestOf, key, md5Of } from '../../support/operation-room.ts';

/** What became of one side since the base: what is believed unseen, and what is read to know it. */

const F = key('f');
const TEXT = 'text';
const MiB = 1024 * 1024;
const stat = (mtimeNs = 1n, sizeBytes = TEXT.length) => ({ inode: 7n, sizeBytes, mtimeNs, ctimeNs: 1n });
const token = (more: Partial<RemoteToken> = {}): RemoteToken => ({
  etag: md5Of(TEXT),
  sizeBytes: TEXT.length,
  modifiedMs: 1000,
  ...more,
});
const same = { digest: digestOf(TEXT), sizeBytes: TEXT.length } as const;
const fileContent = (executable = false): Content => ({ kind: 'file', ...same, executable });
const linkContent: Content = { kind: 'symlink', ...same };
const known = (content = fileContent(), more: Partial<BaseRow> = {}): BaseRow => ({
  key: F,
  content,
  mtimeNs: 1n,
  local: stat(),
  remote: token(),
  ...more,
});
const file = (executable = false, fingerprint = stat()): LocalRow => ({
  kind: 'file',
  key: F,
  fingerprint,
  executable,
});
const link: LocalRow = { kind: 'symlink', key: F, fingerprint: stat() };
const row = (sides: Partial<JoinedRow>): JoinedRow => ({
  key: F,
  beneath: { base: false, local: false, remote: false, settled: false },
  ...sides,
});

describe('the local side', () => {
  type Hashed = Extract<HashOutcome, { kind: 'hashed' }>;

  async function look(
    sides: Partial<JoinedRow>,
    { hash, ...deps }: Partial<LookDeps> & { readonly hash?: Partial<Hashed> | 'absent' | 'unsettled' } = {},
  ) {
    const asked: unknown[] = [];
    const folder: Pick<Folder, 'hash'> = {
      hash: async (request) => {
        asked.push(request);
        if (hash === 'absent' || hash === 'unsettled') return { kind: hash };
        const entry = sides.local?.kind === 'symlink' ? 'symlink' : 'file';
        const now = { entry, fingerprint: stat(), executable: false, racy: false } as const;
        return { kind: 'hashed', digest: same.digest, etags: [md5Of(TEXT)], ...now, ...hash };
      },
    };
    const store = {} as Store;
    const result = await lookLocal(row(sides), {
      folder: folder as Folder,
      store,
      distrustStat: false,
      ...deps,
    });
    return { result, asked };
  }

  it('that is gone, or was not there before, is not read', async () => {
    expect(await look({ base: known() })).toEqual({ result: { kind: 'seen', fact: 'absent' }, asked: [] });
    const changed = { kind: 'seen', fact: 'changed', local: file() };
    expect(await look({ local: file() })).toEqual({ result: changed, asked: [] });
    const wasFolder = known({ kind: 'folder' });
    expect(await look({ base: wasFolder, local: file() })).toEqual({ result: changed, asked: [] });
  });

  it.each<[string, BaseRow, LocalRow, SideFact, Content]>([
    ['a file', known(), file(), 'same', fileContent()],
    ['its executable bit too', known(), file(true), 'meta', fileContent(true)],
    ['a symlink', known(linkContent), link, 'same', linkContent],
  ])('whose stat is the one of the base is not read: %s', async (_, base, local, fact, content) => {
    const { result, asked } = await look({ base, local });
    expect(result).toEqual({ kind: 'seen', fact, local, evidence: { content, racy: false } });
    expect(asked).toEqual([]);
  });

  it.each<[string, BaseRow, LocalRow, boolean]>([
    ['no stat is believed', known(), file(), true],
    ['it was written as the base was', known(fileContent(), { racy: true }), file(), false],
    ['the base knows no stat', { ...known(), local: undefined } as unknown as BaseRow, file(), false],
    ['its stat is another', known(), file(false, stat(2n)), false],
    ['it was a symlink', known(linkContent), file(), false],
    ['it is a symlink now', known(), link, false],
  ])('is read where %s', async (_, base, local, distrustStat) => {
    const hash = { digest: digestOf('edit'), fingerprint: stat(3n, 4), racy: true };
    const { result, asked } = await look({ base, local }, { distrustStat, hash });
    const content =
      local.kind === 'file'
        ? { ...fileContent(), digest: hash.digest }
        : { ...linkContent, digest: hash.digest };
    expect(result).toEqual({
      kind: 'seen',
      fact: 'changed',
      local: { ...local, fingerprint: stat(3n, 4) },
      evidence: { content, racy: true, md5: md5Of(TEXT) },
    });
    expect(asked).toEqual([{ path: 'f', etagPartSizes: [0] }]);
  });

  it.each(['absent', 'unsettled', { entry: 'symlink' }] as const)(
    'is left to the next pass where it is read as %o',
    async (hash) => {
      const { result } = await look({ base: known(), local: file(false, stat(2n)) }, { hash });
      expect(result).toEqual({ kind: 'unsettled' });
    },
  );

  it('is read with an MD5 up to the size that is sent in one piece, and stops when told to', async () => {
    const { signal } = new AbortController();
    for (const [sizeBytes, etagPartSizes] of [
      [8 * MiB, [0]],
      [8 * MiB + 1, []],
    ] as const) {
      const local = file(false, stat(2n, sizeBytes));
      const { asked } = await look({ base: known(), local }, { signal });
      expect(asked).toEqual([{ path: 'f', etagPartSizes, signal }]);
    }
  });
});

describe('the remote side', () => {
  const metadata = (text = TEXT, more = {}) => ({
    's4-sha256': digestOf(text),
    's4-md5': md5Of(text),
    ...more,
  });

  async function look(
    sides: Partial<JoinedRow>,
    localFact: SideFact,
    { head, signal }: { readonly head?: ObjectState; readonly signal?: AbortSignal } = {},
  ) {
    const asked: unknown[] = [];
    const store: Pick<Store, 'head'> = {
      head: async (name, options): Promise<HeadOutcome> => {
        asked.push({ head: name, ...options });
        return head === undefined ? { kind: 'absent' } : { kind: 'found', state: head };
      },
    };
    const deps = { folder: {} as Folder, store: store as Store, distrustStat: false };
    const result = await lookRemote(row(sides), localFact, { ...deps, ...(signal && { signal }) });
    return { result, asked };
  }
  const there = (more: Partial<RemoteToken> = {}) => ({ key: F, token: token(more) });
  const later = there({ modifiedMs: 9000 });
  const other = there({ etag: md5Of('other'), sizeBytes: 5 });

  it('is judged by the listing where that is enough', async () => {
    const seen = (fact: SideFact, remote?: unknown) => ({
      result: { kind: 'seen', fact, ...(remote !== undefined && { remote }) },
      asked: [],
    });
    expect(await look({ base: known() }, 'same')).toEqual(seen('absent'));
    expect(await look({ remote: there() }, 'changed')).toEqual(seen('changed', there()));
    const wasFolder = { base: known({ kind: 'folder' }), remote: there() };
    expect(await look(wasFolder, 'changed')).toEqual(seen('changed', there()));
    expect(await look({ base: known(), remote: there() }, 'absent')).toEqual(seen('same', there()));
    expect(await look({ base: known(), remote: other }, 'same')).toEqual(seen('changed', other));
  });

  it('is asked for where it is written again while the file is gone here: the content may be the same', async () => {
    const remote = there({ etag: 'kms' });
    const head = { token: token({ etag: 'kms', modifiedMs: 3000 }), metadata: {}, digest: same.digest };
    const proved = await look({ base: known(), remote }, 'absent', { head });
    expect(proved.result).toEqual({
      kind: 'seen',
      fact: 'same',
      remote: { key: F, token: head.token },
      state: head,
    });
    expect(proved.asked).toEqual([{ head: 'f' }]);
    const edited = await look({ base: known(), remote }, 'absent', {
      head: { ...head, digest: digestOf('edit') },
    });
    expect(edited.result).toMatchObject({ fact: 'changed' });
    const { digest: _, ...unproved } = head;
    expect((await look({ base: known(), remote }, 'absent', { head: unproved })).result).toMatchObject({
      fact: 'changed',
      remote: { key: F, token: head.token },
    });
  });

  it.each<[string, Content, Record<string, string>, SideFact]>([
    ['the same bit', fileContent(true), { mode: '0100755' }, 'same'],
    ['another bit', fileContent(true), { mode: '0100644' }, 'meta'],
    ['no bit, which changes none', fileContent(true), {}, 'same'],
    ['no bit either', fileContent(), {}, 'same'],
    ['a symlink', linkContent, { mode: '0120777' }, 'same'],
    ['nothing of a symlink', linkContent, {}, 'same'],
    ['a symlink where a file was', fileContent(), { mode: '0120777' }, 'changed'],
    ['a file where a symlink was', linkContent, { mode: '0100644' }, 'changed'],
  ])('is asked for where only its time is another; then it may tell %s', async (_, content, told, fact) => {
    const head = { token: token({ modifiedMs: 9000 }), metadata: told };
    const { result, asked } = await look({ base: known(content), remote: later }, 'same', { head });
    expect(result).toEqual({ kind: 'seen', fact, remote: later, state: head });
    expect(asked).toEqual([{ head: 'f' }]);
  });

  it('is what it is when asked for: gone, or written once more', async () => {
    expect((await look({ base: known(), remote: later }, 'same')).result).toEqual({ kind: 'unsettled' });
    const now = token({ etag: md5Of('edit') });
    const head = { token: now, metadata: metadata('edit') };
    const { result } = await look({ base: known(), remote: { ...later, archived: true } }, 'same', { head });
    expect(result).toEqual({
      kind: 'seen',
      fact: 'changed',
      remote: { key: F, token: now, archived: true },
      state: head,
    });
  });

  it('is asked for until it is told to stop', async () => {
    const { signal } = new AbortController();
    const { asked } = await look({ base: known(), remote: later }, 'same', { signal });
    expect(asked).toEqual([{ head: 'f', signal }]);
  });
});
