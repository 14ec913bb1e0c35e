import type { Failure } from './contract.ts';

/** How often the daemon does what, in milliseconds. */
export interface Rhythm {
  /** Everything: the walk and the whole listing. */
  readonly fullEveryMs: number;
  /** The folder alone: what its watcher may have missed (H13). */
  readonly walkEveryMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Paths that had a problem, or changed while they were synced: from the first retry to the slowest. */
  readonly firstRetryPathsMs: number;
  readonly maxRetryPathsMs: number;
  /** Paths with a problem that stays until somebody acts: whether somebody did costs requests. */
  readonly firstRetryStuckMs: number;
  readonly maxRetryStuckMs: number;
  /** A halted plan is computed again: by itself, and at the earliest when something changed. */
  readonly recheckHaltMs: number;
  readonly recheckChangedHaltMs: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

export const RHYTHM: Rhythm = {
  fullEveryMs: 60 * MINUTE_MS,
  walkEveryMs: 10 * MINUTE_MS,
  firstRetryMs: 2 * SECOND_MS,
  maxRetryMs: 5 * MINUTE_MS,
  firstRetryPathsMs: 5 * SECOND_MS,
  maxRetryPathsMs: 5 * MINUTE_MS,
  firstRetryStuckMs: 5 * MINUTE_MS,
  maxRetryStuckMs: 60 * MINUTE_MS,
  recheckHaltMs: 30 * MINUTE_MS,
  recheckChangedHaltMs: 30 * SECOND_MS,
};

export interface Patience {
  readonly offline: boolean;
  readonly maxRetryMs: number;
}

/** Which trouble ends by itself, and how long to wait at most before looking whether it did. */
export function patienceWith({ code }: Failure, { maxRetryMs }: Rhythm): Patience {
  const within = (ms: number): number => Math.min(ms, maxRetryMs);
  switch (code) {
    case 'STORE_UNREACHABLE':
    case 'LOCAL_DISK_FULL':
      return { offline: true, maxRetryMs: within(MINUTE_MS) };
    // Looking costs a stat: a disk that is plugged in again is found soon.
    case 'FOLDER_MISSING':
    case 'MARKER_MISSING':
      return { offline: true, maxRetryMs: within(15 * SECOND_MS) };
    case 'LOCKED':
      return { offline: false, maxRetryMs: within(15 * SECOND_MS) };
    default:
      return { offline: false, maxRetryMs };
  }
}

/** Doubles with each attempt up to a bound, and spreads. */
export function retryDelayMs(attempts: number, maxMs: number, chance: number, rhythm: Rhythm): number {
  return spread(doubled(rhythm.firstRetryMs, attempts, maxMs), chance);
}

/** @param attempts - so far, from 1 */
export function doubled(firstMs: number, attempts: number, maxMs: number): number {
  return Math.min(firstMs * 2 ** Math.min(attempts - 1, 30), maxMs);
}

/** By a quarter both ways: many clients do not come at once. @param chance - from 0 to 1 */
export function spread(delayMs: number, chance: number): number {
  return Math.round(delayMs * (0.75 + chance / 2));
}
