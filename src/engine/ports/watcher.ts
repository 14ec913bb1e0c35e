import type { RelPath } from '../../sync/path.ts';

/** Why what was heard is not the whole truth: the folder must be walked. */
export type RescanReason =
  /** More events at once than the system is known to deliver whole (H13). */
  | 'burst'
  /** The event loop stood still while events came in (H13). */
  | 'stall'
  /** Some folders could not be watched: out of watches, or not readable. */
  | 'unwatched'
  /** The machine slept, or the clock jumped. */
  | 'wake'
  /** The watcher failed and was started again. */
  | 'restarted';

export type WatchEvent =
  /**
   * Something may have happened at these paths (created, written, renamed, removed, chmod), or below them where a
   * folder came or went. A hint: what is there now is for the engine to see. Ignored paths and `.s4` never show.
   */
  | { readonly kind: 'touched'; readonly paths: readonly RelPath[] }
  | { readonly kind: 'rescan'; readonly reason: RescanReason }
  /** The folder cannot be watched (whole): only walking finds changes. Told once each time it begins. */
  | { readonly kind: 'trouble'; readonly message: string; readonly hint?: string }
  /** The root itself is gone (unmounted, removed). */
  | { readonly kind: 'gone' };

export interface WatchOptions {
  /** Events are debounced: told when quiet for this long, or after `maxDelayMs` of unrest. */
  readonly debounceMs: number;
  readonly maxDelayMs: number;
  readonly onEvent: (event: WatchEvent) => void;
  readonly signal?: AbortSignal;
}

/** Watches one folder. Watching starts before `watch` resolves: what happens afterwards is told. */
export interface Watcher {
  watch(options: WatchOptions): Promise<RunningWatch>;
}

export interface RunningWatch {
  /** How many system watches it holds, for `status`. */
  readonly watches: number;
  /** The ignore rules on disk changed: which folders need watching is decided anew. */
  reloadRules(): Promise<void>;
  close(): Promise<void>;
}
