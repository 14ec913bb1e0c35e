import type { GuardTrip } from '../sync/guards.ts';
import type { Problem } from '../sync/problem.ts';

/** Which way an operation goes. */
export type Direction = 'up' | 'down';

/** What happens to one path, as people and scripts are told. Stable: `--json` prints it. */
export type OperationKind =
  | 'create'
  | 'update'
  | 'delete'
  | 'rename'
  | 'mode'
  | 'keep-both'
  | 'merge'
  | 'create-folder'
  | 'delete-folder';

export interface OperationView {
  readonly kind: OperationKind;
  /** `up` changes the store, `down` the folder. */
  readonly direction: Direction;
  readonly path: string;
  /** For a rename: the old path. For keep-both: the copy's path. */
  readonly other?: string;
  readonly sizeBytes?: number;
}

export interface ConflictSideView {
  readonly state: 'created' | 'updated' | 'deleted';
  readonly sizeBytes?: number;
  readonly modifiedMs?: number;
  /** The host that wrote it, where known. */
  readonly host?: string;
}

export interface ConflictView {
  readonly path: string;
  readonly local: ConflictSideView;
  readonly remote: ConflictSideView;
}

export interface CycleSummary {
  readonly uploaded: number;
  readonly downloaded: number;
  readonly deletedLocal: number;
  readonly deletedRemote: number;
  readonly renamed: number;
  readonly conflicts: number;
  readonly keptBoth: number;
  readonly problems: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
}

/**
 * All that the engine says, in order. Presenters (plain lines, JSON, Ink) are functions of this stream; `emit` never
 * throws and never waits.
 */
export type SyncEvent =
  | {
      readonly kind: 'cycle-started';
      readonly target: string;
      readonly local: string;
      readonly remote: string;
      readonly dryRun: boolean;
    }
  | {
      readonly kind: 'notice';
      readonly target: string;
      readonly code: NoticeCode;
      readonly message: string;
      readonly path?: string;
    }
  | {
      readonly kind: 'scanned';
      readonly target: string;
      readonly side: 'local' | 'remote';
      readonly entries: number;
    }
  | {
      readonly kind: 'planned';
      readonly target: string;
      readonly planId: string;
      readonly operations: readonly OperationView[];
      readonly conflicts: readonly ConflictView[];
      readonly bytesUp: number;
      readonly bytesDown: number;
    }
  | {
      readonly kind: 'operation-started';
      readonly target: string;
      readonly id: number;
      readonly operation: OperationView;
    }
  | {
      readonly kind: 'operation-progress';
      readonly target: string;
      readonly id: number;
      readonly bytes: number;
    }
  | {
      readonly kind: 'operation-finished';
      readonly target: string;
      readonly id: number;
      readonly operation: OperationView;
      readonly outcome: 'done' | 'failed' | 'postponed';
    }
  | {
      readonly kind: 'conflict';
      readonly target: string;
      readonly conflict: ConflictView;
      readonly choice: ConflictChoice;
    }
  | { readonly kind: 'problem'; readonly target: string; readonly problem: Problem }
  | {
      readonly kind: 'guard-halted';
      readonly target: string;
      readonly planId: string;
      readonly guards: readonly GuardTrip[];
      readonly operations: readonly OperationView[];
    }
  | { readonly kind: 'index-flushed'; readonly target: string }
  | {
      readonly kind: 'cycle-finished';
      readonly target: string;
      readonly summary: CycleSummary;
      readonly dryRun: boolean;
    };

export type NoticeCode =
  | 'first-sync'
  | 'index-lost'
  | 'index-copied'
  | 'recovered'
  | 'no-conditions'
  | 'no-versions'
  | 'edit-kept'
  | 'now-ignored'
  | 'special-file'
  | 'portability'
  | 'overtaken-recovered'
  | 'log-unavailable'
  | 'postponed';

export type ConflictChoice = 'local' | 'remote' | 'both' | 'newer' | 'merge' | 'skip';

export type Emit = (event: SyncEvent) => void;
