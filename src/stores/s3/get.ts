import type { IncomingMessage } from 'node:http';
import type {
  CallOptions,
  GetOutcome,
  ObjectKey,
  ObjectState,
  PollOutcome,
  ProgressOptions,
  ReadExpectation,
} from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import type { StoreContext } from './context.ts';
import { isArchived, isPreconditionFailed } from './errors.ts';
import { isAbsentVersion, isOtherVersion, requireBucket } from './head.ts';
import { plainEtag, quotedEtag } from './keys.ts';
import { stateFromHeaders } from './object-state.ts';
import type { S3Reply, S3Request } from './transport.ts';

/** `Store.get`. */
export async function getObject(
  context: StoreContext,
  key: ObjectKey,
  options: ProgressOptions & ReadExpectation,
): Promise<GetOutcome> {
  const { transport } = context;
  const full = context.keys.full(key);
  const request = getRequest(full, options);
  const reply = await transport.call(request, { signal: options.signal, stream: true });
  if (reply.refusal !== undefined) {
    if (isAbsentVersion(reply.refusal, options.versionId)) {
      await requireBucket(context, reply, options.signal);
      return { kind: 'absent' };
    }
    if (isPreconditionFailed(reply.refusal)) return { kind: 'changed' };
    if (isArchived(reply.refusal)) return { kind: 'archived' };
    throw transport.refused(request, reply.refusal);
  }
  if (isOtherVersion(reply.headers, options.versionId)) {
    reply.stream?.destroy();
    return { kind: 'absent' };
  }
  const state = stateFromHeaders(reply.headers);
  // Not every service looks at If-Match.
  if (options.etag !== undefined && state.token.etag !== options.etag) {
    reply.stream?.destroy();
    return { kind: 'changed' };
  }
  if (reply.headers['content-length'] === undefined) {
    reply.stream?.destroy();
    throw new S4Error('STORE_FAILED', 'the store does not say how long the object is', { data: { key } });
  }
  return { kind: 'found', state, body: readBody(context, full, reply, state, options) };
}

function getRequest(full: string, pin: ReadExpectation, fromByte = 0): S3Request {
  return {
    operation: 'GetObject',
    method: 'GET',
    key: full,
    query: pin.versionId === undefined ? {} : { versionId: pin.versionId },
    headers: {
      // A gateway that compresses on the way would change the length.
      'accept-encoding': 'identity',
      ...(pin.etag === undefined ? {} : { 'if-match': quotedEtag(pin.etag) }),
      ...(fromByte === 0 ? {} : { range: `bytes=${fromByte}-` }),
    },
  };
}

const MOST_FRUITLESS = 5;
const PAUSE_MS = 250;

/** The bytes, reconnecting after what broke; a connection that brings a byte earns a full set of attempts. */
async function* readBody(
  context: StoreContext,
  key: string,
  first: S3Reply,
  state: ObjectState,
  options: ProgressOptions & ReadExpectation,
): AsyncGenerator<Uint8Array> {
  const { etag, sizeBytes } = state.token;
  const { signal } = options;
  const versionId = options.versionId ?? state.token.versionId;
  const pin: ReadExpectation = { etag, ...(versionId === undefined ? {} : { versionId }) };
  const hash = context.etags.hashFor(etag, first.headers);
  let stream = first.stream;
  let at = 0;
  let fruitless = 0;
  try {
    while (stream !== undefined) {
      const from = at;
      const broken: { cause?: unknown } = {};
      for await (const chunk of untilBroken(stream, broken)) {
        at += chunk.byteLength;
        if (at > sizeBytes) throw wrongLength(key, sizeBytes, at);
        hash?.update(chunk);
        options.onBytes?.(chunk.byteLength);
        yield chunk;
      }
      signal?.throwIfAborted();
      if (at === sizeBytes) break;
      fruitless = at > from ? 0 : fruitless + 1;
      if (fruitless > MOST_FRUITLESS) throw wrongLength(key, sizeBytes, at, broken.cause);
      await context.transport.runtime.sleep(
        PAUSE_MS * 2 ** fruitless,
        signal === undefined ? {} : { signal },
      );
      stream = await resume(context, key, pin, at, sizeBytes, signal);
    }
  } finally {
    stream?.destroy();
  }
  if (hash !== undefined && !context.etags.agrees(etag, hash.digest('hex'), first.headers)) {
    throw new S4Error('OBJECT_CORRUPT', 'other bytes arrived than the store says it has', {
      hint: 'run it again; check memory, network and the service',
      data: { key, etag },
    });
  }
}

/** Ends where the connection breaks, and says why. */
async function* untilBroken(stream: IncomingMessage, broken: { cause?: unknown }): AsyncGenerator<Buffer> {
  const chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((cause: unknown) => {
      broken.cause = cause;
      return undefined;
    });
    if (next === undefined || next.done === true) return;
    yield next.value;
  }
}

async function resume(
  context: StoreContext,
  key: string,
  pin: ReadExpectation,
  fromByte: number,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const { transport } = context;
  const request = getRequest(key, pin, fromByte);
  const reply = await transport.call(request, { signal, stream: true });
  if (reply.refusal !== undefined) {
    if (isPreconditionFailed(reply.refusal) || isAbsentVersion(reply.refusal, pin.versionId))
      throw replaced(key);
    throw transport.refused(request, reply.refusal);
  }
  const wanted = `bytes ${fromByte}-${sizeBytes - 1}/${sizeBytes}`;
  const fits = reply.headers['content-range'] === wanted && plainEtag(reply.headers.etag) === pin.etag;
  if (fits && reply.stream !== undefined) return reply.stream;
  reply.stream?.destroy();
  throw replaced(key);
}

function replaced(key: string): S4Error {
  return new S4Error('STORE_FAILED', 'the object was replaced while it was read', {
    hint: 'run it again',
    data: { key },
  });
}

function wrongLength(key: string, wantedBytes: number, gotBytes: number, cause?: unknown): S4Error {
  return new S4Error('OBJECT_CORRUPT', 'another number of bytes arrived than the store announced', {
    hint: 'run it again; if it stays, look at the object with another tool',
    cause,
    data: { key, wantedBytes, gotBytes },
  });
}

/** `Store.poll`: the whole object, which is small, unless it is still the one known. */
export async function pollObject(
  context: StoreContext,
  key: ObjectKey,
  etag: string | undefined,
  options: CallOptions,
): Promise<PollOutcome> {
  const { transport } = context;
  const { signal } = options;
  const known = etag === undefined ? {} : { 'if-none-match': quotedEtag(etag) };
  const request: S3Request = {
    operation: 'GetObject',
    method: 'GET',
    key: context.keys.full(key),
    headers: known,
  };
  const reply = await transport.call(request, { signal });
  if (reply.status === 304) return { kind: 'unchanged' };
  if (reply.refusal !== undefined) {
    if (isAbsentVersion(reply.refusal, undefined)) {
      await requireBucket(context, reply, signal);
      return { kind: 'absent' };
    }
    throw transport.refused(request, reply.refusal);
  }
  const found = plainEtag(reply.headers.etag);
  if (found === etag) return { kind: 'unchanged' };
  return { kind: 'changed', etag: found, bytes: reply.body };
}
