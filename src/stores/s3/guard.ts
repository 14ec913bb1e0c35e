import type {
  ConditionOptions,
  ObjectMetadata,
  PreconditionFailed,
  WriteCondition,
} from '../../engine/ports/store.ts';
import { assertNever } from '../../lib/assert-never.ts';
import type { RemoteToken } from '../../sync/entry.ts';
import type { StoreContext } from './context.ts';
import { type HeadResult, headObject } from './head.ts';
import { quotedEtag } from './keys.ts';

/** How a write's condition is kept. */
export interface Guard {
  /** The service checks at the moment of the write. */
  readonly headers: Readonly<Record<string, string>>;
  /** The service does not: we look just before, and a write in between is overtaken. */
  readonly look: boolean;
}

export function guardFor(
  { condition, byLooking }: ConditionOptions,
  proved: { readonly ifAbsent: boolean; readonly ifMatch: boolean },
): Guard {
  if (byLooking === true) return { headers: {}, look: condition.kind !== 'none' };
  switch (condition.kind) {
    case 'none':
      return { headers: {}, look: false };
    case 'absent':
      return proved.ifAbsent
        ? { headers: { 'if-none-match': '*' }, look: false }
        : { headers: {}, look: true };
    case 'matches':
      return proved.ifMatch
        ? { headers: { 'if-match': quotedEtag(condition.etag) }, look: false }
        : { headers: {}, look: true };
    default:
      return assertNever(condition);
  }
}

export type Look =
  | { readonly kind: 'as-expected' }
  /** What is there was written by this very call, in an attempt whose answer was lost. */
  | { readonly kind: 'own'; readonly token: RemoteToken }
  | { readonly kind: 'other' };

/** Compares what is there with the condition, and with the write's own token. */
export async function lookAt(
  context: StoreContext,
  key: string,
  condition: WriteCondition,
  metadata: ObjectMetadata,
  signal: AbortSignal | undefined,
): Promise<Look> {
  const found = await headObject(context, key, { signal });
  if (found.kind === 'absent') return { kind: condition.kind === 'matches' ? 'other' : 'as-expected' };
  if (isOwn(context, found, metadata)) return { kind: 'own', token: found.state.token };
  switch (condition.kind) {
    case 'none':
      return { kind: 'as-expected' };
    case 'absent':
      return { kind: 'other' };
    case 'matches':
      return { kind: found.state.token.etag === condition.etag ? 'as-expected' : 'other' };
    default:
      return assertNever(condition);
  }
}

/** A tool that rewrites an object may keep its metadata, our token too (H4): the bytes must be those that we sent. */
function isOwn(
  { etags }: StoreContext,
  { state, headers }: Extract<HeadResult, { readonly kind: 'found' }>,
  metadata: ObjectMetadata,
): boolean {
  const write = metadata['s4-write'];
  if (write === undefined || state.metadata['s4-write'] !== write) return false;
  const md5 = metadata['s4-md5'];
  return md5 === undefined || etags.agrees(state.token.etag, md5, headers);
}

/**
 * After a refusal: was it our own write, sent in an attempt whose answer was lost, or repeated by a proxy, that
 * stands in the way?
 */
export async function ownWrite(
  context: StoreContext,
  key: string,
  metadata: ObjectMetadata,
  signal: AbortSignal | undefined,
): Promise<RemoteToken | undefined> {
  if (metadata['s4-write'] === undefined) return undefined;
  const look = await lookAt(context, key, { kind: 'none' }, metadata, signal);
  return look.kind === 'own' ? look.token : undefined;
}

interface RefusedWrite {
  readonly metadata: ObjectMetadata;
  readonly signal?: AbortSignal | undefined;
}

/** What a refusal means: our own write behind a lost answer, another object, or nothing at all. */
export async function explainRefusal(
  context: StoreContext,
  key: string,
  { condition, metadata, signal }: ConditionOptions & RefusedWrite,
): Promise<{ readonly kind: 'stored'; readonly token: RemoteToken } | PreconditionFailed> {
  const look = await lookAt(context, key, { kind: 'absent' }, metadata, signal);
  switch (look.kind) {
    case 'own':
      return { kind: 'stored', token: look.token };
    case 'other':
      return { kind: 'precondition-failed' };
    case 'as-expected':
      return { kind: 'precondition-failed', ...(condition.kind === 'absent' && { nothingThere: true }) };
    default:
      return assertNever(look);
  }
}
