import type { BaseRow, RemoteToken } from '../../sync/entry.ts';
import type { OperationOf } from '../../sync/operations.ts';
import { keyPath } from '../../sync/path.ts';
import type { Problem } from '../../sync/problem.ts';
import { nameOfState } from '../../sync/token.ts';
import { objectKey } from '../keys.ts';
import { recoverOvertaken } from '../overtaken.ts';
import { type OperationContext, type OperationResult, STALE, wasRacy } from './context.ts';
import { type Fetched, fetchObject } from './fetch-object.ts';
import { orDiscard } from './or-discard.ts';
import { placeFetched } from './place-fetched.ts';

/**
 * Brings an object to the folder. Expects the listed ETag while reading, and the walked local state at the moment of
 * the swap. A crash before the swap leaves a temp file (removed at the next start); after it, equal content.
 */
export async function download(
  operation: OperationOf<'download'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { remote, replaces, key } = operation;
  const known = replaces?.kind === 'file' ? replaces.executable : false;
  const outcome = await fetchObject(
    {
      key: objectKey(remote.key),
      etag: remote.token.etag,
      executable: (published) => operation.executable ?? published ?? known,
    },
    context,
  );
  if (outcome.kind === 'changed') return STALE;
  if (outcome.kind === 'archived') return { kind: 'failed', problem: archivedObject(key) };
  const { fetched } = outcome;
  const path = keyPath(replaces?.key ?? key);
  const lookAgain = await orDiscard(fetched.staging, () => recoverSkipped(operation, fetched, context));
  if (isSameBytes(operation, fetched, context)) return settleInPlace(operation, fetched, context);
  const placed = await placeFetched(fetched, path, replaces, context);
  if (placed.kind === 'refused') return placed.result;
  const row = placedRow(operation.replaces?.key ?? key, fetched, remote.token, placed);
  return {
    kind: 'done',
    changes: [{ kind: 'set', row: publishedMode(row, fetched) }],
    finished: placed.finished,
    ...((placed.lookAgain || lookAgain || keepsOwnMode(fetched)) && { lookAgain: true }),
  };
}

/**
 * The base row of a placed file. HEAD and GET know the version; the listing knows the time as the next listing will.
 */
export function placedRow(
  key: BaseRow['key'],
  fetched: Fetched,
  listed: RemoteToken,
  placed: { readonly fingerprint: NonNullable<BaseRow['local']>; readonly racy: boolean },
): BaseRow {
  const versionId = fetched.state.token.versionId ?? listed.versionId;
  return {
    key,
    content: fetched.content,
    mtimeNs: fetched.mtimeNs,
    local: placed.fingerprint,
    ...(placed.racy && { racy: true }),
    remote: { ...listed, ...(versionId !== undefined && { versionId }) },
  };
}

/** It was made (not) executable here, and that is not published yet. */
function keepsOwnMode({ content, facts }: Fetched): boolean {
  return content.kind === 'file' && facts.executable !== undefined && facts.executable !== content.executable;
}

/** The base says what both sides agree on: where the local mode was kept, the next pass publishes it. */
function publishedMode(row: BaseRow, fetched: Fetched): BaseRow {
  if (row.content.kind !== 'file' || fetched.facts.executable === undefined) return row;
  return { ...row, content: { ...row.content, executable: fetched.facts.executable } };
}

/** Proved by the hash of what is here, not by what the base remembers. */
function isSameBytes(
  operation: OperationOf<'download'>,
  fetched: Fetched,
  context: OperationContext,
): boolean {
  if (operation.replaces === undefined || operation.base === undefined) return false;
  const here = context.evidence.get(operation.key)?.local?.content;
  return here?.kind === fetched.content.kind && here.digest === fetched.content.digest;
}

/** The object was written again with the content that is here: only the evidence, and perhaps the mode, is new. */
async function settleInPlace(
  operation: OperationOf<'download'>,
  fetched: Fetched,
  context: OperationContext,
): Promise<OperationResult> {
  await fetched.staging.discard();
  const { replaces, base, remote } = operation;
  if (replaces === undefined || base === undefined) return STALE;
  let fingerprint = replaces.fingerprint;
  let racy = wasRacy(operation.key, context);
  if (
    replaces.kind === 'file' &&
    fetched.content.kind === 'file' &&
    replaces.executable !== fetched.content.executable
  ) {
    const set = await context.folder.setExecutable(
      keyPath(replaces.key),
      fetched.content.executable,
      fingerprint,
    );
    if (set.kind !== 'placed') return STALE;
    fingerprint = set.fingerprint;
    racy ||= set.racy;
  }
  const row = placedRow(base.key, fetched, remote.token, { fingerprint, racy });
  return {
    kind: 'done',
    changes: [{ kind: 'set', row: publishedMode({ ...row, mtimeNs: base.mtimeNs }, fetched) }],
    ...(keepsOwnMode(fetched) && { lookAgain: true }),
  };
}

/** Without conditional writes a writer may have overtaken another: whoever sees it first saves the overtaken version. */
async function recoverSkipped(
  operation: OperationOf<'download'>,
  fetched: Fetched,
  context: OperationContext,
): Promise<boolean> {
  const { base, remote, key } = operation;
  const { putIfMatch, versioning } = context.capabilities;
  if (putIfMatch || versioning !== 'enabled' || base === undefined || fetched.facts.write === undefined)
    return false;
  const parent = fetched.facts.parent;
  const since = nameOfState(base.remote);
  if (parent === since || parent === base.remote.etag) return false;
  return recoverOvertaken({ key: objectKey(remote.key), path: keyPath(key), since }, context);
}

export function archivedObject(path: string): Problem {
  return {
    path,
    side: 'remote',
    code: 'archived',
    message: 'it is in an archive storage class and cannot be read',
    hint: 'Restore the object (for example with `aws s3api restore-object`) and sync again.',
  };
}
