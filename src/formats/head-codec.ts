import type { Digest } from '../sync/entry.ts';
import { type EntryKey, parseKey } from '../sync/path.ts';
import {
  arrayField,
  asObject,
  bigintField,
  boundValues,
  checkVersion,
  decodeUtf8,
  digestField,
  FormatError,
  integerField,
  type JsonObject,
  parseJsonObject,
  stringField,
} from './fields.ts';
import { gunzip, gzip } from './gzip.ts';
import { idField } from './marker-codec.ts';
import { parseMode } from './metadata-codec.ts';

const LOG_VERSION = 1;
/** A head of 100 entries with the longest names stays far below. Readers fetch no more. */
export const MAX_HEAD_BYTES = 1024 * 1024;
export const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;
/** 2,000 entries whose names are of escapes alone. */
const MAX_UNPACKED_SEGMENT = 16 * 1024 * 1024;
/** A segment has 27,000 values at most; a later s4 may add some to each entry. */
const MAX_SEGMENT_VALUES = 200_000;

/** What one client did to one object. A claim: believed only together with the object's own state. */
export interface LogFact {
  /** A trailing slash means a folder. */
  readonly path: EntryKey;
  /** `mode`: the executable bit alone was changed. */
  readonly op: 'put' | 'delete' | 'mode';
  /** Of the object as it was written; for `delete`, as it was before. Likewise all that follows. */
  readonly etag: string;
  readonly versionId?: string;
  readonly digest?: Digest;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  /** As in the object's metadata: `0100644` (`formatMode`). */
  readonly mode: string;
  /** The `s4-write` token of the object. */
  readonly write?: string;
  /** Version id or ETag of what was there before. */
  readonly replaced?: string;
  /** By this client's clock: for people, never for order. */
  readonly atMs: number;
}

/** A fact in its place: a client numbers its facts 1, 2, 3; a number that is missing is a fact that got lost. */
export interface LogEntry extends LogFact {
  readonly sequence: number;
}

export interface Segment {
  readonly client: string;
  /** Number of the last entry of the segment before this one. */
  readonly previousSegment?: number;
  readonly entries: readonly LogEntry[];
}

export interface Head extends Segment {
  readonly host: string;
  /** The last number given out, also where its fact got lost. */
  readonly sequence: number;
  /** Fresh for each write: a client recognises its own head after a crash. */
  readonly write: string;
}

export function encodeHead(head: Head): Uint8Array {
  const { client, host, sequence, write, previousSegment, entries } = head;
  const start = {
    s4: 'head',
    version: LOG_VERSION,
    client,
    host,
    sequence,
    write,
    ...previous(previousSegment),
  };
  // An entry a line: people look into buckets.
  const lines = entries.map((entry) => `\n${JSON.stringify(entryToJson(entry))}`).join(',');
  return Buffer.from(`${JSON.stringify(start).slice(0, -1)},"entries":[${lines}]}\n`);
}

/** @throws FormatError, S4Error STATE_TOO_NEW */
export function decodeHead(bytes: Uint8Array): Head {
  if (bytes.byteLength > MAX_HEAD_BYTES) throw new FormatError('the head is too large');
  const from = parseJsonObject(decodeUtf8(bytes, 'the head'), 'the head');
  checkVersion(from, 'head', LOG_VERSION);
  const sequence = integerField(from, 'sequence');
  const head = { ...segmentFromJson(from), host: stringField(from, 'host', 1024), sequence };
  if ((head.entries.at(-1)?.sequence ?? 0) > sequence) throw new FormatError('entries beyond the sequence');
  return { ...head, write: stringField(from, 'write', 128) };
}

/** @param segment - with at least one entry; gzipped, one entry a line after the first */
export function encodeSegment(segment: Segment): Uint8Array {
  const { client, previousSegment, entries } = segment;
  const start = { s4: 'segment', version: LOG_VERSION, client, ...previous(previousSegment) };
  const lines = entries.map((entry) => `\n${JSON.stringify(entryToJson(entry))}`).join(',');
  return gzip(`${JSON.stringify(start).slice(0, -1)},"entries":[${lines}]}\n`);
}

/** @throws FormatError, S4Error STATE_TOO_NEW */
export function decodeSegment(bytes: Uint8Array): Segment {
  const text = decodeUtf8(gunzip(bytes, MAX_UNPACKED_SEGMENT, 'the segment'), 'the segment');
  boundValues(text, MAX_SEGMENT_VALUES, 'the segment');
  const from = parseJsonObject(text, 'the segment');
  checkVersion(from, 'segment', LOG_VERSION);
  const segment = segmentFromJson(from);
  if (segment.entries.length === 0) throw new FormatError('the segment is empty');
  return segment;
}

function previous(previousSegment: number | undefined): JsonObject {
  return previousSegment === undefined ? {} : { previousSegment };
}

function segmentFromJson(from: JsonObject): Segment {
  const entries = arrayField(from, 'entries').map(entryFromJson);
  const first = entries[0]?.sequence ?? Number.MAX_SAFE_INTEGER;
  entries.forEach((entry, i) => {
    if (entry.sequence <= (entries[i - 1]?.sequence ?? 0)) throw new FormatError('entries are out of order');
  });
  if (from['previousSegment'] === undefined) return { client: idField(from, 'client'), entries };
  const previousSegment = integerField(from, 'previousSegment', 1);
  // Always backwards: a forged chain cannot send a reader in circles.
  if (previousSegment >= first) throw new FormatError('the previous segment is not an earlier one');
  return { client: idField(from, 'client'), previousSegment, entries };
}

function entryToJson(entry: LogEntry): JsonObject {
  return {
    sequence: entry.sequence,
    op: entry.op,
    path: entry.path,
    etag: entry.etag,
    ...(entry.versionId === undefined ? {} : { versionId: entry.versionId }),
    ...(entry.digest === undefined ? {} : { digest: entry.digest }),
    sizeBytes: entry.sizeBytes,
    mtimeNs: String(entry.mtimeNs),
    mode: entry.mode,
    ...(entry.write === undefined ? {} : { write: entry.write }),
    ...(entry.replaced === undefined ? {} : { replaced: entry.replaced }),
    atMs: entry.atMs,
  };
}

function entryFromJson(value: unknown): LogEntry {
  const from = asObject(value, 'entry');
  const parsed = parseKey(stringField(from, 'path'));
  if (!parsed.ok) throw new FormatError(`path is ${parsed.fault}`);
  const op = from['op'];
  if (op !== 'put' && op !== 'delete' && op !== 'mode') throw new FormatError('op is unknown');
  const mode = stringField(from, 'mode', 16);
  if (parseMode(mode).kind === undefined) throw new FormatError('mode is not one');
  return {
    sequence: integerField(from, 'sequence', 1),
    op,
    path: parsed.key,
    etag: stringField(from, 'etag', 1024),
    ...(from['versionId'] === undefined ? {} : { versionId: stringField(from, 'versionId', 1024) }),
    ...(from['digest'] === undefined ? {} : { digest: digestField(from, 'digest') }),
    sizeBytes: integerField(from, 'sizeBytes'),
    mtimeNs: bigintField(from, 'mtimeNs'),
    mode,
    ...(from['write'] === undefined ? {} : { write: stringField(from, 'write', 1024) }),
    ...(from['replaced'] === undefined ? {} : { replaced: stringField(from, 'replaced', 1024) }),
    atMs: integerField(from, 'atMs'),
  };
}
