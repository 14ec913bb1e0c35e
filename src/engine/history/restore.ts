import { mapConcurrent } from '../../lib/map-concurrent.ts';
import type { BaseRow } from '../../sync/entry.ts';
import type { LocalFile } from '../../sync/operations.ts';
import { fileKey, type RelPath } from '../../sync/path.ts';
import type { Problem } from '../../sync/problem.ts';
import { sameRemoteToken } from '../../sync/token.ts';
import { type Committer, createCommitter } from '../commit.ts';
import { objectKey } from '../keys.ts';
import { blocked, callOptions, type OperationContext } from '../operations/context.ts';
import { archivedObject } from '../operations/download.ts';
import { type Fetched, fetchObject } from '../operations/fetch-object.ts';
import { orDiscard } from '../operations/or-discard.ts';
import { placeFetched } from '../operations/place-fetched.ts';
import type { RestoreStep } from '../ports/history.ts';
import type { HeadOutcome } from '../ports/store.ts';
import { problemFrom } from '../problem-from.ts';

export type Restored =
  | { readonly kind: 'restored'; readonly step: RestoreStep }
  | { readonly kind: 'failed'; readonly path: RelPath; readonly problem: Problem };

const AT_ONCE = 8;

/**
 * Puts versions of the store's past into the folder, each as a user's edit: the next sync publishes it, guarded as any
 * other change. What stood there goes to the trash.
 *
 * Expects of each path that this folder has seen the store's present state of it (else the restored file would be one
 * side of a conflict, or be taken back by the next sync), and at the moment of the swap the local state that was there
 * before the download. A crash before the swap leaves a temp file, one within it an intent; both are healed by the next
 * run, and the path holds its old content or the restored one. The base is not touched.
 *
 * @throws S4Error STORE_* when the store as a whole fails; the signal's reason. What was restored stays.
 */
export async function restoreVersions(
  steps: readonly RestoreStep[],
  context: OperationContext,
  onRestored: (restored: Restored) => void,
): Promise<void> {
  const committer = createCommitter(context);
  try {
    await mapConcurrent(steps, AT_ONCE, async (step) => {
      context.signal?.throwIfAborted();
      onRestored(await attempt(step, context, committer));
    });
  } finally {
    await committer.commit();
  }
}

async function attempt(
  step: RestoreStep,
  context: OperationContext,
  committer: Committer,
): Promise<Restored> {
  try {
    return await restoreOne(step, context, committer);
  } catch (error) {
    return failed(problemFrom(error, step.path), step);
  }
}

async function restoreOne(
  step: RestoreStep,
  context: OperationContext,
  committer: Committer,
): Promise<Restored> {
  const { path } = step;
  const key = fileKey(path);
  const now = await context.folder.stat(path);
  if (now?.kind === 'folder' || now?.kind === 'other') return failed(blocked(path), step);
  const [base, head] = await Promise.all([
    context.base.get(key),
    context.store.head(objectKey(key), callOptions(context)),
  ]);
  if (!hasSeen(base, head)) return failed(unseen(path), step);
  const replaces: LocalFile | undefined = now && { ...now, key };
  const known = now?.kind === 'file' && now.executable;
  const outcome = await fetchObject(
    { key: objectKey(key), versionId: step.versionId, executable: (published) => published ?? known },
    context,
  );
  if (outcome.kind === 'archived') return failed(archivedObject(path), step);
  if (outcome.kind === 'changed') return failed(versionGone(path), step);
  const { fetched } = outcome;
  const isSame =
    replaces !== undefined && (await orDiscard(fetched.staging, () => isHere(path, fetched, context)));
  if (isSame) {
    await fetched.staging.discard();
    return { kind: 'restored', step: { ...step, action: 'same' } };
  }
  const placed = await placeFetched(fetched, path, replaces, context);
  if (placed.kind === 'refused') {
    await committer.add(placed.result);
    return failed(placed.result.kind === 'failed' ? placed.result.problem : editedMeanwhile(path), step);
  }
  await committer.add({ kind: 'done', changes: [], finished: placed.finished });
  return { kind: 'restored', step: { ...step, action: replaces === undefined ? 'create' : 'replace' } };
}

function failed(problem: Problem, { path }: RestoreStep): Restored {
  return { kind: 'failed', path, problem };
}

/** Is what the store has now what this folder last agreed on? */
function hasSeen(base: BaseRow | undefined, head: HeadOutcome): boolean {
  if (head.kind === 'absent') return base === undefined;
  return base !== undefined && sameRemoteToken(base.remote, head.state.token);
}

async function isHere(path: RelPath, { content }: Fetched, context: OperationContext): Promise<boolean> {
  const outcome = await context.folder.hash({ path, ...callOptions(context) });
  if (outcome.kind !== 'hashed' || outcome.entry !== content.kind || outcome.digest !== content.digest)
    return false;
  return content.kind === 'symlink' || outcome.executable === content.executable;
}

function unseen(path: RelPath): Problem {
  return {
    path,
    side: 'remote',
    code: 'changed-meanwhile',
    message: 'the store has a state of it that was not synced to this folder yet',
    hint: 'Sync it first, then restore.',
  };
}

function versionGone(path: RelPath): Problem {
  return {
    path,
    side: 'remote',
    code: 'changed-meanwhile',
    message: 'that version is no longer in the store',
  };
}

function editedMeanwhile(path: RelPath): Problem {
  return {
    path,
    side: 'local',
    code: 'changed-meanwhile',
    message: 'it was changed in this very moment, and was left as it is',
    hint: 'Restore again.',
  };
}
