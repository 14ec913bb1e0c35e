import { type BigIntStats, lstatSync, readlinkSync } from 'node:fs';
import type { Expected } from '../engine/ports/folder.ts';
import { sameFingerprint, sameMovedFile } from '../sync/entry.ts';
import { entryType, fingerprintFrom } from './fingerprint.ts';
import { isErrno } from './fs-errors.ts';
import type { Sys } from './sys.ts';

/** lstat; undefined when nothing is there. */
export function look(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

export function isFileOrLink(stats: BigIntStats): boolean {
  const type = entryType(Number(stats.mode));
  return type === 'file' || type === 'symlink';
}

/** Whether what lstat found is what was expected; a folder or special file never is. */
export function isExpected(found: BigIntStats | undefined, expected: Expected): boolean {
  if (expected.kind === 'absent') return found === undefined;
  if (found === undefined || !isFileOrLink(found)) return false;
  return sameFingerprint(fingerprintFrom(found), expected.fingerprint);
}

/** Whether what s4 moved is what was expected before: moving changes the ctime alone. */
export function isExpectedMoved(found: BigIntStats | undefined, expected: Expected): boolean {
  if (expected.kind === 'absent' || found === undefined || !isFileOrLink(found)) return false;
  return sameMovedFile(fingerprintFrom(found), expected.fingerprint);
}

/** link(2) follows symlinks everywhere but on Linux. */
const LINKS_SYMLINKS = process.platform === 'linux';

/**
 * Gives what is at `from` the name `to` as well, never over something: false when `to` is taken.
 *
 * Without hard links (EPERM, ENOTSUP, EMLINK: FAT, some network mounts) it is *moved*, after a look that `to` is free:
 * the weaker form, in which something made at `to` in between is replaced. `from` may be gone afterwards.
 */
export function linkFree(sys: Sys, from: string, to: string): boolean {
  try {
    if (!LINKS_SYMLINKS && look(from)?.isSymbolicLink())
      sys.symlink(readlinkSync(from, { encoding: 'buffer' }), to);
    else sys.link(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    if (!isErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error;
  }
  if (look(to) !== undefined) return false;
  sys.rename(from, to);
  return true;
}

/** Removes a name that may be gone. */
export function unlinkIfThere(sys: Sys, path: string): void {
  try {
    sys.unlink(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
