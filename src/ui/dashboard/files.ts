import type { StatusView } from '../../report/status-view.ts';
import { isConflictCopyName } from '../../sync/conflict-name.ts';
import { compareKeys } from '../../sync/path.ts';
import type { BrowserRow, FileRow, Mark } from './state.ts';

/** From what needs a look to what is well: a folder is marked as its worst file. */
const RANK: readonly Mark[] = [
  'problem',
  'conflict',
  'copy',
  'deleted-here',
  'deleted-there',
  'here',
  'there',
  'unknown',
  'in-sync',
  'ignored',
];

function worstMark(a: Mark, b: Mark): Mark {
  return RANK.indexOf(a) <= RANK.indexOf(b) ? a : b;
}

/**
 * All files of a target with their marks: what the base tracks, what the plan would do, what the rules exclude.
 *
 * @param status - undefined: nobody looked yet, so nothing is known of the present
 */
export function mergeFiles(
  tracked: readonly FileRow[],
  ignored: readonly string[],
  status: StatusView | undefined,
): readonly FileRow[] {
  const marks = status === undefined ? new Map<string, PlannedMark>() : plannedMarks(status);
  const known: Mark = status === undefined ? 'unknown' : 'in-sync';
  const seen = new Set<string>();
  const rows = tracked.map((row) => {
    const planned = marks.get(row.path);
    if (planned !== undefined) seen.add(row.path);
    const calm: Mark = isConflictCopyName(row.path.slice(row.path.lastIndexOf('/') + 1)) ? 'copy' : known;
    return { ...row, mark: planned?.mark ?? calm };
  });
  const news = [...marks]
    .filter(([path]) => !seen.has(path))
    .map(([path, { mark, sizeBytes }]) => ({ path, sizeBytes, modifiedMs: undefined, mark }));
  const excluded = ignored.map(
    (path): FileRow => ({ path, sizeBytes: undefined, modifiedMs: undefined, mark: 'ignored' }),
  );
  if (news.length + excluded.length === 0) return rows;
  return [...rows, ...news, ...excluded].sort((a, b) => compareKeys(a.path, b.path));
}

interface PlannedMark {
  readonly mark: Mark;
  readonly sizeBytes: number | undefined;
}

function plannedMarks({ operations, conflictViews, problemViews }: StatusView): Map<string, PlannedMark> {
  const marks = new Map<string, PlannedMark>();
  for (const { kind, direction, path, other, sizeBytes } of operations) {
    if (kind === 'create-folder' || kind === 'delete-folder') continue;
    const up = direction === 'up';
    if (kind === 'delete') marks.set(path, { mark: up ? 'deleted-here' : 'deleted-there', sizeBytes });
    else if (kind === 'keep-both' || kind === 'merge') marks.set(path, { mark: 'conflict', sizeBytes });
    else marks.set(path, { mark: up ? 'here' : 'there', sizeBytes });
    if (kind === 'rename' && other !== undefined)
      marks.set(other, { mark: up ? 'deleted-here' : 'deleted-there', sizeBytes });
  }
  for (const { path, local } of conflictViews)
    marks.set(path, { mark: 'conflict', sizeBytes: local.sizeBytes });
  for (const { path } of problemViews) marks.set(path, { mark: 'problem', sizeBytes: undefined });
  return marks;
}

/**
 * The lines of the browser: what lies in a folder, folders first; with a filter all files below it whose path has the
 * words.
 */
export function browserRows(
  files: readonly FileRow[],
  folder: string,
  filter: string,
): readonly BrowserRow[] {
  return filter.trim() === '' ? childrenOf(files, folder) : matching(files, folder, filter);
}

function matching(files: readonly FileRow[], folder: string, filter: string): readonly BrowserRow[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const rows: BrowserRow[] = [];
  for (const file of files) {
    if (!file.path.startsWith(folder)) continue;
    const name = file.path.slice(folder.length);
    const lower = name.toLowerCase();
    if (words.every((word) => lower.includes(word))) rows.push({ kind: 'file', name, file });
  }
  return rows;
}

interface FolderSum {
  files: number;
  sizeBytes: number;
  mark: Mark;
}

function childrenOf(files: readonly FileRow[], folder: string): readonly BrowserRow[] {
  const folders = new Map<string, FolderSum>();
  const rows: BrowserRow[] = [];
  for (const file of files) {
    if (!file.path.startsWith(folder)) continue;
    const name = file.path.slice(folder.length);
    const slash = name.indexOf('/');
    if (slash < 0 || slash === name.length - 1) {
      rows.push({ kind: 'file', name, file });
      continue;
    }
    const child = name.slice(0, slash + 1);
    const sum = folders.get(child) ?? { files: 0, sizeBytes: 0, mark: 'ignored' };
    sum.files++;
    sum.sizeBytes += file.sizeBytes ?? 0;
    sum.mark = worstMark(sum.mark, file.mark);
    folders.set(child, sum);
  }
  const above = [...folders].map(
    ([name, sum]): BrowserRow => ({ kind: 'folder', path: folder + name, name, ...sum }),
  );
  return [...above, ...rows];
}
