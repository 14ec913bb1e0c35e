import process from 'node:process';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

export function quietS3Client(config: S3ClientConfig): S3Client {
  return withoutNodeWarning(() => new S3Client(config));
}

/**
 * Makes an SDK client without its warning that a future release will need a newer Node: it would land in the middle of
 * the user's terminal at each start. Every other warning passes.
 */
export function withoutNodeWarning<T>(make: () => T): T {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: []) => {
    if (String(warning).includes('NodeVersionSupportWarning')) return;
    emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    // The constructor warns synchronously.
    return make();
  } finally {
    process.emitWarning = emitWarning;
  }
}
