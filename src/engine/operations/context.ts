import type { LogFact } from '../../formats/head-codec.ts';
import type { EntryKey, RelPath } from '../../sync/path.ts';
import type { Problem } from '../../sync/problem.ts';
import type { CopyNames } from '../copy-names.ts';
import type { NoticeCode } from '../events.ts';
import type { Evidence } from '../evidence.ts';
import type { Base, BaseChange } from '../ports/base.ts';
import type { Folder } from '../ports/folder.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Store, StoreCapabilities } from '../ports/store.ts';

/** What an operation may use. It changes the two sides; the base is advanced by the committer, from results. */
export interface OperationContext {
  readonly folder: Folder;
  readonly store: Store;
  readonly base: Base;
  readonly runtime: Runtime;
  readonly capabilities: StoreCapabilities;
  readonly clientId: string;
  readonly evidence: ReadonlyMap<EntryKey, Evidence>;
  readonly copyNames: CopyNames;
  /** Keys of which the disk shows a file only because it folds names: it has another spelling by now. */
  readonly respelled: ReadonlySet<EntryKey>;
  /** States that were met at names without a row, of this cycle: see `inTheWay`. */
  readonly seenInTheWay: Map<RelPath, string>;
  /** The host name behind a client id, as far as the remote log tells. */
  readonly hostOf: (clientId: string) => Promise<string>;
  readonly notice: (code: NoticeCode, path: string, message: string) => void;
  /** Facts that are durable in the base now, for the remote log. */
  readonly publish: (facts: readonly LogFact[]) => void;
  readonly onBytes: (direction: 'up' | 'down', bytes: number) => void;
  readonly signal?: AbortSignal;
}

export type OperationResult =
  | {
      readonly kind: 'done';
      readonly changes: readonly BaseChange[];
      /** Intents that are fulfilled once the folder is durable. */
      readonly finished?: readonly number[];
      readonly facts?: readonly LogFact[];
      /** The side that lost a file: guards count deletions over a day. */
      readonly deleted?: 'local' | 'remote';
      /** More to do that only a fresh look can decide. */
      readonly lookAgain?: true;
    }
  /** What it expected no longer holds: nothing was overwritten, the next pass decides anew. */
  | { readonly kind: 'stale'; readonly finished?: readonly number[] }
  | { readonly kind: 'failed'; readonly problem: Problem; readonly finished?: readonly number[] };

export const STALE: OperationResult = { kind: 'stale' };

/** The call option every store call takes. */
export function callOptions(context: OperationContext): { readonly signal?: AbortSignal } {
  return context.signal === undefined ? {} : { signal: context.signal };
}

/**
 * Whether a file may have been written to within the clock's tick in which this cycle hashed it. An operation moves times
 * of its own, and yet the row that it leaves must go on saying so: else that write would never be seen.
 */
export function wasRacy(key: EntryKey, { evidence }: OperationContext): boolean {
  return evidence.get(key)?.local?.racy === true;
}

export function blocked(path: string): Problem {
  return {
    path,
    side: 'local',
    code: 'blocked-folder',
    message: 'a folder above it is a file or a symlink here, or something that is not synced is in the way',
    hint: 'Move it away and sync again.',
  };
}
