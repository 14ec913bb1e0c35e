import type { BigIntStats } from 'node:fs';
import type { LocalStat } from '../engine/ports/folder.ts';
import type { Fingerprint } from '../sync/entry.ts';

const TYPE_BITS = 0o170000;
const OWNER_EXECUTE = 0o100;

export type EntryType = 'file' | 'symlink' | 'folder' | 'other';

export function entryType(mode: number): EntryType {
  switch (mode & TYPE_BITS) {
    case 0o100000:
      return 'file';
    case 0o120000:
      return 'symlink';
    case 0o040000:
      return 'folder';
    default:
      return 'other';
  }
}

export function fingerprintFrom(stats: BigIntStats): Fingerprint {
  return {
    inode: stats.ino,
    sizeBytes: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
  };
}

/** Only the owner's bit counts. */
export function isExecutable(mode: number): boolean {
  return (mode & OWNER_EXECUTE) !== 0;
}

export function localStatFrom(stats: BigIntStats): LocalStat {
  const mode = Number(stats.mode);
  const kind = entryType(mode);
  switch (kind) {
    case 'file':
      return { kind, fingerprint: fingerprintFrom(stats), executable: isExecutable(mode) };
    case 'symlink':
      return { kind, fingerprint: fingerprintFrom(stats) };
    case 'folder':
    case 'other':
      return { kind };
  }
}

/** The same permissions with the executable bit as asked: execute follows read, and nothing else changes. */
export function withExecutable(mode: number, executable: boolean): number {
  const permissions = mode & 0o777;
  if (isExecutable(permissions) === executable) return permissions;
  return executable ? permissions | ((permissions & 0o444) >> 2) | OWNER_EXECUTE : permissions & ~0o111;
}
