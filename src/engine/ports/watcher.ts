import type { RelPath } from '../../sync/path.ts';

/** Why what was heard is not the whole truth: the folder must be walked. */
export type RescanReason =
  /** More events at once than the system is known to deliver whole (H13). */
  | 'burst'
  /** The event loop stood still while events came in (H13). */
  | 'stall'
  /** The folder cannot be watched: the system gives no more watches, or the watcher broke. */
  | 'unwatched'
  /** The machine slept, or the clock jumped. */
  | 'wake'
  /** Something came or went under a name that no key can hold: only a walk tells of it. */
  | 'nameless'
  /** The watcher failed and was started again. */
  | 'restarted';

export type WatchEvent =
  /**
   * Something may have happened at these paths (created, written, renamed, removed, chmod), or below them where a
   * folder came or went. Sorted, none below another: they make a `Focus` as they are. A hint: what is there now is for
   * the engine to see. `.s4` never shows, ignored paths only where it is not known any more what they were (a removed
   * `build` under the rule `build/`).
   */
  | { readonly kind: 'touched'; readonly paths: readonly RelPath[] }
  | { readonly kind: 'rescan'; readonly reason: RescanReason }
  /**
   * The folder cannot be watched: only walking finds changes. Told once each time it begins, with a `rescan` for
   * `unwatched` after it; tried again from time to time, and `rescan` for `restarted` says that it hears again.
   */
  | { readonly kind: 'trouble'; readonly message: string; readonly hint?: string }
  /** The root itself is gone (unmounted, removed, replaced). The last event: watch anew when it is back. */
  | { readonly kind: 'gone' };

export interface WatchOptions {
  /** Events are debounced: told when quiet for this long, or after `maxDelayMs` of unrest. */
  readonly debounceMs: number;
  readonly maxDelayMs: number;
  readonly onEvent: (event: WatchEvent) => void;
  readonly signal?: AbortSignal;
}

/**
 * Watches one folder. All of it is watched when `watch` resolves: what happens afterwards is told; what was changed
 * before is for a walk that starts then.
 */
export interface Watcher {
  /** @throws S4Error FOLDER_MISSING. That the system gives no watches is no failure but an event. */
  watch(options: WatchOptions): Promise<RunningWatch>;
}

export interface RunningWatch {
  /** How many system watches it holds, for `status`; 0: only walking finds changes. */
  readonly watches: number;
  /**
   * The ignore rules on disk changed: which folders need watching is decided anew. It notices by itself when a rule
   * file it watches changes; this is for SIGHUP.
   */
  reloadRules(): Promise<void>;
  close(): Promise<void>;
}
