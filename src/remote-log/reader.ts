import type { ListedObject, Store } from '../engine/ports/store.ts';
import { FormatError } from '../formats/fields.ts';
import {
  decodeHead,
  decodeSegment,
  type Head,
  type LogEntry,
  MAX_HEAD_BYTES,
  MAX_SEGMENT_BYTES,
  type Segment,
} from '../formats/head-codec.ts';
import { isS4Error } from '../lib/errors.ts';
import { HEADS, headClient, segmentKey } from './keys.ts';
import { readWhole } from './small-object.ts';

/** Where a reader stands with one client. */
export interface KnownHead {
  readonly etag: string;
  readonly sequence: number;
}

export type KnownHeads = ReadonlyMap<string, KnownHead>;

export interface ReadHeadsOptions {
  readonly store: Pick<Store, 'list' | 'get'>;
  /** What the last call returned, kept once its news were processed. Undefined at first: no gap can be seen then. */
  readonly known: KnownHeads | undefined;
  /** Our own client id: its head is not read. */
  readonly self?: string;
  readonly signal?: AbortSignal;
}

/** What a client published since it was last read. Claims: believed only together with the object's own state. */
export interface ClientNews {
  readonly client: string;
  readonly host: string;
  readonly sequence: number;
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  /** Facts are missing, or the numbers went back: list everything. */
  readonly gap: boolean;
}

export interface IgnoredHead {
  readonly key: string;
  readonly reason: string;
}

export interface HeadsReading {
  /** Changed heads, by client. */
  readonly news: readonly ClientNews[];
  /** Foreign, damaged, forged or too large; told once for each state of the object. */
  readonly ignored: readonly IgnoredHead[];
  /** True when everything new is in `news`: no gap, no head ignored. Else list. */
  readonly complete: boolean;
  readonly known: KnownHeads;
}

// A team has tens of clients; a flood of forged heads must not cost more than this many requests.
const MAX_HEADS = 1000;
const MAX_SEGMENTS = 20;

/**
 * Lists the heads and reads those that changed, with as many segments as are needed to connect to what is known.
 *
 * @throws S4Error STORE_*, OBJECT_DENIED: the log cannot be read now
 */
export async function readHeads(options: ReadHeadsOptions): Promise<HeadsReading> {
  const { store, known, self } = options;
  const news: ClientNews[] = [];
  const ignored: IgnoredHead[] = [];
  const next = new Map<string, KnownHead>();
  for (const { key, token } of await listHeads(options)) {
    const client = headClient(key);
    if (client === self && client !== undefined) continue;
    const before = client === undefined ? undefined : known?.get(client);
    if (client !== undefined && before?.etag === token.etag) {
      next.set(client, before);
      continue;
    }
    const read = await readHead(store, client, key, token.sizeBytes, options.signal);
    if (read.kind === 'gone') continue;
    const sequence = read.kind === 'read' ? read.head.sequence : (before?.sequence ?? 0);
    if (client !== undefined)
      next.set(client, { etag: read.kind === 'read' ? read.etag : token.etag, sequence });
    if (read.kind === 'ignored') ignored.push({ key, reason: read.reason });
    else news.push(await newsOf(options, read.head, before?.sequence));
  }
  const misnamed = ignored.filter(({ key }) => headClient(key) === undefined).length;
  const complete = ignored.length === misnamed && news.every(({ gap }) => !gap);
  return { news, ignored, complete, known: next };
}

/** The heads of all clients, by key. @throws S4Error STORE_*, OBJECT_DENIED */
export async function listHeads({ store, signal }: ReadHeadsOptions): Promise<readonly ListedObject[]> {
  const heads: ListedObject[] = [];
  for await (const page of store.list({ under: HEADS, ...(signal === undefined ? {} : { signal }) })) {
    heads.push(...page);
    if (heads.length >= MAX_HEADS) break;
  }
  return heads.slice(0, MAX_HEADS).sort((a, b) => (a.key < b.key ? -1 : 1));
}

type ReadHead =
  | { readonly kind: 'read'; readonly head: Head; readonly etag: string }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'gone' };

async function readHead(
  store: Pick<Store, 'get'>,
  client: string | undefined,
  key: string,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<ReadHead> {
  if (client === undefined) return { kind: 'ignored', reason: 'not the name of a head' };
  if (sizeBytes > MAX_HEAD_BYTES) return { kind: 'ignored', reason: 'too large for a head' };
  const found = await readWhole(store, key, MAX_HEAD_BYTES, signal === undefined ? {} : { signal });
  if (found.kind === 'absent') return { kind: 'gone' };
  if (found.kind === 'unusable') return { kind: 'ignored', reason: found.reason };
  const head = decoded(() => decodeHead(found.bytes));
  if (typeof head === 'string') return { kind: 'ignored', reason: head };
  if (head.client !== client) return { kind: 'ignored', reason: 'it is the head of another client' };
  return { kind: 'read', head, etag: found.state.token.etag };
}

/** The reason where it cannot be decoded. */
function decoded<T>(decode: () => T): T | string {
  try {
    return decode();
  } catch (error) {
    if (error instanceof FormatError || isS4Error(error, 'STATE_TOO_NEW')) return error.message;
    throw error;
  }
}

async function newsOf(
  options: ReadHeadsOptions,
  head: Head,
  before: number | undefined,
): Promise<ClientNews> {
  const { client, host, sequence } = head;
  if (options.known === undefined) return { client, host, sequence, entries: head.entries, gap: false };
  const seen = before ?? 0;
  if (sequence < seen) return { client, host, sequence, entries: head.entries, gap: true };
  const entries = (await connect(options, head, seen)).filter((entry) => entry.sequence > seen);
  return { client, host, sequence, entries, gap: entries.length !== sequence - seen };
}

/** The head's entries, and before them those of segments, back to `seen` or as far as can be read. */
async function connect(options: ReadHeadsOptions, head: Head, seen: number): Promise<readonly LogEntry[]> {
  let parts: readonly LogEntry[] = head.entries;
  let at: Segment = head;
  for (let read = 0; read < MAX_SEGMENTS; read++) {
    const { previousSegment } = at;
    if (previousSegment === undefined || previousSegment <= seen) break;
    const segment = await readSegment(options, head.client, previousSegment);
    if (segment === undefined) break;
    parts = [...segment.entries, ...parts];
    at = segment;
  }
  return parts;
}

/** Undefined when it is missing or not to be trusted. */
async function readSegment(
  { store, signal }: Pick<ReadHeadsOptions, 'signal'> & { readonly store: Pick<Store, 'get'> },
  client: string,
  sequence: number,
): Promise<Segment | undefined> {
  const key = segmentKey(client, sequence);
  const found = await readWhole(store, key, MAX_SEGMENT_BYTES, signal === undefined ? {} : { signal });
  if (found.kind !== 'read') return undefined;
  const segment = decoded(() => decodeSegment(found.bytes));
  if (typeof segment === 'string' || segment.client !== client) return undefined;
  return segment.entries.at(-1)?.sequence === sequence ? segment : undefined;
}

export interface HistoryEntry {
  readonly client: string;
  readonly host: string;
  readonly entry: LogEntry;
}

/**
 * All that is recorded of one client, newest first, a segment at a time: for `s4 log` and restores. Ends early where
 * history was removed.
 *
 * @throws S4Error STORE_*, OBJECT_DENIED
 */
export async function* readHistory(
  store: Pick<Store, 'get'>,
  client: string,
  options: { readonly signal?: AbortSignal } = {},
): AsyncIterable<readonly HistoryEntry[]> {
  const key = `${HEADS}${client}.json`;
  const read = await readHead(store, headClient(key), key, 0, options.signal);
  if (read.kind !== 'read') return;
  const { host } = read.head;
  let at: Segment | undefined = read.head;
  while (at !== undefined) {
    const batch: readonly LogEntry[] = at.entries;
    if (batch.length > 0) yield batch.toReversed().map((entry) => ({ client, host, entry }));
    const earlier: number | undefined = at.previousSegment;
    at = earlier === undefined ? undefined : await readSegment({ store, ...options }, client, earlier);
  }
}
