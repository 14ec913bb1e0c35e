import { mkdirSync } from 'node:fs';
import { S4Error } from '../../lib/errors.ts';
import { errnoOf } from './file-errors.ts';
import { layoutOf } from './layout.ts';

/**
 * Makes a folder into a file store, and the folder itself where it is missing: from then on its absence means an
 * unmounted disk. Harmless on one that is a store. Files that lie there already become objects.
 *
 * @param root - absolute
 * @throws S4Error STORE_DENIED when it cannot be made
 */
export function prepareFileStore(root: string): void {
  try {
    const layout = layoutOf(root);
    for (const folder of [layout.store, layout.meta, layout.versions, layout.locks, layout.temp])
      mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new S4Error('STORE_DENIED', `the folder ${root} cannot be made into a store`, {
      cause: error,
      data: { errno: errnoOf(error) ?? 'unknown' },
    });
  }
}
