import type { Folder, WalkItem } from '../engine/ports/folder.ts';
import { keyPath } from '../sync/path.ts';

/** A folder whose walk reports these top-level files as ignored: files of another program that are not content. */
export function hideEntries(folder: Folder, hidden: ReadonlySet<string>): Folder {
  return {
    ...folder,
    walk: async function* (options) {
      for await (const batch of folder.walk(options)) yield batch.map((item) => hide(item, hidden));
    },
  };
}

function hide(item: WalkItem, hidden: ReadonlySet<string>): WalkItem {
  if (item.kind !== 'entry' || !hidden.has(item.row.key)) return item;
  return { kind: 'ignored', path: keyPath(item.row.key), folder: false };
}
