import type { StoreCapabilities } from '../engine/ports/store.ts';
import type { LifecycleFacts } from './s3/bucket.ts';
import type { S3BucketOptions } from './s3/options.ts';

/** A bucket as it is now, beside what was recorded when the target was added. */
export interface Examined {
  readonly versioning: StoreCapabilities['versioning'];
  readonly lifecycle: LifecycleFacts;
  /** How far this machine's clock is ahead of the service's; undefined where it names no time. */
  readonly clockAheadMs?: number;
}

/**
 * Asks a bucket about itself, for `s4 doctor`. Writes nothing.
 *
 * @throws S4Error STORE_* when it cannot be asked
 */
export async function examineBucket(options: S3BucketOptions, signal: AbortSignal): Promise<Examined> {
  const { openBucket } = await import('./s3/bucket.ts');
  const bucket = openBucket(options);
  try {
    const clockAheadMs = await bucket.clockAheadMs({ signal });
    return {
      versioning: await bucket.versioning({ signal }),
      lifecycle: await bucket.lifecycle({ signal }),
      ...(clockAheadMs !== undefined && { clockAheadMs }),
    };
  } finally {
    bucket.close();
  }
}
