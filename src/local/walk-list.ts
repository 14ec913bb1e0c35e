import { type BigIntStats, lstatSync, readdirSync } from 'node:fs';
import { IGNORE_FILE } from '../sync/ignore.ts';
import { compareKeys } from '../sync/path.ts';
import { type EntryType, entryType } from './fingerprint.ts';
import { errnoOf, isErrno } from './fs-errors.ts';
import { mayHideBytes, unwritableNames } from './walk-names.ts';

/** One name in a folder, as the walk found it. */
export type Child =
  | {
      readonly kind: 'found';
      readonly name: string;
      readonly sortName: string;
      readonly type: EntryType;
      readonly mode: number;
      readonly stats: BigIntStats;
    }
  /** lstat failed: it is there, and unknown. */
  | { readonly kind: 'failed'; readonly name: string; readonly sortName: string; readonly errno: string }
  /** Bytes that are no text. `name` is for people only. */
  | { readonly kind: 'unwritable'; readonly name: string; readonly sortName: string };

export type Listing =
  | {
      readonly kind: 'listed';
      readonly children: readonly Child[];
      readonly occupied: boolean;
      readonly mayHaveRules: boolean;
    }
  | { readonly kind: 'gone' }
  /** It is no longer the folder that was seen a moment ago. */
  | { readonly kind: 'swapped' }
  | { readonly kind: 'failed'; readonly errno: string };

export interface FolderIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * Reads a folder and looks at each name, sorted as keys sort.
 *
 * @param only - look at this name alone; found by listing where `exactNames` asks for the true spelling
 */
export function listFolder(
  path: string,
  identity: FolderIdentity,
  options: { readonly only?: string | undefined; readonly exactNames: boolean },
): Listing {
  const { only, exactNames } = options;
  let names: readonly string[];
  try {
    if (only === undefined) names = readdirSync(path);
    else names = exactNames ? readdirSync(path).filter((name) => name === only) : [only];
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return isErrno(error, 'ENOENT', 'ENOTDIR') ? missing(path) : { kind: 'failed', errno };
  }
  const mayHaveRules = only !== undefined || names.includes(IGNORE_FILE);
  const children: Child[] = [];
  const hidesBytes = mayHideBytes(names);
  for (const name of names) {
    if (hidesBytes && name.includes('\uFFFD')) continue;
    const child = lookAt(path, name);
    if (child !== undefined) children.push(child);
  }
  if (hidesBytes)
    for (const name of unwritableNames(path)) children.push({ kind: 'unwritable', name, sortName: name });
  // Looked at last: had the folder been swapped for another or a symlink meanwhile, the names would be those of
  // another place.
  const after = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (after === undefined) return { kind: 'gone' };
  if (after.ino !== identity.ino || after.dev !== identity.dev) return { kind: 'swapped' };
  return { kind: 'listed', children: sortChildren(children), occupied: names.length > 0, mayHaveRules };
}

function missing(path: string): Listing {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined ? { kind: 'gone' } : { kind: 'swapped' };
}

function lookAt(folderPath: string, name: string): Child | undefined {
  try {
    const stats = lstatSync(`${folderPath}/${name}`, { bigint: true, throwIfNoEntry: false });
    // Deleted since the folder was read.
    if (stats === undefined) return undefined;
    const mode = Number(stats.mode);
    const type = entryType(mode);
    return { kind: 'found', name, sortName: type === 'folder' ? `${name}/` : name, type, mode, stats };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { kind: 'failed', name, sortName: name, errno };
  }
}

/** Without surrogates the order of UTF-16 units is that of UTF-8 bytes, and comparing natively is much faster. */
function sortChildren(children: Child[]): readonly Child[] {
  const native = children.every(({ sortName }) => !/[\ud800-\udfff]/.test(sortName));
  if (native)
    return children.sort((a, b) => (a.sortName < b.sortName ? -1 : a.sortName > b.sortName ? 1 : 0));
  return children.sort((a, b) => compareKeys(a.sortName, b.sortName));
}
