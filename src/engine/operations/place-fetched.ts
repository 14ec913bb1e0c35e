import type { Fingerprint } from '../../sync/entry.ts';
import type { LocalFile } from '../../sync/operations.ts';
import type { RelPath } from '../../sync/path.ts';
import type { Expected, Placement } from '../ports/folder.ts';
import { blocked, type OperationContext, type OperationResult, STALE } from './context.ts';
import type { Fetched } from './fetch-object.ts';
import { inTheWay } from './in-the-way.ts';
import { orDiscard } from './or-discard.ts';

export type Placed =
  | {
      readonly kind: 'placed';
      readonly fingerprint: Fingerprint;
      readonly racy: boolean;
      readonly finished: readonly number[];
      /** The user's newer state went beside it in the last moment. */
      readonly lookAgain: boolean;
    }
  | { readonly kind: 'refused'; readonly result: OperationResult };

/**
 * Puts a fetched file in place of the expected local state. What it replaces goes to the trash (or to `copyTo`); an
 * intent is durable before, so that a crash in between is healed at the next start. Replacing nothing needs no intent:
 * the link refuses to overwrite.
 */
export function placeFetched(
  fetched: Pick<Fetched, 'staged' | 'staging'>,
  path: RelPath,
  replaces: LocalFile | undefined,
  context: OperationContext,
  copyTo?: RelPath,
): Promise<Placed> {
  return orDiscard(fetched.staging, () => placeStaged(fetched, path, replaces, context, copyTo));
}

async function placeStaged(
  fetched: Pick<Fetched, 'staged' | 'staging'>,
  path: RelPath,
  replaces: LocalFile | undefined,
  context: OperationContext,
  copyTo: RelPath | undefined,
): Promise<Placed> {
  const expected: Expected =
    replaces === undefined ? { kind: 'absent' } : { kind: 'present', fingerprint: replaces.fingerprint };
  const ref = context.folder.trashRef(path);
  const placement: Placement = {
    path,
    temp: fetched.staged.temp,
    expected,
    displaceTo: copyTo === undefined ? { kind: 'trash', ref } : { kind: 'copy', path: copyTo },
  };
  const copyPath = copyTo ?? (replaces === undefined ? path : await nameForEdit(path, context));
  context.signal?.throwIfAborted();
  const intent =
    replaces === undefined ? undefined : await context.base.begin({ kind: 'place', placement, copyPath });
  const finished = intent === undefined ? [] : [intent];
  const outcome = await context.folder.place(placement);
  switch (outcome.kind) {
    case 'placed':
      return { ...outcome, finished, lookAgain: false };
    case 'displaced': {
      // An edit slipped in between the last look and the swap: the edited file comes back beside the new one.
      if (copyTo === undefined) await context.folder.restoreFromTrash(ref, path, copyPath);
      context.notice(
        'recovered',
        path,
        `it was edited while it was replaced: the edit is kept as ${copyPath}`,
      );
      return { ...outcome, kind: 'placed', finished, lookAgain: true };
    }
    case 'changed':
      await fetched.staging.discard();
      return { kind: 'refused', result: await whyChanged(path, expected, finished, context) };
    case 'blocked':
      await fetched.staging.discard();
      return { kind: 'refused', result: { kind: 'failed', problem: blocked(path), finished } };
  }
}

/** Where an edit goes that slips in during the swap. */
export function nameForEdit(path: RelPath, context: OperationContext): Promise<RelPath> {
  return context.copyNames.free(path, context.runtime.nowMs(), context.runtime.host);
}

async function whyChanged(
  path: RelPath,
  expected: Expected,
  finished: readonly number[],
  context: OperationContext,
): Promise<OperationResult> {
  const now = await context.folder.stat(path);
  const known = now === undefined || (expected.kind === 'present' && 'fingerprint' in now);
  return { ...(known ? STALE : inTheWay(path, now, context)), finished };
}
