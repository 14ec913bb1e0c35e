import { createHash } from 'node:crypto';
import type { ContentSource, PreconditionFailed, PutOptions, PutOutcome } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import type { RemoteToken } from '../../sync/entry.ts';
import type { StoreContext } from './context.ts';
import { Fault, isAbsent, isNoUpload, isPreconditionFailed, isWriteConflict } from './errors.ts';
import { explainRefusal, type Guard, guardFor, lookAt, ownWrite } from './guard.ts';
import { corrupt, readExactly } from './integrity.ts';
import { plainEtag } from './keys.ts';
import { writtenToken } from './object-state.ts';
import { type PartPlan, planParts } from './part-plan.ts';
import { type RequestBody, type S3Request, xmlReply } from './transport.ts';
import { childText, escapeXml } from './xml.ts';

const PARTS_IN_FLIGHT = 5;
/** Larger parts (of objects beyond 625 GiB) are streamed, and checked by their ETag alone. */
const HELD_BYTES = 64 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;
/** How often all parts are sent again, when the service dropped the upload or asks for that. */
const MAX_ROUNDS = 3;

export type Completion =
  | { readonly kind: 'stored'; readonly token: RemoteToken }
  | PreconditionFailed
  | { readonly kind: 'abandoned' }
  /** The upload is gone, or lost a race that AWS settles by starting over (409). */
  | { readonly kind: 'restart' };

/** An upload begun under a key: what differs between sending parts and copying them is `sendPart`. */
export interface PartsJob {
  readonly key: string;
  readonly sizeBytes: number;
  readonly plan: PartPlan;
  readonly headers: Readonly<Record<string, string>>;
  readonly guard: Guard;
  readonly options: Pick<PutOptions, 'condition' | 'metadata' | 'confirm' | 'signal' | 'onBytes'>;
  /** Resolves with the part's ETag. */
  sendPart(part: Part, uploadId: string, signal: AbortSignal): Promise<string>;
}

export interface Part {
  readonly number: number;
  readonly startByte: number;
  readonly endByte: number;
}

export function putInParts(
  context: StoreContext,
  key: string,
  source: ContentSource,
  options: PutOptions,
  headers: Readonly<Record<string, string>>,
): Promise<PutOutcome> {
  const { multipartIfAbsent, multipartIfMatch } = context.capabilities();
  const plan = planParts(source.sizeBytes);
  if (plan === undefined) {
    throw new S4Error('OBJECT_TOO_LARGE', 'no service takes a file of this size', {
      data: { key, sizeBytes: source.sizeBytes },
    });
  }
  return runParts(context, {
    key,
    sizeBytes: source.sizeBytes,
    plan,
    headers,
    guard: guardFor(options, { ifAbsent: multipartIfAbsent, ifMatch: multipartIfMatch }),
    options,
    sendPart: (part, uploadId, signal) => uploadPart(context, key, source, part, uploadId, options, signal),
  });
}

/**
 * Creates, fills and completes a multipart upload. Whatever goes wrong, parts in flight are settled and the upload is
 * aborted before this returns: what it leaves behind is billed and invisible.
 */
export async function runParts(context: StoreContext, job: PartsJob): Promise<PutOutcome> {
  for (let round = 1; ; round++) {
    const uploadId = await createUpload(context, job);
    let finished: Completion | undefined;
    try {
      const etags = await sendParts(job, uploadId);
      finished = await complete(context, job, uploadId, etags);
    } finally {
      if (finished?.kind !== 'stored') await abortUpload(context, job.key, uploadId);
    }
    if (finished.kind !== 'restart') return finished;
    job.options.onBytes?.(-job.sizeBytes);
    if (round >= MAX_ROUNDS) {
      throw new S4Error('STORE_FAILED', 'the store dropped the upload again and again', {
        hint: 'run it again later',
        data: { key: job.key },
      });
    }
  }
}

async function createUpload(context: StoreContext, job: PartsJob): Promise<string> {
  const { transport } = context;
  const { signal } = job.options;
  const request: S3Request = {
    operation: 'CreateMultipartUpload',
    method: 'POST',
    key: job.key,
    query: { uploads: '' },
    headers: job.headers,
  };
  return transport.retrying(request, signal, async () => {
    const reply = await transport.attempt(request, { signal });
    if (reply.refusal !== undefined) throw transport.refused(request, reply.refusal);
    const uploadId = childText(xmlReply(reply), 'UploadId');
    if (uploadId === undefined || uploadId === '') throw new Fault('the answer names no upload');
    return uploadId;
  });
}

async function sendParts(job: PartsJob, uploadId: string): Promise<readonly string[]> {
  const stop = new AbortController();
  const signals = job.options.signal === undefined ? [stop.signal] : [stop.signal, job.options.signal];
  const signal = AbortSignal.any(signals);
  const etags: string[] = [];
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next <= job.plan.count) {
      const number = next++;
      const startByte = (number - 1) * job.plan.partBytes;
      const endByte = Math.min(startByte + job.plan.partBytes, job.sizeBytes);
      etags[number - 1] = await job.sendPart({ number, startByte, endByte }, uploadId, signal);
    }
  };
  let failure: { readonly reason: unknown } | undefined;
  await Promise.all(
    Array.from({ length: Math.min(PARTS_IN_FLIGHT, job.plan.count) }, () =>
      worker().catch((reason: unknown) => {
        failure ??= { reason };
        stop.abort(reason);
      }),
    ),
  );
  if (failure !== undefined) throw failure.reason;
  return etags;
}

function uploadPart(
  context: StoreContext,
  key: string,
  source: ContentSource,
  part: Part,
  uploadId: string,
  options: PutOptions,
  signal: AbortSignal,
): Promise<string> {
  const { transport, budget } = context;
  const sizeBytes = part.endByte - part.startByte;
  const held = sizeBytes <= HELD_BYTES;
  const subject = { operation: 'UploadPart', key };

  const once = async (): Promise<string> => {
    const hash = createHash('md5');
    let md5: Buffer | undefined;
    let body: RequestBody;
    if (held) {
      const bytes = await readExactly(source, part.startByte, part.endByte);
      md5 = hash.update(bytes).digest();
      body = { kind: 'bytes', bytes, md5, onBytes: options.onBytes };
    } else {
      const pieces = readPieces(source, part, (piece) => hash.update(piece));
      body = { kind: 'pieces', sizeBytes, pieces, onBytes: options.onBytes };
    }
    const request: S3Request = {
      ...subject,
      method: 'PUT',
      query: { partNumber: String(part.number), uploadId },
      body,
    };
    const reply = await transport.attempt(request, { signal });
    if (reply.refusal !== undefined) throw transport.refused(subject, reply.refusal);
    const etag = plainEtag(reply.headers.etag);
    if (etag === '') throw new Fault('a part was stored without an ETag');
    md5 ??= hash.digest();
    // Nothing is visible yet: a damaged part is simply sent again.
    if (!context.etags.agrees(etag, md5.toString('hex'), reply.headers))
      throw new Fault('a part was damaged on its way', { cause: corrupt(key, etag) });
    return etag;
  };
  const heldBytes = held ? sizeBytes : PIECE_BYTES;
  return transport.retrying(subject, signal, () => budget.use(heldBytes, once, signal));
}

async function* readPieces(
  source: ContentSource,
  part: Part,
  each: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for (let start = part.startByte; start < part.endByte; start += PIECE_BYTES) {
    const piece = await readExactly(source, start, Math.min(start + PIECE_BYTES, part.endByte));
    each(piece);
    yield piece;
  }
}

async function complete(
  context: StoreContext,
  job: PartsJob,
  uploadId: string,
  etags: readonly string[],
): Promise<Completion> {
  const { transport } = context;
  const { condition, metadata, confirm, signal } = job.options;
  const body = completion(etags);
  const request: S3Request = {
    operation: 'CompleteMultipartUpload',
    method: 'POST',
    key: job.key,
    query: { uploadId },
    headers: { ...job.guard.headers, 'content-type': 'application/xml' },
    body: { kind: 'bytes', bytes: body, md5: createHash('md5').update(body).digest() },
    slow: true,
  };
  const own = async (otherwise: Completion): Promise<Completion> => {
    const token = await ownWrite(context, job.key, metadata, signal);
    return token === undefined ? otherwise : { kind: 'stored', token };
  };
  let sent = false;
  return transport.retrying(request, signal, async () => {
    if (job.guard.look) {
      const look = await lookAt(context, job.key, condition, metadata, signal);
      if (look.kind === 'own') return { kind: 'stored', token: look.token };
      if (look.kind === 'other') return { kind: 'precondition-failed' };
    }
    if (confirm !== undefined && !(await confirm()))
      return sent ? own({ kind: 'abandoned' }) : { kind: 'abandoned' };
    signal?.throwIfAborted();
    sent = true;
    const reply = await transport.attempt(request, { signal });
    if (reply.refusal !== undefined) {
      // Completing twice says so too, when the first answer was lost.
      if (isNoUpload(reply.refusal) || isWriteConflict(reply.refusal)) return own({ kind: 'restart' });
      if (isPreconditionFailed(reply.refusal) || (condition.kind === 'matches' && isAbsent(reply.refusal)))
        return explainRefusal(context, job.key, job.options);
      throw transport.refused(request, reply.refusal);
    }
    const etag = childText(xmlReply(reply), 'ETag');
    const nowMs = transport.runtime.nowMs();
    return { kind: 'stored', token: writtenToken(etag, job.sizeBytes, reply.headers, nowMs) };
  });
}

function completion(etags: readonly string[]): Uint8Array {
  const parts = etags.map(
    (etag, index) =>
      `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(`"${etag}"`)}</ETag></Part>`,
  );
  const xmlns = 'http://s3.amazonaws.com/doc/2006-03-01/';
  return Buffer.from(`<CompleteMultipartUpload xmlns="${xmlns}">${parts.join('')}</CompleteMultipartUpload>`);
}

/** Best effort, without the caller's signal, which may be why it is needed. */
async function abortUpload(context: StoreContext, key: string, uploadId: string): Promise<void> {
  const request: S3Request = {
    operation: 'AbortMultipartUpload',
    method: 'DELETE',
    key,
    query: { uploadId },
  };
  try {
    await context.transport.call(request, { signal: AbortSignal.timeout(30_000) });
  } catch {
    // The failure or refusal that led here is what the caller must hear. What is left is invisible, and goes by the
    // lifecycle rule for incomplete uploads that `s4 doctor` advises.
  }
}
