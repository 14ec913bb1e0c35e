import type { BaseRow } from '../../sync/entry.ts';
import type { EntryKey } from '../../sync/path.ts';

/** Which keys an index holds, eight bytes a key and only for members that were read: to count rows exactly. */
export interface KeyPresence {
  /** Undefined until the member was read. */
  has(position: number, key: EntryKey): boolean | undefined;
  learn(position: number, rows: readonly BaseRow[]): void;
}

export function createKeyPresence(): KeyPresence {
  const known: (Float64Array | undefined)[] = [];
  return {
    has: (position, key) => {
      const hashes = known[position];
      return hashes === undefined ? undefined : includes(hashes, hash53(key));
    },
    learn: (position, rows) => {
      known[position] ??= Float64Array.from(rows, (row) => hash53(row.key)).sort();
    },
  };
}

function includes(sorted: Float64Array, wanted: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === wanted;
}

// cyrb53 (public domain, bryc): 53 bits, so that two of a million keys collide once in 18,000 folders, and then a
// count is off by one until the next fold.
function hash53(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
