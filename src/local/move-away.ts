import type { BigIntStats } from 'node:fs';
import type { TrashRef } from '../engine/ports/folder.ts';
import { S4Error } from '../lib/errors.ts';
import type { RelPath } from '../sync/path.ts';
import type { ChangeContext } from './change-context.ts';
import { isFileOrLink, linkFree, look, unlinkIfThere } from './entries.ts';
import { fingerprintFrom } from './fingerprint.ts';
import { splitTrashRef } from './trash-names.ts';

/** A rename replaces what is in its way, also in the trash. */
export function requireFree(trashed: string, ref: TrashRef): void {
  if (look(trashed) !== undefined)
    throw new S4Error('LOCAL_FAILED', 'that place in the trash is taken', { data: { ref } });
}

/** Renames whatever is at `target` into the trash, and looks at it there. */
export function moveAway(context: ChangeContext, target: string, ref: TrashRef): BigIntStats | undefined {
  const { run, segments } = splitTrashRef(ref);
  const trashed = context.trash.locate(ref);
  context.sys.rename(target, trashed);
  context.touch(['.s4/trash', run, ...segments.slice(0, -1)].join('/'));
  return look(trashed);
}

/**
 * Gives what was moved away its name back, never over something.
 *
 * @throws S4Error LOCAL_FAILED when the name was taken again: it stays in the trash then, noted as it is
 */
export function giveBack(context: ChangeContext, path: RelPath, ref: TrashRef, target: string): void {
  const { sys, trash } = context;
  const trashed = trash.locate(ref);
  const moved = look(trashed);
  if (moved === undefined) return;
  if (isFileOrLink(moved)) {
    if (linkFree(sys, trashed, target)) {
      unlinkIfThere(sys, trashed);
      return;
    }
    trash.note(ref, path, fingerprintFrom(moved));
  } else if (look(target) === undefined) {
    // A folder, or a special file, took the name in the very moment.
    sys.rename(trashed, target);
    return;
  }
  throw new S4Error('LOCAL_FAILED', 'it was replaced twice in the same moment', {
    hint: `The version in between is in .s4/trash/${ref}.`,
    data: { path, ref },
  });
}
