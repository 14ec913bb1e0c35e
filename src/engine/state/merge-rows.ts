import type { BaseRow } from '../../sync/entry.ts';
import { compareKeys, type EntryKey } from '../../sync/path.ts';

/** The newest state of a key, where it differs from the index: a row, or undefined for "dropped". */
export interface OverlayEntry {
  readonly key: EntryKey;
  readonly row: BaseRow | undefined;
}

/** In `compareKeys` order. */
export function sortOverlay(overlay: ReadonlyMap<EntryKey, BaseRow | undefined>): readonly OverlayEntry[] {
  return Array.from(overlay, ([key, row]) => ({ key, row })).sort((a, b) => compareKeys(a.key, b.key));
}

/** First position in `entries` whose key is not below `key`. */
export function lowerBound(entries: readonly OverlayEntry[], key: EntryKey): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && compareKeys(entry.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Both inputs in order; where both have a key, the overlay's state counts. */
export function mergeRows(rows: readonly BaseRow[], overlay: readonly OverlayEntry[]): BaseRow[] {
  const merged: BaseRow[] = [];
  let r = 0;
  let o = 0;
  for (;;) {
    const row = rows[r];
    const entry = overlay[o];
    if (row === undefined && entry === undefined) return merged;
    const order = row === undefined ? 1 : entry === undefined ? -1 : compareKeys(row.key, entry.key);
    if (order < 0 && row !== undefined) merged.push(row);
    else if (entry?.row !== undefined) merged.push(entry.row);
    if (order <= 0) r++;
    if (order >= 0) o++;
  }
}
