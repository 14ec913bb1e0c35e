import { mapConcurrent } from '../lib/map-concurrent.ts';
import { isAbsent } from './fs-errors.ts';
import { syncPath } from './state-files.ts';

const AT_ONCE = 4;

/** Folders in which names changed since the last `sync`. */
export interface Touched {
  /** @param folder - path below the root, '' for the root */
  readonly add: (folder: string) => void;
  /** fsyncs each of them once. What fails stays to be done. */
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
        await mapConcurrent([...due], AT_ONCE, (folder) =>
          syncFolder(folder === '' ? root : `${root}/${folder}`),
        );
      } catch (error) {
        for (const folder of due) folders.add(folder);
        throw error;
      }
    },
  };
}

/** A folder that is gone was removed from one that is to be synced as well. */
async function syncFolder(path: string): Promise<void> {
  try {
    await syncPath(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
