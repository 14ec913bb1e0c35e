import type { Runtime } from '../../engine/ports/runtime.ts';
import { S4Error } from '../../lib/errors.ts';
import { parentPath, type RelPath } from '../../sync/path.ts';
import { withFoldersAbove } from '../touched.ts';
import type { FileSystem, LinkableNode, Resolved } from './file-system.ts';
import { type ContentNode, type FileNode, type FolderNode, isContent } from './nodes.ts';

/** What changes the disk, one call of the operating system each. */
export type StepName =
  | 'create'
  | 'write'
  | 'link'
  | 'unlink'
  | 'rename'
  | 'mkdir'
  | 'rmdir'
  | 'chmod'
  | 'fsync'
  | 'fsync-folder';

/** What every session of a disk shares. */
export interface DiskState {
  readonly fs: FileSystem;
  readonly runtime: Runtime;
  readonly foldsCase: boolean;
  readonly unreadable: ReadonlySet<string>;
  /** Resolution of file times. */
  readonly granularityMs: number;
  /** Called before each step with the path from the root. See `MemoryDisk.beforeStep`. */
  beforeStep: ((step: StepName, path: string) => void) | undefined;
  /** Undefined: endless. */
  freeBytes: number | undefined;
  /** The process that holds the lock. */
  owner: Session | undefined;
  crash(): void;
}

/**
 * One process that uses the disk. All its changes go through here: each is announced, counted against the free space,
 * and refused once the process is dead.
 */
export interface Session {
  readonly disk: DiskState;
  readonly fs: FileSystem;
  /** In the name of trash references and temp files: no two runs share it. */
  readonly runId: string;
  kill(): void;
  /** @throws Error once the process is dead; the cycle must not take that for trouble with one path */
  live(): void;
  isLive(): boolean;
  /** @throws S4Error LOCAL_UNREADABLE below an unreadable folder */
  resolve(path: string): Resolved;
  /** @throws S4Error LOCAL_UNREADABLE */
  assertReadable(path: string): void;
  createFile(path: string): FileNode;
  /** @throws S4Error LOCAL_DISK_FULL */
  write(node: FileNode, path: string, bytes: Uint8Array): void;
  link(node: LinkableNode, path: string): boolean;
  unlink(path: string): void;
  /** Undefined when there is nothing with content to move by then. Folders stay where they are. */
  move(from: string, to: string): ContentNode | undefined;
  replace(from: string, to: string): void;
  rmdir(path: string): boolean;
  setMeta(node: ContentNode, path: string, meta: { executable?: boolean; mtimeNs?: bigint }): void;
  fsync(node: FileNode, path: string): void;
  /** Makes every missing folder above a path; false where something else is in the way. */
  makeParents(path: string): boolean;
  makeFolder(path: string): void;
  /** Counts the folder of a path among those that `syncFolders` makes durable. */
  touch(path: string): void;
  syncFolders(): void;
  /** One folder, and the way to it: what else was touched stays to be made durable. */
  syncFolder(path: string): void;
}

export function createSession(disk: DiskState): Session {
  const { fs } = disk;
  const touched = new Map<FolderNode, string>();
  let dead = false;

  const live = () => {
    if (dead) throw new Error('the process that used this folder is gone');
  };
  const step = (name: StepName, path: string) => {
    live();
    try {
      disk.beforeStep?.(name, path);
    } catch (error) {
      if (!(error instanceof S4Error)) disk.crash();
      throw error;
    }
    live();
  };
  const touch = (path: string) => {
    const parent = parentPath(path as RelPath);
    const folder = parent === undefined ? fs.root : fs.lookup(parent);
    if (folder?.kind === 'folder') touched.set(folder, parent ?? '');
  };
  const take = (bytes: number) => {
    if (disk.freeBytes === undefined || bytes <= 0) return;
    if (bytes > disk.freeBytes) throw new S4Error('LOCAL_DISK_FULL', 'the disk is full');
    disk.freeBytes -= bytes;
  };
  const makeFolder = (path: string) => {
    step('mkdir', path);
    if (fs.lookup(path)?.kind !== 'folder') fs.mkdir(path);
    touch(path);
  };
  const makeParents = (path: string): boolean => {
    const names = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= names.length; depth++) {
      const above = names.slice(0, depth).join('/');
      const node = fs.lookup(above);
      if (node === undefined) makeFolder(above);
      else if (node.kind !== 'folder') return false;
    }
    return true;
  };

  return {
    disk,
    fs,
    runId: `${disk.runtime.nowMs()}-${disk.runtime.randomHex(4)}`,
    live,
    isLive: () => !dead,
    makeFolder,
    makeParents,
    kill: () => {
      dead = true;
    },
    resolve(path) {
      live();
      const above = parentPath(path as RelPath);
      if (above !== undefined) assertReadable(disk, above);
      return fs.resolve(path);
    },
    assertReadable: (path) => assertReadable(disk, path),
    createFile(path) {
      step('create', path);
      const node = fs.newFile(new Uint8Array(), false);
      fs.link(node, path);
      touch(path);
      return node;
    },
    write(node, path, bytes) {
      step('write', path);
      take(bytes.byteLength - node.bytes.byteLength);
      fs.write(node, bytes);
    },
    link(node, path) {
      step('link', path);
      touch(path);
      return fs.link(node, path);
    },
    unlink(path) {
      step('unlink', path);
      fs.unlink(path);
      touch(path);
    },
    move(from, to) {
      step('rename', from);
      const node = fs.lookup(from);
      if (!isContent(node) || fs.lookup(to) !== undefined) return undefined;
      fs.rename(from, to);
      touch(from);
      touch(to);
      return node;
    },
    replace(from, to) {
      step('rename', from);
      fs.rename(from, to);
      touch(from);
      touch(to);
    },
    rmdir(path) {
      step('rmdir', path);
      touch(path);
      return fs.rmdir(path);
    },
    setMeta(node, path, meta) {
      step('chmod', path);
      fs.setMeta(node, meta);
    },
    fsync(node, path) {
      step('fsync', path);
      fs.syncFile(node);
    },
    touch,
    syncFolders() {
      const paths = [...touched.values()];
      for (const [folder, path] of touched) {
        step('fsync-folder', path);
        fs.syncFolder(folder);
        touched.delete(folder);
      }
      for (const path of [...withFoldersAbove(paths)].slice(new Set(paths).size)) {
        const above = path === '' ? fs.root : fs.lookup(path);
        if (above?.kind !== 'folder') continue;
        step('fsync-folder', path);
        fs.syncFolder(above);
      }
    },
    syncFolder(path) {
      const folder = fs.lookup(path);
      if (folder?.kind !== 'folder' || !touched.has(folder)) return;
      step('fsync-folder', path);
      fs.settle(path);
      fs.syncFolder(folder);
      touched.delete(folder);
    },
  };
}

function assertReadable(disk: DiskState, path: string): void {
  if (disk.unreadable.size === 0) return;
  const names = path.split('/');
  const denied = names.some((_, i) => disk.unreadable.has(names.slice(0, i + 1).join('/')));
  if (denied) throw new S4Error('LOCAL_UNREADABLE', 'permission denied', { data: { path } });
}
