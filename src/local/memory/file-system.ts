import { S4Error } from '../../lib/errors.ts';
import { foldKey } from '../../sync/names.ts';
import type { EntryKey } from '../../sync/path.ts';
import { createDurability } from './durability.ts';
import type { FileNode, FolderNode, Home, LinkNode, MemoryNode, SpecialNode } from './nodes.ts';

/** Where a path leads, without following a symlink. */
export type Resolved =
  | {
      readonly kind: 'here';
      readonly home: Home;
      readonly name: string;
      readonly node: MemoryNode | undefined;
    }
  /** A folder above does not exist. */
  | { readonly kind: 'no-parent' }
  /** Something above is no folder. */
  | { readonly kind: 'blocked' };

export type LinkableNode = Exclude<MemoryNode, FolderNode>;

/** A tree of nodes with the system calls that matter: synchronous, without expectations, hooks or permissions. */
export interface FileSystem {
  readonly root: FolderNode;
  resolve(path: string): Resolved;
  lookup(path: string): MemoryNode | undefined;
  /** A file without a name yet. */
  newFile(bytes: Uint8Array, executable: boolean): FileNode;
  newSymlink(text: Uint8Array): LinkNode;
  newSpecial(): SpecialNode;
  /** Gives a node a further name; false where there is something. Also how new nodes get their first. */
  link(node: LinkableNode, path: string): boolean;
  unlink(path: string): void;
  /** As rename(2): what is at `to` is replaced, at once; a folder cannot be. */
  rename(from: string, to: string): void;
  mkdir(path: string): FolderNode;
  /** False where it is not empty. */
  rmdir(path: string): boolean;
  write(node: FileNode, bytes: Uint8Array): void;
  setMeta(
    node: FileNode | LinkNode,
    meta: { readonly executable?: boolean; readonly mtimeNs?: bigint },
  ): void;
  syncFile(node: FileNode): void;
  syncFolder(folder: FolderNode): void;
  /** Makes what is at one path, and the way to it, durable: what a user did long enough ago. */
  settle(path: string): void;
  /** Only what is durable stays. */
  revert(): void;
}

function isWithin(folder: FolderNode, above: MemoryNode | undefined): boolean {
  return folder === above || [...folder.homes].some((home) => isWithin(home.folder, above));
}

export function createFileSystem(options: {
  readonly nowNs: () => bigint;
  readonly foldsCase: boolean;
}): FileSystem {
  const { nowNs, foldsCase } = options;
  const homes = new WeakMap<FolderNode, Map<string, Home>>();
  let lastInode = 1n;

  const nodeBase = () => {
    const now = nowNs();
    const sets = { homes: new Set<Home>(), durableHomes: new Set<Home>() };
    return { inode: ++lastInode, mtimeNs: now, ctimeNs: now, ...sets };
  };
  const newFolder = (): FolderNode => ({
    ...nodeBase(),
    kind: 'folder',
    entries: new Map(),
    durableEntries: new Map(),
  });
  const root = newFolder();
  const homeOf = (folder: FolderNode, name: string): Home => {
    // Without case folding a disk keeps even two normal forms of one name apart.
    const key = foldsCase ? foldKey(name as EntryKey, true) : name;
    const known = homes.get(folder) ?? new Map<string, Home>();
    homes.set(folder, known);
    const home = known.get(key) ?? { folder, key };
    known.set(key, home);
    return home;
  };
  const durability = createDurability(root);

  const resolve = (path: string): Resolved => {
    const names = path.split('/');
    const name = names.pop() ?? '';
    let folder = root;
    for (const above of names) {
      const next = folder.entries.get(homeOf(folder, above).key)?.node;
      if (next === undefined) return { kind: 'no-parent' };
      if (next.kind !== 'folder') return { kind: 'blocked' };
      folder = next;
    }
    const home = homeOf(folder, name);
    return { kind: 'here', home, name, node: folder.entries.get(home.key)?.node };
  };
  const here = (path: string) => {
    const found = resolve(path);
    if (found.kind !== 'here')
      throw new S4Error('LOCAL_FAILED', 'a folder above is missing', { data: { path } });
    return found;
  };
  const attach = (home: Home, name: string, node: MemoryNode) => {
    home.folder.entries.set(home.key, { name, node });
    home.folder.mtimeNs = nowNs();
    node.homes.add(home);
    node.ctimeNs = nowNs();
  };
  const detach = (home: Home) => {
    const node = home.folder.entries.get(home.key)?.node;
    if (node === undefined) throw new S4Error('LOCAL_FAILED', 'there is no such file');
    home.folder.entries.delete(home.key);
    home.folder.mtimeNs = nowNs();
    node.homes.delete(home);
    node.ctimeNs = nowNs();
    return node;
  };
  const durable = (bytes: Uint8Array) => ({ bytes, executable: false, mtimeNs: nowNs() });

  return {
    root,
    resolve,
    lookup(path) {
      const found = resolve(path);
      return found.kind === 'here' ? found.node : undefined;
    },
    newFile: (bytes, executable) => ({
      ...nodeBase(),
      kind: 'file',
      bytes,
      executable,
      durable: durable(new Uint8Array()),
    }),
    newSymlink: (bytes) => ({ ...nodeBase(), kind: 'symlink', bytes }),
    newSpecial: () => ({ ...nodeBase(), kind: 'other' }),
    link(node, path) {
      const { home, name, node: existing } = here(path);
      if (existing !== undefined) return false;
      attach(home, name, node);
      return true;
    },
    unlink: (path) => void detach(here(path).home),
    rename(from, to) {
      const source = here(from);
      const target = here(to);
      if (target.node?.kind === 'folder' && target.node !== source.node) {
        throw new S4Error('LOCAL_FAILED', 'a folder is in the way', { data: { path: to } });
      }
      if (isWithin(target.home.folder, source.node)) {
        throw new S4Error('LOCAL_FAILED', 'a folder cannot be moved into itself', { data: { path: to } });
      }
      if (target.node !== undefined && target.home !== source.home) detach(target.home);
      attach(target.home, target.name, detach(source.home));
    },
    mkdir(path) {
      const { home, name, node } = here(path);
      if (node !== undefined) throw new S4Error('LOCAL_FAILED', 'the name is taken', { data: { path } });
      const folder = newFolder();
      attach(home, name, folder);
      return folder;
    },
    rmdir(path) {
      const { home, node } = here(path);
      if (node?.kind !== 'folder' || node.entries.size > 0) return false;
      detach(home);
      return true;
    },
    write(node, bytes) {
      node.bytes = bytes;
      node.mtimeNs = nowNs();
      node.ctimeNs = nowNs();
    },
    setMeta(node, { executable, mtimeNs }) {
      if (executable !== undefined && node.kind === 'file') node.executable = executable;
      // Node's utimes keeps microseconds.
      if (mtimeNs !== undefined) node.mtimeNs = mtimeNs - (mtimeNs % 1000n);
      node.ctimeNs = nowNs();
    },
    syncFile: durability.syncFile,
    syncFolder: durability.syncFolder,
    settle(path) {
      const found = resolve(path);
      if (found.kind === 'here') durability.settle(found.home);
    },
    revert: durability.revert,
  };
}
