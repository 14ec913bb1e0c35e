import { type BigIntStats, constants, lstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { ObjectKey } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import { MAX_SEGMENT_BYTES, utf8Bytes } from '../../sync/path.ts';
import { checkObjectKey, keyRefused } from '../object-key.ts';
import { errnoOf, unlessMissing } from './file-errors.ts';
import type { Layout } from './layout.ts';

/** @throws S4Error OBJECT_KEY_REFUSED for keys that no directory can hold, or that would reach the store's own files */
export function checkFileKey(key: ObjectKey): void {
  checkObjectKey(key);
  if (/^\.s4\/store(\/|$)/i.test(key)) throw keyRefused(key, 'the name belongs to the store');
  for (const segment of key.split('/'))
    if (utf8Bytes(segment) > MAX_SEGMENT_BYTES) throw keyRefused(key, 'a segment is longer than 255 bytes');
}

/** The data file of a key that passed `checkFileKey`; a folder marker's folder. */
export function dataPath(layout: Layout, key: string): string {
  return path.join(layout.root, ...key.split('/').filter((segment) => segment !== ''));
}

/** True when every folder above the key is a real one: nothing outside the root is ever reached. */
export function hasRealParents(layout: Layout, key: string): boolean {
  let folder = layout.root;
  for (const segment of parentSegments(key)) {
    folder = path.join(folder, segment);
    if (!unlessMissing(() => lstatSync(folder))?.isDirectory()) return false;
  }
  return true;
}

/** What lies at a key's place; undefined when nothing, or nothing that can be reached without following a symlink. */
export function statData(layout: Layout, key: string): BigIntStats | undefined {
  if (!hasRealParents(layout, key)) return undefined;
  return unlessMissing(() => lstatSync(dataPath(layout, key), { bigint: true }));
}

export function isObjectFile(stats: BigIntStats): boolean {
  return stats.isFile() || stats.isSymbolicLink();
}

/** Makes entries of folders durable. A folder that was pruned meanwhile needs it no more. */
export async function syncFolders(folders: Iterable<string>): Promise<void> {
  for (const folder of new Set(folders)) {
    try {
      const handle = await open(folder, constants.O_RDONLY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      // Some file systems (SMB, FUSE) cannot fsync a folder, and say so.
      if (!['ENOENT', 'EINVAL', 'ENOTSUP', 'EISDIR'].includes(errnoOf(error) ?? '')) throw error;
    }
  }
}

/**
 * A missing root is an unmounted disk, not an empty store.
 *
 * @returns what identifies the store while it is worked on
 * @throws S4Error STORE_NO_BUCKET
 */
export function checkRoot(layout: Layout): string {
  const stats = unlessMissing(() => lstatSync(layout.store, { bigint: true }));
  if (!stats?.isDirectory())
    throw new S4Error('STORE_NO_BUCKET', `there is no s4 store in ${layout.root}`, {
      hint: 'Is the disk mounted? If this is a new place, register it with `s4 add`.',
    });
  return `${stats.dev}-${stats.ino}`;
}

export function parentSegments(key: string): readonly string[] {
  return key.replace(/\/$/, '').split('/').slice(0, -1);
}
