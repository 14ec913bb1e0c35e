// SHA-256 by Node, and nothing of s4's.
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Content that cannot be told apart from any other file without content. */
export const EMPTY = sha256('');

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * What lies at a path and below it, by path relative to it ('' for itself). Folders count where they are empty.
 * @param {string} root
 * @param {(name: string, path: string) => boolean} [leaveOut]
 * @returns {Map<string, {kind: 'file' | 'executable' | 'symlink' | 'folder' | 'other', hash: string}>}
 */
export function lookAt(root, leaveOut = () => false) {
  const found = new Map();
  const visit = (path) => {
    const at = join(root, path);
    const stats = lstatSync(at, { throwIfNoEntry: path === '' });
    if (stats === undefined) return;
    if (stats.isSymbolicLink()) found.set(path, { kind: 'symlink', hash: sha256(readlinkSync(at)) });
    else if (stats.isFile())
      found.set(path, {
        kind: (stats.mode & 0o100) === 0 ? 'file' : 'executable',
        hash: sha256(readFileSync(at)),
      });
    else if (!stats.isDirectory()) found.set(path, { kind: 'other', hash: EMPTY });
    else {
      const names = readdirSync(at).filter((name) => !leaveOut(name, path));
      if (names.length === 0) found.set(path, { kind: 'folder', hash: EMPTY });
      for (const name of names) visit(path === '' ? name : `${path}/${name}`);
    }
  };
  visit('');
  return found;
}
