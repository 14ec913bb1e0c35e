import { type BigIntStats, lstatSync, renameSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import type { DeleteOutcome, ObjectMetadata, WriteCondition } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import type { RemoteToken } from '../../sync/entry.ts';
import { keyRefused } from '../object-key.ts';
import { type Archivable, addDeleteMarker, beginArchive, linkData, moveData } from './archive.ts';
import { type Current, currentLocked, isExecutable } from './current.ts';
import type { FileContext } from './file-context.ts';
import { errnoOf, unlessMissing } from './file-errors.ts';
import { makeParents, prune } from './folders.ts';
import { isControlKey, keyHash, modifiedMsOf, ownId, statPrint } from './layout.ts';
import { dataPath, statData, syncFolders } from './places.ts';
import { dropRecords, findRecords, renameRecord, writePending } from './records.ts';
import { dropTemp, type TempFile } from './temp-file.ts';

export type CommitOutcome =
  | { readonly kind: 'stored'; readonly token: RemoteToken }
  | { readonly kind: 'precondition-failed' }
  | { readonly kind: 'abandoned' };

export interface CommitRequest {
  readonly key: string;
  readonly temp: TempFile;
  readonly metadata: ObjectMetadata;
  readonly condition: WriteCondition;
  readonly confirm?: (() => Promise<boolean>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Between the look and the rename another program, which knows no locks, may change the file: look again. */
const ATTEMPTS = 5;

/**
 * Makes a temp file the current version. With the key's lock: look, ask, note the new version down as pending, and
 * then in one tick look again, give the old version its second name, rename over it. The rename is the moment of the
 * change; a crash before leaves the old version current, a crash after the new one.
 */
export async function commitPut(context: FileContext, request: CommitRequest): Promise<CommitOutcome> {
  try {
    return await context.locks.hold(keyHash(request.key), request.signal, async () => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const current = await currentLocked(context, request.key);
        if (!holds(request.condition, current)) return { kind: 'precondition-failed' };
        if (attempt === 0 && request.confirm && !(await request.confirm())) return { kind: 'abandoned' };
        request.signal?.throwIfAborted();
        const token = await place(context, request, current);
        if (token) return { kind: 'stored', token };
      }
      throw keepsChanging(request.key);
    });
  } finally {
    await dropTemp(request.temp);
  }
}

/** Undefined when what is current is no longer what was looked at; nothing was changed then. */
async function place(
  context: FileContext,
  { key, temp, metadata }: CommitRequest,
  current: Current | undefined,
): Promise<RemoteToken | undefined> {
  const hash = keyHash(key);
  const file = dataPath(context.layout, key);
  const stats = lstatSync(temp.file, { bigint: true });
  const record = {
    key,
    id: ownId(context.runtime.nowMs(), context.runtime.randomHex(6)),
    sha256: temp.sha256,
    metadata,
    executable: isExecutable(stats),
    inode: stats.ino.toString(),
  };
  const older = findRecords(context.layout, hash);
  const pending = writePending(context.layout, hash, record);
  let replaced: BigIntStats | undefined;
  const changed: string[] = [];
  try {
    context.step('record-pending');
    changed.push(...makeParents(context.layout, key));
    if (!isStill(context, key, current)) return undefined;
    if (current && !isControlKey(key)) {
      const folder = archiveByLink(context, current);
      if (folder === undefined) return undefined;
      changed.push(folder);
    }
    context.step('archived');
    replaced = renameOver(temp.file, file, key);
    if (!replaced) return undefined;
  } finally {
    if (!replaced) dropRecords([pending]);
  }
  context.step('replaced');
  const kept = renameRecord(pending, hash, statPrint(replaced, context.stableInodes));
  context.step('recorded');
  dropRecords(older, kept);
  await syncFolders([path.dirname(file), ...changed]);
  return {
    etag: record.id,
    versionId: record.id,
    sizeBytes: temp.sizeBytes,
    modifiedMs: modifiedMsOf(record.id, stats.mtimeNs),
  };
}

/** Removes the current version: it moves to the archive in one step, and a delete marker follows. */
export async function commitDelete(
  context: FileContext,
  key: string,
  condition: WriteCondition,
  signal: AbortSignal | undefined,
): Promise<DeleteOutcome> {
  return context.locks.hold(keyHash(key), signal, async (): Promise<DeleteOutcome> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const current = await currentLocked(context, key);
      if (!current) return { kind: 'absent' };
      if (!holds(condition, current)) return { kind: 'precondition-failed' };
      signal?.throwIfAborted();
      if (!isStill(context, key, current)) continue;
      const changed = moveAway(context, current);
      context.step('marked-deleted');
      dropRecords(findRecords(context.layout, current.hash));
      context.step('record-dropped');
      prune(context.layout, key);
      await syncFolders([path.dirname(current.file), changed]);
      return { kind: 'deleted' };
    }
    throw keepsChanging(key);
  });
}

export function holds(condition: WriteCondition, current: Current | undefined): boolean {
  if (condition.kind === 'none') return true;
  if (condition.kind === 'absent') return current === undefined;
  return current?.id === condition.etag;
}

function isStill(context: FileContext, key: string, current: Current | undefined): boolean {
  const stats = statData(context.layout, key);
  if (stats?.isDirectory()) throw keyRefused(key, 'there is a folder of that name in the store');
  if (!stats || !current) return !stats && !current;
  return statPrint(stats, context.stableInodes) === current.print;
}

/** The folder it went to; undefined when another program was faster, and what it put there is still in place. */
function archiveByLink(context: FileContext, current: Current): string | undefined {
  const target = beginArchive(context.layout, current.hash, archivable(current));
  linkData(current.file, target);
  const now = unlessMissing(() => lstatSync(current.file, { bigint: true }));
  // A link moves ctime, and nothing else.
  const { ino, size, mtimeNs } = current.stats;
  if (now?.ino === ino && now.size === size && now.mtimeNs === mtimeNs) return target.folder;
  unlinkSync(target.dataFile);
  return undefined;
}

function moveAway(context: FileContext, current: Current): string {
  if (isControlKey(current.key)) {
    unlinkSync(current.file);
    return path.dirname(current.file);
  }
  const target = beginArchive(context.layout, current.hash, archivable(current));
  moveData(current.file, target);
  context.step('moved-to-versions');
  addDeleteMarker(target, ownId(context.runtime.nowMs(), context.runtime.randomHex(6)));
  return target.folder;
}

function archivable(current: Current): Archivable {
  return { id: current.id, recordFile: current.record?.file };
}

/** The stat of the new file; undefined when its folder was removed in this very moment. */
function renameOver(from: string, to: string, key: string): BigIntStats | undefined {
  try {
    renameSync(from, to);
    return lstatSync(to, { bigint: true });
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' && unlessMissing(() => lstatSync(from))) return undefined;
    if (code === 'ENOTEMPTY' || code === 'EEXIST')
      throw keyRefused(key, 'there is a folder of that name', error);
    throw error;
  }
}

function keepsChanging(key: string): S4Error {
  return new S4Error('STORE_FAILED', 'another program keeps changing this file of the store', {
    data: { key },
  });
}
