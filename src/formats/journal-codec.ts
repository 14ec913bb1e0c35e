import { crc32 } from 'node:zlib';
import type { BaseChange, Intent, LogCursor, RecentDeletions } from '../engine/ports/base.ts';
import { assertNever } from '../lib/assert-never.ts';
import { parseKey } from '../sync/path.ts';
import {
  arrayField,
  asObject,
  checkVersion,
  decodeUtf8,
  FormatError,
  integerField,
  type JsonObject,
  objectField,
  parseJsonObject,
  stringField,
} from './fields.ts';
import { intentFromJson, intentToJson } from './intent-codec.ts';
import { cursorToJson, deletionsFromJson, deletionsToJson, optionalCursor } from './log-cursor-codec.ts';
import { rowFromJson, rowToJson } from './row-codec.ts';

const JOURNAL_VERSION = 1;

/** What one line says. The first is always `open`. */
export type JournalEntry =
  | { readonly kind: 'open' }
  | { readonly kind: 'begin'; readonly id: number; readonly intent: Intent }
  | {
      readonly kind: 'record';
      readonly changes: readonly BaseChange[];
      readonly finished: readonly number[];
      readonly deletions?: RecentDeletions;
      /** Counts only for the client that wrote it: a copied folder publishes under another id. */
      readonly cursor?: { readonly client: string; readonly at: LogCursor };
    };

export interface DecodedJournal {
  /** Undefined where not even the first line is whole. */
  readonly generation: number | undefined;
  readonly entries: readonly JournalEntry[];
  /** The good part; what follows is to be cut before anything is appended. */
  readonly goodBytes: number;
}

const NEWLINE = 0x0a;
// `{"crc32":"01234567",` then the rest of the object, which is what the checksum covers.
const CRC_START = '{"crc32":"';
const REST_AT = CRC_START.length + 10;

/** One line: the checksum first, so that it can cover all that follows and the line still is plain JSON. */
export function encodeJournalLine(generation: number, entry: JournalEntry): Uint8Array {
  const rest = `${JSON.stringify({ generation, ...entryToJson(entry) }).slice(1)}\n`;
  return Buffer.from(`${CRC_START}${checksum(rest.slice(0, -1))}",${rest}`);
}

function checksum(text: string | Uint8Array): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function entryToJson(entry: JournalEntry): JsonObject {
  switch (entry.kind) {
    case 'open':
      return { s4: 'journal', version: JOURNAL_VERSION };
    case 'begin':
      return { begin: entry.id, intent: intentToJson(entry.intent) };
    case 'record':
      return {
        ...(entry.changes.length === 0 ? {} : { changes: entry.changes.map(changeToJson) }),
        ...(entry.finished.length === 0 ? {} : { finished: entry.finished }),
        ...(entry.deletions === undefined ? {} : { deletions: deletionsToJson(entry.deletions) }),
        ...(entry.cursor === undefined
          ? {}
          : { client: entry.cursor.client, cursor: cursorToJson(entry.cursor.at) }),
      };
    default:
      return assertNever(entry);
  }
}

function changeToJson(change: BaseChange): JsonObject {
  return change.kind === 'set' ? { set: rowToJson(change.row) } : { drop: change.key };
}

/**
 * Reads up to the first line that is torn, damaged or of another generation than the first one. A crash tears only
 * the end, and what was made durable lies before it.
 *
 * @throws S4Error STATE_TOO_NEW when a newer s4 wrote it
 */
export function decodeJournal(bytes: Uint8Array): DecodedJournal {
  const entries: JournalEntry[] = [];
  let generation: number | undefined;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(NEWLINE, start);
    const line = end < 0 ? undefined : decodeLine(bytes.subarray(start, end));
    if (line === undefined || line.generation !== (generation ?? line.generation)) break;
    if ((generation === undefined) !== (line.entry.kind === 'open')) break;
    generation = line.generation;
    entries.push(line.entry);
    start = end + 1;
  }
  return { generation, entries, goodBytes: start };
}

function decodeLine(bytes: Uint8Array): { generation: number; entry: JournalEntry } | undefined {
  try {
    const text = decodeUtf8(bytes, 'line');
    if (text.slice(0, REST_AT) !== `${CRC_START}${checksum(bytes.subarray(REST_AT))}",`) return undefined;
    const from = parseJsonObject(`{${text.slice(REST_AT)}`, 'line');
    return { generation: integerField(from, 'generation', 1), entry: entryFromJson(from) };
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

function entryFromJson(from: JsonObject): JournalEntry {
  if (from['s4'] !== undefined) {
    checkVersion(from, 'journal', JOURNAL_VERSION);
    return { kind: 'open' };
  }
  if (from['begin'] !== undefined)
    return { kind: 'begin', id: integerField(from, 'begin', 1), intent: intentFromJson(from['intent']) };
  const cursor = optionalCursor(from, 'cursor');
  return {
    kind: 'record',
    changes: from['changes'] === undefined ? [] : arrayField(from, 'changes').map(changeFromJson),
    finished: from['finished'] === undefined ? [] : arrayField(from, 'finished').map(idFromJson),
    ...(from['deletions'] === undefined
      ? {}
      : { deletions: deletionsFromJson(objectField(from, 'deletions')) }),
    ...(cursor === undefined ? {} : { cursor: { client: stringField(from, 'client', 128), at: cursor } }),
  };
}

function changeFromJson(value: unknown): BaseChange {
  const from = asObject(value, 'change');
  if (from['drop'] === undefined) return { kind: 'set', row: rowFromJson(from['set']) };
  const parsed = parseKey(stringField(from, 'drop'));
  if (!parsed.ok) throw new FormatError(`drop is ${parsed.fault}`);
  return { kind: 'drop', key: parsed.key };
}

function idFromJson(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
    throw new FormatError('finished holds no number');
  return value;
}
