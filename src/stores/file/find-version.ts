import type { ObjectKey, ReadExpectation } from '../../engine/ports/store.ts';
import { isS4Error } from '../../lib/errors.ts';
import { archivedVersions } from './archive.ts';
import type { StoredBytes } from './body.ts';
import { currentAt, type Description, describe, externalMetadata } from './current.ts';
import type { FileContext } from './file-context.ts';
import { keyHash } from './layout.ts';
import { checkFileKey } from './places.ts';
import { readRecord } from './records.ts';

/** A version that was found: where its bytes are and what is said of it. */
export type FoundVersion = StoredBytes & Description;

/** The current version, or the one with that id; undefined when there is none, or it is a delete marker. */
export async function findVersion(
  context: FileContext,
  key: ObjectKey,
  { versionId }: ReadExpectation,
  signal: AbortSignal | undefined,
): Promise<FoundVersion | undefined> {
  if (!canExist(key)) return undefined;
  const current = await currentAt(context, key, signal);
  if (current && (versionId === undefined || versionId === current.id)) {
    const { hash, id, file, stats } = current;
    return { key, hash, id, file, stats, ...describe(current) };
  }
  if (versionId === undefined) return undefined;
  const hash = keyHash(key);
  const archived = archivedVersions(context.layout, hash).find((each) => each.id === versionId);
  if (!archived?.data) return undefined;
  const { file, stats } = archived.data;
  const metadata = readRecord(archived.recordFile)?.metadata ?? externalMetadata(stats);
  return { key, hash, id: archived.id, file, stats, metadata };
}

/** A key that this store refuses to hold is not in it. */
export function canExist(key: ObjectKey): boolean {
  try {
    checkFileKey(key);
    return true;
  } catch (error) {
    if (isS4Error(error, 'OBJECT_KEY_REFUSED')) return false;
    throw error;
  }
}
