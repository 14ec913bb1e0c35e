// The store of the demo as other programs see it: plain files in a directory, or objects through the AWS SDK.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { DemoFailure, lookAt, sha256 } from './evidence.mjs';

/**
 * @typedef {object} Place
 * @property {string} url
 * @property {readonly string[]} addFlags
 * @property {() => Promise<Map<string, import('./evidence.mjs').Seen>>} look symlinks are files there: their text
 * @property {() => Promise<Set<string>>} paths
 * @property {string | undefined} directory
 * @property {(paths: Iterable<string>) => Promise<readonly string[]>} cleanUp what is to be said about what remains
 */

/** @returns {Place} */
export function directoryPlace(root) {
  const directory = join(root, 'store');
  const look = async () => (existsSync(directory) ? lookAt(directory) : new Map());
  return {
    url: `file://${directory}`,
    addFlags: ['--create-bucket'],
    directory,
    look,
    paths: async () => new Set((await look()).keys()),
    cleanUp: async () => [],
  };
}

/** @returns {Promise<Place>} */
export async function bucketPlace(url, endpoint) {
  const { hostname: bucket, pathname, protocol } = new URL(url);
  if (protocol !== 's3:' || bucket === '') throw new DemoFailure(`${url} is not s3://bucket/prefix.`);
  const name = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  const prefix = name === '' ? '' : `${name}/`;
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({
    region: process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  });
  const keys = () => listKeys(client, sdk, bucket, prefix);
  const before = await keys().catch((error) => {
    throw new DemoFailure(`${url} cannot be listed: ${error.message || error.name}`, { cause: error });
  });
  if (before.length > 0)
    throw new DemoFailure(
      `${url} is not empty: the demo wants a prefix of its own, such as s3://${bucket}/s4-demo.`,
    );
  return {
    url: `s3://${bucket}${name === '' ? '' : `/${name}`}`,
    addFlags: endpoint === undefined ? [] : ['--endpoint', endpoint],
    directory: undefined,
    paths: async () => new Set((await keys()).filter((key) => !isOwn(key)).map(withoutSlash)),
    look: async () => {
      const found = new Map();
      const plain = (await keys()).filter((key) => !isOwn(key));
      await atOnce(plain, 8, async (key) =>
        found.set(withoutSlash(key), await seen(client, sdk, bucket, prefix, key)),
      );
      return found;
    },
    cleanUp: (paths) => removeObjects({ client, sdk, bucket, prefix, keys }, new Set(paths)),
  };
}

async function listKeys(client, sdk, bucket, prefix) {
  const keys = [];
  for await (const page of sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
    for (const { Key } of page.Contents ?? []) keys.push(Key.slice(prefix.length));
  return keys.filter((key) => key !== '');
}

async function seen(client, sdk, bucket, prefix, key) {
  const { Body, Metadata } = await client.send(
    new sdk.GetObjectCommand({ Bucket: bucket, Key: prefix + key }),
  );
  const bytes = await Body.transformToByteArray();
  if (key.endsWith('/')) return { kind: 'empty folder', sha256: sha256(bytes) };
  return { kind: (Metadata?.mode ?? '').endsWith('755') ? 'executable' : 'file', sha256: sha256(bytes) };
}

/** Only what the demo made: paths it knows, and what s4 keeps below `.s4/`. */
async function removeObjects({ client, sdk, bucket, prefix, keys }, paths) {
  const all = await keys();
  const own = all.filter((key) => isOwn(key) || paths.has(withoutSlash(key)));
  await atOnce(own, 8, (key) =>
    client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: prefix + key })),
  );
  const rest = all.length - own.length;
  const kept = await countVersions(client, sdk, bucket, prefix);
  return [
    `Removed ${own.length} objects from s3://${bucket}/${prefix}.`,
    ...(rest === 0 ? [] : [`${rest} objects that the demo did not make are left there.`]),
    ...(kept === 0
      ? []
      : [
          `${kept} old versions and delete markers remain there: your bucket keeps versions. A lifecycle rule removes them.`,
        ]),
  ];
}

async function countVersions(client, sdk, bucket, prefix) {
  let count = 0;
  let more = {};
  while (more !== undefined) {
    const page = await client.send(
      new sdk.ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...more }),
    );
    // A bucket without versioning calls each object its version "null".
    count += (page.Versions ?? []).filter(({ VersionId }) => VersionId !== 'null').length;
    count += (page.DeleteMarkers ?? []).length;
    more = page.IsTruncated
      ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
      : undefined;
  }
  return count;
}

async function atOnce(items, limit, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

const isOwn = (key) => key === '.s4' || key.startsWith('.s4/');
const withoutSlash = (key) => key.replace(/\/$/, '');
