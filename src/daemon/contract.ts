import type { CycleOptions } from '../engine/cycle.ts';
import type { SyncEvent } from '../engine/events.ts';

/** What a target is doing. `docs/daemon.md` has the table of transitions. */
export type TargetPhase =
  /** Both sides are equal, as far as anybody heard. */
  | 'idle'
  /** Something was heard; a cycle follows when it is quiet. */
  | 'dirty'
  | 'syncing'
  /** A cycle failed; the next try is at `nextTryMs`. */
  | 'backoff'
  /** By the user; hints are kept. */
  | 'paused'
  /** A guard stopped a plan; waits for an approval or for the reason to go away. */
  | 'halted'
  /** The network, the disk or the folder is not there; looked after like `backoff`, and told differently. */
  | 'offline';

/** One target as `s4 daemon status` and the dashboard see it. Times in ms since the epoch. */
export interface TargetStatus {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly url: string;
  readonly phase: TargetPhase;
  readonly sinceMs: number;
  readonly lastSyncMs?: number;
  readonly nextTryMs?: number;
  /** When the first of the paths with problems is tried again; they wait for no other trouble. */
  readonly retryMs?: number;
  /** Paths heard of and not yet looked at; -1: the whole folder. */
  readonly pending: number;
  readonly conflicts: number;
  readonly problems: number;
  /** Of the halted plan. */
  readonly planId?: string;
  readonly error?: Failure;
  readonly watching: 'events' | 'walking';
  /** Requests since the daemon started, by kind. */
  readonly requests: Readonly<Record<string, number>>;
  /** Seconds between two polls of the bell at present. */
  readonly pollSeconds: number;
}

export interface DaemonStatus {
  readonly pid: number;
  readonly version: string;
  readonly startedMs: number;
  readonly targets: readonly TargetStatus[];
}

/** An error as people are told of it. `code`: an `S4ErrorCode`, or `BUG`. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What a target is worth a line for, each once: when it begins, and when it ends. */
export type TargetNews =
  /** `offline`: it ends by itself, with the network, the disk or the folder. */
  | { readonly kind: 'trouble-began'; readonly offline: boolean; readonly failure: Failure }
  | { readonly kind: 'trouble-ended'; readonly offline: boolean }
  | { readonly kind: 'halt-began'; readonly planId: string }
  | { readonly kind: 'halt-ended' }
  /** The system gives no watches: changes are found by walking alone, which is slower. */
  | { readonly kind: 'unwatched'; readonly message: string; readonly hint?: string };

/** What the socket tells a subscriber, in order. */
export type DaemonEvent =
  | { readonly kind: 'status'; readonly status: DaemonStatus }
  | { readonly kind: 'target'; readonly target: TargetStatus }
  /** `target`: its name, as in a `SyncEvent`. */
  | { readonly kind: 'news'; readonly target: string; readonly news: TargetNews }
  | { readonly kind: 'sync'; readonly event: SyncEvent };

/** How a sync that was asked for ended: what `s4 sync` makes its exit code of. */
export interface RequestedSyncResult {
  readonly target: string;
  readonly exit: number;
  readonly error?: Failure;
}

/** What the daemon can be asked: the supervisor implements it, the socket carries it, commands call it. */
export interface DaemonControl {
  status(): Promise<DaemonStatus>;
  /** Runs a cycle of one target now (also of a paused one), and streams its events. */
  sync(
    targetId: string,
    options: Omit<CycleOptions, 'signal' | 'legacyIndex'>,
    onEvent: (event: SyncEvent) => void,
    signal?: AbortSignal,
  ): Promise<RequestedSyncResult>;
  /** All targets when none is named. */
  pause(targetIds: readonly string[]): Promise<void>;
  resume(targetIds: readonly string[]): Promise<void>;
  /** Reads the config and the ignore rules again, as SIGHUP does. */
  reload(): Promise<void>;
  stop(): Promise<void>;
  /** Begins with a `status`. Returns when the signal aborts. */
  subscribe(onEvent: (event: DaemonEvent) => void, signal: AbortSignal): Promise<void>;
}
