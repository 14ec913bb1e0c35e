import type { Digest, Fingerprint, LocalRow } from '../../sync/entry.ts';
import type { TrashPolicy } from '../../sync/expired-trash.ts';
import type { RelPath } from '../../sync/path.ts';
import type { Problem } from '../../sync/problem.ts';
import type { TrashedFile } from './history.ts';
import type { ContentSource } from './store.ts';

/** What the walk yields, in `compareKeys` order of keys (a problem or rule file at the place of its path). */
export type WalkItem =
  | { readonly kind: 'entry'; readonly row: LocalRow }
  /** Unknown, not absent. `subtree`: everything below is unknown as well. */
  | {
      readonly kind: 'problem';
      readonly problem: Problem;
      readonly path: RelPath | undefined;
      readonly subtree: boolean;
    }
  /** FIFOs, sockets, devices; names that other systems cannot hold. Path as found. */
  | { readonly kind: 'notice'; readonly path: string; readonly message: string }
  /** The text of a `.syncignore`: yielded when its folder is entered, before any key inside that folder. */
  | { readonly kind: 'rules'; readonly folder: RelPath | undefined; readonly text: string }
  /** An entry that the rules exclude; a folder stands for everything below it. */
  | { readonly kind: 'ignored'; readonly path: RelPath; readonly folder: boolean };

export interface WalkOptions {
  readonly signal?: AbortSignal;
  /** Further rules, by folder ('' is the top), added to those on disk: while two versions differ, both rule. */
  readonly extraRules?: ReadonlyMap<string, string>;
  /** Walk only this path and what is below it. Rules of the folders above still apply. */
  readonly under?: RelPath;
}

export type LocalStat =
  | { readonly kind: 'file'; readonly fingerprint: Fingerprint; readonly executable: boolean }
  | { readonly kind: 'symlink'; readonly fingerprint: Fingerprint }
  | { readonly kind: 'folder' }
  /** FIFO, socket, device. */
  | { readonly kind: 'other' };

/** What must be at a path just before it is changed. */
export type Expected =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly fingerprint: Fingerprint };

export type HashOutcome =
  | {
      readonly kind: 'hashed';
      /** What was hashed: it may not be any more what the walk saw. */
      readonly entry: 'file' | 'symlink';
      readonly digest: Digest;
      readonly fingerprint: Fingerprint;
      readonly executable: boolean;
      readonly racy: boolean;
      /** MD5 of the content, and S3 multipart ETags at the asked part sizes; in the order asked. */
      readonly etags: readonly string[];
    }
  | { readonly kind: 'absent' }
  /** Written to while it was read, repeatedly. */
  | { readonly kind: 'unsettled' };

export interface HashRequest {
  readonly path: RelPath;
  /** Which ETags to compute along: 0 for the plain MD5, else a part size in bytes. */
  readonly etagPartSizes?: readonly number[];
  readonly signal?: AbortSignal;
}

/** An open local file (or a symlink's text), proved to be the one expected. */
export interface LocalSource extends ContentSource {
  /** True while the file behind the path still is what was opened, and unchanged. */
  unchanged(): Promise<boolean>;
  /** fsyncs the content; its name is made durable by `Folder.touch` and `Folder.sync`. */
  makeDurable(): Promise<void>;
  close(): Promise<void>;
}

/** A temp file in `.s4/tmp`, on the folder's own file system. */
export interface Staging {
  /** Its name in `.s4/tmp`, for the journal. */
  readonly temp: string;
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Sets mode and mtime (`kind: symlink`: makes a symlink with the bytes as its text), and fsyncs.
   * @throws S4Error LOCAL_DISK_FULL, LOCAL_FAILED
   */
  finish(as: StagedAs): Promise<StagedFile>;
  /** Removes the temp file; harmless after finish+place. */
  discard(): Promise<void>;
}

export type StagedAs =
  | { readonly kind: 'file'; readonly executable: boolean; readonly mtimeNs: bigint }
  | { readonly kind: 'symlink'; readonly mtimeNs: bigint };

export interface StagedFile {
  readonly temp: string;
  readonly digest: Digest;
  /** MD5 of the bytes, to compare with a plain ETag. */
  readonly md5: string;
  readonly sizeBytes: number;
}

/** Where something that was moved away lies: `<run>/<path>` below `.s4/trash`. */
export type TrashRef = string & { readonly __brand: 'TrashRef' };

/** One replacement, restorable from its journaled form alone. */
export interface Placement {
  readonly path: RelPath;
  readonly temp: string;
  readonly expected: Expected;
  /**
   * Where the replaced entry goes: the trash, or (a conflict kept as both) a free name beside it. Ignored when nothing
   * is expected there.
   */
  readonly displaceTo:
    | { readonly kind: 'trash'; readonly ref: TrashRef }
    | { readonly kind: 'copy'; readonly path: RelPath };
}

export type PlaceOutcome =
  | { readonly kind: 'placed'; readonly fingerprint: Fingerprint; readonly racy: boolean }
  /** Something else is there; nothing was touched. */
  | { readonly kind: 'changed' }
  /** It changed in the very moment: placed, but what went to `displaceTo` is not the expected state. */
  | { readonly kind: 'displaced'; readonly fingerprint: Fingerprint; readonly racy: boolean }
  /** A folder above is a file, or a symlink, by now. */
  | { readonly kind: 'blocked' };

export type RemoveOutcome =
  | { readonly kind: 'removed' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'changed' }
  /** Moved to the trash, and only then seen to be another state than expected. */
  | { readonly kind: 'displaced' }
  | { readonly kind: 'blocked' };

export type RenameOutcome =
  | { readonly kind: 'renamed'; readonly fingerprint: Fingerprint; readonly racy: boolean }
  | { readonly kind: 'changed' }
  | { readonly kind: 'occupied' }
  | { readonly kind: 'blocked' };

export type RemoveFolderOutcome = 'removed' | 'absent' | 'not-empty' | 'blocked';

/** Small durable files of s4's own, by name below `.s4/`. */
export interface StateFiles {
  /** Undefined when absent. @throws S4Error STATE_UNREADABLE */
  read(name: string): Promise<Uint8Array | undefined>;
  readRange(name: string, startByte: number, endByte: number): Promise<Uint8Array>;
  /** Undefined when absent. */
  size(name: string): Promise<number | undefined>;
  /** Temp file, fsync, rename, fsync of the folder. `keepAs`: the old one stays under that name. */
  replace(
    name: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options?: { readonly keepAs?: string },
  ): Promise<void>;
  /** Appends in one write; with `sync`, durable on return, with all earlier appends (also when `bytes` is empty). */
  append(name: string, bytes: Uint8Array, options: { readonly sync: boolean }): Promise<void>;
  remove(name: string): Promise<void>;
  /** inode and ctime: a copied or restored file does not keep both. */
  identity(name: string): Promise<{ readonly inode: bigint; readonly ctimeNs: bigint } | undefined>;
}

export type LockOutcome =
  | { readonly kind: 'locked'; release(): Promise<void> }
  | { readonly kind: 'busy'; readonly owner: string; readonly foreignHost: boolean };

/**
 * The local side. Everything that changes the folder re-checks what it expects immediately before, in the same tick,
 * and never follows a symlink out of the root.
 */
export interface Folder {
  /** Absolute, for people. */
  readonly root: string;
  /** True where the file system takes `A` and `a` for one name. */
  readonly foldsCase: boolean;
  readonly state: StateFiles;

  lock(options: { readonly waitMs: number; readonly signal?: AbortSignal }): Promise<LockOutcome>;
  walk(options?: WalkOptions): AsyncIterable<readonly WalkItem[]>;
  stat(path: RelPath): Promise<LocalStat | undefined>;
  hash(request: HashRequest): Promise<HashOutcome>;
  /** A small file or a symlink's text, whole; undefined when absent or larger than the bound. */
  readSmall(path: RelPath, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Undefined when the path no longer has that fingerprint. */
  open(path: RelPath, expected: Fingerprint): Promise<LocalSource | undefined>;
  stage(sizeBytes: number): Promise<Staging>;
  /** A fresh place in this run's trash for a path. */
  trashRef(path: RelPath): TrashRef;
  place(placement: Placement): Promise<PlaceOutcome>;
  /** Into the trash. */
  remove(path: RelPath, expected: Fingerprint, ref: TrashRef): Promise<RemoveOutcome>;
  /** Never replaces anything at `to`. */
  rename(from: RelPath, to: RelPath, expected: Fingerprint): Promise<RenameOutcome>;
  setExecutable(path: RelPath, executable: boolean, expected: Fingerprint): Promise<PlaceOutcome>;
  makeFolder(path: RelPath): Promise<'made' | 'exists' | 'blocked'>;
  /** rmdir: an empty folder only. */
  removeFolder(path: RelPath): Promise<RemoveFolderOutcome>;
  /**
   * Counts the folders above a path among those that the next `sync` makes durable: what lies there may have been put
   * there by a run that was killed before its own.
   */
  touch(path: RelPath): void;
  /** Makes what `place`, `remove`, `rename` and the folder calls did durable: fsync of every folder touched since, and of those above. */
  sync(): Promise<void>;
  /**
   * Recovery of an interrupted placement or removal, and the cure for a `displaced` outcome: what lies at `ref` is
   * linked to `path` if nothing is there, else beside it under `copyPath`.
   */
  restoreFromTrash(
    ref: TrashRef,
    path: RelPath,
    copyPath: RelPath,
  ): Promise<'restored' | 'copied' | 'absent'>;
  trashStat(ref: TrashRef): Promise<LocalStat | undefined>;
  /** What lies in the trash, newest first. */
  listTrash(): Promise<readonly TrashedFile[]>;
  /** The content of a file in the trash, or a symlink's text. @throws S4Error LOCAL_FAILED when it is gone */
  readTrash(ref: TrashRef): AsyncIterable<Uint8Array>;
  /** Removes temp files that no journaled intent names. */
  cleanTemp(keep: ReadonlySet<string>): Promise<void>;
  /** Old trash goes, if it still is what it was when it was moved; otherwise it comes back as a conflict copy. */
  purgeTrash(options: TrashPolicy & { readonly nowMs: number }): Promise<readonly RelPath[]>;
  /** Stops workers. */
  close(): Promise<void>;
}
