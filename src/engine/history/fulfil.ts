import { assertNever } from '../../lib/assert-never.ts';
import { keyPath, type RelPath } from '../../sync/path.ts';
import type { Problem } from '../../sync/problem.ts';
import type { OperationContext } from '../operations/context.ts';
import type { KeepChoice, RestoreStep, TrashedFile, Wish } from '../ports/history.ts';
import { problemFrom } from '../problem-from.ts';
import {
  type LocalOutcome,
  removeLocal,
  renameLocalFile,
  restoreTrashed,
  takeCopy,
  takeText,
} from './local-changes.ts';
import { restoreVersions } from './restore.ts';
import { statesOfKept, type WaitingCopy, waitingCopies } from './waiting-copies.ts';

export type Fulfilled =
  | { readonly kind: 'done'; readonly wish: Wish; readonly action: RestoreStep['action'] }
  | { readonly kind: 'failed'; readonly wish: Wish; readonly problem: Problem };

export function wishPath(wish: Wish): RelPath {
  return wish.kind === 'version' ? wish.step.path : wish.path;
}

/**
 * Does in the folder what a person wants of its past, each as a user's edit would be. One that fails does not stop the
 * others. What each overwrites or moves is said at `restoreVersions` and in `local-changes.ts`.
 *
 * @throws S4Error STORE_* when the store as a whole fails; the signal's reason. What was done stays.
 */
export async function fulfil(
  wishes: readonly Wish[],
  context: OperationContext,
  onEnd: (fulfilled: Fulfilled) => void,
): Promise<void> {
  const versions = new Map<RelPath, Wish>();
  const steps: RestoreStep[] = [];
  for (const wish of wishes) {
    if (wish.kind !== 'version') continue;
    versions.set(wish.step.path, wish);
    steps.push(wish.step);
  }
  await restoreVersions(steps, context, (restored) => {
    const path = restored.kind === 'restored' ? restored.step.path : restored.path;
    const wish = versions.get(path);
    if (wish === undefined) return;
    if (restored.kind === 'failed') onEnd({ kind: 'failed', wish, problem: restored.problem });
    else onEnd({ kind: 'done', wish, action: restored.step.action });
  });
  // Listing the trash walks it: once for all.
  let trash: Promise<ReadonlyMap<string, TrashedFile>> | undefined;
  const trashed = (): Promise<ReadonlyMap<string, TrashedFile>> => {
    trash ??= context.folder.listTrash().then((files) => new Map(files.map((file) => [file.ref, file])));
    return trash;
  };
  for (const wish of wishes) {
    if (wish.kind === 'version') continue;
    context.signal?.throwIfAborted();
    const problem = await one(wish, context, trashed).catch((error: unknown) =>
      problemFrom(error, wish.path),
    );
    onEnd(
      problem === undefined ? { kind: 'done', wish, action: 'replace' } : { kind: 'failed', wish, problem },
    );
  }
}

async function one(
  wish: Exclude<Wish, { readonly kind: 'version' }>,
  context: OperationContext,
  trashed: () => Promise<ReadonlyMap<string, TrashedFile>>,
): Promise<LocalOutcome> {
  switch (wish.kind) {
    case 'trashed': {
      const found = (await trashed()).get(wish.ref);
      return found === undefined
        ? gone(wish.path, 'it is no longer in the trash')
        : restoreTrashed(found, context);
    }
    case 'copy':
    case 'copy-text': {
      // A folder may have the name by now, and copies in it.
      const found = await waitingCopies(context.folder, { under: wish.path });
      const waiting = found.find(({ copy }) => keyPath(copy.key) === wish.path);
      if (waiting === undefined) return gone(wish.path, 'it waits for no decision any more');
      if (wish.about !== undefined && wish.about !== statesOfKept(waiting))
        return gone(waiting.path, 'one of the two was changed since they were shown: nothing was done');
      return wish.kind === 'copy'
        ? settleCopy(waiting, wish.keep, context)
        : settleText(waiting, wish.text, context);
    }
    default:
      return assertNever(wish);
  }
}

function settleCopy(
  { copy, original, path, settled }: WaitingCopy,
  keep: KeepChoice,
  context: OperationContext,
): Promise<LocalOutcome> {
  switch (keep) {
    case 'original':
      return removeLocal(copy.key as string as RelPath, copy.fingerprint, context);
    case 'copy':
      return original === undefined
        ? renameLocalFile(copy, path, context)
        : takeCopy(copy, original, path, context);
    case 'both':
      return renameLocalFile(copy, settled, context);
    default:
      return assertNever(keep);
  }
}

async function settleText(
  { copy, original, path }: WaitingCopy,
  text: string,
  context: OperationContext,
): Promise<LocalOutcome> {
  if (original?.kind !== 'file') return gone(path, 'there is no text of that name any more');
  return takeText(Buffer.from(text), { copy, original, path }, context);
}

function gone(path: RelPath, message: string): Problem {
  return { path, side: 'local', code: 'changed-meanwhile', message, hint: 'Look again.' };
}
