import { FormatError } from '../../formats/fields.ts';
import {
  decodeIndexHeader,
  decodeIndexRows,
  decodeIndexTable,
  decodeIndexTrailer,
  type IndexHeader,
  type IndexMember,
  MAX_HEADER_BYTES,
  memberChecksum,
  TRAILER_BYTES,
} from '../../formats/index-codec.ts';
import { S4Error } from '../../lib/errors.ts';
import type { BaseRow } from '../../sync/entry.ts';
import { compareKeys, type EntryKey } from '../../sync/path.ts';
import type { StateFiles } from '../ports/folder.ts';
import { createKeyPresence, type KeyPresence } from './key-presence.ts';

export const INDEX = 'index.json.gz';
export const PREVIOUS_INDEX = 'index.prev.json.gz';

/** An index as it lies in a file, checked; rows are read a member at a time. */
export interface IndexFile {
  readonly name: typeof INDEX | typeof PREVIOUS_INDEX;
  readonly header: IndexHeader;
  readonly members: readonly IndexMember[];
  readonly rows: number;
  readonly sizeBytes: number;
  readonly presence: KeyPresence;
}

export type LoadedIndex =
  | { readonly kind: 'loaded'; readonly file: IndexFile }
  | { readonly kind: 'absent' }
  | { readonly kind: 'corrupt'; readonly reason: string };

/** Reads bytes [start, end) of one file. */
type ReadRange = (startByte: number, endByte: number) => Promise<Uint8Array>;

const CHECK_BYTES = 4 * 1024 * 1024;

/**
 * Opens an index and checks the checksum of every member, which costs reading the file once but not unpacking it.
 *
 * @throws S4Error STATE_TOO_NEW; STATE_UNREADABLE when the file cannot be read, which is not the same as corrupt
 */
export async function loadIndex(state: StateFiles, name: IndexFile['name']): Promise<LoadedIndex> {
  const opened = await openRange(state, name);
  if (opened === undefined) return { kind: 'absent' };
  try {
    return { kind: 'loaded', file: await readIndex(name, opened.sizeBytes, opened.read) };
  } catch (error) {
    if (error instanceof FormatError) return { kind: 'corrupt', reason: error.message };
    throw error;
  }
}

async function openRange(
  state: StateFiles,
  name: string,
): Promise<{ sizeBytes: number; read: ReadRange } | undefined> {
  const sizeBytes = await state.size(name);
  if (sizeBytes === undefined) return undefined;
  return { sizeBytes, read: (start, end) => state.readRange(name, start, end) };
}

async function readIndex(name: IndexFile['name'], sizeBytes: number, read: ReadRange): Promise<IndexFile> {
  const header = decodeIndexHeader(await read(0, Math.min(sizeBytes, MAX_HEADER_BYTES)));
  // A header that was read whole is longer than a trailer.
  const end = sizeBytes - TRAILER_BYTES;
  const tableOffset = decodeIndexTrailer(await read(end, sizeBytes));
  if (tableOffset >= end) throw new FormatError('the index table is out of bounds');
  const { members } = decodeIndexTable(await read(tableOffset, end), tableOffset);
  await checkMembers(members, read);
  return {
    name,
    header,
    members,
    rows: members.reduce((sum, member) => sum + member.rows, 0),
    sizeBytes,
    presence: createKeyPresence(),
  };
}

async function checkMembers(members: readonly IndexMember[], read: ReadRange): Promise<void> {
  let run: IndexMember[] = [];
  let runBytes = 0;
  const checkRun = async (): Promise<void> => {
    const start = run[0]?.offset ?? 0;
    const bytes = runBytes === 0 ? new Uint8Array() : await read(start, start + runBytes);
    for (const member of run)
      checkMember(bytes.subarray(member.offset - start, member.offset - start + member.bytes), member);
    run = [];
    runBytes = 0;
  };
  for (const member of members) {
    run.push(member);
    runBytes += member.bytes;
    if (runBytes >= CHECK_BYTES) await checkRun();
  }
  await checkRun();
}

function checkMember(bytes: Uint8Array, member: IndexMember): void {
  if (memberChecksum(bytes) !== member.crc32) throw new FormatError('an index member is damaged');
}

/**
 * The packed bytes of one member. While a fold replaces the file, a reader of the old index finds it under the other
 * name; which bytes are the right ones the checksum tells.
 *
 * @throws S4Error STATE_UNREADABLE
 */
export async function readMemberBytes(
  state: StateFiles,
  file: IndexFile,
  member: IndexMember,
): Promise<Uint8Array> {
  let cause: unknown;
  for (const name of file.name === INDEX ? [INDEX, PREVIOUS_INDEX] : [PREVIOUS_INDEX]) {
    try {
      const bytes = await state.readRange(name, member.offset, member.offset + member.bytes);
      checkMember(bytes, member);
      return bytes;
    } catch (error) {
      cause ??= error;
    }
  }
  throw unreadable(cause);
}

/** @throws S4Error STATE_UNREADABLE */
export async function readMemberRows(
  state: StateFiles,
  file: IndexFile,
  position: number,
): Promise<readonly BaseRow[]> {
  const member = file.members[position];
  if (member === undefined) return [];
  const bytes = await readMemberBytes(state, file, member);
  try {
    const rows = decodeIndexRows(bytes, member);
    file.presence.learn(position, rows);
    return rows;
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** Whether the index has the key; reads the member in question unless it was read before. */
export async function holdsKey(state: StateFiles, file: IndexFile, key: EntryKey): Promise<boolean> {
  const position = memberPosition(file.members, key);
  if (position < 0) return false;
  if (file.presence.has(position, key) === undefined) await readMemberRows(state, file, position);
  return file.presence.has(position, key) === true;
}

/** Position of the member that holds a key if any does; -1 when the key sorts before the first. */
export function memberPosition(members: readonly IndexMember[], key: EntryKey): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const member = members[middle];
    if (member !== undefined && compareKeys(member.first, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function unreadable(cause: unknown): S4Error {
  return new S4Error('STATE_UNREADABLE', 'the index of the last sync cannot be read', {
    cause,
    hint: 'Move `.s4/index.json.gz` away: the next sync then unites both sides and deletes nothing.',
  });
}
