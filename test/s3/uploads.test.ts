import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ObjectKey } from '../../src/engine/ports/store.ts';
import { openBucket } from '../../src/stores/s3/bucket.ts';
import { createContext } from '../../src/stores/s3/context.ts';
import { openS3Store } from '../../src/stores/s3/open.ts';
import { UNPROVED } from '../../src/stores/s3/options.ts';
import { openUploads } from '../../src/stores/s3/uploads.ts';
import { realRuntime } from '../support/real-runtime.ts';
import { type S3Server, startMoto, startSeaweed } from '../support/servers.ts';

describe.each([
  ['SeaweedFS', startSeaweed],
  ['moto', startMoto],
] as const)('unfinished uploads on %s', (_name, start) => {
  let server: S3Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server?.stop();
  });

  test('are found below the prefix alone, dropped, and gone then; objects stay', async () => {
    const service = { ...server.options, bucket: 's4-uploads', runtime: realRuntime };
    const bucket = openBucket(service);
    await bucket.create();
    bucket.close();
    const place = { ...service, prefix: 'docs' };
    const store = openS3Store(place);
    const bytes = Buffer.from('whole');
    const source = {
      sizeBytes: bytes.byteLength,
      read: async (from: number, to: number) => bytes.subarray(from, to),
    };
    const options = { condition: { kind: 'none' }, metadata: { 's4-write': 'x.1' } } as const;
    await store.put('a b.bin' as ObjectKey, source, options);
    const { transport } = createContext(place, () => UNPROVED);
    for (const key of ['docs/a b.bin', 'docs/sub/ü.bin', 'docs10/else.bin'])
      await transport.call(
        { operation: 'CreateMultipartUpload', method: 'POST', key, query: { uploads: '' } },
        {},
      );
    transport.session.close();
    const uploads = openUploads(place);
    const found = await uploads.list();
    expect(found.map(({ key }) => key as string).sort()).toEqual(['a b.bin', 'sub/ü.bin']);
    // moto gives each the same time, of 2010.
    for (const { startedMs } of found) expect(startedMs).toBeLessThan(Date.now() + 600_000);
    for (const upload of found) expect(await uploads.abort(upload)).toBe('aborted');
    expect(await uploads.list()).toEqual([]);
    const [first] = found;
    if (first !== undefined) expect(['gone', 'aborted']).toContain(await uploads.abort(first));
    expect(await store.head('a b.bin' as ObjectKey)).toMatchObject({ kind: 'found' });
    uploads.close();
    await store.close();
  });
});
