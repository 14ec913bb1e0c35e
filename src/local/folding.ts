import { readdirSync } from 'node:fs';
import { look } from './entries.ts';

/**
 * Whether the file system takes `A` and `a` for one name, found out without writing: a name is looked up in the other
 * case. In a folder without any name, what the platform usually does is assumed.
 */
export function detectFolding(root: string): boolean {
  const names = readdirSync(root);
  const listed = new Set(names);
  for (const name of ['.s4', ...names]) {
    const other = flipCase(name);
    if (!listed.has(name) || other === name || listed.has(other)) continue;
    return look(`${root}/${other}`) !== undefined;
  }
  return process.platform === 'darwin' || process.platform === 'win32';
}

/** ASCII only: that is folded by every file system that folds at all. */
function flipCase(name: string): string {
  return name.replace(/[A-Za-z]/g, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
