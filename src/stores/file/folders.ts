import { lstatSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import type {
  DeleteOutcome,
  ObjectMetadata,
  PutOptions,
  PutOutcome,
  WriteCondition,
} from '../../engine/ports/store.ts';
import type { RemoteToken } from '../../sync/entry.ts';
import { keyRefused } from '../object-key.ts';
import type { FileContext } from './file-context.ts';
import { errnoOf, unlessMissing } from './file-errors.ts';
import { keyHash, type Layout, modifiedMsOf, ownId } from './layout.ts';
import { dataPath, parentSegments, statData, syncFolders } from './places.ts';
import { dropRecords, findRecords, type RecordName, readRecord, writePending } from './records.ts';

/**
 * A folder marker (`dir/`): a real folder that is empty, or one with a record that says it is wanted for itself. The
 * record keeps it when its last child goes.
 */
export interface Marker {
  readonly token: RemoteToken;
  readonly record: RecordName | undefined;
}

const UNRECORDED_ID = 'folder';

export function markerToken(record: RecordName | undefined): RemoteToken {
  const etag = record?.id ?? UNRECORDED_ID;
  return { etag, sizeBytes: 0, modifiedMs: record ? modifiedMsOf(record.id, 0n) : 0 };
}

export function markerAt(layout: Layout, key: string): Marker | undefined {
  if (!statData(layout, key)?.isDirectory()) return undefined;
  const record = findRecords(layout, keyHash(key))[0];
  if (!record && !isEmpty(dataPath(layout, key))) return undefined;
  return { token: markerToken(record), record };
}

export function markerMetadata(marker: Marker): ObjectMetadata {
  return (marker.record && readRecord(marker.record.file)?.metadata) ?? {};
}

export async function putMarker(context: FileContext, key: string, options: PutOptions): Promise<PutOutcome> {
  const { layout } = context;
  const hash = keyHash(key);
  return context.locks.hold(hash, options.signal, async (): Promise<PutOutcome> => {
    if (!markerHolds(options.condition, markerAt(layout, key))) return { kind: 'precondition-failed' };
    if (options.confirm && !(await options.confirm())) return { kind: 'abandoned' };
    options.signal?.throwIfAborted();
    const older = findRecords(layout, hash);
    const id = ownId(context.runtime.nowMs(), context.runtime.randomHex(6));
    const changed = [...makeParents(layout, key)];
    const folder = dataPath(layout, key);
    const stats = unlessMissing(() => lstatSync(folder));
    if (stats && !stats.isDirectory()) throw keyRefused(key, 'there is a file of that name in the store');
    const { metadata } = options;
    // The record first: a folder that is about to be pruned is then made again by whoever prunes it.
    const record = writePending(layout, hash, {
      key,
      id,
      sha256: '',
      metadata,
      executable: false,
      inode: '0',
    });
    makeFolder(folder);
    dropRecords(older, record);
    await syncFolders([path.dirname(folder), ...changed]);
    return { kind: 'stored', token: markerToken(record) };
  });
}

export async function deleteMarker(
  context: FileContext,
  key: string,
  condition: WriteCondition,
  signal: AbortSignal | undefined,
): Promise<DeleteOutcome> {
  const { layout } = context;
  return context.locks.hold(keyHash(key), signal, async (): Promise<DeleteOutcome> => {
    const marker = markerAt(layout, key);
    if (!marker) return { kind: 'absent' };
    if (!markerHolds(condition, marker)) return { kind: 'precondition-failed' };
    signal?.throwIfAborted();
    dropRecords(findRecords(layout, keyHash(key)));
    // As if a child of it had gone: it goes if it is empty, and with it the empty folders above.
    prune(layout, `${key}x`);
    await syncFolders([path.dirname(dataPath(layout, key))]);
    return { kind: 'deleted' };
  });
}

/**
 * Makes the folders above a key.
 *
 * @returns the folders whose entries changed, for fsync
 * @throws S4Error OBJECT_KEY_REFUSED when one of them is a file or a symlink
 */
export function makeParents(layout: Layout, key: string): readonly string[] {
  let folder = layout.root;
  let below = '';
  const changed: string[] = [];
  for (const segment of parentSegments(key)) {
    const parent = folder;
    folder = path.join(folder, segment);
    below += `${segment}/`;
    if (makeFolder(folder)) {
      changed.push(parent);
      // Left by a folder that another program removed.
      dropRecords(findRecords(layout, keyHash(below)));
    }
    if (!lstatSync(folder).isDirectory())
      throw keyRefused(key, 'a folder above it is a file or a symlink in the store');
  }
  return changed;
}

/** Removes the folders above a key that are empty by now and not wanted for themselves. */
export function prune(layout: Layout, key: string): void {
  const segments = parentSegments(key);
  for (let depth = segments.length; depth > 0; depth--) {
    const above = segments.slice(0, depth);
    const wanted = () => findRecords(layout, keyHash(`${above.join('/')}/`)).length > 0;
    if (wanted()) return;
    const folder = path.join(layout.root, ...above);
    try {
      rmdirSync(folder);
    } catch (error) {
      const code = errnoOf(error);
      // Somebody else's new file keeps its folder.
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
      if (code !== 'ENOENT') throw error;
    }
    if (wanted()) {
      mkdirSync(folder, { recursive: true });
      return;
    }
  }
}

function isEmpty(folder: string): boolean {
  return unlessMissing(() => readdirSync(folder).length === 0) ?? false;
}

function markerHolds(condition: WriteCondition, marker: Marker | undefined): boolean {
  if (condition.kind === 'none') return true;
  if (condition.kind === 'absent') return marker === undefined;
  return marker?.token.etag === condition.etag;
}

function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}
