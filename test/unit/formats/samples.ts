import type { LogCursor, RecentDeletions } from '../../../src/engine/ports/base.ts';
import type { TrashRef } from '../../../src/engine/ports/folder.ts';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import type { Head, LogEntry, Segment } from '../../../src/formats/head-codec.ts';
import type { IndexHeader } from '../../../src/formats/index-codec.ts';
import type { JournalEntry } from '../../../src/formats/journal-codec.ts';
import type { FolderMarker, StoreMarker } from '../../../src/formats/marker-codec.ts';
import type { ObjectFacts } from '../../../src/formats/metadata-codec.ts';
import type { BaseRow, Digest, Fingerprint } from '../../../src/sync/entry.ts';
import type { EntryKey, RelPath } from '../../../src/sync/path.ts';

// What the golden files in test/fixtures/formats hold. They were written once by version 1 and must decode for ever:
// never change these values, add new ones beside them.

const TARGET = '0123456789abcdef0123456789abcdef';
const CLIENT = '00112233aabbccdd';

const digest = (digit: string): Digest => digit.repeat(64) as Digest;
const fingerprint: Fingerprint = {
  inode: 18_446_744_073_709_551_615n,
  sizeBytes: 1234,
  mtimeNs: 1_732_158_727_123_456_789n,
  ctimeNs: 1_732_158_728_000_000_001n,
};

export const ROWS: readonly BaseRow[] = [
  {
    key: 'build.sh' as EntryKey,
    content: { kind: 'file', digest: digest('a'), sizeBytes: 1234, executable: true },
    mtimeNs: 1_732_158_727_123_456_789n,
    local: fingerprint,
    racy: true,
    remote: {
      etag: '"d41d8cd98f00b204e9800998ecf8427e"',
      sizeBytes: 1234,
      modifiedMs: 1_732_158_730_000,
      modifiedIsEstimate: true,
      versionId: '3sL4kqtJlcpXroDTDmJ',
    },
  },
  {
    key: 'empty/' as EntryKey,
    content: { kind: 'folder' },
    mtimeNs: 0n,
    remote: { etag: 'e1', sizeBytes: 0, modifiedMs: 1_732_158_730_000 },
  },
  {
    key: 'link' as EntryKey,
    content: { kind: 'symlink', digest: digest('b'), sizeBytes: 8 },
    mtimeNs: -1n,
    local: { inode: 7n, sizeBytes: 8, mtimeNs: -1n, ctimeNs: 0n },
    remote: { etag: 'e2', sizeBytes: 8, modifiedMs: 1_732_158_730_000 },
  },
  {
    key: 'é 😀.txt' as EntryKey,
    content: { kind: 'file', digest: digest('c'), sizeBytes: 0, executable: false },
    mtimeNs: 0n,
    remote: { etag: 'e3', sizeBytes: 0, modifiedMs: 0 },
  },
];

const cursor: LogCursor = {
  sequence: 41,
  headEtag: '"9b2cf535f27731c974343645a3985328"',
  headWrite: '00112233aabbccdd.5f1d',
  bellPending: true,
  unpublished: 2,
};
const deletions: RecentDeletions = { atMs: 1_732_158_700_000, side: 'remote', count: 3 };

export const HEADER: IndexHeader = {
  target: TARGET,
  client: CLIENT,
  generation: 7,
  marker: { inode: 281_474_976_710_657n, ctimeNs: 1_732_158_000_000_000_002n },
  rows: ROWS.length,
  recentDeletions: [deletions],
  cursor,
};

const path = (text: string): RelPath => text as RelPath;
const ref = '2026-11-21T03.12.07-1f/docs/a.txt' as TrashRef;

export const JOURNAL: readonly JournalEntry[] = [
  { kind: 'open' },
  {
    kind: 'begin',
    id: 1,
    intent: {
      kind: 'place',
      placement: {
        path: path('docs/a.txt'),
        temp: '5f1d.tmp',
        expected: { kind: 'present', fingerprint },
        displaceTo: { kind: 'trash', ref },
      },
      copyPath: path('docs/a (conflict, laptop, 2026-11-21 03.12.07).txt'),
    },
  },
  {
    kind: 'begin',
    id: 2,
    intent: {
      kind: 'place',
      placement: {
        path: path('b'),
        temp: '5f1e.tmp',
        expected: { kind: 'absent' },
        displaceTo: { kind: 'copy', path: path('b (conflict)') },
      },
      copyPath: path('b (conflict)'),
    },
  },
  {
    kind: 'begin',
    id: 3,
    intent: { kind: 'remove', path: path('c'), expected: fingerprint, ref, copyPath: path('c (conflict)') },
  },
  { kind: 'begin', id: 4, intent: { kind: 'rename', from: path('d'), to: path('e'), expected: fingerprint } },
  {
    kind: 'begin',
    id: 5,
    intent: { kind: 'unguarded-put', key: 'f' as ObjectKey, write: '00112233aabbccdd.77', parent: '' },
  },
  {
    kind: 'record',
    changes: [
      ...ROWS.map((row) => ({ kind: 'set', row }) as const),
      { kind: 'drop', key: 'gone/' as EntryKey },
    ],
    finished: [1, 2],
    deletions,
    cursor: { client: CLIENT, at: cursor },
  },
  { kind: 'record', changes: [], finished: [3] },
];

export const FOLDER_MARKER: FolderMarker = {
  targetId: TARGET,
  clientId: CLIENT,
  host: 'laptop',
  joinedMs: 1_732_158_000_000,
};

export const STORE_MARKER: StoreMarker = { targetId: TARGET, host: 'laptop', createdMs: 1_732_158_000_000 };

export const ENTRIES: readonly LogEntry[] = [
  {
    sequence: 40,
    op: 'put',
    path: 'build.sh' as EntryKey,
    etag: '"d41d8cd98f00b204e9800998ecf8427e"',
    versionId: '3sL4kqtJlcpXroDTDmJ',
    digest: digest('a'),
    sizeBytes: 1234,
    mtimeNs: 1_732_158_727_123_456_789n,
    mode: '0100755',
    write: '00112233aabbccdd.5f1d',
    replaced: 'v0',
    atMs: 1_732_158_730_000,
  },
  {
    sequence: 42,
    op: 'delete',
    path: 'gone/' as EntryKey,
    etag: 'e9',
    sizeBytes: 0,
    mtimeNs: 0n,
    mode: '040755',
    atMs: 1_732_158_731_000,
  },
];

export const HEAD: Head = {
  client: CLIENT,
  host: 'laptop',
  sequence: 42,
  write: '00112233aabbccdd.0c0ffee0',
  previousSegment: 39,
  entries: ENTRIES,
};

export const SEGMENT: Segment = { client: CLIENT, previousSegment: 20, entries: ENTRIES };

export const FACTS: ObjectFacts = {
  mtimeNs: 1_732_158_727_123_456_789n,
  kind: 'file',
  executable: false,
  digest: digest('a'),
  md5: 'd41d8cd98f00b204e9800998ecf8427e',
  write: '00112233aabbccdd.5f1d',
  parent: '3sL4kqtJlcpXroDTDmJ',
};
