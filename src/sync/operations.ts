import type { BaseRow, LocalRow, RemoteRow } from './entry.ts';
import { isUnder } from './focus-paths.ts';
import { type EntryKey, keyPath, type RelPath } from './path.ts';

/** A local file or symlink as the walk saw it. */
export type LocalFile = Exclude<LocalRow, { kind: 'folder' }>;

/**
 * One step of a plan. Each carries the states it expects on both sides and is refused by whoever executes it when
 * they no longer hold.
 */
export type Operation =
  | {
      readonly kind: 'upload';
      readonly key: EntryKey;
      readonly local: LocalFile;
      /** The object that is replaced; absent: nothing may be there. */
      readonly replaces?: RemoteRow;
      /** The mode to publish where it is not the local one: the other side changed it. */
      readonly executable?: boolean;
      readonly base?: BaseRow;
      /** Of a conflict's copy: the version that both sides came from, under the original's name. */
      readonly ancestor?: string;
    }
  | {
      readonly kind: 'download';
      readonly key: EntryKey;
      readonly remote: RemoteRow;
      readonly replaces?: LocalFile;
      readonly executable?: boolean;
      readonly base?: BaseRow;
    }
  | {
      readonly kind: 'delete-remote';
      readonly key: EntryKey;
      readonly remote: RemoteRow;
      readonly base: BaseRow;
      /** Asked for by `--delete-ignored`: the local file stays. */
      readonly ignored?: true;
    }
  | {
      readonly kind: 'delete-local';
      readonly key: EntryKey;
      readonly local: LocalFile;
      readonly base: BaseRow;
    }
  | {
      readonly kind: 'rename-remote';
      readonly key: EntryKey;
      readonly local: LocalFile;
      readonly from: RemoteRow;
      readonly base: BaseRow;
    }
  | {
      readonly kind: 'rename-local';
      readonly key: EntryKey;
      readonly from: LocalFile;
      readonly remote: RemoteRow;
      readonly base: BaseRow;
    }
  | {
      readonly kind: 'mode-up';
      readonly key: EntryKey;
      readonly local: LocalFile;
      readonly remote: RemoteRow;
      readonly base?: BaseRow;
    }
  | {
      readonly kind: 'mode-down';
      readonly key: EntryKey;
      readonly local: LocalFile;
      readonly remote: RemoteRow;
      readonly base: BaseRow;
    }
  /** A conflict kept as both: the store keeps the name, the local version goes beside it and up. */
  | {
      readonly kind: 'keep-both';
      readonly key: EntryKey;
      readonly local: LocalFile;
      readonly remote: RemoteRow;
      readonly copy: RelPath;
      /** The version that both came from, where the store keeps it. */
      readonly ancestor?: string;
    }
  /** A conflict whose two texts merged cleanly: the merged text goes to both sides. */
  | {
      readonly kind: 'merge';
      readonly key: EntryKey;
      readonly local: LocalFile;
      readonly remote: RemoteRow;
      readonly merged: Uint8Array;
    }
  /** A local file gives its name to a folder of the other side. */
  | {
      readonly kind: 'local-aside';
      readonly key: EntryKey;
      readonly local: LocalFile;
      readonly copy: RelPath;
    }
  /** A remote file gives its name to a folder of this side. */
  | {
      readonly kind: 'remote-aside';
      readonly key: EntryKey;
      readonly remote: RemoteRow;
      readonly copy: RelPath;
    }
  | { readonly kind: 'make-local-folder'; readonly key: EntryKey; readonly remote: RemoteRow }
  | { readonly kind: 'make-remote-folder'; readonly key: EntryKey }
  | {
      readonly kind: 'remove-local-folder';
      readonly key: EntryKey;
      /** It goes only because its last child goes; not worth a line. */
      readonly implicit?: true;
    }
  | { readonly kind: 'remove-remote-folder'; readonly key: EntryKey; readonly remote: RemoteRow };

export type OperationOf<K extends Operation['kind']> = Extract<Operation, { kind: K }>;

/**
 * Steps run in this order; those of one step run together. A name is vacated before it is taken, moves come before
 * what they would make a transfer of, deletions come last and the deepest folder first.
 */
export const STEPS = ['vacate', 'vacate-folder', 'rename', 'transfer', 'delete', 'remove-folder'] as const;
export type Step = (typeof STEPS)[number];

export interface PlannedOperation {
  readonly step: Step;
  readonly operation: Operation;
}

/** Whether it would put something at, above or below a name that was to be vacated, and is not. */
export function takesHeldName({ step, operation }: PlannedOperation, held: readonly RelPath[]): boolean {
  if (step !== 'rename' && step !== 'transfer') return false;
  const path = keyPath(operation.key);
  return held.some((name) => name !== path && (isUnder(path, name) || isUnder(name, path)));
}
