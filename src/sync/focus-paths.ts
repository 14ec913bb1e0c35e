import { compareKeys, type RelPath } from './path.ts';

/** The paths that are in no other one's folder, in order, each once: a folder stands for what is below it. */
export function outermost(paths: Iterable<RelPath>): readonly RelPath[] {
  // With a slash behind each, whatever is below a path follows it at once.
  const sorted = [...new Set(paths)].sort((a, b) => compareKeys(`${a}/`, `${b}/`));
  const kept: RelPath[] = [];
  for (const path of sorted) {
    const last = kept[kept.length - 1];
    if (last === undefined || !isUnder(path, last)) kept.push(path);
  }
  return kept;
}

/** The path itself, or below it. */
export function isUnder(path: string, folder: RelPath): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/**
 * A name that can be written in two ways (`é`): another spelling of it may be in the store, and asking for this one does
 * not find it.
 */
export function hasSpellings(path: string): boolean {
  return path.normalize('NFC') !== path.normalize('NFD');
}
