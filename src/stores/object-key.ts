import type { ObjectKey } from '../engine/ports/store.ts';
import { S4Error } from '../lib/errors.ts';
import { MAX_KEY_BYTES, utf8Bytes } from '../sync/path.ts';

/**
 * Refuses keys that no store of ours may write, whatever the service would take: they would be another name in a
 * folder, or leave it.
 *
 * @param prefixBytes - bytes that the store's prefix adds
 * @throws S4Error OBJECT_KEY_REFUSED
 */
export function checkObjectKey(key: ObjectKey, prefixBytes = 0): void {
  const fault = keyFault(key, prefixBytes);
  if (fault !== undefined) throw keyRefused(key, fault);
}

/** The error for a key that this store cannot hold. */
export function keyRefused(key: string, why: string, cause?: unknown): S4Error {
  return new S4Error('OBJECT_KEY_REFUSED', `the store cannot hold the key ${JSON.stringify(key)}: ${why}`, {
    hint: 'Rename the file.',
    data: { key },
    ...(cause === undefined ? {} : { cause }),
  });
}

function keyFault(key: string, prefixBytes: number): string | undefined {
  if (key === '') return 'it is empty';
  if (key.includes('\0')) return 'it holds a NUL';
  if (key.includes('\\')) return 'it holds a backslash';
  if (!key.isWellFormed()) return 'it is not Unicode';
  const path = key.endsWith('/') ? key.slice(0, -1) : key;
  for (const segment of path.split('/')) {
    if (segment === '') return 'it has an empty segment';
    if (segment === '.' || segment === '..') return 'it has a dot segment';
  }
  return utf8Bytes(key) + prefixBytes > MAX_KEY_BYTES ? 'it is too long' : undefined;
}
