import type { IncomingHttpHeaders } from 'node:http';
import type { ObjectMetadata, ObjectState } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import type { RemoteToken } from '../../sync/entry.ts';
import { plainEtag } from './keys.ts';

const META = 'x-amz-meta-';
/** S3's own are of 32 characters, and 1,024 is its bound. */
const MAX_VERSION_LENGTH = 1024;
const ARCHIVES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** The object as the headers of a HEAD or GET tell it. */
export function stateFromHeaders(headers: IncomingHttpHeaders): ObjectState {
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(META) && typeof value === 'string') metadata[name.slice(META.length)] = value;
  }
  const modifiedMs = Date.parse(headers['last-modified'] ?? '');
  return {
    token: {
      etag: plainEtag(headers.etag),
      sizeBytes: objectSize(headers),
      modifiedMs: Number.isNaN(modifiedMs) ? 0 : modifiedMs,
      ...versionOf(headers),
    },
    metadata,
    ...(isArchivedNow(headers) ? { archived: true as const } : {}),
  };
}

/**
 * The token of a write of our own. No service answers a write with its LastModified; the Date of the answer is as
 * near as can be had without asking again.
 */
export function writtenToken(
  etag: string | undefined,
  sizeBytes: number,
  headers: IncomingHttpHeaders,
  nowMs: number,
): RemoteToken {
  const dateMs = Date.parse(headers.date ?? '');
  return {
    etag: plainEtag(etag),
    sizeBytes,
    modifiedMs: Number.isNaN(dateMs) ? Math.floor(nowMs / 1000) * 1000 : dateMs,
    modifiedIsEstimate: true,
    ...versionOf(headers),
  };
}

export function metadataHeaders(metadata: ObjectMetadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [META + name, value]));
}

/** Archive classes that a listing names. Restored for a while: `restored`. */
export function isArchiveClass(storageClass: string | undefined): boolean {
  return storageClass !== undefined && ARCHIVES.has(storageClass);
}

function isArchivedNow(headers: IncomingHttpHeaders): boolean {
  const storageClass = headers['x-amz-storage-class'];
  const tier = headers['x-amz-archive-status'];
  if (tier === undefined && !isArchiveClass(String(storageClass))) return false;
  return !String(headers['x-amz-restore'] ?? '').includes('ongoing-request="false"');
}

function versionOf(headers: IncomingHttpHeaders): { readonly versionId?: string } {
  const versionId = headers['x-amz-version-id'];
  return typeof versionId === 'string' && versionId !== '' && versionId.length <= MAX_VERSION_LENGTH
    ? { versionId }
    : {};
}

function objectSize(headers: IncomingHttpHeaders): number {
  const total = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  const sizeBytes = Number(total ?? headers['content-length'] ?? 0);
  if (Number.isSafeInteger(sizeBytes) && sizeBytes >= 0) return sizeBytes;
  throw new S4Error('STORE_FAILED', 'the store gives an object a size that is none');
}
