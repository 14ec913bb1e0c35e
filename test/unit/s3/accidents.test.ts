import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContentSource, ObjectKey, PutOptions, Store } from '../../../src/engine/ports/store.ts';
import { openS3Store } from '../../../src/stores/s3/open.ts';
import { UNPROVED } from '../../../src/stores/s3/options.ts';
import { createFakeRuntime, type FakeRuntime } from '../../support/fake-runtime.ts';
import { s3Error, startTinyS3, type TinyS3 } from './tiny-s3.ts';

const PROVED = {
  ...UNPROVED,
  putIfAbsent: true,
  putIfMatch: true,
  multipartIfAbsent: true,
  multipartIfMatch: true,
  copyIfAbsent: true,
  copyIfMatch: true,
  deleteIfMatch: true,
};
const LARGE = 20 * 1024 * 1024;

const key = (name: string): ObjectKey => name as ObjectKey;
const textSource = (text: string): ContentSource => {
  const bytes = Buffer.from(text);
  return { sizeBytes: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
};
const largeSource: ContentSource = {
  sizeBytes: LARGE,
  read: async (start, end) => new Uint8Array(end - start).fill((start / 1024) & 0xff),
};

let tiny: TinyS3;
let runtime: FakeRuntime;
let store: Store;
let writes = 0;

const open = (capabilities = PROVED): Store =>
  openS3Store({
    bucket: 'bucket',
    prefix: 'p',
    region: 'us-east-1',
    endpoint: tiny.endpoint,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    capabilities,
    runtime,
  });
const put = (name: string, source: ContentSource | string, options: Partial<PutOptions> = {}) => {
  writes += 1;
  return store.put(key(name), typeof source === 'string' ? textSource(source) : source, {
    condition: { kind: 'absent' },
    metadata: { 's4-write': `w${writes}` },
    ...options,
  });
};
/** An accident at the n-th request (from 1) of this method, and at no other. */
const at = (method: string, nth: number, fault: ReturnType<TinyS3['fault']>): TinyS3['fault'] => {
  let count = 0;
  return (request) => (request.method === method && ++count === nth ? fault : undefined);
};
const methods = (): string => tiny.seen.map((each) => each.method).join(' ');
const readText = async (name: string): Promise<string> => {
  const got = await store.get(key(name));
  if (got.kind !== 'found') throw new Error(got.kind);
  const chunks: Uint8Array[] = [];
  for await (const chunk of got.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

beforeEach(async () => {
  tiny = await startTinyS3();
  runtime = createFakeRuntime({ nowMs: Date.now() });
  store = open();
});
afterEach(async () => {
  await store.close();
  await tiny.stop();
});

describe('a put', () => {
  test('whose answer was lost is found to be its own, not a conflict', async () => {
    tiny.fault = at('PUT', 1, 'lose');
    const outcome = await put('f', 'one');
    expect(outcome).toMatchObject({ kind: 'stored', token: { sizeBytes: 3 } });
    expect(methods()).toBe('PUT PUT HEAD');
    expect(tiny.objects.get('p/f')?.body.toString()).toBe('one');
  });

  test('that is repeated after a lost answer and finds another writer there is a conflict', async () => {
    tiny.fault = at('PUT', 1, 'drop');
    tiny.objects.set('p/f', {
      body: Buffer.from('mine'),
      etag: 'e',
      headers: { 'x-amz-meta-s4-write': 'x' },
    });
    expect((await put('f', 'one')).kind).toBe('precondition-failed');
    expect(tiny.objects.get('p/f')?.body.toString()).toBe('mine');
  });

  test('that is repeated and finds what a tool wrote over it that keeps metadata is a conflict', async () => {
    await put('first', 'its ETag shows that they are MD5 sums');
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    const metadata = { 's4-write': 'ours', 's4-md5': md5('one') };
    tiny.fault = at('PUT', 1, 'lose');
    const writing = put('f', 'one', {
      metadata,
      confirm: async () => {
        const landed = tiny.objects.get('p/f');
        if (landed !== undefined)
          tiny.objects.set('p/f', { ...landed, body: Buffer.from('two'), etag: md5('two') });
        return true;
      },
    });
    expect((await writing).kind).toBe('precondition-failed');
    expect(tiny.objects.get('p/f')?.body.toString()).toBe('two');
  });

  test('reads the source and asks `confirm` again for each attempt', async () => {
    tiny.fault = (request) => (request.index < 2 ? { status: 503 } : undefined);
    let reads = 0;
    let asked = 0;
    const source = { ...textSource('one'), read: async () => Buffer.from(`${++reads}ne`) };
    const outcome = await put('f', source, { confirm: async () => ++asked > 0 });
    expect([outcome.kind, reads, asked]).toEqual(['stored', 3, 3]);
    expect(store.requests.get('PutObject')).toBe(3);
    expect(runtime.sleptMs).toBeGreaterThan(0);
  });

  test('that is no longer wanted after a lost answer tells whether it landed', async () => {
    tiny.fault = at('PUT', 1, 'lose');
    let asked = 0;
    expect((await put('f', 'one', { confirm: async () => ++asked === 1 })).kind).toBe('stored');
    asked = 0;
    tiny.fault = at('PUT', 1, 'drop');
    expect((await put('g', 'one', { confirm: async () => ++asked === 1 })).kind).toBe('abandoned');
  });

  test('that lost a race within the service (409) asks its condition again', async () => {
    tiny.fault = at('PUT', 1, s3Error(409, 'ConditionalRequestConflict'));
    expect((await put('f', 'one')).kind).toBe('stored');
  });

  test('on an object that is gone (404) is a failed precondition, in a bucket that is gone an error', async () => {
    tiny.fault = at('PUT', 1, s3Error(404, 'NoSuchKey'));
    const condition = { kind: 'matches', etag: 'e' } as const;
    expect((await put('f', 'one', { condition })).kind).toBe('precondition-failed');
    tiny.fault = at('PUT', 1, s3Error(404, 'NoSuchBucket'));
    await expect(put('f', 'one', { condition })).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
  });

  test('gives up after a bounded number of attempts, and takes the reported bytes back', async () => {
    tiny.fault = () => ({ status: 500 });
    let bytes = 0;
    const attempt = put('f', 'one', { onBytes: (count) => (bytes += count) });
    await expect(attempt).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(store.requests.get('PutObject')).toBe(8);
    expect(bytes).toBe(0);
  });

  test('carries an MD5 of its body that the service can check', async () => {
    await put('f', 'one');
    expect(tiny.seen[0]?.headers['content-md5']).toBe('+XxdKZQb+xsv2rCHSQargg==');
  });

  test('that the service confirms with the wrong MD5 is an error, once its ETags are known to be MD5', async () => {
    tiny.fault = at('PUT', 1, { status: 200, headers: { etag: `"${'0'.repeat(32)}"` } });
    expect((await put('f', 'one')).kind).toBe('stored');
    await put('g', 'two');
    tiny.fault = at('PUT', 1, { status: 200, headers: { etag: `"${'0'.repeat(32)}"` } });
    await expect(put('h', 'three')).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
  });

  test('without proved conditions looks first, and sends no condition', async () => {
    store = open(UNPROVED);
    await put('f', 'one');
    expect((await put('f', 'two')).kind).toBe('precondition-failed');
    expect(methods()).toBe('HEAD HEAD PUT HEAD');
    expect(tiny.seen.some((each) => each.headers['if-none-match'] !== undefined)).toBe(false);
  });
});

describe('a large put', () => {
  test('repeats the part that broke, and nothing else', async () => {
    tiny.fault = at('PUT', 2, 'drop');
    expect((await put('f', largeSource)).kind).toBe('stored');
    expect(store.requests.get('UploadPart')).toBe(4);
    expect(tiny.objects.get('p/f')?.body.length).toBe(LARGE);
  });

  test('that fails leaves no upload behind', async () => {
    const gone = new Error('the file is gone');
    const source: ContentSource = {
      sizeBytes: LARGE,
      read: (start, end) => (start > 0 ? Promise.reject(gone) : largeSource.read(start, end)),
    };
    await expect(put('f', source)).rejects.toBe(gone);
    expect(tiny.uploads.size).toBe(0);
    expect(tiny.objects.size).toBe(0);
  });

  test('that is aborted leaves no upload behind', async () => {
    const controller = new AbortController();
    const reason = new Error('the user left');
    tiny.fault = (request) => {
      if (request.method === 'PUT') controller.abort(reason);
      return undefined;
    };
    await expect(put('f', largeSource, { signal: controller.signal })).rejects.toBe(reason);
    expect(tiny.uploads.size).toBe(0);
  });

  test('that is abandoned or loses leaves no upload behind', async () => {
    expect((await put('f', largeSource, { confirm: async () => false })).kind).toBe('abandoned');
    await put('f', 'small');
    expect((await put('f', largeSource)).kind).toBe('precondition-failed');
    expect(tiny.uploads.size).toBe(0);
  });

  test('whose completion was answered into the void is found to be its own', async () => {
    tiny.fault = (request) =>
      request.method === 'POST' && request.query.has('uploadId') && tiny.uploads.size > 0
        ? 'lose'
        : undefined;
    expect(await put('f', largeSource)).toMatchObject({ kind: 'stored', token: { sizeBytes: LARGE } });
    expect(store.requests.get('UploadPart')).toBe(3);
  });

  test('whose completion says 200 and means an error is completed again', async () => {
    tiny.fault = at('POST', 2, { ...s3Error(500, 'InternalError'), status: 200 });
    expect((await put('f', largeSource)).kind).toBe('stored');
    expect(store.requests.get('CompleteMultipartUpload')).toBe(2);
  });

  test('whose completion conflicts (409) is sent again from the start', async () => {
    tiny.fault = at('POST', 2, s3Error(409, 'ConditionalRequestConflict'));
    let bytes = 0;
    const outcome = await put('f', largeSource, { onBytes: (count) => (bytes += count) });
    expect([outcome.kind, bytes]).toEqual(['stored', LARGE]);
    expect(store.requests.get('UploadPart')).toBe(6);
    expect(tiny.uploads.size).toBe(0);
  });
});

describe('a get', () => {
  const text = 'x'.repeat(1000) + 'y'.repeat(1000);

  test('goes on where the connection broke, pinned to the same ETag', async () => {
    await put('f', text);
    const [object] = tiny.objects.values();
    tiny.fault = at('GET', 1, {
      status: 200,
      headers: { etag: `"${object?.etag}"`, 'content-length': '2000' },
      body: text,
      cutAt: 700,
    });
    expect(await readText('f')).toBe(text);
    const resumed = tiny.seen.at(-1)?.headers;
    expect([resumed?.range, resumed?.['if-match']]).toEqual(['bytes=700-', `"${object?.etag}"`]);
  });

  test('never mixes two objects when it was replaced meanwhile', async () => {
    await put('f', text);
    tiny.fault = at('GET', 1, {
      status: 200,
      headers: { etag: '"older"', 'content-length': '2000' },
      body: text,
      cutAt: 700,
    });
    await expect(readText('f')).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('never mixes two objects of one length either, where the service ignores If-Match', async () => {
    const head = { etag: '"older"', 'content-length': '2000' };
    tiny.fault = (request) =>
      request.headers.range === undefined
        ? { status: 200, headers: head, body: text, cutAt: 700 }
        : {
            status: 206,
            headers: { etag: '"newer"', 'content-range': 'bytes 700-1999/2000' },
            body: 'z'.repeat(1300),
          };
    await expect(readText('f')).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('that never gets further is an error', async () => {
    tiny.fault = (request) => ({
      status: request.headers.range === undefined ? 200 : 206,
      headers: { etag: '"e"', 'content-length': '10', 'content-range': 'bytes 0-9/10' },
      body: '',
      cutAt: 0,
    });
    await expect(readText('f')).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
  });

  test('of bytes that are not those of the ETag is an error, once ETags are known to be MD5', async () => {
    await put('f', text);
    const [object] = tiny.objects.values();
    tiny.fault = at('GET', 1, {
      status: 200,
      headers: { etag: `"${object?.etag}"` },
      body: 'z'.repeat(2000),
    });
    await expect(readText('f')).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
  });

  test('of an archived object says so', async () => {
    tiny.fault = () => s3Error(403, 'InvalidObjectState');
    expect((await store.get(key('f'))).kind).toBe('archived');
  });

  test('of another ETag is changed, also where the service ignores If-Match', async () => {
    tiny.fault = () => ({ status: 200, headers: { etag: '"now"' }, body: 'x' });
    expect((await store.get(key('f'), { etag: 'before' })).kind).toBe('changed');
  });
});

describe('absence', () => {
  test('is not believed where the bucket is missing', async () => {
    tiny.fault = () => ({ status: 404 });
    await expect(store.head(key('f'))).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
    await expect(store.get(key('f'))).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
    await expect(store.poll(key('f'), 'e')).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
    expect(
      (await open()
        .head(key('f'))
        .catch((error: unknown) => error)) as unknown,
    ).toMatchObject({
      code: 'STORE_NO_BUCKET',
    });
  });

  test('is believed where the bucket is there', async () => {
    expect((await store.head(key('f'))).kind).toBe('absent');
    expect((await store.get(key('f'))).kind).toBe('absent');
  });
});

describe('a delete', () => {
  const condition = (etag: string) => ({ condition: { kind: 'matches', etag } }) as const;

  test('whose answer was lost is done, not absent', async () => {
    await put('f', 'one');
    const etag = tiny.objects.get('p/f')?.etag ?? '';
    tiny.fault = at('DELETE', 1, 'lose');
    expect((await store.delete(key('f'), condition(etag))).kind).toBe('deleted');
    expect((await store.delete(key('f'), condition(etag))).kind).toBe('absent');
  });

  test('without a proved condition looks first', async () => {
    await put('f', 'one');
    store = open(UNPROVED);
    expect((await store.delete(key('f'), condition('other'))).kind).toBe('precondition-failed');
    expect(tiny.objects.size).toBe(1);
    expect(methods()).toBe('PUT HEAD');
  });
});

describe('a refusal', () => {
  const head = (): Promise<unknown> => store.head(key('f'));
  const list = async (): Promise<unknown> => {
    for await (const _ of store.list());
    return undefined;
  };

  test.each([
    ['the clock', s3Error(403, 'RequestTimeTooSkewed'), 'STORE_CLOCK_SKEW'],
    [
      'the clock, seen from the Date',
      { status: 403, headers: { date: 'Sat, 21 Nov 2020 00:00:00 GMT' } },
      'STORE_CLOCK_SKEW',
    ],
    ['the key id', s3Error(403, 'InvalidAccessKeyId'), 'STORE_DENIED'],
    ['the secret', s3Error(403, 'SignatureDoesNotMatch'), 'STORE_DENIED'],
    ['this object', s3Error(403, 'AccessDenied'), 'OBJECT_DENIED'],
    [
      'the region',
      s3Error(400, 'AuthorizationHeaderMalformed', '<Region>eu-west-1</Region>'),
      'STORE_WRONG_REGION',
    ],
    [
      'the endpoint',
      { ...s3Error(301, 'PermanentRedirect'), headers: { 'x-amz-bucket-region': 'eu-west-1' } },
      'STORE_WRONG_REGION',
    ],
    ['the bucket', s3Error(404, 'NoSuchBucket'), 'STORE_NO_BUCKET'],
    ['the key', s3Error(400, 'KeyTooLongError'), 'OBJECT_KEY_REFUSED'],
    ['the size', s3Error(400, 'EntityTooLarge'), 'OBJECT_TOO_LARGE'],
    ['the feature', s3Error(501, 'NotImplemented'), 'STORE_FAILED'],
  ] as const)('for %s is told apart, on a put', async (_, answer, code) => {
    tiny.fault = () => answer;
    await expect(put('f', 'one')).rejects.toMatchObject({ code });
  });

  test('of a HEAD, which has no words, is explained by a GET', async () => {
    tiny.fault = () => s3Error(403, 'InvalidAccessKeyId');
    await expect(head()).rejects.toMatchObject({ code: 'STORE_DENIED' });
  });

  test('names the right region', async () => {
    tiny.fault = () => s3Error(400, 'AuthorizationHeaderMalformed', '<Region>eu-west-1</Region>');
    await expect(list()).rejects.toMatchObject({
      hint: 'use --region eu-west-1',
      data: { region: 'eu-west-1' },
    });
  });

  test('of the listing concerns the whole store', async () => {
    tiny.fault = () => s3Error(403, 'AccessDenied');
    await expect(list()).rejects.toMatchObject({ code: 'STORE_DENIED' });
  });

  test('a listing that is cut off is asked for again, then an error, never a short listing', async () => {
    tiny.fault = () => ({ status: 200, body: '<ListBucketResult><IsTruncated>false</IsTruncated>' });
    await expect(list()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    expect(store.requests.get('ListObjectsV2')).toBe(8);
  });

  test('a listing that says there is more and not where is an error', async () => {
    tiny.fault = () => ({
      status: 200,
      body: '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>',
    });
    await expect(list()).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('a service that is not there is unreachable', async () => {
    await tiny.stop();
    await expect(head()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    tiny = await startTinyS3();
  });
});
