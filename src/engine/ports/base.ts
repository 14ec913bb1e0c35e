import type { BaseRow, Fingerprint } from '../../sync/entry.ts';
import type { EntryKey, RelPath } from '../../sync/path.ts';
import type { Placement, TrashRef } from './folder.ts';
import type { ObjectKey } from './store.ts';

/** A change of the base that follows a finished, durable operation. */
export type BaseChange =
  | { readonly kind: 'set'; readonly row: BaseRow }
  | { readonly kind: 'drop'; readonly key: EntryKey };

/** What is about to happen, journaled and durable before it does, so that a crash can be told from a user's edit. */
export type Intent =
  | { readonly kind: 'place'; readonly placement: Placement; readonly copyPath: RelPath }
  | {
      readonly kind: 'remove';
      readonly path: RelPath;
      readonly expected: Fingerprint;
      readonly ref: TrashRef;
      readonly copyPath: RelPath;
    }
  | { readonly kind: 'rename'; readonly from: RelPath; readonly to: RelPath; readonly expected: Fingerprint }
  /** A write that the store cannot guard: after a crash the version chain tells whether it landed, and over what. */
  | {
      readonly kind: 'unguarded-put';
      readonly key: ObjectKey;
      /** '' for a deletion. */
      readonly write: string;
      readonly parent: string;
    };

export interface PendingIntent {
  readonly id: number;
  readonly intent: Intent;
}

/** Deletions done lately, for guards that count over a day. */
export interface RecentDeletions {
  readonly atMs: number;
  readonly side: 'local' | 'remote';
  readonly count: number;
}

/**
 * The base: what both sides agreed on last. A gzipped index plus an append-only journal, kept through the folder's
 * `StateFiles`. One instance per locked folder.
 */
export interface Base {
  /** `missing`: never synced. `lost`: it was there and cannot be used. `evidence`: copied or restored, see H3. */
  readonly trust: 'sound' | 'missing' | 'lost' | 'evidence';
  readonly size: number;
  /** Rows that stand for folders: how many more than when it was opened. */
  readonly foldersGained: number;
  /** Open intents, oldest first: between two cycles, those that a crash or a failure left open. */
  readonly pending: readonly PendingIntent[];
  readonly recentDeletions: readonly RecentDeletions[];
  /** Where the remote log's publication stands; completed at the next start after a crash. */
  readonly cursor: LogCursor;
  /** In `compareKeys` order, a batch at a time; the whole is never in memory. A snapshot: later records do not show. */
  rows(): AsyncIterable<readonly BaseRow[]>;
  get(key: EntryKey): Promise<BaseRow | undefined>;
  /** The rows below a folder, its own among them, as `rows`: only the members that may hold them are read (H14). */
  under(path: RelPath): AsyncIterable<readonly BaseRow[]>;
  /** Durable on return; concurrent calls share an fsync. */
  begin(intent: Intent): Promise<number>;
  /** Appends results and closes their intents, in one write. Durable only after `flush`. */
  record(entry: {
    readonly changes?: readonly BaseChange[];
    readonly finished?: readonly number[];
    readonly deletions?: RecentDeletions;
    readonly cursor?: LogCursor;
  }): Promise<void>;
  /** fsyncs what was recorded. */
  flush(): Promise<void>;
  /** Folds the journal into the index when it has outgrown its share of it, or always with `force`. */
  fold(options?: { readonly force?: boolean }): Promise<void>;
}

export interface LogCursor {
  /** Sequence of the last entry in our head, as last written. */
  readonly sequence: number;
  /** ETag of our head as last written: another one there means that somebody else writes as us. */
  readonly headEtag?: string;
  /** Token of a head write that was begun: a head that carries it is ours, though its ETag was never recorded. */
  readonly headWrite?: string;
  /** The head is written, the bell not yet rung. */
  readonly bellPending?: true;
  /** A cycle writes to the store: what it does there may not be recorded, nor told to anybody. */
  readonly writing?: true;
  /** Facts recorded but not yet published. */
  readonly unpublished: number;
}
