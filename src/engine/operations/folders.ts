import { encodeMetadata } from '../../formats/metadata-codec.ts';
import type { BaseRow, RemoteToken } from '../../sync/entry.ts';
import type { OperationOf } from '../../sync/operations.ts';
import { type EntryKey, keyPath } from '../../sync/path.ts';
import type { Problem } from '../../sync/problem.ts';
import { objectKey } from '../keys.ts';
import type { BaseChange } from '../ports/base.ts';
import type { ContentSource, PutOutcome, WriteCondition } from '../ports/store.ts';
import { blocked, callOptions, type OperationContext, type OperationResult, STALE } from './context.ts';
import { deleteFact, putFact } from './facts.ts';

const EMPTY: ContentSource = { sizeBytes: 0, read: async () => new Uint8Array(0) };

export async function makeLocalFolder(
  operation: OperationOf<'make-local-folder'>,
  context: OperationContext,
): Promise<OperationResult> {
  const path = keyPath(operation.key);
  context.signal?.throwIfAborted();
  const outcome = await context.folder.makeFolder(path);
  if (outcome === 'blocked') return { kind: 'failed', problem: blocked(path) };
  return done({ kind: 'set', row: folderRow(operation.key, operation.remote.token) });
}

/** A zero-byte `dir/`: how other tools write an empty folder, too. */
export async function makeRemoteFolder(
  operation: OperationOf<'make-remote-folder'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key } = operation;
  const now = await context.folder.stat(keyPath(key));
  if (now?.kind !== 'folder') return STALE;
  const write = `${context.clientId}.${context.runtime.randomHex(8)}`;
  let outcome = await putMarker(key, { kind: 'absent' }, write, context);
  // SeaweedFS keeps the folder of files that were deleted, unlisted: it answers a HEAD, and no condition holds for it.
  if (outcome.kind === 'precondition-failed' && (await holdsNothing(key, context)))
    outcome = await putMarker(key, { kind: 'none' }, write, context);
  if (outcome.kind !== 'stored') return STALE;
  const row = folderRow(key, outcome.token);
  const fact = putFact(row, write, undefined, context.runtime.nowMs());
  return { ...done({ kind: 'set', row }), facts: [fact] };
}

function putMarker(
  key: EntryKey,
  condition: WriteCondition,
  write: string,
  context: OperationContext,
): Promise<PutOutcome> {
  context.signal?.throwIfAborted();
  const metadata = encodeMetadata({ kind: 'folder', write });
  return context.store.put(objectKey(key), EMPTY, { condition, metadata, ...callOptions(context) });
}

async function holdsNothing(key: EntryKey, context: OperationContext): Promise<boolean> {
  const head = await context.store.head(objectKey(key), callOptions(context));
  return head.kind === 'found' && head.state.token.sizeBytes === 0;
}

/** rmdir refuses a folder that is not empty: what is in there, synced or not, stays and so does the folder. */
export async function removeLocalFolder(
  operation: OperationOf<'remove-local-folder'>,
  context: OperationContext,
): Promise<OperationResult> {
  const path = keyPath(operation.key);
  context.signal?.throwIfAborted();
  const outcome = await context.folder.removeFolder(path);
  if (outcome === 'blocked') return { kind: 'failed', problem: blocked(path) };
  return done(operation.implicit ? undefined : { kind: 'drop', key: operation.key });
}

/** Removes the object in the state in which it was listed. One with content is no marker of ours, and was never fetched. */
export async function removeRemoteFolder(
  operation: OperationOf<'remove-remote-folder'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, remote } = operation;
  if (remote.token.sizeBytes > 0) return { kind: 'failed', problem: markerWithContent(key) };
  const outcome = await context.store.delete(objectKey(remote.key), {
    condition: { kind: 'matches', etag: remote.token.etag },
    ...callOptions(context),
  });
  if (outcome.kind === 'precondition-failed') return STALE;
  const fact = deleteFact(folderRow(key, remote.token), context.runtime.nowMs());
  return { ...done({ kind: 'drop', key }), facts: [fact] };
}

function markerWithContent(path: string): Problem {
  return {
    path,
    side: 'remote',
    code: 'bad-key',
    message: 'the object of this name has content, which no folder can hold: it was not removed',
    hint: 'Rename or remove the object in the bucket.',
  };
}

function folderRow(key: EntryKey, remote: RemoteToken): BaseRow {
  return { key, content: { kind: 'folder' }, mtimeNs: 0n, remote };
}

function done(change: BaseChange | undefined): Extract<OperationResult, { kind: 'done' }> {
  return { kind: 'done', changes: change === undefined ? [] : [change] };
}
