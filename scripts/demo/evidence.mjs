// What a folder or a store holds, found out without any code of s4: a walk, and SHA-256 by Node.
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * @typedef {object} Seen
 * @property {'file' | 'executable' | 'symlink' | 'empty folder'} kind
 * @property {string} sha256 of the bytes; of a symlink's text
 */

/** What is not what the demo says; its message is a sentence for people. */
export class DemoFailure extends Error {}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Everything below a folder but s4's own `.s4`, by path. Folders count where they are empty.
 * @returns {Promise<Map<string, Seen>>}
 */
export async function lookAt(root) {
  const found = new Map();
  const names = (await readdir(root)).filter((name) => name !== '.s4');
  for (const name of names) await lookAtEntry(root, name, found);
  return found;
}

async function lookAtEntry(root, path, found) {
  const at = join(root, path);
  const stats = await lstat(at);
  if (stats.isSymbolicLink()) {
    found.set(path, { kind: 'symlink', sha256: sha256(await readlink(at)) });
  } else if (stats.isDirectory()) {
    const names = await readdir(at);
    if (names.length === 0) found.set(path, { kind: 'empty folder', sha256: sha256('') });
    for (const name of names) await lookAtEntry(root, `${path}/${name}`, found);
  } else {
    const kind = (stats.mode & 0o100) === 0 ? 'file' : 'executable';
    found.set(path, { kind, sha256: sha256(await readFile(at)) });
  }
}

/** Throws unless both hold the same entries: path, kind and bytes. */
export function expectSame(nameA, a, nameB, b) {
  for (const [path, { kind, sha256: hash }] of a) {
    const other = b.get(path);
    if (other === undefined) throw new DemoFailure(`${path} is in ${nameA} and not in ${nameB}.`);
    if (other.kind !== kind)
      throw new DemoFailure(`${path}: ${kind} in ${nameA}, ${other.kind} in ${nameB}.`);
    if (other.sha256 !== hash) throw new DemoFailure(`${path} has other bytes in ${nameA} than in ${nameB}.`);
  }
  for (const path of b.keys())
    if (!a.has(path)) throw new DemoFailure(`${path} is in ${nameB} and not in ${nameA}.`);
}

export function expect(condition, sentence) {
  if (!condition) throw new DemoFailure(sentence);
}
