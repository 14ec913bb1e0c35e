import { encodeMetadata } from '../../formats/metadata-codec.ts';
import { type BaseRow, sameFingerprint } from '../../sync/entry.ts';
import type { OperationOf } from '../../sync/operations.ts';
import { keyPath } from '../../sync/path.ts';
import { objectKey } from '../keys.ts';
import type { CopyOutcome } from '../ports/store.ts';
import {
  blocked,
  callOptions,
  type OperationContext,
  type OperationResult,
  STALE,
  wasRacy,
} from './context.ts';
import { deleteFact, putFact } from './facts.ts';
import { inTheWay } from './in-the-way.ts';
import { isRefusedName, refusedName } from './refused-name.ts';
import { deleteKnown } from './remove.ts';
import { type Written, writeUnguarded } from './unguarded.ts';

/**
 * A file was moved here: the object is copied inside the store, and only then its old name deleted. The source is
 * pinned to the ETag whose content this client hashed itself; nothing may be at the new name. A crash in between leaves
 * both names: the next run deletes the old one.
 */
export async function renameRemote(
  operation: OperationOf<'rename-remote'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, local, from, base } = operation;
  const content = context.evidence.get(key)?.local?.content;
  const now = await context.folder.stat(keyPath(key));
  if (content === undefined || now === undefined || now.kind === 'folder' || now.kind === 'other')
    return STALE;
  if (!sameFingerprint(now.fingerprint, local.fingerprint)) return STALE;
  const gone = context.respelled.has(base.key) ? undefined : await context.folder.stat(keyPath(base.key));
  if (gone !== undefined && gone.kind !== 'folder') return inTheWay(keyPath(base.key), gone, context);
  const write = `${context.clientId}.${context.runtime.randomHex(8)}`;
  const md5 = context.evidence.get(key)?.local?.md5;
  const metadata = encodeMetadata({
    kind: content.kind,
    executable: content.kind === 'file' && content.executable,
    mtimeNs: local.fingerprint.mtimeNs,
    digest: content.digest,
    ...(md5 !== undefined && { md5 }),
    write,
  });
  const to = objectKey(key);
  const copy = (guarded: boolean, byLooking: boolean): Promise<Written<CopyOutcome>> =>
    writeUnguarded({ key: to, path: keyPath(key), guarded, write }, context, () =>
      context.store.copy(objectKey(from.key), to, {
        source: { etag: from.token.etag },
        condition: { kind: 'absent' },
        ...(byLooking && { byLooking }),
        metadata,
        ...callOptions(context),
      }),
    );
  let copied = await copy(context.capabilities.copyIfAbsent, false);
  if (isRefusedName(copied.outcome)) {
    if (context.capabilities.versioning !== 'enabled')
      return { kind: 'failed', problem: refusedName(key), finished: copied.finished };
    copied = await copy(false, true);
  }
  if (copied.outcome.kind !== 'stored') return { kind: 'stale', finished: copied.finished };
  // Refused when somebody wrote to the old name meanwhile: that write stays, as a file of its own.
  const deleted = await deleteKnown(from, keyPath(base.key), context);
  const wasKept = deleted.outcome.kind === 'precondition-failed';
  const racy = wasRacy(key, context);
  const row: BaseRow = {
    key,
    content,
    mtimeNs: local.fingerprint.mtimeNs,
    local: local.fingerprint,
    ...(racy && { racy }),
    remote: copied.outcome.token,
  };
  const nowMs = context.runtime.nowMs();
  return {
    kind: 'done',
    changes: [
      { kind: 'drop', key: base.key },
      { kind: 'set', row },
    ],
    finished: [...copied.finished, ...deleted.finished],
    facts: [putFact(row, write, undefined, nowMs), ...(wasKept ? [] : [deleteFact(base, nowMs)])],
    ...((copied.overtaken || deleted.overtaken || wasKept) && { lookAgain: true }),
  };
}

/**
 * A file was moved in the store: the local one is renamed. Expects the walked state under the old name and nothing
 * under the new one; neither is ever overwritten. A crash leaves one name or both, which the next run settles.
 */
export async function renameLocal(
  operation: OperationOf<'rename-local'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, from, remote, base } = operation;
  const head = await context.store.head(objectKey(base.key), callOptions(context));
  if (head.kind === 'found') return STALE;
  const target = keyPath(key);
  const source = keyPath(from.key);
  context.signal?.throwIfAborted();
  const intent = await context.base.begin({
    kind: 'rename',
    from: source,
    to: target,
    expected: from.fingerprint,
  });
  const outcome = await context.folder.rename(source, target, from.fingerprint);
  const finished = [intent];
  if (outcome.kind === 'blocked') return { kind: 'failed', problem: blocked(target), finished };
  if (outcome.kind === 'occupied') {
    const there = await context.folder.stat(target);
    return { ...(there === undefined ? STALE : inTheWay(target, there, context)), finished };
  }
  if (outcome.kind !== 'renamed') return { kind: 'stale', finished };
  const racy = outcome.racy || wasRacy(base.key, context);
  const row: BaseRow = {
    key,
    content: base.content,
    mtimeNs: base.mtimeNs,
    local: outcome.fingerprint,
    ...(racy && { racy }),
    remote: remote.token,
  };
  return {
    kind: 'done',
    changes: [
      { kind: 'drop', key: base.key },
      { kind: 'set', row },
    ],
    finished,
  };
}
