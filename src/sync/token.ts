import type { RemoteToken } from './entry.ts';

// Our own write is stamped by the response's Date header; the service stamps the object within this of it.
const ESTIMATE_SLACK_MS = 2_000;
// What a service calls each state that it keeps no version of: the next one replaces it, and is called the same.
const NO_VERSION = 'null';

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
  const [knownId, seenId] = [lastingVersionId(known), lastingVersionId(seen)];
  if (knownId !== undefined && seenId !== undefined) return knownId === seenId;
  const knownS = Math.floor(known.modifiedMs / 1000);
  const seenS = Math.floor(seen.modifiedMs / 1000);
  if (known.modifiedIsEstimate === true) return seen.modifiedMs <= known.modifiedMs + ESTIMATE_SLACK_MS;
  return knownS === seenS;
}

/** The version id, where it names one state for good. */
export function lastingVersionId({ versionId }: Pick<RemoteToken, 'versionId'>): string | undefined {
  return versionId === NO_VERSION ? undefined : versionId;
}

/** What a state is called where it must be found again among the versions: its version id, else its ETag. */
export function nameOfState(token: Pick<RemoteToken, 'versionId' | 'etag'>): string {
  return lastingVersionId(token) ?? token.etag;
}
