import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listBuckets, openBucket } from '../../src/stores/s3/bucket.ts';
import { openS3Store } from '../../src/stores/s3/open.ts';
import { realRuntime } from '../support/real-runtime.ts';
import { type S3Server, startMoto, startSeaweed } from '../support/servers.ts';

describe.each([
  ['SeaweedFS', startSeaweed],
  ['moto', startMoto],
] as const)('a bucket on %s', (name, start) => {
  let server: S3Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server?.stop();
  });
  const options = (bucket: string) => ({ ...server.options, bucket, runtime: realRuntime });

  test('is made, found, named, and made again without harm', async () => {
    const bucket = openBucket(options('s4-made'));
    expect(await bucket.exists()).toBe('no');
    expect(await bucket.create()).toBe('created');
    expect(await bucket.exists()).toBe('yes');
    expect(['created', 'exists']).toContain(await bucket.create());
    expect(await listBuckets(options(''))).toContain('s4-made');
    bucket.close();
  });

  test('keeps versions once told to', async () => {
    const bucket = openBucket(options('s4-versioned'));
    await bucket.create();
    expect(await bucket.versioning()).toBe('off');
    await bucket.enableVersioning();
    expect(await bucket.versioning()).toBe('enabled');
    bucket.close();
  });

  test('has no lifecycle rules at first', async () => {
    const bucket = openBucket(options('s4-rules'));
    await bucket.create();
    expect((await bucket.lifecycle()).rules).toEqual([]);
    bucket.close();
  });

  test('that is missing is an error of the whole store, for every call', async () => {
    const store = openS3Store({ ...options('s4-missing'), prefix: 'p' });
    const key = 'f' as never;
    const list = async () => {
      for await (const _ of store.list());
    };
    for (const call of [() => store.head(key), () => store.get(key), () => store.poll(key, 'e'), list])
      await expect(call()).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
    await store.close();
  });

  test.skipIf(name === 'moto')('denies a wrong secret, and says what is wrong', async () => {
    const credentials = { ...server.credentials, secretAccessKey: 'wrong' };
    const store = openS3Store({ ...options('s4-made'), credentials, prefix: '' });
    await expect(store.head('f' as never)).rejects.toMatchObject({
      code: 'STORE_DENIED',
      hint: expect.stringContaining('secret'),
    });
    await store.close();
  });

  test.skipIf(name === 'moto')('notices a clock that is an hour off', async () => {
    const runtime = { ...realRuntime, nowMs: () => Date.now() - 3_600_000 };
    const store = openS3Store({ ...options('s4-made'), runtime, prefix: '' });
    await expect(store.get('f' as never)).rejects.toMatchObject({ code: 'STORE_CLOCK_SKEW' });
    await store.close();
  });
});
