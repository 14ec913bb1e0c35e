import type { RelPath } from '../sync/path.ts';
import type { CycleDeps, CycleOptions, CycleResult } from './cycle.ts';

/**
 * Where to look, instead of everywhere. A cycle then costs what the paths cost, not what the folder does (H14). Hints: a
 * path that did not change plans nothing; a file, a symlink, or a folder with everything below it, gone or there.
 */
export interface Focus {
  /**
   * What a watcher heard here. The store is not asked about these: it is taken for what the base says, and every write
   * is bound to that, so that a change nobody told of is met with a refusal, and then with a look.
   */
  readonly local: readonly RelPath[];
  /** What others are said to have changed in the store (their log, an event): asked about, key by key. */
  readonly remote: readonly RelPath[];
  /** The whole folder is walked too, and where it is not what the base says joins `local`. The store is not listed. */
  readonly walk?: true;
}

export type LiveCycleOptions = CycleOptions & { readonly focus?: Focus };

/**
 * One locked target whose base stays open between cycles: what a daemon holds. `runCycle` is this for a single cycle.
 */
export interface LiveTarget {
  /**
   * One cycle, as `runCycle` does it. With `focus`, only those paths are looked at; where that is not enough to judge
   * (ignore rules among them, or rules that differ on the two sides, a file and a folder of one name, rows that are mere evidence, more paths than a listing
   * would cost, no whole look since opening or since a failure), the whole is looked at instead.
   *
   * Before anything else the markers are looked at again: the folder's always, the store's before the store is asked
   * or written to. A focused cycle that finds nothing changed here, and was told of nothing there, asks nothing of the
   * store and writes nothing to it.
   *
   * Calls do not overlap: the caller waits for one before it starts the next.
   *
   * @throws S4Error as `runCycle`; the target stays open, and the next cycle starts by recovering. After FOLDER_MISSING and
   *   MARKER_* it may be another folder that is there now: close, open the folder anew, then this
   */
  cycle(options: LiveCycleOptions): Promise<CycleResult>;
  /** Waits for the cycle under way, then releases the lock. The folder and the store stay the caller's to close. */
  close(): Promise<void>;
}

/** Takes the lock, checks identity, opens the base, recovers. @throws S4Error as `runCycle`, LOCKED */
export type OpenLiveTarget = (
  deps: CycleDeps,
  options?: { readonly signal?: AbortSignal },
) => Promise<LiveTarget>;
