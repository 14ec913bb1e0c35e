import type { RemoteRow } from '../../sync/entry.ts';
import type { OperationOf } from '../../sync/operations.ts';
import { keyPath, type RelPath } from '../../sync/path.ts';
import { nameOfState, sameRemoteBytes } from '../../sync/token.ts';
import { objectKey } from '../keys.ts';
import type { DeleteOutcome } from '../ports/store.ts';
import { blocked, callOptions, type OperationContext, type OperationResult, STALE } from './context.ts';
import { deleteFact } from './facts.ts';
import { inTheWay } from './in-the-way.ts';
import { nameForEdit } from './place-fetched.ts';
import { type Written, writeUnguarded } from './unguarded.ts';

/**
 * Moves a local file to the trash because the object is gone. Expects a HEAD that says so (a listing may lag), and the
 * walked local state at the moment of the move. A crash in between is healed from the intent.
 */
export async function deleteLocal(
  operation: OperationOf<'delete-local'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, local, base } = operation;
  const head = await context.store.head(objectKey(base.key), callOptions(context));
  if (head.kind === 'found') {
    if (!sameRemoteBytes(base.remote, head.state.token)) return STALE;
    const message = 'the listing does not show it, but it is there: it was not deleted here';
    return { kind: 'failed', problem: { path: key, side: 'remote', code: 'listing-lags', message } };
  }
  const path = keyPath(local.key);
  const ref = context.folder.trashRef(path);
  const copyPath = await nameForEdit(path, context);
  context.signal?.throwIfAborted();
  const expected = local.fingerprint;
  const finished = [await context.base.begin({ kind: 'remove', path, expected, ref, copyPath })];
  const outcome = await context.folder.remove(path, expected, ref);
  switch (outcome.kind) {
    case 'removed':
    case 'absent':
      return { kind: 'done', changes: [{ kind: 'drop', key: base.key }], finished, deleted: 'local' };
    case 'changed':
      return { kind: 'stale', finished };
    case 'displaced':
      await context.folder.restoreFromTrash(ref, path, copyPath);
      return { kind: 'stale', finished };
    case 'blocked':
      return { kind: 'failed', problem: blocked(path), finished };
  }
}

/**
 * Deletes an object because the local file is gone. Expects the file to be absent still, and the object to be the one
 * that the base knows. With versions a crash or a race leaves a delete marker over a kept version.
 */
export async function deleteRemote(
  operation: OperationOf<'delete-remote'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, remote, base } = operation;
  const now = context.respelled.has(key) ? undefined : await context.folder.stat(keyPath(key));
  if (operation.ignored !== true && now !== undefined && now.kind !== 'folder')
    return inTheWay(keyPath(key), now, context);
  const { outcome, finished, overtaken } = await deleteKnown(remote, keyPath(key), context);
  if (outcome.kind === 'precondition-failed') return { kind: 'stale', finished };
  return {
    kind: 'done',
    changes: [{ kind: 'drop', key: base.key }],
    finished,
    facts: [deleteFact(base, context.runtime.nowMs())],
    deleted: 'remote',
    ...(overtaken && { lookAgain: true }),
  };
}

/**
 * Deletes an object in the state that it was listed in; what somebody wrote over that meanwhile comes back beside `path`.
 * Where versions are kept, also after a deletion that the store has checked: SeaweedFS checks first and deletes later, so
 * that a deletion and a write of one state that meet both come through, about once in five times.
 */
export function deleteKnown(
  { key, token }: RemoteRow,
  path: RelPath,
  context: OperationContext,
): Promise<Written<DeleteOutcome>> {
  const at = objectKey(key);
  const request = { key: at, path, since: nameOfState(token), deleted: true, guarded: false, write: '' };
  return writeUnguarded(request, context, () =>
    context.store.delete(at, { condition: { kind: 'matches', etag: token.etag }, ...callOptions(context) }),
  );
}
