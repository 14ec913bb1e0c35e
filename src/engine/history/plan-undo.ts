import { sameFingerprint } from '../../sync/entry.ts';
import { fileKey, type RelPath } from '../../sync/path.ts';
import type { Base } from '../ports/base.ts';
import type { Folder } from '../ports/folder.ts';
import type { TrashedFile } from '../ports/history.ts';

export interface UndoStep {
  /** What stood there. */
  readonly file: TrashedFile;
  readonly action: 'create' | 'replace';
}

export interface UndoPlan {
  /** What was moved away from then on is undone. */
  readonly sinceMs: number;
  readonly steps: readonly UndoStep[];
  /** What is there now is no longer what s4 put there: it stays. */
  readonly edited: readonly RelPath[];
}

export interface UndoRequest {
  /** What lies in the trash. */
  readonly files: readonly TrashedFile[];
  /** Only these paths and what is below them; empty: everything. */
  readonly paths: readonly RelPath[];
  /** Undefined: from the beginning of the last batch on. */
  readonly sinceMs?: number;
}

/** A command has a run of its own in the trash; a daemon's goes on for days, and is cut where nothing happened. */
const PAUSE_MS = 10 * 60 * 1000;
/** Between what is noted in the trash and the time that the file system gives. */
const SLACK_MS = 2_000;

/**
 * What would bring the folder back to what stood at each path before s4 replaced or deleted it. Of several changes of a
 * path since then, the oldest counts. What was new, renamed or made executable is not undone: nothing of it is noted.
 *
 * @returns undefined when there is nothing of that in the trash
 */
export async function planUndo(
  { files, paths, sinceMs }: UndoRequest,
  deps: { readonly folder: Pick<Folder, 'stat'>; readonly base: Pick<Base, 'get'> },
): Promise<UndoPlan | undefined> {
  const chosen = files.filter(({ path }) => isWithin(path, paths));
  const since = sinceMs ?? lastBatchMs(chosen);
  if (since === undefined) return undefined;
  const byPath = new Map<RelPath, { oldest: TrashedFile; newestMs: number }>();
  for (const file of chosen) {
    if (file.movedMs < since) continue;
    const found = byPath.get(file.path);
    if (found === undefined) byPath.set(file.path, { oldest: file, newestMs: file.movedMs });
    else {
      found.newestMs = Math.max(found.newestMs, file.movedMs);
      if (file.movedMs < found.oldest.movedMs) found.oldest = file;
    }
  }
  const steps: UndoStep[] = [];
  const edited: RelPath[] = [];
  for (const [path, { oldest, newestMs }] of [...byPath].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const action = await actionFor(oldest, newestMs, deps);
    if (action === 'edited') edited.push(path);
    else if (action !== 'same') steps.push({ file: oldest, action });
  }
  return { sinceMs: since, steps, edited };
}

function isWithin(path: RelPath, paths: readonly RelPath[]): boolean {
  return paths.length === 0 || paths.some((each) => path === each || path.startsWith(`${each}/`));
}

/** When the newest run began, or its last stretch without a long pause. */
function lastBatchMs(files: readonly TrashedFile[]): number | undefined {
  const newest = files.reduce<TrashedFile | undefined>(
    (last, file) => (last === undefined || file.movedMs > last.movedMs ? file : last),
    undefined,
  );
  if (newest === undefined) return undefined;
  let since = newest.movedMs;
  const moved = files.filter(({ ref }) => runOf(ref) === runOf(newest.ref)).map(({ movedMs }) => movedMs);
  for (const movedMs of moved.sort((a, b) => b - a)) {
    if (since - movedMs > PAUSE_MS) break;
    since = movedMs;
  }
  return since;
}

function runOf(ref: TrashedFile['ref']): string {
  return ref.slice(0, ref.indexOf('/'));
}

async function actionFor(
  trashed: TrashedFile,
  newestMs: number,
  { folder, base }: { readonly folder: Pick<Folder, 'stat'>; readonly base: Pick<Base, 'get'> },
): Promise<UndoStep['action'] | 'same' | 'edited'> {
  const now = await folder.stat(trashed.path);
  if (now === undefined) return 'create';
  if (now.kind === 'folder' || now.kind === 'other') return 'edited';
  const { fingerprint } = now;
  // Brought back already: times are kept to the microsecond.
  if (fingerprint.sizeBytes === trashed.sizeBytes && fingerprint.mtimeNs / 1000n === trashed.mtimeNs / 1000n)
    return 'same';
  if (Number(fingerprint.ctimeNs / 1_000_000n) <= newestMs + SLACK_MS) return 'replace';
  const row = await base.get(fileKey(trashed.path));
  const isSynced = row?.local !== undefined && row.racy !== true && sameFingerprint(row.local, fingerprint);
  return isSynced ? 'replace' : 'edited';
}
