import { createHash, webcrypto } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Runtime } from '../../engine/ports/runtime.ts';
import { S4Error } from '../../lib/errors.ts';
import {
  attemptsWorth,
  Fault,
  faultError,
  isExpired,
  isRetried,
  type Refusal,
  readRefusal,
  refusalError,
  type Subject,
} from './errors.ts';
import { readAll, send } from './http.ts';
import type { Session } from './session.ts';
import { parseXml, XmlError, type XmlNode } from './xml.ts';

/*
 * Requests are signed by the SDK's signer and sent over node:http(s) by ourselves: attempts are counted and bounded
 * in one place, a refusal with status 200 and a lost response are seen as what they are, keys go out byte by byte,
 * and a small PUT costs a fifth of the processor time.
 *
 * Integrity of what is sent: every body held in memory carries a signed Content-MD5, which the service checks before
 * the object becomes visible, and its ETag is compared afterwards where that is an MD5 (`integrity.ts`). Over plain
 * HTTP the SHA-256 of the body is signed as well; over HTTPS that is left to TLS.
 */

export interface S3Request {
  /** The API's name, under which it is counted. */
  readonly operation: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Full key in the bucket. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** The service may work for minutes before it answers. */
  readonly slow?: true;
}

export type RequestBody =
  | {
      readonly kind: 'bytes';
      readonly bytes: Uint8Array;
      /** Sent as Content-MD5. */
      readonly md5: Buffer;
      /** Bytes sent; what was reported of an attempt that fails is taken back. */
      readonly onBytes?: ((bytes: number) => void) | undefined;
    }
  | {
      readonly kind: 'pieces';
      readonly sizeBytes: number;
      readonly pieces: AsyncIterable<Uint8Array>;
      readonly onBytes?: ((bytes: number) => void) | undefined;
    };

export interface S3Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Set when the service said no and no other attempt would help. */
  readonly refusal?: Refusal;
  /** Empty for HEAD and for answers that are streamed. */
  readonly body: Buffer;
  /** Only for `stream`, and only without a refusal. */
  readonly stream?: IncomingMessage;
}

export interface AttemptOptions {
  readonly signal?: AbortSignal | undefined;
  /** Leave the body of a success on the connection. */
  readonly stream?: true;
}

export interface Transport {
  readonly bucket: string;
  readonly session: Session;
  readonly runtime: Runtime;
  readonly requests: ReadonlyMap<string, number>;
  /** When the service last did what was asked, by the runtime's clock; then the bucket was there. */
  lastSuccessMs(): number | undefined;
  /**
   * One attempt. Resolves with a reply, which may be a refusal.
   * @throws Fault when another attempt may succeed
   */
  attempt(request: S3Request, options: AttemptOptions): Promise<S3Reply>;
  /** Runs `work` until it does not throw a Fault, or attempts run out: then S4Error. */
  retrying<T>(
    subject: Pick<Subject, 'operation' | 'key'>,
    signal: AbortSignal | undefined,
    work: (attempt: number) => Promise<T>,
  ): Promise<T>;
  /** `attempt` within `retrying`: for requests that may simply be repeated. */
  call(request: S3Request, options: AttemptOptions): Promise<S3Reply>;
  /** The error for a refusal that the caller has no outcome for. */
  refused(request: Pick<S3Request, 'operation' | 'key'>, refusal: Refusal): S4Error;
}

const MAX_ATTEMPTS = 8;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 20_000;
const IDLE_MS = 60_000;
const SLOW_IDLE_MS = 300_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const SLICE_BYTES = 256 * 1024;

export function createTransport(session: Session, bucket: string, runtime: Runtime): Transport {
  const requests = new Map<string, number>();
  let lastSuccessMs: number | undefined;

  const attempt = async (request: S3Request, options: AttemptOptions): Promise<S3Reply> => {
    const { body } = request;
    const secure = await session.isSecure();
    const bytes = body?.kind === 'bytes' ? body.bytes : undefined;
    const bodyDigest = await signedDigest(body, secure);
    const signed = await session.sign({
      method: request.method,
      ...(request.key === undefined ? {} : { key: request.key }),
      query: request.query ?? {},
      headers: {
        ...request.headers,
        ...(body?.kind === 'bytes' ? { 'content-md5': body.md5.toString('base64') } : {}),
      },
      ...(bodyDigest === undefined ? {} : { bodyDigest }),
    });
    options.signal?.throwIfAborted();
    requests.set(request.operation, (requests.get(request.operation) ?? 0) + 1);
    const report = body?.onBytes;
    let reported = 0;
    const count = (sent: number): void => {
      reported += sent;
      report?.(sent);
    };
    try {
      const response = await send(
        {
          ...signed,
          method: request.method,
          ...outgoingBody(body, report === undefined ? undefined : count),
          idleMs: request.slow === true ? SLOW_IDLE_MS : IDLE_MS,
          signal: options.signal,
        },
        session.agents,
      );
      const reply = await readReply(request, response, options.stream === true);
      if (reply.refusal === undefined) {
        lastSuccessMs = runtime.nowMs();
        if (bytes !== undefined) count(bytes.byteLength - reported);
        return reply;
      }
      if (isExpired(reply.refusal)) await session.refreshCredentials();
      if (isRetried(reply.refusal))
        throw new Fault('the service asks to try again', { refusal: reply.refusal });
      count(-reported);
      return reply;
    } catch (error) {
      count(-reported);
      if (options.signal?.aborted === true) throw options.signal.reason;
      if (error instanceof Fault || error instanceof S4Error) throw error;
      throw new Fault('the request failed', { cause: error });
    }
  };

  const subjectOf = (subject: Pick<Subject, 'operation' | 'key'>): Subject => ({
    operation: subject.operation,
    key: subject.key,
    bucket,
    nowMs: runtime.nowMs(),
  });

  const retrying: Transport['retrying'] = async (subject, signal, work) => {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await work(attempt);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (attempt >= attemptsWorth(error, MAX_ATTEMPTS)) throw faultError(error, subjectOf(subject));
        await runtime.sleep(delayBefore(attempt + 1, error, runtime), signal === undefined ? {} : { signal });
      }
    }
  };

  return {
    bucket,
    session,
    runtime,
    requests,
    lastSuccessMs: () => lastSuccessMs,
    attempt,
    retrying,
    call: (request, options) => retrying(request, options.signal, () => attempt(request, options)),
    refused: (request, refusal) => refusalError(refusal, subjectOf(request)),
  };
}

/** Exponential with full jitter, never less than the service asked for. */
function delayBefore(attempt: number, fault: Fault, runtime: Runtime): number {
  const chance = Number.parseInt(runtime.randomHex(4), 16) / 0x1_0000_0000;
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 2));
  return Math.max(chance * ceiling, Math.min(fault.refusal?.retryAfterMs ?? 0, LONGEST_DELAY_MS));
}

async function signedDigest(body: RequestBody | undefined, secure: boolean): Promise<string | undefined> {
  if (body === undefined) return EMPTY_SHA256;
  if (secure || body.kind !== 'bytes') return undefined;
  if (body.bytes.byteLength < SLICE_BYTES) return createHash('sha256').update(body.bytes).digest('hex');
  // Off the main thread: a part of 8 MiB would hold it up for 25 ms.
  const digest = await webcrypto.subtle.digest('SHA-256', body.bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(digest).toString('hex');
}

const EMPTY_SHA256 = createHash('sha256').digest('hex');

function outgoingBody(
  body: RequestBody | undefined,
  count: ((bytes: number) => void) | undefined,
): { readonly body?: Uint8Array | AsyncIterable<Uint8Array>; readonly bodyBytes: number } {
  if (body === undefined) return { bodyBytes: 0 };
  if (body.kind === 'pieces')
    return { body: count ? counted(body.pieces, count) : body.pieces, bodyBytes: body.sizeBytes };
  const { bytes } = body;
  const inSlices = count !== undefined && bytes.byteLength > 2 * SLICE_BYTES;
  return { body: inSlices ? slices(bytes, count) : bytes, bodyBytes: bytes.byteLength };
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    yield piece;
    count(piece.byteLength);
  }
}

async function* slices(bytes: Uint8Array, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += SLICE_BYTES) {
    const slice = bytes.subarray(start, start + SLICE_BYTES);
    yield slice;
    count(slice.byteLength);
  }
}

async function readReply(request: S3Request, response: IncomingMessage, streamed: boolean): Promise<S3Reply> {
  const { statusCode: status = 0, headers } = response;
  const success = (status >= 200 && status < 300) || status === 304;
  if (success && streamed && status !== 304) return { status, headers, body: EMPTY, stream: response };
  const body = await readAll(response, MAX_ANSWER_BYTES);
  if (!success) {
    const text = request.method === 'HEAD' ? '' : body.toString('utf8');
    return { status, headers, body, refusal: readRefusal(status, headers, text) };
  }
  // Completing and copying answer 200 first and may find out about an error later.
  if (request.slow === true && body.includes('<Error')) {
    const refusal = readRefusal(status, headers, body.toString('utf8'));
    return { status, headers, body, refusal: withErrorStatus(refusal) };
  }
  return { status, headers, body };
}

const EMPTY = Buffer.alloc(0);

/** What came with 200 must not look like a success: a code of its own decides, else it counts as a 500. */
function withErrorStatus(refusal: Refusal): Refusal {
  if (refusal.code === 'PreconditionFailed') return { ...refusal, status: 412 };
  return { ...refusal, status: refusal.code.startsWith('NoSuch') ? 404 : 500 };
}

/**
 * The answer as a tree.
 * @throws Fault when it is cut off or not XML, so that it is asked for again
 */
export function xmlReply(reply: S3Reply): XmlNode {
  try {
    return parseXml(reply.body.toString('utf8'));
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw new Fault('the answer is not XML', { cause });
  }
}
