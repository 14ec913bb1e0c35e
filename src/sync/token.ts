import type { RemoteToken } from './entry.ts';

// Our own write is stamped by the response's Date header; the service stamps the object within this of it.
const ESTIMATE_SLACK_MS = 2_000;

/**
 * Is an object still what it was? Listings, HEADs and writes know times to the millisecond or the second, so seconds
 * are compared. A token stamped by our own write accepts any earlier time: a multipart upload carries the time it was
 * begun at, and whoever changes the object after us gets a later one.
 */
export function sameRemoteToken(known: RemoteToken, seen: RemoteToken): boolean {
  return sameRemoteBytes(known, seen) && sameRemoteTime(known, seen);
}

/** Equal but for the time: the content is the same, the metadata may have been replaced (a chmod). */
export function sameRemoteBytes(known: RemoteToken, seen: RemoteToken): boolean {
  return known.etag === seen.etag && known.sizeBytes === seen.sizeBytes;
}

function sameRemoteTime(known: RemoteToken, seen: RemoteToken): boolean {
  if (known.versionId !== undefined && seen.versionId !== undefined)
    return known.versionId === seen.versionId;
  const knownS = Math.floor(known.modifiedMs / 1000);
  const seenS = Math.floor(seen.modifiedMs / 1000);
  if (known.modifiedIsEstimate === true) return seen.modifiedMs <= known.modifiedMs + ESTIMATE_SLACK_MS;
  return knownS === seenS;
}
