import type { RelPath } from '../sync/path.ts';
import type { CycleDeps, CycleOptions, CycleResult } from './cycle.ts';

/**
 * Where to look, instead of everywhere: what a watcher heard here, what the log of others named there. Its cost is that
 * of the paths, not of the folder (H14). Hints: a path that did not change plans nothing. Each is a file, a symlink, or
 * a folder with everything below it; gone or there, on either side.
 */
export interface Focus {
  /** Heard here. One that is as its base row says asks the store nothing: so own writes end, without an echo. */
  readonly local: readonly RelPath[];
  /** Named by others' logs or by the store's events. One that is as its base row says transfers nothing. */
  readonly remote: readonly RelPath[];
  /** The whole folder is walked too, and what differs from the base joins `local`; the store is not listed. */
  readonly walk?: boolean;
}

/**
 * One locked target whose base stays open between cycles: what a daemon holds. `runCycle` is this for a single cycle.
 */
export interface LiveTarget {
  /**
   * One cycle, as `runCycle` does it. With `focus`, only those paths are looked at, one key at a time; where that is
   * not enough to judge (ignore rules among them, rows that are mere evidence), the whole is looked at instead.
   *
   * Calls do not overlap: the caller waits for one before it starts the next.
   *
   * @throws S4Error as `runCycle`; the target stays open, and the next cycle starts by recovering
   */
  cycle(options: CycleOptions & { readonly focus?: Focus }): Promise<CycleResult>;
  /** Folds what is due, releases the lock. The folder and the store stay the caller's to close. */
  close(): Promise<void>;
}

/** Takes the lock, checks identity, opens the base, recovers. @throws S4Error as `runCycle`, LOCKED */
export type OpenLiveTarget = (
  deps: CycleDeps,
  options?: { readonly signal?: AbortSignal },
) => Promise<LiveTarget>;
