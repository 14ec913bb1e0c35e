import type { TrashRef } from '../engine/ports/folder.ts';
import { S4Error } from '../lib/errors.ts';
import { conflictCopyPath } from '../sync/conflict-name.ts';
import { sameMovedFile } from '../sync/entry.ts';
import { baseName, parentPath, type RelPath } from '../sync/path.ts';
import { withParent } from './anchor.ts';
import type { ChangeContext } from './change-context.ts';
import { isFileOrLink, linkFree, look, unlinkIfThere } from './entries.ts';
import { fingerprintFrom } from './fingerprint.ts';

export type RestoreOutcome =
  | { readonly kind: 'restored' }
  | { readonly kind: 'copied'; readonly path: RelPath }
  | { readonly kind: 'absent' };

/**
 * Links what lies in the trash back to its path, else beside it. Repeating it after a crash changes nothing: a name
 * that is the same file already counts as done.
 *
 * @throws S4Error LOCAL_FAILED when what lies there is no file or symlink
 */
export function restoreFromTrash(
  context: ChangeContext,
  ref: TrashRef,
  path: RelPath,
  copyPath: RelPath,
): RestoreOutcome {
  const trashed = context.trash.locate(ref);
  const found = look(trashed);
  if (found === undefined) return { kind: 'absent' };
  if (!isFileOrLink(found))
    throw new S4Error('LOCAL_FAILED', 'what lies in the trash is not a file', { data: { path, ref } });
  if (linkInto(context, trashed, path, found.ino)) return { kind: 'restored' };
  for (const candidate of copyCandidates(copyPath)) {
    if (linkInto(context, trashed, candidate, found.ino)) return { kind: 'copied', path: candidate };
  }
  throw new S4Error('LOCAL_FAILED', 'no free name to restore to', {
    hint: `It is in .s4/trash/${ref}.`,
    data: { path, ref },
  });
}

/** False when the name is taken by another file, or a folder above is none. */
function linkInto(context: ChangeContext, trashed: string, path: RelPath, inode: bigint): boolean {
  const outcome = withParent(context, path, { create: true }, (parent, name) => {
    const target = parent.at(name);
    if (!linkFree(context.sys, trashed, target) && look(target)?.ino !== inode) return false;
    unlinkIfThere(context.sys, trashed);
    context.touch(parentPath(path) ?? '');
    return true;
  });
  return outcome.kind === 'done' && outcome.value;
}

const MAX_NUMBER = 1000;

/** The copy's path, then numbered ones, then the same in each folder further up, down to the top. */
function* copyCandidates(copyPath: RelPath): Generator<RelPath, void, void> {
  for (let path: RelPath | undefined = copyPath; path !== undefined; path = inFolderAbove(path)) {
    yield path;
    const dot = path.lastIndexOf('.');
    const cut = dot > path.lastIndexOf('/') + 1 ? dot : path.length;
    for (let n = 2; n <= MAX_NUMBER; n++) yield `${path.slice(0, cut)}, ${n}${path.slice(cut)}` as RelPath;
  }
}

function inFolderAbove(path: RelPath): RelPath | undefined {
  const folder = parentPath(path);
  if (folder === undefined) return undefined;
  const above = parentPath(folder);
  return (above === undefined ? baseName(path) : `${above}/${baseName(path)}`) as RelPath;
}

/**
 * Brings back what was written to after it was moved into the trash, under the name of a conflict copy.
 * Undefined when it is gone.
 */
export function restoreWritten(
  context: ChangeContext,
  ref: TrashRef,
  path: RelPath,
  host: string,
): RelPath | undefined {
  const found = look(context.trash.locate(ref));
  if (found === undefined) return undefined;
  const whenMs = Number(found.mtimeNs / 1_000_000n);
  const copyPath = conflictCopyPath({ path, host, whenMs, taken: () => false });
  const outcome = restoreFromTrash(context, ref, copyPath, copyPath);
  if (outcome.kind === 'absent') return undefined;
  return outcome.kind === 'copied' ? outcome.path : copyPath;
}

/** Whether what lies at a reference still is what was moved there. */
export function isUntouched(
  context: ChangeContext,
  ref: TrashRef,
  moved: { readonly inode: bigint; readonly sizeBytes: number; readonly mtimeNs: bigint },
): boolean {
  const found = look(context.trash.locate(ref));
  return found !== undefined && sameMovedFile(fingerprintFrom(found), { ...moved, ctimeNs: 0n });
}
