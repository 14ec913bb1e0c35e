import type { IncomingHttpHeaders } from 'node:http';
import type { CopyOptions, CopyOutcome, ObjectKey, ObjectState } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import type { StoreContext } from './context.ts';
import { Fault, isAbsent, isArchived, isPreconditionFailed, isWriteConflict } from './errors.ts';
import { explainRefusal, guardFor, lookAt } from './guard.ts';
import { headObject } from './head.ts';
import { encodeUri, plainEtag, quotedEtag } from './keys.ts';
import { type PartsJob, runParts } from './multipart.ts';
import { isArchiveClass, metadataHeaders, writtenToken } from './object-state.ts';
import { planParts } from './part-plan.ts';
import { type S3Request, xmlReply } from './transport.ts';
import { childText } from './xml.ts';

/** Said of the object by other tools, and dropped by a copy that replaces the metadata unless said again. */
const KEPT_HEADERS = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const;

/**
 * `Store.copy`. The source is looked at first and pinned by ETag, and by version where it has one, so that a service
 * that ignores the source condition still copies what was meant wherever it keeps versions.
 */
export async function copyObject(
  context: StoreContext,
  from: ObjectKey,
  to: ObjectKey,
  options: CopyOptions,
): Promise<CopyOutcome> {
  const { signal } = options;
  const source = context.keys.full(from);
  const target = context.keys.writable(to);
  const found = await headObject(context, source, { signal, versionId: options.source.versionId });
  if (found.kind === 'absent') return { kind: 'source-changed' };
  const { state } = found;
  if (options.source.etag !== undefined && state.token.etag !== options.source.etag)
    return { kind: 'source-changed' };
  if (state.archived === true) throw archived(source);
  const headers = {
    ...keptHeaders(found.headers),
    ...metadataHeaders(options.metadata),
    ...context.creationHeaders,
  };
  const pinned = sourceHeaders(context, source, state, options.source.versionId);
  return state.token.sizeBytes <= context.copyLimits.wholeBytes
    ? copyWhole(context, { source, target, state, pinned, headers }, options)
    : copyInParts(context, { source, target, state, pinned, headers }, options);
}

interface CopyJob {
  readonly source: string;
  readonly target: string;
  readonly state: ObjectState;
  readonly pinned: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

function sourceHeaders(
  context: StoreContext,
  source: string,
  state: ObjectState,
  wantedVersion: string | undefined,
): Record<string, string> {
  const versionId = wantedVersion ?? state.token.versionId;
  const path = `/${encodeUri(context.transport.bucket)}/${encodeUri(source, true)}`;
  return {
    'x-amz-copy-source': versionId === undefined ? path : `${path}?versionId=${encodeUri(versionId)}`,
    'x-amz-copy-source-if-match': quotedEtag(state.token.etag),
  };
}

function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (value !== undefined) kept[name] = value;
  }
  const storageClass = headers['x-amz-storage-class'];
  if (typeof storageClass === 'string' && !isArchiveClass(storageClass))
    kept['x-amz-storage-class'] = storageClass;
  return kept;
}

async function copyWhole(context: StoreContext, job: CopyJob, options: CopyOptions): Promise<CopyOutcome> {
  const { transport, capabilities } = context;
  const { condition, metadata, signal } = options;
  const { copyIfAbsent, copyIfMatch } = capabilities();
  const guard = guardFor(options, { ifAbsent: copyIfAbsent, ifMatch: copyIfMatch });
  const request: S3Request = {
    operation: 'CopyObject',
    method: 'PUT',
    key: job.target,
    headers: { ...job.headers, ...job.pinned, ...guard.headers, 'x-amz-metadata-directive': 'REPLACE' },
    slow: true,
  };
  return transport.retrying(request, signal, async (): Promise<CopyOutcome> => {
    if (guard.look) {
      const look = await lookAt(context, job.target, condition, metadata, signal);
      if (look.kind === 'own') return { kind: 'stored', token: look.token };
      if (look.kind === 'other') return { kind: 'precondition-failed' };
    }
    signal?.throwIfAborted();
    const reply = await transport.attempt(request, { signal });
    if (reply.refusal === undefined) {
      const etag = childText(xmlReply(reply), 'ETag');
      const nowMs = transport.runtime.nowMs();
      return { kind: 'stored', token: writtenToken(etag, job.state.token.sizeBytes, reply.headers, nowMs) };
    }
    if (isWriteConflict(reply.refusal))
      throw new Fault('another write came first', { refusal: reply.refusal });
    if (isArchived(reply.refusal)) throw archived(job.source);
    if (!isPreconditionFailed(reply.refusal) && !isAbsent(reply.refusal))
      throw transport.refused(request, reply.refusal);
    const outcome = await explainRefusal(context, job.target, options);
    if (outcome.kind === 'stored' || (await isSourceSame(context, job, options))) return outcome;
    return { kind: 'source-changed' };
  });
}

/** One status for two conditions: which of them failed is found by looking at the source again. */
async function isSourceSame(context: StoreContext, job: CopyJob, options: CopyOptions): Promise<boolean> {
  const { signal, source } = options;
  const found = await headObject(context, job.source, { signal, versionId: source.versionId });
  return found.kind === 'found' && found.state.token.etag === job.state.token.etag;
}

async function copyInParts(context: StoreContext, job: CopyJob, options: CopyOptions): Promise<CopyOutcome> {
  const { multipartIfAbsent, multipartIfMatch } = context.capabilities();
  const { sizeBytes } = job.state.token;
  const plan = planParts(sizeBytes, context.copyLimits.partBytes);
  if (plan === undefined) throw new S4Error('OBJECT_TOO_LARGE', 'no service copies an object of this size');
  const parts: PartsJob = {
    key: job.target,
    sizeBytes,
    plan,
    headers: job.headers,
    guard: guardFor(options, { ifAbsent: multipartIfAbsent, ifMatch: multipartIfMatch }),
    options,
    sendPart: (part, uploadId, signal) => copyPart(context, job, part, uploadId, signal),
  };
  try {
    const outcome = await runParts(context, parts);
    // Nobody was asked to confirm.
    return outcome.kind === 'abandoned' ? { kind: 'precondition-failed' } : outcome;
  } catch (error) {
    if (error instanceof SourceChanged) return { kind: 'source-changed' };
    throw error;
  }
}

class SourceChanged extends Error {}

async function copyPart(
  context: StoreContext,
  job: CopyJob,
  part: { readonly number: number; readonly startByte: number; readonly endByte: number },
  uploadId: string,
  signal: AbortSignal,
): Promise<string> {
  const { transport } = context;
  const request: S3Request = {
    operation: 'UploadPartCopy',
    method: 'PUT',
    key: job.target,
    query: { partNumber: String(part.number), uploadId },
    headers: { ...job.pinned, 'x-amz-copy-source-range': `bytes=${part.startByte}-${part.endByte - 1}` },
    slow: true,
  };
  return transport.retrying(request, signal, async () => {
    const reply = await transport.attempt(request, { signal });
    if (reply.refusal !== undefined) {
      if (isPreconditionFailed(reply.refusal) || isAbsent(reply.refusal)) throw new SourceChanged();
      throw transport.refused(request, reply.refusal);
    }
    const etag = plainEtag(childText(xmlReply(reply), 'ETag'));
    if (etag === '') throw new Fault('a part was copied without an ETag');
    return etag;
  });
}

function archived(key: string): S4Error {
  return new S4Error('OBJECT_ARCHIVED', 'the object is archived', {
    hint: 'restore it in the storage service first',
    data: { key },
  });
}
