// A bucket of moto's that sends its events to a queue.
import { PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { toolEnvironment } from './servers.mjs';

/**
 * Makes the queue, and has the bucket tell it of each object that is written or removed below `prefix`.
 *
 * @param {import('./servers.mjs').Server} server
 * @param {string} bucket
 * @param {string} prefix
 * @returns {Promise<string>} the queue's URL
 */
export async function eventQueue({ endpoint }, bucket, prefix) {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = toolEnvironment('/');
  const service = { region: 'us-east-1', endpoint, credentials: { accessKeyId, secretAccessKey } };
  const sqs = new SQSClient(service);
  const s3 = new S3Client({ ...service, forcePathStyle: true });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: bucket }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: bucket,
      NotificationConfiguration: {
        QueueConfigurations: [
          {
            QueueArn: Attributes.QueueArn,
            Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
            Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: prefix }] } },
          },
        ],
      },
    }),
  );
  sqs.destroy();
  s3.destroy();
  return QueueUrl;
}
