import type { FileNode, FolderNode, Home, MemoryEntry } from './nodes.ts';

export interface Durability {
  syncFile(node: FileNode): void;
  syncFolder(folder: FolderNode): void;
  /** Makes what is at one place, and the way to it, durable. */
  settle(home: Home): void;
  /** The power is lost: only what is durable stays. */
  revert(): void;
}

/**
 * What a power loss leaves: the content of a file as of its last fsync (none: an empty file), the names in a folder as of
 * its last fsync. As in a journaling file system, a rename is durable at both ends or at neither, and a name does not
 * vanish durably before another name that the file was given earlier is durable.
 */
export function createDurability(root: FolderNode): Durability {
  const keep = (home: Home, entry: MemoryEntry): void => {
    const before = home.folder.durableEntries.get(home.key);
    drop(home);
    home.folder.durableEntries.set(home.key, entry);
    entry.node.durableHomes.add(home);
    for (const old of [...entry.node.durableHomes]) {
      if (!entry.node.homes.has(old)) drop(old);
    }
    // Whoever had the name was given another one before: that is on the disk by now, too.
    if (before !== undefined && before.node !== entry.node) keepOtherNames(before);
  };
  const drop = (home: Home): void => {
    const entry = home.folder.durableEntries.get(home.key);
    if (entry === undefined) return;
    home.folder.durableEntries.delete(home.key);
    entry.node.durableHomes.delete(home);
  };
  const keepWay = (folder: FolderNode): void => {
    for (const home of folder.homes) {
      const entry = home.folder.entries.get(home.key);
      if (entry !== undefined && home.folder.durableEntries.get(home.key) !== entry) keep(home, entry);
      keepWay(home.folder);
    }
  };
  const keepOtherNames = (entry: MemoryEntry): void => {
    for (const home of entry.node.homes) {
      const other = home.folder.entries.get(home.key);
      if (other === undefined) continue;
      keep(home, other);
      keepWay(home.folder);
    }
  };
  const settleName = (home: Home): void => {
    const entry = home.folder.entries.get(home.key);
    const before = home.folder.durableEntries.get(home.key);
    if (before !== undefined && before.node !== entry?.node) keepOtherNames(before);
    if (entry === undefined) drop(home);
    else if (entry !== before) keep(home, entry);
  };
  const syncFile = (node: FileNode): void => {
    const { bytes, executable, mtimeNs } = node;
    node.durable = { bytes, executable, mtimeNs };
  };
  const homesOf = (folder: FolderNode): ReadonlySet<Home> => {
    const found = new Set<Home>();
    for (const [key, { node }] of folder.durableEntries)
      for (const home of node.durableHomes) if (home.folder === folder && home.key === key) found.add(home);
    for (const [key, { node }] of folder.entries)
      for (const home of node.homes) if (home.folder === folder && home.key === key) found.add(home);
    return found;
  };

  return {
    syncFile,
    syncFolder(folder) {
      for (const home of homesOf(folder)) settleName(home);
    },
    settle(home) {
      settleName(home);
      keepWay(home.folder);
      const node = home.folder.entries.get(home.key)?.node;
      if (node?.kind === 'file') syncFile(node);
    },
    revert: () => revertFolder(root, new Set()),
  };
}

function revertFolder(folder: FolderNode, seen: Set<FolderNode>): void {
  if (seen.has(folder)) return;
  seen.add(folder);
  folder.entries = new Map(folder.durableEntries);
  for (const { node } of folder.entries.values()) {
    node.homes.clear();
    for (const home of node.durableHomes) node.homes.add(home);
    if (node.kind === 'folder') revertFolder(node, seen);
    if (node.kind === 'file') Object.assign(node, node.durable);
  }
}
