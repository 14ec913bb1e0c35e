import type { S4Error } from '../../lib/errors.ts';
import type { RelPath } from '../../sync/path.ts';

export type EarEvent =
  /** Keys that others' logs, or the store's events, named. Hints: what is there now is for the engine to see. */
  | {
      readonly kind: 'heard';
      readonly paths: readonly RelPath[];
      /**
       * To be called when a cycle that looked at them has succeeded: a queue forgets its messages only then. What is
       * never confirmed is told again after some minutes.
       */
      readonly processed?: () => void;
    }
  /** Something is new that cannot be named (a gap, a damaged head, lost events): list everything. */
  | { readonly kind: 'rescan' }
  /** Listening failed; told once each time it begins. It goes on trying. */
  | { readonly kind: 'trouble'; readonly error: S4Error }
  /** The first success after trouble. */
  | { readonly kind: 'well' };

export interface ListenOptions {
  readonly onEvent: (event: EarEvent) => void;
  readonly signal?: AbortSignal;
}

/**
 * Hears what others do to one target's store: the bell, or a queue of events. What it told counts as heard: the daemon
 * keeps it until a cycle has processed it, and lists everything when it starts (H11).
 */
export interface Ear {
  /**
   * Resolves when it knows where others stand: all that they do afterwards is told, what they did before is for a
   * listing that starts then. Hence before the first cycle, not beside it.
   *
   * @throws S4Error STORE_*, OBJECT_DENIED when that cannot be found out
   */
  listen(options: ListenOptions): Promise<RunningEar>;
}

export interface RunningEar {
  /** Somebody works here or there: poll often for a while. */
  activity(): void;
  /** Poll at once: the machine woke, the network is back. */
  pollNow(): void;
  /** Seconds between two polls at present. */
  readonly pollSeconds: number;
  close(): Promise<void>;
}
