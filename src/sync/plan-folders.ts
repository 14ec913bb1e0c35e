import type { JoinedRow } from './join.ts';
import type { Judged } from './judged.ts';
import type { Operation } from './operations.ts';
import { type EntryKey, folderKey, keyPath, parentPath } from './path.ts';

/**
 * Folders that lose their last child. Removed on this side they go with it, unless the store keeps a marker; kept
 * empty by the user they get one.
 */
export function emptiedFolders(judged: readonly Judged[], planned: readonly Operation[]): Operation[] {
  const keptEmpty = new Map<EntryKey, JoinedRow>();
  const marked = new Set<EntryKey>();
  for (const { kind, row } of judged) {
    if (kind !== 'folder') continue;
    if (row.remote !== undefined) marked.add(row.key);
    if (row.local?.kind === 'folder' && !row.local.occupied && row.remote === undefined) {
      keptEmpty.set(row.key, row);
    }
  }
  const result: Operation[] = [];
  const arriving = foldersOf(
    planned,
    ['download', 'make-local-folder', 'rename-local', 'keep-both', 'remote-aside'],
    ({ key }) => key,
  );
  const leavingRemote = foldersOf(
    planned,
    ['delete-remote', 'rename-remote', 'remove-remote-folder'],
    leftName,
  );
  for (const [key, row] of keptEmpty) {
    if (row.beneath.remote && leavingRemote.has(key) && !arriving.has(key)) {
      result.push({ kind: 'make-remote-folder', key });
    }
  }
  const removed = foldersOf(planned, ['delete-local', 'rename-local', 'remove-local-folder'], leftName);
  const already = new Set(planned.filter((o) => o.kind === 'remove-local-folder').map((o) => o.key));
  for (const key of removed) {
    if (!marked.has(key) && !arriving.has(key) && !already.has(key)) {
      result.push({ kind: 'remove-local-folder', key, implicit: true });
    }
  }
  return result;
}

/** Every folder above the names that these operations touch. */
function foldersOf(
  operations: readonly Operation[],
  kinds: readonly Operation['kind'][],
  nameOf: (operation: Operation) => EntryKey,
): Set<EntryKey> {
  const folders = new Set<EntryKey>();
  for (const operation of operations) {
    if (!kinds.includes(operation.kind)) continue;
    for (let path = parentPath(keyPath(nameOf(operation))); path !== undefined; path = parentPath(path)) {
      const key = folderKey(path);
      if (folders.has(key)) break;
      folders.add(key);
    }
  }
  return folders;
}

/** A rename leaves its old name. */
function leftName(operation: Operation): EntryKey {
  return operation.kind === 'rename-local' || operation.kind === 'rename-remote'
    ? operation.from.key
    : operation.key;
}
