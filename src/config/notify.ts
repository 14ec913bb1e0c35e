import { S4Error } from '../lib/errors.ts';

/** A queue that a store's events go to: `--notify sqs:<queue url>`. */
export interface NotifyQueue {
  readonly url: string;
  /** Of the URL, on AWS. */
  readonly region?: string;
  readonly arn?: string;
}

const AWS_QUEUE = /^(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com(\.cn)?$/;

/** @throws S4Error USAGE */
export function parseNotify(raw: string): NotifyQueue {
  if (!raw.startsWith('sqs:')) throw bad(raw);
  const text = raw.slice('sqs:'.length);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw bad(raw);
  }
  const [, account, name, ...rest] = url.pathname.split('/');
  const isHttp = url.protocol === 'https:' || url.protocol === 'http:';
  if (!isHttp || url.username !== '' || !account || !name || rest.length > 0) throw bad(raw);
  const [, first, second, china] = AWS_QUEUE.exec(url.hostname) ?? [];
  const region = first ?? second;
  if (region === undefined) return { url: text };
  const partition = china !== undefined ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return { url: text, region, arn: `arn:${partition}:sqs:${region}:${account}:${name}` };
}

function bad(raw: string): S4Error {
  return new S4Error('USAGE', `--notify ${raw.replace(/\/\/[^/]*@/, '//')} is no queue`, {
    hint: 'It is written sqs:https://sqs.REGION.amazonaws.com/ACCOUNT/NAME.',
  });
}
