import { closeSync, fsyncSync, openSync } from 'node:fs';
import type { Placement, PlaceOutcome, TrashRef } from '../engine/ports/folder.ts';
import { S4Error } from '../lib/errors.ts';
import type { Fingerprint } from '../sync/entry.ts';
import { parentPath, type RelPath } from '../sync/path.ts';
import { withParent } from './anchor.ts';
import type { ChangeContext } from './change-context.ts';
import { isExpected, isExpectedMoved, linkFree, look, unlinkIfThere } from './entries.ts';
import { fingerprintFrom, isExecutable, withExecutable } from './fingerprint.ts';
import { isRacyPlaced } from './fs-clock.ts';
import { errnoOf } from './fs-errors.ts';
import { giveBack, moveAway, requireFree } from './move-away.ts';
import { READ_FLAGS } from './read-no-follow.ts';

/** One replacement under way: paths as system calls take them. */
interface Replacement {
  readonly path: RelPath;
  readonly target: string;
  readonly temp: string;
  /** What is to be replaced, and by what. */
  readonly expected: Fingerprint;
  readonly staged: Fingerprint;
}

/**
 * Puts a staged file where `expected` is; synchronous, so that nothing of ours comes between look and act.
 *
 * What stands there is moved away, whatever it is by then; looked at; given back if it is not the expected state; and
 * only then the new file is linked in, which fails if something appeared meanwhile. A crash in between leaves the old
 * file in the trash or under its copy's name, which the journaled intent tells.
 *
 * @throws S4Error FOLDER_MISSING; LOCAL_FAILED when the temp file is gone, or when somebody else replaced the file
 * twice within the call (then the version in between is in the trash, and named)
 */
export function place(context: ChangeContext, placement: Placement): PlaceOutcome {
  const { path, expected, displaceTo } = placement;
  const { sys, trash } = context;
  const temp = context.temp(placement.temp);
  const stagedStats = look(temp);
  if (stagedStats === undefined)
    throw new S4Error('LOCAL_FAILED', 'the temp file is gone', { data: { path, temp: placement.temp } });
  const staged = fingerprintFrom(stagedStats);
  if (expected.kind === 'present' && displaceTo.kind === 'trash') trash.prepare(displaceTo.ref);
  const outcome = withParent<PlaceOutcome>(
    context,
    path,
    { create: expected.kind === 'absent' },
    (parent, name) => {
      const target = parent.at(name);
      if (!isExpected(look(target), expected)) return { kind: 'changed' };
      if (expected.kind === 'absent')
        return linkFree(sys, temp, target)
          ? placed(context, { path, target, temp, staged })
          : { kind: 'changed' };
      keepMode(context, target, temp);
      const replacement = { path, target, temp, staged, expected: expected.fingerprint };
      return displaceTo.kind === 'trash'
        ? placeOverTrashed(context, replacement, displaceTo.ref)
        : placeBeside(context, replacement, displaceTo.path);
    },
  );
  // Something is expected there, and not even its folder is.
  if (outcome.kind === 'absent') return { kind: 'changed' };
  return outcome.kind === 'blocked' ? outcome : outcome.value;
}

/**
 * Ends a placement. The fingerprint is taken once the temp name is gone: unlinking it moves the ctime. Should somebody
 * have written to the new file by then, or replaced it, the staged one's is given: it fits nothing that is there, so
 * that the edit is seen as one.
 */
function placed(
  context: ChangeContext,
  it: Pick<Replacement, 'path' | 'target' | 'temp' | 'staged'>,
): PlaceOutcome {
  unlinkIfThere(context.sys, it.temp);
  context.touch(parentPath(it.path) ?? '');
  // Read before the fingerprint that it judges.
  const clock = context.clock.read();
  const stats = look(it.target);
  if (stats === undefined || !isExpectedMoved(stats, { kind: 'present', fingerprint: it.staged }))
    return { kind: 'placed', fingerprint: it.staged, racy: true };
  const fingerprint = fingerprintFrom(stats);
  return { kind: 'placed', fingerprint, racy: isRacyPlaced(fingerprint, clock) };
}

/** The permissions of the file that is replaced stay, but for the executable bit. */
function keepMode({ sys }: ChangeContext, target: string, temp: string): void {
  const old = look(target);
  const staged = look(temp);
  if (!old?.isFile() || !staged?.isFile()) return;
  const mode = withExecutable(Number(old.mode), isExecutable(Number(staged.mode)));
  if (mode === (Number(staged.mode) & 0o777)) return;
  const fd = openSync(temp, READ_FLAGS);
  try {
    sys.fchmod(fd, mode);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function placeOverTrashed(context: ChangeContext, it: Replacement, ref: TrashRef): PlaceOutcome {
  const { sys, trash } = context;
  const trashed = trash.locate(ref);
  requireFree(trashed, ref);
  trash.note(ref, it.path, it.expected);
  const wanted = { kind: 'present', fingerprint: it.expected } as const;
  // From here to the link the name is free, for some microseconds.
  const moved = moveAway(context, it.target, ref);
  if (!isExpectedMoved(moved, wanted)) {
    giveBack(context, it.path, ref, it.target);
    return { kind: 'changed' };
  }
  // Somebody made a new file there: that replaced the old one, which stays in the trash.
  if (!linkFree(sys, it.temp, it.target)) return { kind: 'changed' };
  const outcome = placed(context, it);
  const after = look(trashed);
  if (outcome.kind !== 'placed' || isExpectedMoved(after, wanted)) return outcome;
  // An application had it open, and wrote.
  if (after !== undefined) trash.note(ref, it.path, fingerprintFrom(after));
  return { ...outcome, kind: 'displaced' };
}

/**
 * Gives the old file its copy's name first, so that it has a name throughout. Its old name goes by way of the trash:
 * were it unlinked, a file that somebody put there just now would be gone.
 */
function placeBeside(context: ChangeContext, it: Replacement, copyPath: RelPath): PlaceOutcome {
  const { sys, trash } = context;
  const ref = trash.ref(it.path);
  trash.prepare(ref);
  const outcome = withParent<PlaceOutcome>(context, copyPath, { create: true }, (parent, name) => {
    const copy = parent.at(name);
    if (!linkFree(sys, it.target, copy)) return { kind: 'changed' };
    context.touch(parentPath(copyPath) ?? '');
    const kept = look(copy);
    if (!isExpectedMoved(kept, { kind: 'present', fingerprint: it.expected })) {
      undoCopy(context, it, copy);
      return { kind: 'changed' };
    }
    try {
      // Without hard links the file was moved to its copy's name, and its old name is free already.
      if (look(it.target) !== undefined) {
        trash.note(ref, it.path, it.expected);
        const moved = moveAway(context, it.target, ref);
        if (moved?.ino !== kept?.ino) {
          giveBack(context, it.path, ref, it.target);
          sys.unlink(copy);
          return { kind: 'changed' };
        }
      }
      if (!linkFree(sys, it.temp, it.target)) {
        // Somebody made a new file there: that replaced the old one.
        if (look(trash.locate(ref)) !== undefined) sys.unlink(copy);
        return { kind: 'changed' };
      }
    } catch (error) {
      // Each further attempt would make one more copy.
      if (errnoOf(error) !== undefined) undoCopy(context, it, copy);
      throw error;
    }
    unlinkIfThere(sys, trash.locate(ref));
    return placed(context, it);
  });
  if (outcome.kind === 'absent') return { kind: 'blocked' };
  return outcome.kind === 'blocked' ? outcome : outcome.value;
}

/** What got the copy's name is not what was looked at: it keeps its own name alone. */
function undoCopy({ sys }: ChangeContext, { target }: Replacement, copy: string): void {
  if (look(target) !== undefined) {
    // Both names are of one file, or the target is newer and this one was replaced by its author.
    if (look(target)?.ino === look(copy)?.ino) sys.unlink(copy);
  } else if (linkFree(sys, copy, target)) {
    unlinkIfThere(sys, copy);
  }
}
