// What s4 writes into its own `.s4` during a run, found by looking before and after.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export async function lookAtState(folder) {
  const found = new Map();
  const root = join(folder, '.s4');
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { ino, size, mtimeMs } = await stat(path);
    found.set(path, { ino, size, mtimeMs });
  }
  return found;
}

/** A file with another inode was written whole, one that grew was appended to. */
export function bytesWritten(before, after) {
  let bytes = 0;
  for (const [path, { ino, size, mtimeMs }] of after) {
    const old = before.get(path);
    if (old === undefined || old.ino !== ino) bytes += size;
    else if (old.size !== size) bytes += Math.max(size - old.size, 0);
    else if (old.mtimeMs !== mtimeMs) bytes += size;
  }
  return bytes;
}
