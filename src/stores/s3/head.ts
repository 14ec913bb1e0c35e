import type { IncomingHttpHeaders } from 'node:http';
import type { ObjectState } from '../../engine/ports/store.ts';
import type { StoreContext } from './context.ts';
import { isAbsent, namesAbsence, type Refusal } from './errors.ts';
import { stateFromHeaders } from './object-state.ts';
import type { S3Reply, S3Request } from './transport.ts';

export type HeadResult =
  | { readonly kind: 'found'; readonly state: ObjectState; readonly headers: IncomingHttpHeaders }
  | { readonly kind: 'absent' };

/** A bucket does not vanish sooner: it must be emptied first, and every name server forget it. */
const FRESH_MS = 10_000;

/** HEAD of a full key, or of one of its versions. */
export async function headObject(
  context: StoreContext,
  key: string,
  options: { readonly signal?: AbortSignal | undefined; readonly versionId?: string | undefined },
): Promise<HeadResult> {
  const { transport } = context;
  const { signal, versionId } = options;
  const request: S3Request = {
    operation: 'HeadObject',
    method: 'HEAD',
    key,
    query: versionId === undefined ? {} : { versionId },
  };
  const reply = await transport.call(request, { signal });
  if (reply.refusal === undefined && isOtherVersion(reply.headers, versionId)) return { kind: 'absent' };
  if (reply.refusal === undefined)
    return { kind: 'found', state: stateFromHeaders(reply.headers), headers: reply.headers };
  if (isAbsentVersion(reply.refusal, versionId)) {
    await requireBucket(context, reply, signal);
    return { kind: 'absent' };
  }
  throw transport.refused(request, await explained(context, request, reply.refusal, signal));
}

/** Some services answer with what is current when they do not have the version. */
export function isOtherVersion(headers: IncomingHttpHeaders, versionId: string | undefined): boolean {
  const found = headers['x-amz-version-id'];
  return versionId !== undefined && found !== undefined && found !== versionId;
}

/** With a version id, services also say 405 (a delete marker) and 400 (no such id) for what is not there. */
export function isAbsentVersion(refusal: Refusal, versionId: string | undefined): boolean {
  return isAbsent(refusal) || (versionId !== undefined && (refusal.status === 405 || refusal.status === 400));
}

/**
 * A 404 without a word does not tell a missing object from a missing bucket, or from a web server that is no store.
 * Taken for an absent object, a missing bucket would let the engine delete the local files: the bucket is looked at
 * once more, unless it answered a moment ago.
 */
export async function requireBucket(
  context: StoreContext,
  reply: S3Reply,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (reply.refusal !== undefined && namesAbsence(reply.refusal)) return;
  // A delete marker or a version id comes from a bucket that is there.
  if (reply.headers['x-amz-delete-marker'] !== undefined) return;
  if (reply.headers['x-amz-version-id'] !== undefined) return;
  const { transport } = context;
  const lastSuccessMs = transport.lastSuccessMs();
  if (lastSuccessMs !== undefined && transport.runtime.nowMs() - lastSuccessMs < FRESH_MS) return;
  const request: S3Request = { operation: 'HeadBucket', method: 'HEAD' };
  const bucket = await transport.call(request, { signal });
  if (bucket.refusal?.status === 404) throw transport.refused(request, bucket.refusal);
}

/** A HEAD is refused without a word; a GET of no byte says why. */
async function explained(
  context: StoreContext,
  request: S3Request,
  refusal: Refusal,
  signal: AbortSignal | undefined,
): Promise<Refusal> {
  const reply = await context.transport.call(
    { ...request, operation: 'GetObject', method: 'GET', headers: { range: 'bytes=0-0' } },
    { signal },
  );
  return reply.refusal?.status === refusal.status ? reply.refusal : refusal;
}
