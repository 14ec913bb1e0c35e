import type { Failure } from './contract.ts';

/** How often the daemon does what, in milliseconds. */
export interface Rhythm {
  /** Everything: the walk and the whole listing. */
  readonly fullEveryMs: number;
  /** The folder alone: what its watcher may have missed (H13). */
  readonly walkEveryMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Paths that had problems. */
  readonly retryPathsMs: number;
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
  retryPathsMs: 5 * MINUTE_MS,
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

/** Doubles with each attempt up to a bound, and spreads by a quarter both ways: many clients do not come at once. */
export function retryDelayMs(attempts: number, maxMs: number, chance: number, rhythm: Rhythm): number {
  const doubled = rhythm.firstRetryMs * 2 ** Math.min(attempts - 1, 30);
  return Math.round(Math.min(doubled, maxMs) * (0.75 + chance / 2));
}
