import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { type Agents, proxyAuthorization } from './agents.ts';
import type { SignedRequest } from './session.ts';

export interface HttpCall extends SignedRequest {
  readonly method: string;
  /** Whole, or in pieces whose lengths add up to `bodyBytes`. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly bodyBytes: number;
  /** Longest silence on the connection. */
  readonly idleMs: number;
  readonly signal?: AbortSignal | undefined;
}

const CONNECT_MS = 10_000;
/** The slowest upload that is still waited for. */
const SLOWEST_BYTES_PER_MS = 16;

/**
 * Sends one request and resolves when the head of the answer is there. The body is the caller's to read or destroy.
 *
 * Limits: 10 s to connect, `idleMs` of silence (also while the answer is read), and an overall deadline for the head
 * that grows with the bytes to send. Rejects with the signal's reason, or the network's error.
 */
export function send(call: HttpCall, agents: Agents): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    call.signal?.throwIfAborted();
    const { origin, signal } = call;
    const secure = origin.protocol === 'https:';
    const proxy = agents.plainProxy(origin);
    const request = (secure ? https : http).request({
      method: call.method,
      host: (proxy ?? origin).hostname.replace(/^\[|\]$/g, ''),
      port: (proxy ?? origin).port || (secure ? 443 : 80),
      path: proxy === undefined ? call.path : `${origin.origin}${call.path}`,
      headers: {
        ...call.headers,
        ...(proxy === undefined ? {} : proxyAuthorization(proxy)),
        ...(call.bodyBytes > 0 || call.method === 'PUT' || call.method === 'POST'
          ? { 'content-length': String(call.bodyBytes) }
          : {}),
      },
      agent: secure ? agents.https : agents.http,
    });
    let body: Readable | undefined;
    const answered = false;
    const fail = (error: unknown): void => {
      body?.destroy();
      // A service may refuse an upload and hang up while it is still being sent: its words are yet to be read.
      if (answered) return;
      stopWaiting();
      request.destroy();
      reject(signal?.aborted === true ? signal.reason : error);
    };
    const onAbort = (): void => fail(signal?.reason);
    const deadline = setTimeout(
      () => fail(new Error('the service does not answer')),
      call.idleMs + CONNECT_MS + call.bodyBytes / SLOWEST_BYTES_PER_MS,
    );
    const stopWaiting = (): void => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    limitConnecting(request);
    request.setTimeout(call.idleMs, () => request.destroy(new Error('the connection went silent')));
    request.once('response', (response) => {
      stopWaiting();
      // An abort while the body is read breaks it; the reader turns that into the signal's reason.
      const onLateAbort = (): void => {
        response.destroy();
      };
      signal?.addEventListener('abort', onLateAbort, { once: true });
      response.once('close', () => signal?.removeEventListener('abort', onLateAbort));
      resolve(response);
    });
    request.on('error', fail);
    if (call.body === undefined || call.body instanceof Uint8Array) request.end(call.body);
    else {
      body = Readable.from(call.body, { objectMode: false });
      body.once('error', fail);
      body.pipe(request);
    }
  });
}

function limitConnecting(request: http.ClientRequest): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => request.destroy(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' })),
      CONNECT_MS,
    );
    const stop = (): void => clearTimeout(timer);
    socket.once('connect', stop);
    socket.once('close', stop);
  });
}

/** Reads a small answer whole. */
export async function readAll(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error('the answer is longer than expected');
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
