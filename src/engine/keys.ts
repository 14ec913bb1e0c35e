import type { EntryKey, RelPath } from '../sync/path.ts';
import type { ObjectKey } from './ports/store.ts';

/** Every entry's key is an object's key: the target's prefix is the store's business. */
export function objectKey(key: EntryKey): ObjectKey {
  return key as string as ObjectKey;
}

/** The path behind an object key that was made from a file's. */
export function pathOf(key: ObjectKey): RelPath {
  return key as string as RelPath;
}
