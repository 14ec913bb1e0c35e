import { statSync } from 'node:fs';
import { S4Error } from '../lib/errors.ts';
import type { S3BucketOptions } from './s3/options.ts';

export interface PrepareWishes {
  readonly create: boolean;
  readonly enableVersioning: boolean;
}

export interface Prepared {
  readonly created: boolean;
  readonly versioningEnabled: boolean;
}

/**
 * Makes sure that the bucket is there, and keeps versions if that was wished for.
 * @throws S4Error STORE_NO_BUCKET when it is missing and not to be created; STORE_*
 */
export async function prepareBucket(
  options: S3BucketOptions,
  wishes: PrepareWishes,
  signal: AbortSignal,
): Promise<Prepared> {
  const { openBucket } = await import('./s3/bucket.ts');
  const bucket = openBucket(options);
  try {
    // An identity that may not ask about the bucket may still use its prefix: the probe will tell.
    const isMissing = (await bucket.exists({ signal })) === 'no';
    if (isMissing && !wishes.create) {
      throw new S4Error('STORE_NO_BUCKET', `The bucket ${options.bucket} does not exist.`, {
        hint: 'Check the name and the endpoint, or create it with --create-bucket.',
      });
    }
    signal.throwIfAborted();
    const created = isMissing && (await bucket.create({ signal })) === 'created';
    if (!wishes.enableVersioning || (await bucket.versioning({ signal })) === 'enabled')
      return { created, versioningEnabled: false };
    signal.throwIfAborted();
    await bucket.enableVersioning({ signal });
    return { created, versioningEnabled: true };
  } finally {
    bucket.close();
  }
}

/**
 * The same for a directory, which always keeps versions. It is made only when that was wished for: a missing one may
 * be a disk that is not mounted.
 * @throws S4Error STORE_NO_BUCKET
 */
export async function prepareDirectory(root: string, wishes: PrepareWishes): Promise<Prepared> {
  const stat = statSync(root, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory())
    throw new S4Error('STORE_NO_BUCKET', `${root} is not a folder.`, { hint: 'A store is a whole folder.' });
  if (stat === undefined && !wishes.create) {
    throw new S4Error('STORE_NO_BUCKET', `The folder ${root} does not exist.`, {
      hint: 'Mount the disk, or create the folder with --create-bucket.',
    });
  }
  const { prepareFileStore } = await import('./file/prepare.ts');
  await prepareFileStore(root);
  return { created: stat === undefined, versioningEnabled: false };
}
