import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectKey, Store } from '../../../src/engine/ports/store.ts';
import { openS3Store } from '../../../src/stores/s3/open.ts';
import type { S3StoreOptions } from '../../../src/stores/s3/options.ts';
import { quietS3Client } from '../../../src/stores/s3/sdk-client.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';
import { startTinyS3, type TinyS3 } from './tiny-s3.ts';
import { TEST_CERTIFICATE, TEST_KEY } from './tls-fixture.ts';

const KEY = 'f' as ObjectKey;

let folder: string;
let caFile: string;
let tiny: TinyS3;
let stores: Store[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 's4-network-'));
  caFile = join(folder, 'ca.pem');
  await writeFile(caFile, TEST_CERTIFICATE);
  tiny = await startTinyS3({ key: TEST_KEY, cert: TEST_CERTIFICATE });
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  await tiny.stop();
  await rm(folder, { recursive: true });
});

function open(options: Partial<S3StoreOptions>): Store {
  const store = openS3Store({
    bucket: 'bucket',
    prefix: 'p',
    region: 'us-east-1',
    endpoint: tiny.endpoint,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    runtime: createFakeRuntime({ nowMs: Date.now() }),
    ...options,
  });
  stores.push(store);
  return store;
}

const put = (store: Store): ReturnType<Store['put']> =>
  store.put(
    KEY,
    { sizeBytes: 3, read: async () => Buffer.from('one') },
    { condition: { kind: 'none' }, metadata: { 's4-write': 'w' } },
  );

interface TestProxy {
  readonly url: string;
  /** What it was asked for: `CONNECT host:port` or `GET http://...`. */
  readonly asked: string[];
  readonly logins: (string | undefined)[];
  refuse: boolean;
  stop(): Promise<void>;
}

/** Leads every tunnel to the tiny server, whatever host was asked for. */
async function startProxy(): Promise<TestProxy> {
  const sockets = new Set<Duplex>();
  const record = (request: IncomingMessage): void => {
    proxy.asked.push(`${request.method} ${request.url}`);
    proxy.logins.push(request.headers['proxy-authorization']);
  };
  const server: Server = createServer((request, response) => {
    record(request);
    response.writeHead(404, { 'content-length': '0' }).end();
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    record(request);
    sockets.add(socket);
    if (proxy.refuse) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const upstream = connect(Number(new URL(tiny.endpoint).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const proxy: TestProxy = {
    url: `http://user:p%40ss@127.0.0.1:${address.port}`,
    asked: [],
    logins: [],
    refuse: false,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

describe('certificates', () => {
  test('of the user are trusted', async () => {
    expect((await put(open({ caFile }))).kind).toBe('stored');
    expect(tiny.seen[0]?.headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
  });

  test('unknown to anyone are refused at once, with a hint', async () => {
    const store = open({});
    await expect(put(store)).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      hint: expect.stringContaining('--ca-file'),
    });
    expect(store.requests.get('PutObject')).toBe(1);
    expect(tiny.seen).toEqual([]);
  });

  test('in a file that cannot be read are an error before anything is sent', () => {
    expect(() => open({ caFile: join(folder, 'none.pem') })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

describe('a proxy', () => {
  let proxy: TestProxy;
  beforeEach(async () => {
    proxy = await startProxy();
  });
  afterEach(async () => {
    await proxy.stop();
  });

  test('carries TLS through a tunnel, with its login, and the connection is kept', async () => {
    const store = open({ caFile, proxy: proxy.url, endpoint: 'https://store.example' });
    expect((await put(store)).kind).toBe('stored');
    expect((await store.head(KEY)).kind).toBe('found');
    expect(proxy.asked).toEqual(['CONNECT store.example:443']);
    expect(proxy.logins).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
    expect(tiny.seen[0]?.headers.host).toBe('store.example');
    expect(tiny.seen[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  test('that refuses makes the store unreachable', async () => {
    proxy.refuse = true;
    const store = open({ caFile, proxy: proxy.url, endpoint: 'https://store.example' });
    await expect(put(store)).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: expect.stringContaining('403'),
    });
  });

  test('is sent the whole URL where there is no TLS', async () => {
    const store = open({ proxy: proxy.url, endpoint: 'http://store.example' });
    await expect(store.head(KEY)).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
    expect(proxy.asked).toEqual(['HEAD http://store.example/bucket/p/f', 'HEAD http://store.example/bucket']);
  });
});

test('the SDK does not tell the user about coming Node versions, and other warnings pass', async () => {
  const warned: string[] = [];
  const onWarning = (warning: Error): void => void warned.push(warning.message);
  process.on('warning', onWarning);
  quietS3Client({ region: 'us-east-1' }).destroy();
  process.emitWarning('something else');
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  expect(warned).toEqual(['something else']);
});
