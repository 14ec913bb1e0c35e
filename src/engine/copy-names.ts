import { conflictCopyPath } from '../sync/conflict-name.ts';
import type { RemoteRow } from '../sync/entry.ts';
import type { JoinedRow } from '../sync/join.ts';
import type { EntryKey, RelPath } from '../sync/path.ts';
import { fileKey, keyPath } from '../sync/path.ts';
import type { Folder } from './ports/folder.ts';

/** Finds names for versions that lose theirs: free on the disk, in the store, and among those given before. */
export interface CopyNames {
  /** The name that the version itself gives, whether free or not. */
  plain(path: RelPath, whenMs: number, host: string): RelPath;
  free(path: RelPath, whenMs: number, host: string): Promise<RelPath>;
}

export function createCopyNames(
  folder: Folder,
  prefixBytes: number,
  isKnown: (key: EntryKey) => boolean,
  onGiven: (path: RelPath) => void = () => {},
): CopyNames {
  const given = new Set<string>();
  const plain: CopyNames['plain'] = (path, whenMs, host) =>
    conflictCopyPath({ path, host, whenMs, prefixBytes, taken: () => false });
  return {
    plain,
    free: async (path, whenMs, host) => {
      for (;;) {
        const taken = (p: RelPath): boolean => given.has(p) || isKnown(fileKey(p));
        const copy = conflictCopyPath({ path, host, whenMs, prefixBytes, taken });
        given.add(copy);
        if ((await folder.stat(copy)) !== undefined) continue;
        onGiven(copy);
        return copy;
      }
    },
  };
}

/** For a row whose local version, or whose remote file, will have to step aside: when it was written, and by whom. */
export function losingVersion(
  row: JoinedRow,
  localHost: string,
): { path: RelPath; whenMs: number; host: string } {
  if (row.local !== undefined && row.local.kind !== 'folder') {
    const whenMs = Number(row.local.fingerprint.mtimeNs / 1_000_000n);
    return { path: keyPath(row.local.key), whenMs, host: localHost };
  }
  return losingRemote(row.key, row.remote);
}

/** The same for a remote file alone. */
export function losingRemote(
  key: EntryKey,
  remote: RemoteRow | undefined,
): { path: RelPath; whenMs: number; host: string } {
  return { path: keyPath(key), whenMs: remote?.token.modifiedMs ?? 0, host: 'store' };
}
