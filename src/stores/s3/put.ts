import { createHash } from 'node:crypto';
import type { ContentSource, ObjectKey, PutOptions, PutOutcome } from '../../engine/ports/store.ts';
import type { StoreContext } from './context.ts';
import { Fault, isAbsent, isPreconditionFailed, isWriteConflict } from './errors.ts';
import { explainRefusal, guardFor, lookAt, ownWrite } from './guard.ts';
import { corrupt, readExactly } from './integrity.ts';
import { plainEtag } from './keys.ts';
import { putInParts } from './multipart.ts';
import { metadataHeaders, writtenToken } from './object-state.ts';
import type { S3Reply, S3Request } from './transport.ts';

/** Up to here an object goes in one request. */
const WHOLE_BYTES = 8 * 1024 * 1024;

/** `Store.put`: one request, or several parts above 8 MiB. */
export function putObject(
  context: StoreContext,
  key: ObjectKey,
  source: ContentSource,
  options: PutOptions,
): Promise<PutOutcome> {
  const full = context.keys.writable(key);
  const headers = {
    ...metadataHeaders(options.metadata),
    ...context.creationHeaders,
    'content-type': options.contentType ?? 'application/octet-stream',
  };
  return source.sizeBytes <= WHOLE_BYTES
    ? putWhole(context, full, source, options, headers)
    : putInParts(context, full, source, options, headers);
}

async function putWhole(
  context: StoreContext,
  key: string,
  source: ContentSource,
  options: PutOptions,
  headers: Readonly<Record<string, string>>,
): Promise<PutOutcome> {
  const { transport, budget, capabilities } = context;
  const { condition, metadata, signal } = options;
  const { putIfAbsent, putIfMatch } = capabilities();
  const guard = guardFor(options, { ifAbsent: putIfAbsent, ifMatch: putIfMatch });
  const subject = { operation: 'PutObject', key };
  let sent = false;

  const once = async (): Promise<PutOutcome> => {
    const bytes = await readExactly(source, 0, source.sizeBytes);
    const md5 = createHash('md5').update(bytes).digest();
    if (guard.look) {
      const look = await lookAt(context, key, condition, metadata, signal);
      if (look.kind === 'own') return { kind: 'stored', token: look.token };
      if (look.kind === 'other') return { kind: 'precondition-failed' };
    }
    if (options.confirm !== undefined && !(await options.confirm())) {
      const token = sent ? await ownWrite(context, key, metadata, signal) : undefined;
      return token === undefined ? { kind: 'abandoned' } : { kind: 'stored', token };
    }
    signal?.throwIfAborted();
    sent = true;
    const request: S3Request = {
      ...subject,
      method: 'PUT',
      headers: { ...headers, ...guard.headers },
      body: { kind: 'bytes', bytes, md5, onBytes: options.onBytes },
    };
    const reply = await transport.attempt(request, { signal });
    if (reply.refusal === undefined) return stored(context, key, reply, md5, source.sizeBytes);
    // Another write was under way: the same condition, asked again, tells what came of it.
    if (isWriteConflict(reply.refusal))
      throw new Fault('another write came first', { refusal: reply.refusal });
    const refused =
      isPreconditionFailed(reply.refusal) || (condition.kind === 'matches' && isAbsent(reply.refusal));
    if (!refused) throw transport.refused(subject, reply.refusal);
    return explainRefusal(context, key, options);
  };
  return transport.retrying(subject, signal, () => budget.use(source.sizeBytes, once, signal));
}

function stored(
  context: StoreContext,
  key: string,
  reply: S3Reply,
  md5: Buffer,
  sizeBytes: number,
): PutOutcome {
  const etag = plainEtag(reply.headers.etag);
  if (!context.etags.agrees(etag, md5.toString('hex'), reply.headers)) throw corrupt(key, etag);
  const token = writtenToken(etag, sizeBytes, reply.headers, context.transport.runtime.nowMs());
  return { kind: 'stored', token };
}
