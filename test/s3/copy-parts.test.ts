import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ObjectKey } from '../../src/engine/ports/store.ts';
import { openBucket } from '../../src/stores/s3/bucket.ts';
import { createContext, type StoreContext } from '../../src/stores/s3/context.ts';
import { copyObject } from '../../src/stores/s3/copy.ts';
import { getObject } from '../../src/stores/s3/get.ts';
import { UNPROVED } from '../../src/stores/s3/options.ts';
import { putObject } from '../../src/stores/s3/put.ts';
import { expectPattern, patternSource } from '../contract/room.ts';
import { realRuntime } from '../support/real-runtime.ts';
import { type S3Server, startMoto, startSeaweed } from '../support/servers.ts';

const MIB = 1024 * 1024;
const SIZE = 13 * MIB + 5;
const key = (name: string): ObjectKey => name as ObjectKey;

describe.each([
  ['SeaweedFS', startSeaweed],
  ['moto', startMoto],
] as const)('an object too large for one copy, on %s', (_, start) => {
  let server: S3Server;
  let context: StoreContext;
  beforeAll(async () => {
    server = await start();
    const options = { ...server.options, bucket: 's4-copies', prefix: 'p', runtime: realRuntime };
    const bucket = openBucket(options);
    await bucket.create();
    bucket.close();
    const proved = { ...UNPROVED, multipartIfAbsent: true };
    context = {
      ...createContext(options, () => proved),
      copyLimits: { wholeBytes: 5 * MIB, partBytes: 6 * MIB },
    };
    const metadata = { 's4-write': 'source' };
    await putObject(context, key('source'), patternSource(SIZE, 3), {
      condition: { kind: 'none' },
      metadata,
      contentType: 'text/plain',
    });
  });
  afterAll(async () => {
    context?.transport.session.close();
    await server?.stop();
  });

  test('is copied in parts, byte for byte, with new metadata and its old type', async () => {
    const outcome = await copyObject(context, key('source'), key('a b+ü'), {
      source: {},
      condition: { kind: 'absent' },
      metadata: { 's4-write': 'copy', mode: '0100755' },
    });
    expect(outcome).toMatchObject({ kind: 'stored', token: { sizeBytes: SIZE } });
    expect(context.transport.requests.get('UploadPartCopy')).toBe(3);
    const got = await getObject(context, key('a b+ü'), {});
    expect(got.kind === 'found' && got.state.metadata).toEqual({ 's4-write': 'copy', mode: '0100755' });
    await expectPattern(got, SIZE, 3);
    const head = await context.transport.call(
      { operation: 'HeadObject', method: 'HEAD', key: 'p/a b+ü' },
      {},
    );
    expect(head.headers['content-type']).toBe('text/plain');
  });

  test('is not copied over what is there', async () => {
    const condition = { kind: 'absent' } as const;
    const metadata = { 's4-write': 'second' };
    const outcome = await copyObject(context, key('source'), key('source'), {
      source: {},
      condition,
      metadata,
    });
    expect(outcome.kind).toBe('precondition-failed');
  });
});
