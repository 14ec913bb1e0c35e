import { PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EarEvent, RunningEar } from '../../src/daemon/listen/ear.ts';
import { recordOwnWrites } from '../../src/daemon/listen/own-writes.ts';
import { createQueueEar } from '../../src/daemon/listen/queue-ear.ts';
import type { EventQueue } from '../../src/engine/ports/event-queue.ts';
import type { ObjectKey, Store } from '../../src/engine/ports/store.ts';
import { bytesSource } from '../../src/remote-log/small-object.ts';
import { openBucket } from '../../src/stores/s3/bucket.ts';
import { openS3Store } from '../../src/stores/s3/open.ts';
import { quietS3Client, withoutNodeWarning } from '../../src/stores/s3/sdk-client.ts';
import { openSqsQueue } from '../../src/stores/sqs/open.ts';
import { realRuntime } from '../support/real-runtime.ts';
import { type S3Server, startMoto } from '../support/servers.ts';

let server: S3Server;
let sqs: SQSClient;
let places = 0;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startMoto();
  const { endpoint, credentials } = server;
  sqs = withoutNodeWarning(() => new SQSClient({ region: 'us-east-1', endpoint, credentials }));
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});
afterAll(async () => {
  sqs?.destroy();
  await server?.stop();
});

interface Place {
  readonly bucket: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly queue: EventQueue;
  /** A client like ours, and another program. */
  readonly own: ReturnType<typeof recordOwnWrites>;
  readonly other: Store;
}

async function createPlace(): Promise<Place> {
  places += 1;
  const bucket = `s4-events-${places}`;
  const service = { ...server.options, runtime: realRuntime };
  const owner = openBucket({ ...service, bucket });
  await owner.create();
  owner.close();
  const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: bucket }));
  const { Attributes: attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  const queue = openSqsQueue({ url: queueUrl, region: 'us-east-1', credentials: server.credentials });
  const own = recordOwnWrites(openS3Store({ ...service, bucket, prefix: 'my folder' }));
  const other = openS3Store({ ...service, bucket, prefix: '' });
  open.push(queue, own, other);
  return { bucket, queueUrl, queueArn: attributes?.['QueueArn'] ?? '', queue, own, other };
}

async function notify(bucket: string, arn: string, through: 'queue' | 'topic'): Promise<void> {
  const { endpoint, credentials } = server;
  const s3 = quietS3Client({ region: 'us-east-1', endpoint, credentials, forcePathStyle: true });
  const Events = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] as const;
  const Filter = { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'my folder/' }] } };
  const rule = { Events: [...Events], Filter };
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: bucket,
      NotificationConfiguration:
        through === 'queue'
          ? { QueueConfigurations: [{ QueueArn: arn, ...rule }] }
          : { TopicConfigurations: [{ TopicArn: arn, ...rule }] },
    }),
  );
  s3.destroy();
}

/** A call of the query API: the SDK for SNS is no dependency. */
async function sns(parameters: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(server.endpoint, {
    method: 'POST',
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=s4test/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: new URLSearchParams({ Version: '2010-03-31', ...parameters }),
  });
  return answer.text();
}

interface Hearing {
  readonly events: readonly EarEvent[];
  /** The event that names a path; waits for it. */
  named(path: string): Promise<Extract<EarEvent, { readonly kind: 'heard' }>>;
}

async function hear(place: Place): Promise<Hearing> {
  const events: EarEvent[] = [];
  let look = (): void => {};
  const ear = createQueueEar({
    queue: place.queue,
    runtime: realRuntime,
    place: { bucket: place.bucket, prefix: 'my folder' },
    ownWrites: place.own.ownWrites,
    onNotice: () => {},
  });
  const running: RunningEar = await ear.listen({
    onEvent: (event) => {
      events.push(event);
      look();
    },
  });
  open.push(running);
  return {
    events,
    named: (path) =>
      new Promise((resolve) => {
        look = () => {
          for (const event of events)
            if (event.kind === 'heard' && event.paths.some((each) => each === path)) resolve(event);
        };
        look();
      }),
  };
}

const put = (store: Store, key: string): Promise<unknown> =>
  store.put(key as ObjectKey, bytesSource(Buffer.from(key)), {
    condition: { kind: 'none' },
    metadata: { 's4-write': key.length.toString() },
  });

/** Messages that are there, seen or hidden. */
async function left(queueUrl: string): Promise<number> {
  const { Attributes: attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  return (
    Number(attributes?.['ApproximateNumberOfMessages']) +
    Number(attributes?.['ApproximateNumberOfMessagesNotVisible'])
  );
}

describe('events of S3 in a queue', () => {
  test.each(['queue', 'topic'] as const)(
    'a put and a removal by another program arrive through a %s',
    async (way) => {
      const place = await createPlace();
      let arn = place.queueArn;
      if (way === 'topic') {
        const created = await sns({ Action: 'CreateTopic', Name: place.bucket });
        arn = /<TopicArn>([^<]+)</.exec(created)?.[1] ?? '';
        await sns({ Action: 'Subscribe', TopicArn: arn, Protocol: 'sqs', Endpoint: place.queueArn });
      }
      await notify(place.bucket, arn, way);
      const hearing = await hear(place);
      await put(place.other, 'elsewhere.txt');
      await put(place.other, 'my folder/a b+é 😀.txt');
      const heard = await hearing.named('a b+é 😀.txt');
      expect(hearing.events.flatMap((event) => (event.kind === 'heard' ? event.paths : []))).toEqual([
        'a b+é 😀.txt',
      ]);
      heard.processed?.();
      await place.other.delete('my folder/a b+é 😀.txt' as ObjectKey, { condition: { kind: 'none' } });
      await expect.poll(() => hearing.events.length, { timeout: 30_000 }).toBe(2);
    },
  );

  test('a message is removed after it was processed, our own at once', async () => {
    const place = await createPlace();
    await notify(place.bucket, place.queueArn, 'queue');
    const hearing = await hear(place);
    await put(place.own, 'mine.txt');
    await put(place.other, 'my folder/theirs.txt');
    const heard = await hearing.named('theirs.txt');
    await expect.poll(() => left(place.queueUrl), { timeout: 30_000 }).toBe(1);
    expect(hearing.events).toHaveLength(1);
    heard.processed?.();
    await expect.poll(() => left(place.queueUrl), { timeout: 30_000 }).toBe(0);
  });

  test('a peek leaves the messages to others', async () => {
    const { bucket, queueArn, other, queue } = await createPlace();
    await notify(bucket, queueArn, 'queue');
    await put(other, 'my folder/a.txt');
    const peeked = await queue.receive({ waitSeconds: 5, peek: true });
    expect(peeked.length).toBeGreaterThan(0);
    expect((await queue.receive({ waitSeconds: 0 })).length).toBeGreaterThanOrEqual(peeked.length);
  });

  test('a queue that is not there says so', async () => {
    const { queueUrl } = await createPlace();
    const queue = openSqsQueue({
      url: `${queueUrl}-not`,
      region: 'us-east-1',
      credentials: server.credentials,
    });
    open.push(queue);
    await expect(queue.receive({ waitSeconds: 0 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('a long wait ends when it is aborted', async () => {
    const { queue } = await createPlace();
    const ending = new AbortController();
    const waiting = queue.receive({ waitSeconds: 20, signal: ending.signal });
    ending.abort(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
  });

  test('a service that is not there cannot be reached', async () => {
    const queue = openSqsQueue({
      url: 'http://127.0.0.1:9/123456789012/q',
      region: 'us-east-1',
      credentials: server.credentials,
    });
    open.push(queue);
    await expect(queue.receive({ waitSeconds: 0 })).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
  });
});
