import { createHash, type Hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ContentSource } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';

/**
 * Whether this service's ETags are MD5 sums. They are on most services for objects sent in one piece, but nobody
 * promises it, so a difference counts only after an ETag of 32 hex digits was seen to be the MD5 of its content.
 */
export interface EtagTrust {
  /** False only when the content behind the ETag is surely not what was hashed. */
  agrees(etag: string, md5Hex: string, headers: IncomingHttpHeaders): boolean;
  /** A hash to feed while an object is read, or undefined when its ETag can say nothing. */
  hashFor(etag: string, headers: IncomingHttpHeaders): Hash | undefined;
}

export function etagTrust(): EtagTrust {
  let proved = false;
  return {
    agrees: (etag, md5Hex, headers) => {
      if (!mayBeMd5(etag, headers)) return true;
      if (etag !== md5Hex) return !proved;
      proved = true;
      return true;
    },
    hashFor: (etag, headers) => (mayBeMd5(etag, headers) ? createHash('md5') : undefined),
  };
}

function mayBeMd5(etag: string, headers: IncomingHttpHeaders): boolean {
  const encryption = String(headers['x-amz-server-side-encryption'] ?? '');
  return (
    /^[0-9a-f]{32}$/.test(etag) &&
    !encryption.startsWith('aws:kms') &&
    headers['x-amz-server-side-encryption-customer-algorithm'] === undefined
  );
}

/** The service confirmed other bytes than those that were sent. */
export function corrupt(key: string, etag: string): S4Error {
  return new S4Error('OBJECT_CORRUPT', 'the store confirmed other bytes than were sent', {
    hint: 'run it again, and look at the object; check memory, network and the service',
    data: { key, etag },
  });
}

/** A range of the source, and never another length than announced. */
export async function readExactly(
  source: ContentSource,
  startByte: number,
  endByte: number,
): Promise<Uint8Array> {
  const bytes = await source.read(startByte, endByte);
  if (bytes.byteLength === endByte - startByte) return bytes;
  throw new S4Error('LOCAL_UNREADABLE', 'the file changed while it was read', {
    data: { wantedBytes: endByte - startByte, readBytes: bytes.byteLength },
  });
}
