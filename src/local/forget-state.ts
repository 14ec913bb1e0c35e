import { lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { S4Error } from '../lib/errors.ts';

/** Kept while the trash holds files: git must not see them. */
const KEPT = new Set(['trash', '.gitignore']);

/**
 * Removes `<root>/.s4`, but never files in the trash: they may be the only copy of something. The caller holds the
 * folder's lock. The marker goes first: what a crash leaves is then a folder that joins again by union.
 *
 * @throws S4Error LOCAL_FAILED
 */
export function forgetState(root: string): 'removed' | 'trash-kept' {
  const state = join(root, '.s4');
  const stat = lstatSync(state, { throwIfNoEntry: false });
  if (stat === undefined) return 'removed';
  // A symlink would lead the removal out of the folder.
  if (!stat.isDirectory()) throw new S4Error('LOCAL_FAILED', `${state} is not a folder.`);
  try {
    rmSync(join(state, 'target.json'), { force: true });
    const trashKept = holdsFiles(join(state, 'trash'));
    for (const name of readdirSync(state)) {
      // The lock is ours: it goes with its release, or with the folder.
      if (trashKept && KEPT.has(name)) continue;
      rmSync(join(state, name), { recursive: true, force: true });
    }
    if (!trashKept) rmdirSync(state);
    return trashKept ? 'trash-kept' : 'removed';
  } catch (error) {
    throw new S4Error('LOCAL_FAILED', `${state} cannot be removed whole.`, { cause: error });
  }
}

function holdsFiles(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory()) return true;
  return readdirSync(folder).some((name) => holdsFiles(join(folder, name)));
}
