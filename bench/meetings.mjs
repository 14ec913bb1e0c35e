// Two conditional requests about one state of one key, sent in the same moment: how often does a service let both through?
//   node bench/meetings.mjs [--server seaweedfs|moto] [--meetings N]
// The probe of `s4 add` can only find out what goes wrong often; what it believes rests on tables like this one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { startServer, toolEnvironment } from './support/servers.mjs';

const REFUSED = [404, 409, 412];
const SOURCE = 'source';
const PAIRS = [
  ['put', 'put'],
  ['put', 'copy'],
  ['copy', 'copy'],
  ['put', 'complete'],
  ['copy', 'complete'],
  ['complete', 'complete'],
  ['put', 'delete'],
  ['copy', 'delete'],
  ['complete', 'delete'],
];

const REQUESTS = {
  put: (at, condition) => new PutObjectCommand({ ...at, ...condition, Body: `put ${Math.random()}` }),
  copy: (at, condition) =>
    new CopyObjectCommand({ ...at, ...condition, CopySource: `${at.Bucket}/${SOURCE}` }),
  delete: (at, condition) => new DeleteObjectCommand({ ...at, ...condition }),
  complete: async (at, condition) => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
    const part = { ...at, UploadId, PartNumber: 1, Body: `part ${Math.random()}` };
    const { ETag } = await client.send(new UploadPartCommand(part));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    return new CompleteMultipartUploadCommand({ ...at, ...condition, UploadId, MultipartUpload });
  },
};

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'seaweedfs' },
    meetings: { type: 'string', default: '100' },
  },
});
const root = await mkdtemp(join(tmpdir(), 's4-bench-meetings-'));
const server = await startServer(values.server, join(root, 'server'));
const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = toolEnvironment(root);
const client = new S3Client({
  endpoint: server.endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId, secretAccessKey },
  forcePathStyle: true,
  maxAttempts: 1,
});
try {
  for (const bucket of ['without-versions', 'with-versions']) await measure(bucket);
} finally {
  client.destroy();
  await server.stop();
  await rm(root, { recursive: true, force: true });
}

async function measure(Bucket) {
  await client.send(new CreateBucketCommand({ Bucket }));
  if (Bucket === 'with-versions') {
    const VersioningConfiguration = { Status: 'Enabled' };
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  await client.send(new PutObjectCommand({ Bucket, Key: SOURCE, Body: SOURCE }));
  console.log(`\n${values.server} ${Bucket}: both came through, of ${values.meetings} meetings`);
  for (const pair of PAIRS) {
    const matches = await bothWon(Bucket, pair, 'matches');
    const absent = pair.includes('delete') ? '-' : await bothWon(Bucket, pair, 'absent');
    console.log(`  ${pair.join(' and ').padEnd(22)} if it matches ${matches}, if absent ${absent}`);
  }
}

async function bothWon(Bucket, pair, expected) {
  let both = 0;
  for (let meeting = 0; meeting < Number(values.meetings); meeting++) {
    const at = { Bucket, Key: `${pair.join('-')}/${expected}/${meeting}` };
    const before =
      expected === 'matches' && (await client.send(new PutObjectCommand({ ...at, Body: 'one' })));
    const condition = before ? { IfMatch: before.ETag } : { IfNoneMatch: '*' };
    const prepared = await Promise.all(pair.map((kind) => REQUESTS[kind](at, condition)));
    // Neither has always the start.
    if (meeting % 2 === 1) prepared.reverse();
    const won = await Promise.all(prepared.map(isCarriedOut));
    if (won.every(Boolean)) both += 1;
  }
  return both;
}

async function isCarriedOut(command) {
  try {
    await client.send(command);
    return true;
  } catch (error) {
    if (REFUSED.includes(error.$metadata?.httpStatusCode)) return false;
    throw error;
  }
}
