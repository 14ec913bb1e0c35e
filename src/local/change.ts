import { closeSync, fstatSync, fsyncSync, openSync } from 'node:fs';
import type {
  PlaceOutcome,
  RemoveFolderOutcome,
  RemoveOutcome,
  RenameOutcome,
  TrashRef,
} from '../engine/ports/folder.ts';
import { type Fingerprint, sameFingerprint, sameMovedFile } from '../sync/entry.ts';
import { parentPath, type RelPath } from '../sync/path.ts';
import { withParent } from './anchor.ts';
import type { ChangeContext } from './change-context.ts';
import { isExpected, isExpectedMoved, linkFree, look, unlinkIfThere } from './entries.ts';
import { fingerprintFrom, withExecutable } from './fingerprint.ts';
import { isRacyPlaced } from './fs-clock.ts';
import { errnoOf, isErrno } from './fs-errors.ts';
import { giveBack, moveAway, requireFree } from './move-away.ts';
import { READ_FLAGS } from './read-no-follow.ts';

/** Moves the expected state into the trash; what proves to be another state there goes back where it was. */
export function remove(
  context: ChangeContext,
  path: RelPath,
  fingerprint: Fingerprint,
  ref: TrashRef,
): RemoveOutcome {
  const { trash } = context;
  const expected = { kind: 'present', fingerprint } as const;
  trash.prepare(ref);
  const outcome = withParent<RemoveOutcome>(context, path, { create: false }, (parent, name) => {
    const target = parent.at(name);
    const found = look(target);
    if (found === undefined) return { kind: 'absent' };
    if (!isExpected(found, expected)) return { kind: 'changed' };
    const trashed = trash.locate(ref);
    requireFree(trashed, ref);
    trash.note(ref, path, fingerprint);
    const moved = moveAway(context, target, ref);
    context.touch(parentPath(path) ?? '');
    if (!isExpectedMoved(moved, expected)) {
      giveBack(context, path, ref, target);
      return { kind: 'changed' };
    }
    const after = look(trashed);
    if (after === undefined || isExpectedMoved(after, expected)) return { kind: 'removed' };
    trash.note(ref, path, fingerprintFrom(after));
    return { kind: 'displaced' };
  });
  return outcome.kind === 'done' ? outcome.value : { kind: outcome.kind };
}

/**
 * Gives the new name by link, which never replaces; the old name goes by way of the trash, so that a file which
 * somebody puts there in the same moment is not unlinked but given back. A crash in between leaves both names.
 */
export function rename(
  context: ChangeContext,
  from: RelPath,
  to: RelPath,
  fingerprint: Fingerprint,
): RenameOutcome {
  const expected = { kind: 'present', fingerprint } as const;
  const outcome = withParent<RenameOutcome>(context, from, { create: false }, (oldParent, oldName) => {
    const source = oldParent.at(oldName);
    if (!isExpected(look(source), expected)) return { kind: 'changed' };
    const inner = withParent<RenameOutcome>(context, to, { create: true }, (newParent, newName) => {
      const target = newParent.at(newName);
      if (context.foldsCase && isCaseRename(from, to) && look(target)?.ino === fingerprint.inode) {
        context.sys.rename(source, target);
      } else {
        if (!linkFree(context.sys, source, target)) return { kind: 'occupied' };
        if (!isExpectedMoved(look(target), expected)) {
          undoLink(context, source, target);
          return { kind: 'changed' };
        }
        try {
          dropOldName(context, from, source, fingerprint);
        } catch (error) {
          if (errnoOf(error) !== undefined) undoLink(context, source, target);
          throw error;
        }
      }
      context.touch(parentPath(from) ?? '');
      context.touch(parentPath(to) ?? '');
      const clock = context.clock.read();
      const stats = look(target);
      // Replaced or written to by now: the old fingerprint fits nothing that is there, so that the edit is seen as one.
      if (stats === undefined || !isExpectedMoved(stats, expected))
        return { kind: 'renamed', fingerprint, racy: true };
      const now = fingerprintFrom(stats);
      return { kind: 'renamed', fingerprint: now, racy: isRacyPlaced(now, clock) };
    });
    return inner.kind === 'done' ? inner.value : { kind: 'blocked' };
  });
  if (outcome.kind === 'absent') return { kind: 'changed' };
  return outcome.kind === 'blocked' ? outcome : outcome.value;
}

function isCaseRename(from: RelPath, to: RelPath): boolean {
  const fold = (path: string) => path.normalize('NFC').toLowerCase();
  return fold(from) === fold(to);
}

function undoLink({ sys }: ChangeContext, source: string, target: string): void {
  const old = look(source);
  if (old === undefined) {
    if (linkFree(sys, target, source)) unlinkIfThere(sys, target);
  } else if (old.ino === look(target)?.ino) {
    sys.unlink(target);
  }
}

function dropOldName(context: ChangeContext, path: RelPath, source: string, fingerprint: Fingerprint): void {
  // Without hard links it was moved: the old name is gone, or somebody else's already.
  if (look(source)?.ino !== fingerprint.inode) return;
  const ref = context.trash.ref(path);
  context.trash.prepare(ref);
  context.trash.note(ref, path, fingerprint);
  const moved = moveAway(context, source, ref);
  if (moved?.ino === fingerprint.inode) context.sys.unlink(context.trash.locate(ref));
  else giveBack(context, path, ref, source);
}

/** chmod of the very file that was looked at: by its descriptor, so that no symlink can come between. */
export function setExecutable(
  context: ChangeContext,
  path: RelPath,
  executable: boolean,
  expected: Fingerprint,
): PlaceOutcome {
  const outcome = withParent<PlaceOutcome>(context, path, { create: false }, (parent, name) => {
    const target = parent.at(name);
    let fd: number;
    try {
      fd = openSync(target, READ_FLAGS);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ELOOP', 'ENXIO')) return { kind: 'changed' };
      throw error;
    }
    try {
      const stats = fstatSync(fd, { bigint: true });
      if (!stats.isFile() || !sameFingerprint(fingerprintFrom(stats), expected)) return { kind: 'changed' };
      const mode = withExecutable(Number(stats.mode), executable);
      if (mode !== (Number(stats.mode) & 0o777)) {
        context.sys.fchmod(fd, mode);
        fsyncSync(fd);
      }
      context.touch(parentPath(path) ?? '');
      const clock = context.clock.read();
      const after = fstatSync(fd, { bigint: true });
      const fingerprint = fingerprintFrom(after);
      if (look(target)?.ino !== stats.ino || !sameMovedFile(fingerprint, expected))
        return { kind: 'changed' };
      return { kind: 'placed', fingerprint, racy: isRacyPlaced(fingerprint, clock) };
    } finally {
      closeSync(fd);
    }
  });
  if (outcome.kind === 'absent') return { kind: 'changed' };
  return outcome.kind === 'blocked' ? outcome : outcome.value;
}

export function makeFolder(context: ChangeContext, path: RelPath): 'made' | 'exists' | 'blocked' {
  const outcome = withParent(context, path, { create: true }, (parent, name) => {
    try {
      context.sys.mkdir(parent.at(name), 0o777);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      return look(parent.at(name))?.isDirectory() ? 'exists' : 'blocked';
    }
    context.touch(parentPath(path) ?? '');
    return 'made';
  });
  return outcome.kind === 'done' ? outcome.value : 'blocked';
}

export function removeFolder(context: ChangeContext, path: RelPath): RemoveFolderOutcome {
  const outcome = withParent<RemoveFolderOutcome>(context, path, { create: false }, (parent, name) => {
    try {
      context.sys.rmdir(parent.at(name));
    } catch (error) {
      switch (errnoOf(error)) {
        case 'ENOENT':
          return 'absent';
        case 'ENOTEMPTY':
        case 'EEXIST':
          return 'not-empty';
        case 'ENOTDIR':
        case 'EBUSY':
          return 'blocked';
        default:
          throw error;
      }
    }
    context.touch(parentPath(path) ?? '');
    return 'removed';
  });
  return outcome.kind === 'done' ? outcome.value : outcome.kind;
}
