import { compareKeys } from './path.ts';

export interface TrashPolicy {
  /** Age from which on an entry goes. */
  readonly olderThanMs: number;
  /** While the trash holds more, the oldest go, but none younger than an hour: somebody may have it open still. */
  readonly maxBytes: number;
}

/** What every sync keeps to. */
export const TRASH_POLICY: TrashPolicy = {
  olderThanMs: 30 * 24 * 60 * 60 * 1000,
  maxBytes: 10 * 1024 ** 3,
};

/** What the rule needs to know of an entry in the trash. */
export interface Trashed {
  readonly ref: string;
  readonly movedMs: number;
  readonly sizeBytes: number;
}

const YOUNGEST_FOR_SIZE_MS = 3_600_000;

/** What is to go: what every purge removes, and every preview of one shows. Oldest first. */
export function expiredTrash<Entry extends Trashed>(
  entries: readonly Entry[],
  { olderThanMs, maxBytes }: TrashPolicy,
  nowMs: number,
): readonly Entry[] {
  let totalBytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [...entries].sort(byAge).filter(({ movedMs, sizeBytes }) => {
    const ageMs = nowMs - movedMs;
    const isTooMuch = totalBytes > maxBytes && ageMs >= YOUNGEST_FOR_SIZE_MS;
    if (ageMs < olderThanMs && !isTooMuch) return false;
    totalBytes -= sizeBytes;
    return true;
  });
}

/** Oldest first. */
export function byAge(a: Trashed, b: Trashed): number {
  return a.movedMs - b.movedMs || compareKeys(a.ref, b.ref);
}
