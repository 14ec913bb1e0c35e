import type { Digest } from '../../sync/entry.ts';
import type { RelPath } from '../../sync/path.ts';
import type { TrashRef } from './folder.ts';

/** Who did something, as far as the log and the object's metadata tell. */
export interface Author {
  readonly client: string;
  /** Absent where the log no longer names the client. */
  readonly host?: string;
}

/** One version of a file in the store; a deletion is one too. */
export interface FileVersion {
  readonly path: RelPath;
  readonly versionId: string;
  /** What a reader of the key gets now (for a deletion: nothing). */
  readonly latest: boolean;
  /** When the store got it, by the store's clock. */
  readonly modifiedMs: number;
  /** Who wrote, or deleted, it; absent for other tools. */
  readonly author?: Author;
  readonly state: VersionState;
}

export type VersionState =
  | { readonly kind: 'deleted' }
  | {
      readonly kind: 'file' | 'symlink';
      readonly etag: string;
      readonly sizeBytes: number;
      readonly executable?: boolean;
      /** The file's own modification time, where s4 or another tool noted it. */
      readonly mtimeNs?: bigint;
      /** As claimed by who wrote it. */
      readonly digest?: Digest;
      readonly archived?: true;
    };

/** What restoring does, or would do, to one path. */
export interface RestoreStep {
  readonly path: RelPath;
  readonly versionId: string;
  readonly modifiedMs: number;
  readonly sizeBytes: number;
  /** `same`: what is here already is that version. */
  readonly action: 'create' | 'replace' | 'same';
}

export interface RestorePlan {
  readonly steps: readonly RestoreStep[];
  /** Files of today that were not there at that moment: they stay. */
  readonly later: readonly RelPath[];
}

/** Something that s4 moved away, in `.s4/trash`. */
export interface TrashedFile {
  readonly ref: TrashRef;
  readonly path: RelPath;
  readonly movedMs: number;
  readonly sizeBytes: number;
  readonly kind: 'file' | 'symlink';
  readonly executable: boolean;
  readonly mtimeNs: bigint;
}

/** Which of two versions that were kept as both stays. */
export type KeepChoice = 'original' | 'copy' | 'both';

/** Something that a person wants done in the folder, before anything is looked at. */
export type Wish =
  | { readonly kind: 'version'; readonly step: RestoreStep }
  | { readonly kind: 'trashed'; readonly path: RelPath; readonly ref: TrashRef }
  /** `path`: the conflict copy's. `about`: the states that a person was shown; if they are others, nothing is done. */
  | { readonly kind: 'copy'; readonly path: RelPath; readonly keep: KeepChoice; readonly about?: string }
  /** A text that was made of both takes the original's place, and the copy goes. */
  | { readonly kind: 'copy-text'; readonly path: RelPath; readonly text: string; readonly about: string };
