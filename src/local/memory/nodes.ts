import type { Fingerprint } from '../../sync/entry.ts';

/** What a name points at. Two names of one node are hard links. */
export type MemoryNode = FileNode | LinkNode | FolderNode | SpecialNode;

interface NodeBase {
  readonly inode: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  /** Names it has now, and names it has after a power loss. */
  readonly homes: Set<Home>;
  readonly durableHomes: Set<Home>;
}

export interface FileNode extends NodeBase {
  readonly kind: 'file';
  /** Never changed in place: a write is a new array, so that identity tells whether there was one. */
  bytes: Uint8Array;
  executable: boolean;
  /** As of the last fsync. */
  durable: { readonly bytes: Uint8Array; readonly executable: boolean; readonly mtimeNs: bigint };
  trashed?: TrashedAs;
}

export interface LinkNode extends NodeBase {
  readonly kind: 'symlink';
  readonly bytes: Uint8Array;
  trashed?: TrashedAs;
}

export interface FolderNode extends NodeBase {
  readonly kind: 'folder';
  /** By folded name. */
  entries: Map<string, MemoryEntry>;
  durableEntries: Map<string, MemoryEntry>;
}

/** FIFO, socket or device. */
export interface SpecialNode extends NodeBase {
  readonly kind: 'other';
}

export interface MemoryEntry {
  readonly name: string;
  readonly node: MemoryNode;
}

/** One place in one folder. Made once per folder and key, so that identity compares. */
export interface Home {
  readonly folder: FolderNode;
  readonly key: string;
}

/** What a file was when s4 moved it to the trash. */
export interface TrashedAs {
  readonly atMs: number;
  readonly bytes: Uint8Array;
  readonly mtimeNs: bigint;
}

/** A node that carries content. */
export type ContentNode = FileNode | LinkNode;

export function isContent(node: MemoryNode | undefined): node is ContentNode {
  return node?.kind === 'file' || node?.kind === 'symlink';
}

export function fingerprintOf(node: ContentNode): Fingerprint {
  const { inode, mtimeNs, ctimeNs } = node;
  return { inode, sizeBytes: node.bytes.byteLength, mtimeNs, ctimeNs };
}
