import type { TrashedFile } from '../ports/history.ts';

export interface TrashPolicy {
  /** Age from which on an entry goes. */
  readonly olderThanMs: number;
  /** While the trash holds more, the oldest go, but none younger than an hour. */
  readonly maxBytes: number;
}

/** What every sync keeps to. */
export const TRASH_POLICY: TrashPolicy = {
  olderThanMs: 30 * 24 * 60 * 60 * 1000,
  maxBytes: 10 * 1024 ** 3,
};

const YOUNGEST_FOR_SIZE_MS = 3_600_000;

/** What `Folder.purgeTrash` would remove, oldest first. */
export function expiredTrash(
  files: readonly TrashedFile[],
  { olderThanMs, maxBytes }: TrashPolicy,
  nowMs: number,
): readonly TrashedFile[] {
  let totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [...files]
    .sort((a, b) => a.movedMs - b.movedMs || (a.ref < b.ref ? -1 : 1))
    .filter(({ movedMs, sizeBytes }) => {
      const ageMs = nowMs - movedMs;
      const isTooMuch = totalBytes > maxBytes && ageMs >= YOUNGEST_FOR_SIZE_MS;
      if (ageMs < olderThanMs && !isTooMuch) return false;
      totalBytes -= sizeBytes;
      return true;
    });
}
