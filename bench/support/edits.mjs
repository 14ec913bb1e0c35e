// What two people do to their copies of a folder between two syncs, on files that are told apart by their number.
import { appendFile, chmod, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filesBelow, write } from './real-files.mjs';

/**
 * @typedef {object} Edits
 * @property {readonly string[]} modified
 * @property {readonly string[]} deleted
 * @property {readonly { from: string, to: string }[]} renamed
 * @property {readonly string[]} created
 * @property {readonly string[]} moded
 */

/**
 * Edits one machine's folder. Machines with different numbers never touch the same file.
 * @param {{ machine: 0 | 1, each: number }} options `each`: how many files of each kind of edit
 * @returns {Promise<Edits>}
 */
export async function edit(folder, { machine, each }) {
  const mine = (await filesBelow(folder)).filter((path) => !path.startsWith('odd/'));
  const step = Math.max(10, Math.floor(mine.length / (each * 4)) & ~1);
  const picks = mine.filter((_, i) => i % step === machine * 4);
  const take = (from) => picks.slice(from * each, (from + 1) * each);
  const [modified, deleted, moved, moded] = [take(0), take(1), take(2), take(3)];
  for (const path of modified) await appendFile(join(folder, path), `\nedited on machine ${machine}\n`);
  for (const path of deleted) await rm(join(folder, path));
  const renamed = moved.map((from) => ({ from, to: `moved ${machine}/${from}` }));
  for (const { from, to } of renamed) {
    await mkdir(dirname(join(folder, to)), { recursive: true });
    await rename(join(folder, from), join(folder, to));
  }
  for (const path of moded) {
    const { mode } = await stat(join(folder, path));
    await chmod(join(folder, path), mode ^ 0o111);
  }
  const created = Array.from({ length: each }, (_, i) => `new ${machine}/Größe ${i % 7}/file 🎉 ${i}.txt`);
  for (const path of created) await write(join(folder, path), `made on machine ${machine}: ${path}\n`);
  return { modified, deleted, renamed, created, moded };
}
