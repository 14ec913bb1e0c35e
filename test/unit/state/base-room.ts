import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { BaseChange, Intent } from '../../../src/engine/ports/base.ts';
import type { OpenedBase } from '../../../src/engine/state/base.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import {
  encodeIndexHeader,
  encodeIndexRows,
  encodeIndexTable,
  encodeIndexTrailer,
  type IndexHeader,
  type IndexMember,
  memberChecksum,
} from '../../../src/formats/index-codec.ts';
import type { BaseRow, Digest } from '../../../src/sync/entry.ts';
import type { EntryKey, RelPath } from '../../../src/sync/path.ts';
import { createMemoryDisk, type MemoryDisk, type MemoryState } from '../../support/memory-state.ts';

export const IDS = { targetId: 'aaaaaaaaaaaaaaaa', clientId: 'cccccccccccccccc' };
export const INDEX = 'index.json.gz';
export const PREVIOUS = 'index.prev.json.gz';

function row(key: string, version = 1): BaseRow {
  const remote = { etag: `e${version}`, sizeBytes: version, modifiedMs: 1000 };
  if (key.endsWith('/')) return { key: key as EntryKey, content: { kind: 'folder' }, mtimeNs: 0n, remote };
  const digest = version.toString(16).padStart(64, '0') as Digest;
  const content = { kind: 'file', digest, sizeBytes: version, executable: false } as const;
  return { key: key as EntryKey, content, mtimeNs: 0n, remote };
}

export const set = (key: string, version = 1): BaseChange => ({ kind: 'set', row: row(key, version) });
export const drop = (key: string): BaseChange => ({ kind: 'drop', key: key as EntryKey });
export const intent: Intent = {
  kind: 'rename',
  from: 'a' as RelPath,
  to: 'b' as RelPath,
  expected: { inode: 1n, sizeBytes: 1, mtimeNs: 1n, ctimeNs: 1n },
};

export interface Room {
  readonly disk: MemoryDisk;
  readonly state: MemoryState;
  readonly base: OpenedBase;
}

/** A base over an index with the given keys. */
export async function room(
  keys: readonly string[],
  changed: (state: MemoryState) => MemoryState = (s) => s,
): Promise<Room> {
  const disk = createMemoryDisk();
  disk.write('target.json', Buffer.from('marker'));
  const first = await openBase({ ...IDS, state: disk.open(), mode: 'write' });
  await first.record({ changes: keys.map((key) => set(key)) });
  await first.fold({ force: true });
  const state = changed(disk.open());
  return { disk, state, base: await openBase({ ...IDS, state, mode: 'write' }) };
}

export const reopen = ({ disk }: Pick<Room, 'disk'>): Promise<OpenedBase> =>
  openBase({ ...IDS, state: disk.open(), mode: 'read' });

export async function rowsOf(base: OpenedBase): Promise<readonly string[]> {
  const found = await collected(base.rows());
  expect(base.size).toBe(found.length);
  return found;
}

export const under = (base: OpenedBase, path: string) => collected(base.under(path as RelPath));

async function collected(batches: AsyncIterable<readonly BaseRow[]>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const batch of batches) {
    expect(batch.length).toBeGreaterThan(0);
    found.push(...batch.map(({ key, remote }) => `${key} ${remote.sizeBytes}`));
  }
  return found;
}

export const get = async (base: OpenedBase, key: string) =>
  (await base.get(key as EntryKey))?.remote.sizeBytes;

/** An index with a first member of that size, which nobody looks into: a fold copies it. */
export function withLargeMember(header: IndexHeader, sizeBytes: number): Uint8Array {
  const large = gzipSync(randomBytes(sizeBytes), { level: 0 });
  return indexOfParts(header, [
    { bytes: large, rows: 1, first: 'a' },
    { bytes: encodeIndexRows([row('y')]), rows: 1, first: 'y' },
  ]);
}

/** An index with small members. */
export function indexOf(header: IndexHeader, members: readonly (readonly string[])[]): Uint8Array {
  const parts = members.map((keys) => ({
    bytes: encodeIndexRows(keys.map((key) => row(key))),
    rows: keys.length,
    first: keys[0] ?? '',
  }));
  return indexOfParts(header, parts);
}

function indexOfParts(
  header: IndexHeader,
  parts: readonly { readonly bytes: Uint8Array; readonly rows: number; readonly first: string }[],
): Uint8Array {
  const beginning = encodeIndexHeader(header);
  let offset = beginning.byteLength;
  const members = parts.map(({ bytes, rows, first }): IndexMember => {
    const at = { offset, bytes: bytes.byteLength, rows, crc32: memberChecksum(bytes) };
    offset += bytes.byteLength;
    return { ...at, first: first as EntryKey };
  });
  const bytes = parts.map((part) => part.bytes);
  return Buffer.concat([beginning, ...bytes, encodeIndexTable({ members }), encodeIndexTrailer(offset)]);
}
