import type { LocalFile, OperationOf } from '../../sync/operations.ts';
import { fileKey, keyPath, type RelPath } from '../../sync/path.ts';
import { sameRemoteBytes } from '../../sync/token.ts';
import { losingRemote } from '../copy-names.ts';
import { objectKey } from '../keys.ts';
import { holds } from '../overtaken.ts';
import { blocked, callOptions, type OperationContext, type OperationResult, STALE } from './context.ts';
import { archivedObject, placedRow } from './download.ts';
import { type Fetched, fetchObject } from './fetch-object.ts';
import { orDiscard } from './or-discard.ts';
import { placeFetched } from './place-fetched.ts';
import { deleteKnown } from './remove.ts';
import { upload } from './upload.ts';

/**
 * A conflict that keeps both: the store's version takes the name, the local file itself is renamed to the copy's name,
 * in one step that never leaves the local content without a name. Then the copy goes up. A crash after the swap leaves
 * the copy as a new local file: the next run uploads it.
 */
export async function keepBoth(
  operation: OperationOf<'keep-both'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, local, remote, copy, ancestor } = operation;
  const known = local.kind === 'file' && local.executable;
  const outcome = await fetchObject(
    {
      key: objectKey(remote.key),
      etag: remote.token.etag,
      executable: (published) => published ?? known,
    },
    context,
  );
  if (outcome.kind === 'changed') return STALE;
  if (outcome.kind === 'archived') return { kind: 'failed', problem: archivedObject(key) };
  const { fetched } = outcome;
  const placed = await placeFetched(fetched, keyPath(local.key), local, context, copy);
  if (placed.kind === 'refused') return placed.result;
  const row = placedRow(local.key, fetched, remote.token, placed);
  return withCopy(
    { kind: 'done', changes: [{ kind: 'set', row }], finished: placed.finished },
    copy,
    context,
    ancestor,
  );
}

/** A local file gives way to a folder that came from the other side: renamed, never overwritten, then uploaded. */
export async function localAside(
  operation: OperationOf<'local-aside'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, local, copy } = operation;
  const from = keyPath(local.key);
  context.signal?.throwIfAborted();
  const intent = await context.base.begin({ kind: 'rename', from, to: copy, expected: local.fingerprint });
  const outcome = await context.folder.rename(from, copy, local.fingerprint);
  const finished = [intent];
  if (outcome.kind === 'blocked') return { kind: 'failed', problem: blocked(from), finished };
  if (outcome.kind !== 'renamed') return { kind: 'stale', finished };
  context.notice('edit-kept', key, `a folder of this name came from the store: the file is kept as ${copy}`);
  return withCopy({ kind: 'done', changes: [{ kind: 'drop', key }], finished }, copy, context);
}

/**
 * A remote file gives way to a local folder: its content is brought here under the copy's name and sent up under it,
 * and only then deleted under its own. A crash in between leaves it under both names.
 */
export async function remoteAside(
  operation: OperationOf<'remote-aside'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, remote } = operation;
  const at = objectKey(remote.key);
  const outcome = await fetchObject(
    { key: at, etag: remote.token.etag, executable: (published) => published ?? false },
    context,
  );
  if (outcome.kind === 'changed') return STALE;
  if (outcome.kind === 'archived') return { kind: 'failed', problem: archivedObject(key) };
  const copy = await heldCopy(operation, outcome.fetched, context);
  if (copy === operation.copy) {
    const placed = await placeFetched(outcome.fetched, copy, undefined, context);
    if (placed.kind === 'refused') return placed.result;
  } else {
    await outcome.fetched.staging.discard();
  }
  const sent = (await isInStore(copy, outcome.fetched, context)) ? UNCHANGED : await uploadNew(copy, context);
  if (sent.kind !== 'done') return sent;
  const deleted = await deleteKnown(remote, copy, context);
  const finished = [...(sent.finished ?? []), ...deleted.finished];
  if (deleted.outcome.kind === 'precondition-failed') return { ...sent, finished, lookAgain: true };
  context.notice('edit-kept', key, `a folder has this name here: the file from the store is kept as ${copy}`);
  return {
    ...sent,
    changes: [...sent.changes, { kind: 'drop', key }],
    finished,
    ...(deleted.overtaken && { lookAgain: true }),
  };
}

const UNCHANGED: Extract<OperationResult, { kind: 'done' }> = { kind: 'done', changes: [] };

/** Where an earlier try, that then could not send it, has put this very content; else the new copy's name. */
function heldCopy(
  { key, remote, copy }: OperationOf<'remote-aside'>,
  fetched: Fetched,
  context: OperationContext,
): Promise<RelPath> {
  return orDiscard(fetched.staging, async () => {
    const { path, whenMs, host } = losingRemote(key, remote);
    const plain = context.copyNames.plain(path, whenMs, host);
    return (await holds(plain, fetched, context)) ? plain : copy;
  });
}

/** Was it sent since, as any new file is? What the base says of the store is asked again: the original is to go. */
async function isInStore(
  path: RelPath,
  { content: { kind, digest } }: Fetched,
  context: OperationContext,
): Promise<boolean> {
  const row = await context.base.get(fileKey(path));
  if (row === undefined || row.content.kind !== kind || row.content.digest !== digest) return false;
  const head = await context.store.head(objectKey(fileKey(path)), callOptions(context));
  return head.kind === 'found' && sameRemoteBytes(row.remote, head.state.token);
}

async function withCopy(
  done: Extract<OperationResult, { kind: 'done' }>,
  copy: RelPath,
  context: OperationContext,
  ancestor?: string,
): Promise<OperationResult> {
  const sent = await uploadNew(copy, context, ancestor);
  if (sent.kind === 'failed')
    return { ...sent, finished: [...(done.finished ?? []), ...(sent.finished ?? [])] };
  if (sent.kind === 'stale') return { ...done, lookAgain: true };
  return {
    kind: 'done',
    changes: [...done.changes, ...sent.changes],
    finished: [...(done.finished ?? []), ...(sent.finished ?? [])],
    facts: [...(done.facts ?? []), ...(sent.facts ?? [])],
  };
}

async function uploadNew(
  path: RelPath,
  context: OperationContext,
  ancestor?: string,
): Promise<OperationResult> {
  const now = await context.folder.stat(path);
  if (now === undefined || now.kind === 'folder' || now.kind === 'other') return STALE;
  const local: LocalFile = { ...now, key: fileKey(path) };
  const operation = { kind: 'upload', key: fileKey(path), local } as const;
  return upload({ ...operation, ...(ancestor !== undefined && { ancestor }) }, context);
}
