import { assertNever } from '../lib/assert-never.ts';
import type { JudgedEntry } from '../sync/judged.ts';
import type { Operation } from '../sync/operations.ts';
import type { ConflictSideView, ConflictView, OperationView } from './events.ts';

/** What people and scripts are told of an operation; undefined where it is not worth a line. */
export function operationView(operation: Operation): OperationView | undefined {
  const path = operation.key;
  switch (operation.kind) {
    case 'upload':
      return {
        kind: operation.replaces === undefined ? 'create' : 'update',
        direction: 'up',
        path,
        sizeBytes: operation.local.fingerprint.sizeBytes,
      };
    case 'download':
      return {
        kind: operation.replaces === undefined ? 'create' : 'update',
        direction: 'down',
        path,
        sizeBytes: operation.remote.token.sizeBytes,
      };
    case 'delete-remote':
      return { kind: 'delete', direction: 'up', path };
    case 'delete-local':
      return { kind: 'delete', direction: 'down', path };
    case 'rename-remote':
      return { kind: 'rename', direction: 'up', path, other: operation.base.key };
    case 'rename-local':
      return { kind: 'rename', direction: 'down', path, other: operation.base.key };
    case 'mode-up':
      return { kind: 'mode', direction: 'up', path };
    case 'mode-down':
      return { kind: 'mode', direction: 'down', path };
    case 'merge':
      return { kind: 'merge', direction: 'up', path, sizeBytes: operation.merged.byteLength };
    case 'keep-both':
    case 'local-aside':
      return { kind: 'keep-both', direction: 'down', path, other: operation.copy };
    case 'remote-aside':
      return { kind: 'keep-both', direction: 'up', path, other: operation.copy };
    case 'make-local-folder':
      return { kind: 'create-folder', direction: 'down', path };
    case 'make-remote-folder':
      return { kind: 'create-folder', direction: 'up', path };
    case 'remove-local-folder':
      return operation.implicit === true ? undefined : { kind: 'delete-folder', direction: 'down', path };
    case 'remove-remote-folder':
      return { kind: 'delete-folder', direction: 'up', path };
    default:
      return assertNever(operation);
  }
}

export function conflictView(
  { row }: JudgedEntry,
  remoteHost: string | undefined,
  localHost: string,
): ConflictView {
  const state = row.base === undefined ? 'created' : 'updated';
  const local: ConflictSideView =
    row.local === undefined || row.local.kind === 'folder'
      ? { state: 'deleted' }
      : {
          state,
          sizeBytes: row.local.fingerprint.sizeBytes,
          modifiedMs: Number(row.local.fingerprint.mtimeNs / 1_000_000n),
          host: localHost,
        };
  const remote: ConflictSideView =
    row.remote === undefined
      ? { state: 'deleted' }
      : {
          state,
          sizeBytes: row.remote.token.sizeBytes,
          modifiedMs: row.remote.token.modifiedMs,
          ...(remoteHost !== undefined && { host: remoteHost }),
        };
  return { path: row.key, local, remote };
}
