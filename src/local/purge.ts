import { readdirSync, rmdirSync } from 'node:fs';
import type { TrashRef } from '../engine/ports/folder.ts';
import { byAge, expiredTrash, type TrashPolicy } from '../sync/expired-trash.ts';
import type { RelPath } from '../sync/path.ts';
import type { ChangeContext } from './change-context.ts';
import { look, unlinkIfThere } from './entries.ts';
import { isErrno } from './fs-errors.ts';
import { isUntouched, restoreWritten } from './restore.ts';
import { listNames, type TrashRecord } from './trash.ts';
import { trashRunTimeMs } from './trash-names.ts';

export interface PurgeOptions extends TrashPolicy {
  readonly nowMs: number;
  readonly host: string;
}

export interface TrashEntry {
  readonly ref: TrashRef;
  /** Where it was. */
  readonly path: RelPath;
  readonly movedMs: number;
  readonly sizeBytes: number;
  readonly record: TrashRecord | undefined;
}

/**
 * Removes for good what has expired (`expiredTrash`). What is no longer the state that was moved there (an application
 * still had it open and wrote), or of which no manifest tells, comes back as a conflict copy; not so a hard link.
 *
 * @returns the conflict copies
 */
export function purgeTrash(
  context: ChangeContext,
  trashPath: string,
  options: PurgeOptions,
): readonly RelPath[] {
  const copies: RelPath[] = [];
  for (const { record, ref, path } of expiredTrash(
    trashedEntries(context, trashPath),
    options,
    options.nowMs,
  )) {
    if (hasOtherName(context, ref) || (record !== undefined && isUntouched(context, ref, record))) {
      context.sys.unlink(context.trash.locate(ref));
      continue;
    }
    const copy = restoreWritten(context, ref, path, options.host);
    if (copy !== undefined) copies.push(copy);
  }
  removeEmptyRuns(context, trashPath);
  return copies.sort();
}

/** A hard link: whoever wrote to it wrote under its other name, and nothing is lost with this one. */
function hasOtherName(context: ChangeContext, ref: TrashRef): boolean {
  return (look(context.trash.locate(ref))?.nlink ?? 0n) > 1n;
}

/** All that lies in the trash, oldest first. */
export function trashedEntries(context: ChangeContext, trashPath: string): readonly TrashEntry[] {
  const records = context.trash.records();
  const entries: TrashEntry[] = [];
  for (const run of listNames(trashPath)) {
    const runMs = trashRunTimeMs(run);
    if (runMs === undefined) continue;
    for (const ref of filesBelow(trashPath, run)) {
      const record = records.get(ref);
      const sizeBytes = Number(look(context.trash.locate(ref))?.size ?? 0n);
      const path = record?.path ?? (ref.slice(ref.indexOf('/') + 1) as RelPath);
      entries.push({ ref, path, record, sizeBytes, movedMs: record?.movedMs ?? runMs });
    }
  }
  return entries.sort(byAge);
}

function filesBelow(trashPath: string, folder: string): readonly TrashRef[] {
  return readdirSync(`${trashPath}/${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(trashPath, path) : [path as TrashRef];
  });
}

function removeEmptyRuns(context: ChangeContext, trashPath: string): void {
  for (const run of listNames(trashPath)) {
    if (trashRunTimeMs(run) === undefined || !removeEmptyFolders(`${trashPath}/${run}`)) continue;
    unlinkIfThere(context.sys, `${trashPath}/${run}.jsonl`);
  }
}

/** Removes a folder of nothing but folders; true when it is gone. */
function removeEmptyFolders(path: string): boolean {
  const entries = readdirSync(path, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) removeEmptyFolders(`${path}/${entry.name}`);
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) return false;
    throw error;
  }
}
