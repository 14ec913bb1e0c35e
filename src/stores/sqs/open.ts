import process from 'node:process';
import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import type { EventQueue, QueueMessage } from '../../engine/ports/event-queue.ts';
import { createAgents } from '../s3/agents.ts';
import type { S3ServiceOptions } from '../s3/options.ts';
import { withoutNodeWarning } from '../s3/sdk-client.ts';
import { queueError } from './errors.ts';

export interface SqsQueueOptions
  extends Pick<S3ServiceOptions, 'credentials' | 'profile' | 'caFile' | 'proxy'> {
  /** `https://sqs.region.amazonaws.com/account/name`; requests go to its host. */
  readonly url: string;
  /** Of the queue; on AWS its URL says it. Services beside AWS mostly take `us-east-1`. */
  readonly region?: string;
}

/** A cycle takes seconds; what was not removed by then comes again. */
const HIDDEN_SECONDS = 300;
const BATCH = 10;
const DEFAULT_REGION = 'us-east-1';
const CONNECT_MS = 10_000;
/** Longer than the longest wait for a message. */
const ANSWER_MS = 30_000;

/**
 * An SQS queue, asked with the credentials, the proxy and the certificates of the target.
 *
 * @throws S4Error CONFIG_INVALID for an unreadable certificate file
 */
export function openSqsQueue(options: SqsQueueOptions): EventQueue {
  const { url } = options;
  const agents = createAgents(options, process.env);
  const config: SQSClientConfig = {
    region: options.region ?? DEFAULT_REGION,
    endpoint: new URL(url).origin,
    ...(options.credentials === undefined ? {} : { credentials: { ...options.credentials } }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    requestHandler: {
      httpAgent: agents.http,
      httpsAgent: agents.https,
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
    },
  };
  const client = withoutNodeWarning(() => new SQSClient(config));

  const guarded = async <T>(signal: AbortSignal | undefined, send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (error) {
      signal?.throwIfAborted();
      throw queueError(error, url);
    }
  };

  return {
    url,
    receive: ({ waitSeconds, peek, signal }) =>
      guarded(signal, async () => {
        const { Messages: messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: url,
            MaxNumberOfMessages: BATCH,
            WaitTimeSeconds: waitSeconds,
            VisibilityTimeout: peek === true ? 0 : HIDDEN_SECONDS,
          }),
          signal === undefined ? {} : { abortSignal: signal },
        );
        return messages.flatMap(({ Body: body, ReceiptHandle: receipt }) =>
          body === undefined || receipt === undefined ? [] : [{ body, receipt }],
        );
      }),
    remove: async (messages, { signal } = {}) => {
      for (let start = 0; start < messages.length; start += BATCH) {
        signal?.throwIfAborted();
        await guarded(signal, () => removeBatch(client, url, messages.slice(start, start + BATCH), signal));
      }
    },
    close: async () => {
      client.destroy();
      agents.destroy();
    },
  };
}

async function removeBatch(
  client: SQSClient,
  url: string,
  messages: readonly QueueMessage[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const entries = messages.map(({ receipt }, i) => ({ Id: String(i), ReceiptHandle: receipt }));
  // Single ones that fail (a receipt that is too old) come again, and are removed then.
  await client.send(
    new DeleteMessageBatchCommand({ QueueUrl: url, Entries: entries }),
    signal === undefined ? {} : { abortSignal: signal },
  );
}
