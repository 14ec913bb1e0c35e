import { describe, expect, it } from 'vitest';
import { observedChanges, untoldFacts } from '../../../src/engine/advance.ts';
import type { Evidence } from '../../../src/engine/evidence.ts';
import type { BaseRow, Digest, Fingerprint, RemoteToken } from '../../../src/sync/entry.ts';
import type { JoinedRow } from '../../../src/sync/join.ts';
import type { Judged } from '../../../src/sync/judged.ts';
import type { EntryKey } from '../../../src/sync/path.ts';

/** What the base learns of rows that need no transfer, and what the others must still be told of them. */

const KEY = 'f' as EntryKey;
const FOLDER = 'd/' as EntryKey;
const OLD = '1'.repeat(64) as Digest;
const NEW = '2'.repeat(64) as Digest;
const NOWHERE = { base: false, local: false, remote: false, settled: false };

const stat = (mtimeNs = 5n): Fingerprint => ({ inode: 7n, sizeBytes: 3, mtimeNs, ctimeNs: 9n });
const token = (etag = 'e1'): RemoteToken => ({ etag, sizeBytes: 3, modifiedMs: 1000 });
const file = (digest: Digest, executable = false) =>
  ({ kind: 'file', digest, sizeBytes: 3, executable }) as const;
const base: BaseRow = { key: KEY, content: file(OLD), mtimeNs: 1n, local: stat(), remote: token() };
const local = (mtimeNs?: bigint) =>
  ({ kind: 'file', key: KEY, fingerprint: stat(mtimeNs), executable: false }) as const;
const remote = (etag?: string) => ({ key: KEY, token: token(etag) });

const entry = (
  row: Partial<JoinedRow>,
  kind: 'none' | 'adopt' | 'forget' | 'delete-local' = 'none',
): Judged => ({
  kind: 'entry',
  row: { key: KEY, beneath: NOWHERE, ...row },
  decision: { kind },
});

const folder = (row: Partial<JoinedRow>, kind: 'none' | 'adopt' | 'forget'): Judged => ({
  kind: 'folder',
  row: { key: FOLDER, beneath: NOWHERE, ...row },
  decision: { kind },
});

const changes = (judged: Judged, evidence?: Evidence) =>
  observedChanges([judged], new Map(evidence === undefined ? [] : [[judged.row.key, evidence]]));

const seen = (digest: Digest, racy = false): Evidence => ({ local: { content: file(digest), racy } });
const published = (metadata: Readonly<Record<string, string>>, digest = NEW): Evidence => ({
  ...seen(digest),
  remote: { token: token('e2'), metadata },
});

const setTo = (row: Partial<BaseRow>) => [
  {
    kind: 'set',
    row: { key: KEY, content: file(NEW), mtimeNs: 6n, local: stat(6n), remote: token('e2'), ...row },
  },
];

describe('the base learns', () => {
  it('a content that was found equal on both sides, with the evidence of now', () => {
    const row = { local: local(6n), remote: remote('e2') };
    expect(changes(entry(row, 'adopt'), seen(NEW))).toEqual(setTo({}));
    expect(changes(entry({ ...row, base }, 'adopt'), seen(NEW))).toEqual(setTo({}));
    expect(changes(entry(row, 'adopt'), seen(NEW, true))).toEqual(setTo({ racy: true }));
  });

  it('the time that travels with a content: that of the base where it is the same, else of its writer, else of the file', () => {
    const row = { local: local(6n), remote: remote('e2') };
    const told = { mtime: '0.000000008' };
    expect(changes(entry({ ...row, base }, 'adopt'), seen(OLD))).toEqual(
      setTo({ content: file(OLD), mtimeNs: 1n }),
    );
    expect(changes(entry({ ...row, base }, 'adopt'), published(told, OLD))).toEqual(
      setTo({ content: file(OLD), mtimeNs: 1n }),
    );
    expect(changes(entry({ ...row, base }, 'adopt'), published(told))).toEqual(setTo({ mtimeNs: 8n }));
    expect(changes(entry(row, 'adopt'), published(told))).toEqual(setTo({ mtimeNs: 8n }));
    expect(changes(entry(row, 'adopt'), published({}))).toEqual(setTo({}));
    const wasFolder = { ...base, content: { kind: 'folder' } as const };
    expect(changes(entry({ ...row, base: wasFolder }, 'adopt'), seen(NEW))).toEqual(setTo({}));
  });

  it('nothing without evidence from both sides', () => {
    const here = local(6n);
    expect(changes(entry({ local: here, remote: remote() }, 'adopt'))).toEqual([]);
    expect(
      changes(entry({ local: here, remote: remote() }, 'adopt'), {
        remote: { token: token(), metadata: {} },
      }),
    ).toEqual([]);
    expect(changes(entry({ local: here }, 'adopt'), seen(NEW))).toEqual([]);
    expect(changes(entry({ remote: remote() }, 'adopt'), seen(NEW))).toEqual([]);
    const occupied = { kind: 'folder', key: FOLDER, occupied: false } as const;
    expect(changes(entry({ local: occupied, remote: remote() }, 'adopt'), seen(NEW))).toEqual([]);
  });

  it('newer evidence for what did not change, and only then', () => {
    const same = { base, local: local(), remote: remote() };
    expect(changes(entry(same), seen(OLD))).toEqual([]);
    const row = { content: file(OLD), mtimeNs: 1n };
    expect(changes(entry({ ...same, local: local(6n) }), seen(OLD))).toEqual(
      setTo({ ...row, remote: token() }),
    );
    expect(changes(entry({ ...same, remote: remote('e2') }), seen(OLD))).toEqual(
      setTo({ ...row, local: stat() }),
    );
    expect(changes(entry(same), seen(OLD, true))).toEqual(
      setTo({ ...row, local: stat(), remote: token(), racy: true }),
    );
    const racy = { ...base, racy: true } as const;
    expect(changes(entry({ ...same, base: racy }), seen(OLD, true))).toEqual([]);
    expect(changes(entry({ ...same, base: racy }), seen(OLD))).toEqual(
      setTo({ ...row, local: stat(), remote: token() }),
    );
    expect(changes(entry({ ...same, base: racy }))).toEqual([]);
  });

  it('nothing new of a row that lacks a side', () => {
    const { local: _, ...unseen } = base;
    const moved = { base, local: local(6n), remote: remote('e2') };
    for (const row of [
      { local: moved.local, remote: moved.remote },
      { ...moved, base: unseen },
      { base, remote: moved.remote },
      { base, local: moved.local },
      { ...moved, local: { kind: 'folder', key: FOLDER, occupied: true } as const },
    ])
      expect(changes(entry(row), seen(OLD))).toEqual([]);
  });

  it('that a file is gone on both sides, and nothing of one that is still to be handled', () => {
    expect(changes(entry({ base }, 'forget'))).toEqual([{ kind: 'drop', key: KEY }]);
    expect(
      changes(entry({ base, local: local(6n), remote: remote('e2') }, 'delete-local'), seen(OLD)),
    ).toEqual([]);
  });

  it('an empty folder that both sides have, once', () => {
    const there = { key: FOLDER, token: token() };
    const row: BaseRow = { key: FOLDER, content: { kind: 'folder' }, mtimeNs: 0n, remote: token() };
    expect(changes(folder({ remote: there }, 'adopt'))).toEqual([{ kind: 'set', row }]);
    expect(changes(folder({ remote: there, base: row }, 'adopt'))).toEqual([]);
    const rewritten = { ...row, remote: token('e0') };
    expect(changes(folder({ remote: there, base: rewritten }, 'adopt'))).toEqual([{ kind: 'set', row }]);
    expect(changes(folder({}, 'adopt'))).toEqual([]);
    expect(changes(folder({ remote: there }, 'none'))).toEqual([]);
    expect(changes(folder({ base: row }, 'forget'))).toEqual([{ kind: 'drop', key: FOLDER }]);
  });
});

describe('the others are told', () => {
  const told = (judged: Judged, evidence?: Evidence) =>
    untoldFacts([judged], new Map(evidence === undefined ? [] : [[judged.row.key, evidence]]), {
      clientId: 'me',
      nowMs: 77,
    });
  const row = { local: local(6n), remote: remote('e2') };

  it('of a write of ours that was found only as two equal sides, and what it replaced', () => {
    const fact = { path: KEY, op: 'put', etag: 'e2', digest: NEW, write: 'me.1', atMs: 77, sizeBytes: 3 };
    expect(told(entry(row, 'adopt'), published({ 's4-write': 'me.1' }))).toMatchObject([fact]);
    expect(told(entry(row, 'adopt'), published({ 's4-write': 'me.1' }))[0]).not.toHaveProperty('replaced');
    expect(told(entry({ ...row, base }, 'adopt'), published({ 's4-write': 'me.1' }))).toMatchObject([
      { ...fact, replaced: 'e1' },
    ]);
  });

  it('of no write of somebody else, nor of one that changed nothing', () => {
    expect(told(entry(row, 'adopt'), published({ 's4-write': 'men.1' }))).toEqual([]);
    expect(told(entry(row, 'adopt'), published({}))).toEqual([]);
    expect(told(entry(row, 'adopt'), seen(NEW))).toEqual([]);
    expect(told(entry(row, 'adopt'))).toEqual([]);
    expect(told(entry(row, 'none'), published({ 's4-write': 'me.1' }))).toEqual([]);
    expect(told(entry({ remote: remote() }, 'adopt'), published({ 's4-write': 'me.1' }))).toEqual([]);
  });

  it('of a file that is gone on both sides, if it was ever there', () => {
    expect(told(entry({ base }, 'forget'))).toMatchObject([
      { path: KEY, op: 'delete', replaced: 'e1', atMs: 77 },
    ]);
    expect(told(entry({}, 'forget'))).toEqual([]);
    expect(told(folder({ base: { ...base, key: FOLDER } }, 'forget'))).toEqual([]);
  });
});
