import { lstatSync, mkdirSync } from 'node:fs';
import { S4Error } from '../../lib/errors.ts';
import { errnoOf, unlessMissing } from './file-errors.ts';
import { layoutOf } from './layout.ts';

/**
 * Makes a folder into a file store: from then on its absence means an unmounted disk. Harmless on one that is. Files
 * that lie there already become objects.
 *
 * @param root - absolute
 * @param options.createRoot - make the folder itself, and those above it
 * @throws S4Error STORE_NO_BUCKET when there is no such folder, STORE_DENIED when it cannot be written to
 */
export function prepareFileStore(root: string, options: { readonly createRoot?: boolean } = {}): void {
  try {
    if (options.createRoot) mkdirSync(root, { recursive: true });
    const stats = unlessMissing(() => lstatSync(`${root}/`));
    if (!stats?.isDirectory())
      throw new S4Error('STORE_NO_BUCKET', `there is no folder ${root}`, {
        hint: 'Make it first, or let `s4 add` create it with --create-bucket.',
      });
    const layout = layoutOf(root);
    for (const folder of [layout.store, layout.meta, layout.versions, layout.locks, layout.temp])
      mkdirSync(folder, { recursive: true });
  } catch (error) {
    if (error instanceof S4Error) throw error;
    throw new S4Error('STORE_DENIED', `the folder ${root} cannot be made into a store`, {
      cause: error,
      data: { errno: errnoOf(error) ?? 'unknown' },
    });
  }
}
