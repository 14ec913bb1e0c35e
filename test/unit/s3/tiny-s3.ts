import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

export interface SeenRequest {
  readonly method: string;
  /** Decoded path without the bucket; empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Counts all requests, from 0. */
  readonly index: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Send only so many bytes of the body, then hang up. */
  readonly cutAt?: number;
}

/** `drop`: hang up without doing anything. `lose`: do it, and hang up instead of answering. */
export type Fault = Answer | 'drop' | 'lose' | undefined;

export interface TinyObject {
  readonly body: Buffer;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TinyUpload {
  readonly created: SeenRequest;
  readonly parts: Map<number, Buffer>;
}

/** As much of S3 as the store's error paths need, with an accident at any request that a test chooses. */
export interface TinyS3 {
  readonly endpoint: string;
  readonly objects: Map<string, TinyObject>;
  /** Unfinished multipart uploads. */
  readonly uploads: Map<string, TinyUpload>;
  readonly seen: SeenRequest[];
  fault: (request: SeenRequest) => Fault;
  stop(): Promise<void>;
}

export function s3Error(status: number, code: string, more = ''): Answer {
  return { status, body: `<Error><Code>${code}</Code><Message>said ${code}</Message>${more}</Error>` };
}

const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

export async function startTinyS3(tls?: { readonly key: string; readonly cert: string }): Promise<TinyS3> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    receive(request).then(
      (seen) => respond(tiny, seen, response),
      () => response.destroy(),
    );
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  let count = 0;
  const receive = async (request: IncomingMessage): Promise<SeenRequest> => {
    const index = count++;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [path = '', query = ''] = (request.url ?? '').split('?');
    return {
      method: request.method ?? '',
      key: decodeURIComponent(path.split('/').slice(2).join('/')),
      query: new URLSearchParams(query),
      headers: request.headers,
      body: Buffer.concat(chunks),
      index,
    };
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const tiny: TinyS3 = {
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    objects: new Map(),
    uploads: new Map(),
    seen: [],
    fault: () => undefined,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return tiny;
}

function respond(tiny: TinyS3, seen: SeenRequest, response: ServerResponse): void {
  tiny.seen.push(seen);
  const fault = tiny.fault(seen);
  if (fault === 'drop') return void response.destroy();
  const answer = fault === undefined || fault === 'lose' ? perform(tiny, seen) : fault;
  if (fault === 'lose') return void response.destroy();
  const body = Buffer.from(answer.body ?? '');
  response.writeHead(answer.status, {
    ...(seen.method === 'HEAD' ? {} : { 'content-length': String(body.length) }),
    ...answer.headers,
  });
  if (seen.method === 'HEAD') return void response.end();
  if (answer.cutAt === undefined) return void response.end(body);
  response.write(body.subarray(0, answer.cutAt), () => response.destroy());
}

function perform(tiny: TinyS3, seen: SeenRequest): Answer {
  const { method, key, query } = seen;
  if (key === '') return { status: 200 };
  if (query.has('uploads')) {
    const id = randomUUID();
    tiny.uploads.set(id, { created: seen, parts: new Map() });
    return { status: 200, body: `<R><UploadId>${id}</UploadId></R>` };
  }
  const uploadId = query.get('uploadId');
  if (uploadId !== null) return performUpload(tiny, seen, uploadId);
  const found = tiny.objects.get(key);
  if (method === 'PUT') return write(tiny, seen, seen.body, md5(seen.body));
  if (found === undefined) return s3Error(404, 'NoSuchKey');
  if (method === 'DELETE') {
    if (refuses(seen, found)) return s3Error(412, 'PreconditionFailed');
    tiny.objects.delete(key);
    return { status: 204 };
  }
  return read(seen, found);
}

function read(seen: SeenRequest, found: TinyObject): Answer {
  if (seen.headers['if-match'] !== undefined && refuses(seen, found))
    return s3Error(412, 'PreconditionFailed');
  if (seen.headers['if-none-match'] === `"${found.etag}"`) return { status: 304 };
  const size = found.body.length;
  const headers = {
    etag: `"${found.etag}"`,
    'last-modified': 'Sat, 21 Nov 2026 03:00:00 GMT',
    ...found.headers,
  };
  const from = /^bytes=(\d+)-/.exec(seen.headers.range ?? '')?.[1];
  if (from === undefined)
    return { status: 200, headers: { ...headers, 'content-length': String(size) }, body: found.body };
  const range = { 'content-range': `bytes ${from}-${size - 1}/${size}` };
  return { status: 206, headers: { ...headers, ...range }, body: found.body.subarray(Number(from)) };
}

function refuses(seen: SeenRequest, found: TinyObject | undefined): boolean {
  const match = seen.headers['if-match'];
  if (match !== undefined) return found === undefined || match !== `"${found.etag}"`;
  return seen.headers['if-none-match'] === '*' && found !== undefined;
}

function write(
  tiny: TinyS3,
  seen: SeenRequest,
  body: Buffer,
  etag: string,
  said: IncomingHttpHeaders = seen.headers,
): Answer {
  if (refuses(seen, tiny.objects.get(seen.key))) return s3Error(412, 'PreconditionFailed');
  const headers = Object.fromEntries(
    Object.entries(said).filter(([name]) => name.startsWith('x-amz-meta-')),
  ) as Record<string, string>;
  tiny.objects.set(seen.key, { body, etag, headers });
  return { status: 200, headers: { etag: `"${etag}"` }, body: `<R><ETag>"${etag}"</ETag></R>` };
}

function performUpload(tiny: TinyS3, seen: SeenRequest, uploadId: string): Answer {
  const upload = tiny.uploads.get(uploadId);
  if (upload === undefined) return s3Error(404, 'NoSuchUpload');
  if (seen.method === 'PUT') {
    upload.parts.set(Number(seen.query.get('partNumber')), seen.body);
    return { status: 200, headers: { etag: `"${md5(seen.body)}"` } };
  }
  if (seen.method === 'DELETE') {
    tiny.uploads.delete(uploadId);
    return { status: 204 };
  }
  const bodies = [...upload.parts].sort(([a], [b]) => a - b).map(([, body]) => body);
  const etag = `${md5(Buffer.concat(bodies.map((body) => createHash('md5').update(body).digest())))}-${bodies.length}`;
  const answer = write(tiny, seen, Buffer.concat(bodies), etag, upload.created.headers);
  if (answer.status === 200) tiny.uploads.delete(uploadId);
  return answer;
}
