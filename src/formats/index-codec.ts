import { crc32 } from 'node:zlib';
import type { LogCursor, RecentDeletions } from '../engine/ports/base.ts';
import type { BaseRow } from '../sync/entry.ts';
import { compareKeys, type EntryKey, parseKey } from '../sync/path.ts';
import {
  arrayField,
  asObject,
  bigintField,
  checkVersion,
  decodeUtf8,
  FormatError,
  integerField,
  type JsonObject,
  objectField,
  parseJson,
  parseJsonObject,
  stringField,
} from './fields.ts';
import { gunzip, gunzipBeginning, gzip } from './gzip.ts';
import {
  cursorToJson,
  deletionsFromJson,
  deletionsToJson,
  NEW_CURSOR,
  optionalCursor,
} from './log-cursor-codec.ts';
import { rowFromJson, rowToJson } from './row-codec.ts';

const INDEX_VERSION = 1;
/** Rows a member holds when it is written anew. */
export const ROWS_PER_MEMBER = 1000;
/** How much of the file `decodeIndexHeader` needs at most. */
export const MAX_HEADER_BYTES = 64 * 1024;

const MAX_UNPACKED_HEADER = 8 * 1024 * 1024;
const MAX_UNPACKED_MEMBER = 64 * 1024 * 1024;
const MAX_UNPACKED_TABLE = 256 * 1024 * 1024;

/** What a file says of itself, in its first line. */
export interface IndexHeader {
  readonly target: string;
  readonly client: string;
  /** Grows with every fold; a journal belongs to the index of its own generation. */
  readonly generation: number;
  /** The folder marker at the time of writing: a copied or restored `.s4` does not keep both. */
  readonly marker?: { readonly inode: bigint; readonly ctimeNs: bigint };
  /** For people; the table's sums count. */
  readonly rows: number;
  readonly recentDeletions: readonly RecentDeletions[];
  readonly cursor: LogCursor;
}

/** Where a member with rows lies. */
export interface IndexMember {
  readonly offset: number;
  readonly bytes: number;
  readonly rows: number;
  /** Of the packed bytes, eight hex digits: untouched members are checked without unpacking them. */
  readonly crc32: string;
  readonly first: EntryKey;
}

export interface IndexTable {
  readonly members: readonly IndexMember[];
}

export function encodeIndexHeader(header: IndexHeader): Uint8Array {
  return gzip(
    line({
      s4: 'index',
      version: INDEX_VERSION,
      target: header.target,
      client: header.client,
      generation: header.generation,
      ...(header.marker === undefined
        ? {}
        : { marker: { inode: String(header.marker.inode), ctimeNs: String(header.marker.ctimeNs) } }),
      rows: header.rows,
      recentDeletions: header.recentDeletions.map(deletionsToJson),
      cursor: cursorToJson(header.cursor),
    }),
  );
}

/**
 * @param beginning - the first bytes of the file, `MAX_HEADER_BYTES` or all of it
 * @throws FormatError, S4Error STATE_TOO_NEW
 */
export function decodeIndexHeader(beginning: Uint8Array): IndexHeader {
  const text = gunzipBeginning(beginning, MAX_UNPACKED_HEADER, 'the index header');
  const end = text.indexOf(0x0a);
  if (end < 0) throw new FormatError('the index header has no end');
  const from = parseJsonObject(decodeUtf8(text.subarray(0, end), 'the index header'), 'the index header');
  checkVersion(from, 'index', INDEX_VERSION);
  return {
    target: stringField(from, 'target', 128),
    client: stringField(from, 'client', 128),
    generation: integerField(from, 'generation', 1),
    ...(from['marker'] === undefined ? {} : { marker: markerFromJson(objectField(from, 'marker')) }),
    rows: integerField(from, 'rows'),
    recentDeletions: arrayField(from, 'recentDeletions').map(deletionsFromJson),
    cursor: optionalCursor(from, 'cursor') ?? NEW_CURSOR,
  };
}

function markerFromJson(from: JsonObject): { inode: bigint; ctimeNs: bigint } {
  return { inode: bigintField(from, 'inode'), ctimeNs: bigintField(from, 'ctimeNs') };
}

/** @param rows - at least one, in `compareKeys` order */
export function encodeIndexRows(rows: readonly BaseRow[]): Uint8Array {
  return gzip(rows.map((row) => line(rowToJson(row))).join(''));
}

/**
 * @param bytes - exactly one member, as the table says
 * @throws FormatError also when the rows are not those the table announced
 */
export function decodeIndexRows(bytes: Uint8Array, member: IndexMember): readonly BaseRow[] {
  const text = decodeUtf8(gunzip(bytes, MAX_UNPACKED_MEMBER, 'an index member'), 'an index member');
  // One call for all lines: a call per line costs a third more.
  const values = parseJson(`[${text.trimEnd().replaceAll('\n', ',')}]`, 'an index member');
  const rows = (values as readonly unknown[]).map(rowFromJson);
  if (rows.length !== member.rows || rows[0]?.key !== member.first)
    throw new FormatError('an index member does not hold what the table says');
  for (let i = 1; i < rows.length; i++) {
    const [before, after] = [rows[i - 1], rows[i]];
    if (before !== undefined && after !== undefined && compareKeys(before.key, after.key) >= 0)
      throw new FormatError('index rows are out of order');
  }
  return rows;
}

/** The checksum by which the table knows a member. */
export function memberChecksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

export function encodeIndexTable(table: IndexTable): Uint8Array {
  return gzip(line({ s4: 'index-table', members: table.members }));
}

/**
 * @param tableOffset - where the table begins: the members must end there, without a hole
 * @throws FormatError
 */
export function decodeIndexTable(bytes: Uint8Array, tableOffset: number): IndexTable {
  const text = decodeUtf8(gunzip(bytes, MAX_UNPACKED_TABLE, 'the index table'), 'the index table');
  const from = parseJsonObject(text, 'the index table');
  if (from['s4'] !== 'index-table') throw new FormatError('not an index table');
  const members = arrayField(from, 'members').map(memberFromJson);
  members.forEach((member, i) => {
    const next = members[i + 1];
    if (member.offset + member.bytes !== (next?.offset ?? tableOffset))
      throw new FormatError('index members do not follow each other');
    if (next !== undefined && compareKeys(member.first, next.first) >= 0)
      throw new FormatError('index members are out of order');
  });
  return { members };
}

function memberFromJson(value: unknown): IndexMember {
  const from = asObject(value, 'member');
  const first = parseKey(stringField(from, 'first'));
  if (!first.ok) throw new FormatError(`first is ${first.fault}`);
  return {
    offset: integerField(from, 'offset', 1),
    bytes: integerField(from, 'bytes', 1),
    rows: integerField(from, 'rows', 1),
    crc32: stringField(from, 'crc32', 8),
    first: first.key,
  };
}

// An empty gzip member (RFC 1952) whose "extra" field holds one subfield `S4`: the table's offset, 64-bit little-endian.
// zcat prints nothing for it, and a reader finds the table without reading the file.
const TRAILER_HEAD = Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 12, 0, 0x53, 0x34, 8, 0);
const TRAILER_TAIL = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
export const TRAILER_BYTES = TRAILER_HEAD.length + 8 + TRAILER_TAIL.length;

export function encodeIndexTrailer(tableOffset: number): Uint8Array {
  const bytes = Buffer.alloc(TRAILER_BYTES);
  bytes.set(TRAILER_HEAD, 0);
  bytes.writeBigUInt64LE(BigInt(tableOffset), TRAILER_HEAD.length);
  bytes.set(TRAILER_TAIL, TRAILER_HEAD.length + 8);
  return bytes;
}

/**
 * @param bytes - the last `TRAILER_BYTES` of the file
 * @returns the table's offset
 * @throws FormatError
 */
export function decodeIndexTrailer(bytes: Uint8Array): number {
  const trailer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole =
    trailer.length === TRAILER_BYTES &&
    trailer.subarray(0, TRAILER_HEAD.length).equals(TRAILER_HEAD) &&
    trailer.subarray(TRAILER_HEAD.length + 8).equals(TRAILER_TAIL);
  const offset = whole ? Number(trailer.readBigUInt64LE(TRAILER_HEAD.length)) : 0;
  if (!Number.isSafeInteger(offset) || offset < 1) throw new FormatError('the index has no end mark');
  return offset;
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
