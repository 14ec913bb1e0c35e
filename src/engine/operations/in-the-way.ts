import type { RelPath } from '../../sync/path.ts';
import type { Problem } from '../../sync/problem.ts';
import type { LocalStat } from '../ports/folder.ts';
import { blocked, type OperationContext, type OperationResult, STALE } from './context.ts';

/**
 * What to do about a name where the disk has something that no row knows. It may have come since the walk: then the next
 * pass sees it. What is still the very same after a further walk is nothing that is synced (ignored, and spelled otherwise
 * on a disk that folds names): looking again would go on for ever, so it is told.
 */
export function inTheWay(path: RelPath, found: LocalStat, context: OperationContext): OperationResult {
  if (found.kind === 'folder' || found.kind === 'other') return { kind: 'failed', problem: blocked(path) };
  const { inode, sizeBytes, mtimeNs, ctimeNs } = found.fingerprint;
  const state = [inode, sizeBytes, mtimeNs, ctimeNs].join(' ');
  if (context.seenInTheWay.get(path) === state) return { kind: 'failed', problem: held(path) };
  context.seenInTheWay.set(path, state);
  return STALE;
}

function held(path: RelPath): Problem {
  return {
    path,
    side: 'local',
    code: 'name-twins',
    message: 'something that is not synced has this name here, in another spelling',
    hint: 'Rename one of them, or let both be synced.',
  };
}
