import type { LogCursor } from '../engine/ports/base.ts';
import type { Runtime } from '../engine/ports/runtime.ts';
import type { Store, StoreCapabilities, WriteCondition } from '../engine/ports/store.ts';
import { FormatError } from '../formats/fields.ts';
import {
  decodeHead,
  encodeHead,
  encodeSegment,
  type Head,
  type LogEntry,
  type LogFact,
  MAX_HEAD_BYTES,
} from '../formats/head-codec.ts';
import { ringBell } from './bell.ts';
import { headKey, segmentKey } from './keys.ts';
import { bytesSource, readWhole } from './small-object.ts';

/** Entries a head holds before the older ones move to a segment. */
const FULL_HEAD = 100;
const KEPT_INLINE = 50;
const ENTRIES_PER_SEGMENT = 2000;

export interface PublishDeps {
  readonly store: Pick<Store, 'get' | 'put'>;
  readonly capabilities: Pick<StoreCapabilities, 'putIfAbsent' | 'putIfMatch'>;
  readonly runtime: Runtime;
  readonly clientId: string;
  /** `Base.cursor`, live. Its `unpublished` counts the facts handed to `publish` too. */
  readonly cursor: () => LogCursor;
  /** `base.record({ cursor })`: need not be durable, must be in order. */
  readonly saveCursor: (cursor: LogCursor) => Promise<void>;
  readonly signal?: AbortSignal;
}

export type PublishOutcome =
  | { readonly kind: 'published'; readonly entries: number }
  | { readonly kind: 'nothing-new' }
  /** Somebody else writes under our client id (a cloned machine): take a new id (`renewClient`). Nothing was written. */
  | { readonly kind: 'foreign-head' };

/**
 * Publishes facts: segments if the head is full, then the head, then the bell. Without facts it completes what an
 * earlier call left undone. Facts that a crash lost leave a gap in the numbers, at which readers list everything.
 *
 * Each write: a segment is of our own and at a number never used by a head before; a crash leaves an orphan that the
 * next publication writes over. The head expects the ETag that we last wrote (If-Match where it was proved), and is
 * announced to the cursor first, so that after a crash we know it for ours. A crash before the bell leaves
 * `bellPending`.
 *
 * @throws S4Error STORE_*, OBJECT_*; the facts stay counted as unpublished, and the sync itself has not failed
 */
export async function publish(deps: PublishDeps, facts: readonly LogFact[]): Promise<PublishOutcome> {
  const before = deps.cursor();
  const idle = before.unpublished === 0 && before.headWrite === undefined && before.bellPending !== true;
  if (facts.length === 0 && idle) return { kind: 'nothing-new' };
  const own = await ownHead(deps, before);
  if (own.kind === 'foreign') return { kind: 'foreign-head' };
  // Numbers that a head written before a crash has used are no longer owed.
  const reached = Math.max(before.sequence, own.head?.sequence ?? 0);
  const counted = Math.max(0, before.unpublished - (reached - before.sequence));
  const lost = Math.max(0, counted - facts.length);
  if (facts.length + lost > 0) {
    const entries = facts.map((fact, i): LogEntry => ({ ...fact, sequence: reached + lost + 1 + i }));
    const written = await writeHead(deps, own, entries, reached + lost + facts.length);
    if (!written) return { kind: 'foreign-head' };
  } else if (own.etag !== undefined) {
    await settle(deps, reached, own.etag, before.unpublished);
  }
  await ringBell(deps.store, deps.runtime, signalOf(deps));
  const { bellPending: _, ...rung } = deps.cursor();
  await deps.saveCursor(rung);
  return { kind: 'published', entries: facts.length };
}

type OwnHead =
  | { readonly kind: 'own'; readonly head: Head | undefined; readonly etag: string | undefined }
  | { readonly kind: 'foreign' };

async function ownHead({ store, clientId, signal }: PublishDeps, cursor: LogCursor): Promise<OwnHead> {
  const found = await readWhole(
    store,
    headKey(clientId),
    MAX_HEAD_BYTES,
    signal === undefined ? {} : { signal },
  );
  // A head that is gone is nobody else's: its history is, and the numbers go on.
  if (found.kind === 'absent') return { kind: 'own', head: undefined, etag: undefined };
  if (found.kind === 'unusable') return { kind: 'foreign' };
  const { etag } = found.state.token;
  try {
    const head = decodeHead(found.bytes);
    const known =
      etag === cursor.headEtag || (cursor.headWrite !== undefined && head.write === cursor.headWrite);
    return known && head.client === clientId ? { kind: 'own', head, etag } : { kind: 'foreign' };
  } catch (error) {
    if (error instanceof FormatError) return { kind: 'foreign' };
    throw error;
  }
}

/** False when another head appeared meanwhile. */
async function writeHead(
  deps: PublishDeps,
  own: Extract<OwnHead, { kind: 'own' }>,
  added: readonly LogEntry[],
  sequence: number,
): Promise<boolean> {
  const { store, runtime, clientId } = deps;
  const all = [...(own.head?.entries ?? []), ...added];
  const moved = all.length > FULL_HEAD ? all.slice(0, -KEPT_INLINE) : [];
  const previousSegment = await writeSegments(deps, moved, own.head?.previousSegment);
  const write = `${clientId}.${runtime.randomHex(16)}`;
  const head: Head = {
    client: clientId,
    host: runtime.host,
    sequence,
    write,
    entries: all.slice(moved.length),
    ...(previousSegment === undefined ? {} : { previousSegment }),
  };
  const counted = deps.cursor().unpublished;
  await deps.saveCursor({ ...deps.cursor(), headWrite: write });
  deps.signal?.throwIfAborted();
  const outcome = await store.put(headKey(clientId), bytesSource(encodeHead(head)), {
    condition: headCondition(deps, own.etag),
    metadata: { 's4-write': write },
    contentType: 'application/json',
    ...signalOf(deps),
  });
  if (outcome.kind !== 'stored') return false;
  await settle(deps, sequence, outcome.token.etag, counted);
  return true;
}

/** The head is there: `counted` facts are no longer owed, the bell is. */
async function settle(deps: PublishDeps, sequence: number, headEtag: string, counted: number): Promise<void> {
  const unpublished = Math.max(0, deps.cursor().unpublished - counted);
  await deps.saveCursor({ sequence, headEtag, bellPending: true, unpublished });
}

function headCondition({ capabilities }: PublishDeps, etag: string | undefined): WriteCondition {
  if (etag === undefined) return capabilities.putIfAbsent ? { kind: 'absent' } : { kind: 'none' };
  return capabilities.putIfMatch ? { kind: 'matches', etag } : { kind: 'none' };
}

/** Number of the newest segment. */
async function writeSegments(
  deps: PublishDeps,
  entries: readonly LogEntry[],
  before: number | undefined,
): Promise<number | undefined> {
  let previousSegment = before;
  for (let i = 0; i < entries.length; i += ENTRIES_PER_SEGMENT) {
    const part = entries.slice(i, i + ENTRIES_PER_SEGMENT);
    const last = part.at(-1)?.sequence;
    if (last === undefined) break;
    const segment = {
      client: deps.clientId,
      entries: part,
      ...(previousSegment === undefined ? {} : { previousSegment }),
    };
    deps.signal?.throwIfAborted();
    await deps.store.put(segmentKey(deps.clientId, last), bytesSource(encodeSegment(segment)), {
      condition: { kind: 'none' },
      metadata: { 's4-write': `${deps.clientId}.${deps.runtime.randomHex(16)}` },
      contentType: 'application/gzip',
      ...signalOf(deps),
    });
    previousSegment = last;
  }
  return previousSegment;
}

function signalOf({ signal }: PublishDeps): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
