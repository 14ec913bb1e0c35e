import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { joinTarget } from '../../../src/engine/identity.ts';
import type { ObjectKey, Store } from '../../../src/engine/ports/store.ts';
import { runCycle } from '../../../src/engine/run-cycle.ts';
import type { Target } from '../../../src/engine/target.ts';
import { isS4Error } from '../../../src/lib/errors.ts';
import { createMemoryDisk } from '../../../src/local/memory/disk.ts';
import { encodeUri } from '../../../src/stores/s3/keys.ts';
import { openS3Store } from '../../../src/stores/s3/open.ts';
import { UNPROVED } from '../../../src/stores/s3/options.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';
import type { Dice } from '../dice.ts';
import { hostileText, mutateBytes } from '../hostile.ts';
import { type FuzzTarget, fail } from '../target.ts';
import { checkToken, listingXml } from './xml.ts';

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  endless?: boolean;
}

interface Item {
  readonly bytes: Buffer;
  readonly headers: Record<string, string>;
}

const MODIFIED = new Date(Date.UTC(2026, 10, 21, 3));
const objects = new Map<string, Item>();
let server: Server | undefined;
let endpoint = '';
let spoil: (answer: Answer) => Answer = (answer) => answer;

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

function refused(status: number, code: string): Answer {
  return {
    status,
    headers: {},
    body: Buffer.from(`<Error><Code>${code}</Code><Message>no</Message></Error>`),
  };
}

/** As much of S3 as a sync needs. */
function honest(
  method: string,
  key: string,
  query: URLSearchParams,
  headers: IncomingMessage['headers'],
  body: Buffer,
): Answer {
  if (key === '') return { status: 200, headers: {}, body: listing(query.get('prefix') ?? '') };
  const found = objects.get(key);
  if (method === 'PUT') {
    const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
    objects.set(key, { bytes: body, headers: Object.fromEntries(metadata) as Record<string, string> });
    return { status: 200, headers: { etag: etagOf(body) }, body: Buffer.alloc(0) };
  }
  if (method === 'DELETE') {
    objects.delete(key);
    return { status: 204, headers: {}, body: Buffer.alloc(0) };
  }
  if (found === undefined) return refused(404, 'NoSuchKey');
  return {
    status: 200,
    headers: { etag: etagOf(found.bytes), 'last-modified': MODIFIED.toUTCString(), ...found.headers },
    body: found.bytes,
  };
}

function listing(prefix: string): Buffer {
  const items = [...objects].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = items.map(
    ([key, { bytes }]) =>
      `<Contents><Key>${encodeUri(key)}</Key><LastModified>${MODIFIED.toISOString()}</LastModified><ETag>${etagOf(bytes)}</ETag><Size>${bytes.length}</Size></Contents>`,
  );
  return Buffer.from(
    `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${rows.join('')}</ListBucketResult>`,
  );
}

function garbage(answer: Answer, dice: Dice): Answer {
  const kind = dice.int(12);
  const plain = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');
  if (kind === 0)
    return {
      ...answer,
      status: dice.pick([
        200, 204, 206, 301, 304, 307, 400, 401, 403, 404, 405, 409, 412, 416, 429, 500, 503,
      ]),
    };
  if (kind === 1) return { ...answer, body: Buffer.from(hostileText(dice)) };
  if (kind === 2) return { ...answer, body: Buffer.from(listingXml(dice)) };
  if (kind < 6) return { ...answer, body: mutateBytes(answer.body, dice) };
  if (kind === 6) return { ...answer, headers: {} };
  if (kind === 7) return { ...answer, headers: { ...answer.headers, etag: plain(hostileText(dice)) } };
  if (kind === 8)
    return {
      ...answer,
      headers: {
        ...answer.headers,
        'x-amz-meta-mtime': '999999999999',
        'x-amz-meta-mode': '0120777',
        'last-modified': plain(hostileText(dice)),
      },
    };
  if (kind === 9)
    return {
      ...answer,
      headers: {
        ...answer.headers,
        'content-length': String(dice.pick([0, 1, answer.body.length + 5, 2 ** 53, 1e15])),
      },
    };
  if (kind === 10) return { ...answer, status: 307, headers: { location: 'http://127.0.0.1:1/' } };
  return refused(
    dice.pick([400, 403, 404, 409, 412, 503]),
    dice.pick(['NoSuchKey', 'NoSuchBucket', 'SlowDown', 'AccessDenied', plain(hostileText(dice))]),
  );
}

async function answerTo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const key = decodeURIComponent(path.split('/').slice(2).join('/'));
  const answer = spoil(
    honest(request.method ?? '', key, new URLSearchParams(query), request.headers, Buffer.concat(chunks)),
  );
  const isHead = request.method === 'HEAD';
  response.writeHead(answer.status, { 'content-length': String(answer.body.length), ...answer.headers });
  // A length that is longer than the body would keep the client waiting: hang up, as a broken service does.
  response.write(isHead ? '' : answer.body, () =>
    Number(answer.headers['content-length'] ?? 0) > answer.body.length ? response.destroy() : response.end(),
  );
}

async function start(): Promise<void> {
  const made = createServer(
    (request, response) => void answerTo(request, response).catch(() => response.destroy()),
  );
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const address = made.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  endpoint = `http://127.0.0.1:${address.port}`;
  server = made;
}

async function stop(): Promise<void> {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
}

const CAPABILITIES = { ...UNPROVED, listAfterWrite: true, versioning: 'off' } as const;

function open(seed: number): { store: Store; runtime: ReturnType<typeof createFakeRuntime> } {
  const runtime = createFakeRuntime({ seed, nowMs: Date.UTC(2026, 10, 21, 4) });
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const store = openS3Store({
    bucket: 'b',
    prefix: '',
    region: 'r',
    endpoint,
    credentials,
    runtime,
    capabilities: CAPABILITIES,
  });
  return { store, runtime };
}

const FILES: Readonly<Record<string, string>> = {
  a: 'one',
  'd/b.txt': 'two',
  'd/c': 'three',
  '.syncignore': '*.tmp\n',
};

/** A service that answers with garbage in the middle of a sync: an error or a problem, and no content of the folder goes. */
export const service: FuzzTarget = {
  name: 'service',
  share: 0.06,
  short: 2,
  limitMs: 20_000,
  start,
  stop,
  async run(dice) {
    objects.clear();
    spoil = (answer) => answer;
    const { store, runtime } = open(dice.int(1e9));
    const disk = createMemoryDisk({ runtime });
    const joined = await joinTarget({ store, folder: disk.open(), runtime, capabilities: CAPABILITIES });
    disk.crash();
    const target: Target = {
      id: joined.targetId,
      name: 't',
      folder: '/t',
      url: store.url,
      clientId: joined.clientId,
      capabilities: CAPABILITIES,
    };
    const sync = async (): Promise<void> => {
      runtime.advance(5000);
      const folder = disk.open();
      try {
        await runCycle({ target, store, folder, runtime, emit: () => {} }, { mode: 'sync' });
      } catch (error) {
        if (!isS4Error(error)) throw error;
      } finally {
        await folder.close();
        disk.crash();
      }
    };
    for (const [path, text] of Object.entries(FILES)) disk.user.write(path, text);
    await sync();
    const often = 1 + dice.int(6);
    spoil = (answer) => (dice.oneIn(often) ? garbage(answer, dice) : answer);
    objects.set('new', { bytes: Buffer.from('from another'), headers: {} });
    disk.user.write('mine', 'of this machine');
    await sync();
    await sync();
    await probe(store, dice);
    spoil = (answer) => answer;
    await sync();
    await store.close();
    const kept = new Set([...Object.values(disk.user.tree()), ...Object.values(disk.user.tree('.s4/trash'))]);
    for (const [path, text] of Object.entries({ ...FILES, mine: 'of this machine' }))
      if (!kept.has(text)) fail('content is gone', path);
  },
};

/** Each kind of question gets an answer that can be kept, or an error of the store's. */
async function probe(store: Store, dice: Dice): Promise<void> {
  const key = dice.pick(['a', 'd/b.txt', 'none']) as ObjectKey;
  const questions: readonly (() => Promise<unknown>)[] = [
    async () => {
      const found = await store.head(key);
      if (found.kind === 'found') checkToken(found.state.token);
    },
    async () => {
      const found = await store.get(key);
      if (found.kind !== 'found') return;
      checkToken(found.state.token);
      for await (const _ of found.body) void _;
    },
    async () => {
      for await (const page of store.list()) for (const { token } of page) checkToken(token);
    },
    () => store.poll(key, undefined),
  ];
  for (const ask of questions) {
    try {
      await ask();
    } catch (error) {
      if (!isS4Error(error)) throw error;
    }
  }
}
