import { mapConcurrent } from '../lib/map-concurrent.ts';
import { isAbsent } from './fs-errors.ts';
import { syncPath } from './state-files.ts';

const AT_ONCE = 4;

/**
 * Folders in which names changed since the last `sync`, and the way to them: a folder that was there already may have been
 * made a moment ago, by the user or by a run that was killed, and be gone after a power loss with all that is in it.
 */
export interface Touched {
  /** @param folder - path below the root, '' for the root */
  readonly add: (folder: string) => void;
  /** fsyncs each of them, and each folder above, once. What fails stays to be done. */
  sync(): Promise<void>;
}

export function createTouched(root: string): Touched {
  let folders = new Set<string>();
  return {
    add: (folder) => void folders.add(folder),
    async sync() {
      const due = folders;
      folders = new Set();
      try {
        await mapConcurrent([...withFoldersAbove(due)], AT_ONCE, (folder) =>
          syncFolder(folder === '' ? root : `${root}/${folder}`),
        );
      } catch (error) {
        for (const folder of due) folders.add(folder);
        throw error;
      }
    },
  };
}

/** Those above come last: they seldom have anything to write. */
export function withFoldersAbove(folders: Iterable<string>): ReadonlySet<string> {
  const all = new Set(folders);
  // A set gives what is added on the way, too.
  for (const folder of all) if (folder !== '') all.add(folder.slice(0, Math.max(0, folder.lastIndexOf('/'))));
  return all;
}

/** A folder that is gone was removed from one that is to be synced as well. */
async function syncFolder(path: string): Promise<void> {
  try {
    await syncPath(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
