import { assertNever } from '../../../src/lib/assert-never.ts';
import { sameFingerprint } from '../../../src/sync/entry.ts';
import type { LocalFile, Operation } from '../../../src/sync/operations.ts';
import { type EntryKey, fileKey } from '../../../src/sync/path.ts';
import { baseRow, fingerprintOf, type Node, putLocal, remoteRow, removeFolder, type Sides } from './model.ts';

/** Does an operation, if what it expects still holds. As the engine does, but in one step and without failures. */
export function apply(operation: Operation, sides: Sides, stamp: number): void {
  const { base, local, remote } = sides;
  const { key } = operation;
  const here = (file: LocalFile): Node | undefined => {
    const node = local.get(file.key);
    return node !== undefined && sameFingerprint(fingerprintOf(node), file.fingerprint) ? node : undefined;
  };
  const there = (at: EntryKey, etag: string): Node | undefined => {
    const node = remote.get(at);
    return node !== undefined && remoteRow(at, node).token.etag === etag ? node : undefined;
  };
  const agree = (at: EntryKey, l: Node, r: Node): void => {
    remote.set(at, r);
    base.set(at, baseRow(at, l, r));
  };
  const send = (at: EntryKey): void => {
    const node = local.get(at);
    if (node !== undefined && !remote.has(at)) agree(at, node, { ...node, stamp });
  };
  switch (operation.kind) {
    case 'upload': {
      const node = here(operation.local);
      const { replaces, executable } = operation;
      const free = replaces === undefined ? !remote.has(key) : there(key, replaces.token.etag) !== undefined;
      if (node === undefined || !free) return;
      const sent = node.kind === 'file' && executable !== undefined ? { ...node, executable } : node;
      local.set(key, sent);
      agree(key, sent, { ...sent, stamp });
      return;
    }
    case 'download': {
      const node = there(key, operation.remote.token.etag);
      const free =
        operation.replaces === undefined ? !local.has(key) : here(operation.replaces) !== undefined;
      if (node === undefined || !free) return;
      const { executable } = operation;
      const got = { ...node, ...(node.kind === 'file' && executable !== undefined && { executable }), stamp };
      if (!putLocal(local, key, got)) return;
      // Where the local mode was kept the base says what the store has, and the next look publishes it.
      base.set(key, { ...baseRow(key, node, node), local: fingerprintOf(got) });
      return;
    }
    case 'delete-remote':
      if (local.has(key) || there(key, operation.remote.token.etag) === undefined) return;
      remote.delete(key);
      base.delete(key);
      return;
    case 'delete-local':
      if (remote.has(key) || here(operation.local) === undefined) return;
      local.delete(key);
      base.delete(key);
      return;
    case 'rename-remote': {
      const node = here(operation.local);
      const from = operation.from.key;
      if (node === undefined || remote.has(key) || there(from, operation.from.token.etag) === undefined)
        return;
      remote.delete(from);
      base.delete(from);
      agree(key, node, { ...node, stamp });
      return;
    }
    case 'rename-local': {
      const node = here(operation.from);
      const target = remote.get(key);
      if (node === undefined || target === undefined || local.has(key) || remote.has(operation.from.key))
        return;
      if (!putLocal(local, key, node)) return;
      local.delete(operation.from.key);
      base.delete(operation.from.key);
      base.set(key, baseRow(key, node, target));
      return;
    }
    case 'mode-up': {
      const node = here(operation.local);
      if (node === undefined || there(key, operation.remote.token.etag) === undefined) return;
      agree(key, node, { ...node, stamp });
      return;
    }
    case 'mode-down': {
      const node = here(operation.local);
      const target = remote.get(key);
      if (node?.kind !== 'file' || target?.kind !== 'file') return;
      const set = { ...node, executable: target.executable, stamp };
      local.set(key, set);
      base.set(key, baseRow(key, set, target));
      return;
    }
    case 'keep-both': {
      const node = here(operation.local);
      const target = there(key, operation.remote.token.etag);
      if (node === undefined || target === undefined) return;
      const copy = fileKey(operation.copy);
      if (!putLocal(local, copy, node)) return;
      local.set(key, { ...target, stamp });
      base.set(key, baseRow(key, { ...target, stamp }, target));
      send(copy);
      return;
    }
    case 'local-aside': {
      const node = here(operation.local);
      if (node === undefined || !putLocal(local, fileKey(operation.copy), node)) return;
      local.delete(key);
      base.delete(key);
      send(fileKey(operation.copy));
      return;
    }
    case 'remote-aside': {
      const node = there(key, operation.remote.token.etag);
      if (node === undefined || !putLocal(local, fileKey(operation.copy), { ...node, stamp })) return;
      send(fileKey(operation.copy));
      remote.delete(key);
      base.delete(key);
      return;
    }
    case 'make-local-folder': {
      const node = remote.get(key);
      if (node === undefined) return;
      if (local.has(key) || putLocal(local, key, { kind: 'folder', stamp }))
        base.set(key, baseRow(key, node, node));
      return;
    }
    case 'make-remote-folder': {
      const node = local.get(key);
      if (node?.kind === 'folder' && !remote.has(key)) agree(key, node, { kind: 'folder', stamp });
      return;
    }
    case 'remove-local-folder':
      removeFolder(local, key);
      if (operation.implicit !== true) base.delete(key);
      return;
    case 'remove-remote-folder':
      remote.delete(key);
      base.delete(key);
      return;
    case 'merge':
      throw new Error('the check never merges');
    default:
      assertNever(operation);
  }
}
