import type { NotifyQueue } from './notify.ts';

/** What has to be set up so that a bucket's events reach a queue, and what s4 then needs to be allowed. */
export interface NotifySetup {
  /** On the queue: the bucket may send to it. */
  readonly queuePolicy: Policy;
  /** On the bucket. It replaces what is there: other notifications of the bucket belong into it too. */
  readonly notification: object;
  /** On the identity that s4 uses, beside what it needs for the bucket. */
  readonly clientPolicy: Policy;
  /** The same as commands of the AWS command line. */
  readonly commands: readonly string[];
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly object[];
}

const EVENTS = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:LifecycleExpiration:*'];

/** Each client has a queue of its own: what one takes out of it, others do not see. */
export function notifySetup(
  place: { readonly bucket: string; readonly prefix: string },
  queue: NotifyQueue,
): NotifySetup {
  const { bucket, prefix } = place;
  const queueArn = queue.arn ?? 'arn:aws:sqs:REGION:ACCOUNT:NAME';
  const partition = queueArn.split(':')[1] ?? 'aws';
  const name = queueArn.split(':').at(-1) ?? 'NAME';
  const rules = prefix === '' ? [] : [{ Name: 'prefix', Value: `${prefix}/` }];
  const queuePolicy: Policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
        Condition: { ArnLike: { 'aws:SourceArn': `arn:${partition}:s3:::${bucket}` } },
      },
    ],
  };
  const notification = {
    QueueConfigurations: [
      {
        Id: 's4',
        QueueArn: queueArn,
        Events: EVENTS,
        ...(rules.length === 0 ? {} : { Filter: { Key: { FilterRules: rules } } }),
      },
    ],
  };
  const clientPolicy: Policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'], Resource: queueArn }],
  };
  return {
    queuePolicy,
    notification,
    clientPolicy,
    commands: [
      `aws sqs create-queue --queue-name ${name} --attributes MessageRetentionPeriod=86400`,
      `aws sqs set-queue-attributes --queue-url ${queue.url} --attributes file://queue-attributes.json`,
      `aws s3api put-bucket-notification-configuration --bucket ${bucket} --notification-configuration file://notification.json`,
    ],
  };
}
