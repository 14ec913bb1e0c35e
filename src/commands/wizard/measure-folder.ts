import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mapConcurrent } from '../../lib/map-concurrent.ts';
import type { FolderLook } from '../../ui/add/facts.ts';

const TELL_EVERY = 2_000;
const MOST = 300_000;
const AT_ONCE = 32;

/**
 * Counts what is in a folder, `.s4` aside, telling in between; gives up at a large number, which is no less of an
 * answer to a person. Unreadable parts are left out. Follows no symlink.
 */
export async function measureFolder(
  root: string,
  tell: (look: FolderLook) => void,
  signal: AbortSignal,
): Promise<void> {
  let files = 0;
  let folders = 0;
  let sizeBytes = 0;
  let toldAt = 0;
  const open: string[] = [root];
  const say = (partial: boolean): void => tell({ files, folders, sizeBytes, partial });
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    signal.throwIfAborted();
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const here = folder;
    const inside = entries.filter(
      (entry) => !entry.isDirectory() && (entry.isFile() || entry.isSymbolicLink()),
    );
    for (const entry of entries) {
      if (!entry.isDirectory() || (here === root && entry.name === '.s4')) continue;
      folders++;
      open.push(join(here, entry.name));
    }
    const sizes = await mapConcurrent(inside, AT_ONCE, ({ name }) =>
      lstat(join(here, name)).then(
        (stats) => stats.size,
        () => 0,
      ),
    );
    files += inside.length;
    for (const size of sizes) sizeBytes += size;
    if (files > MOST) return say(true);
    if (files + folders - toldAt > TELL_EVERY) {
      toldAt = files + folders;
      say(true);
    }
  }
  say(false);
}
