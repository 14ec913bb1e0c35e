import { lstatSync } from 'node:fs';
import { createIgnoreRules, IGNORE_FILE, type IgnoreRules } from '../../sync/ignore.ts';
import { errnoOf } from '../fs-errors.ts';
import { readNoFollow } from '../read-no-follow.ts';
import type { FolderIdentity } from '../walk-list.ts';
import { nameFault } from '../walk-names.ts';

const MAX_RULES_BYTES = 1 << 20;

/** The ignore files of a folder as they lie on the disk, read folder by folder. */
export interface RuleBook {
  ignores(path: string, isFolder: boolean): boolean;
  /** Reads the rules that lie in a folder; `isThere` false: it holds none. */
  read(folder: string, isThere: boolean): void;
  /** A folder is gone, with all rules in and below it. */
  forget(folder: string): void;
  /** A folder that is to be watched: a valid name, not ignored, on the same device, and no symlink. */
  isWatched(path: string): boolean;
}

export function createRuleBook(root: string, identity: Pick<FolderIdentity, 'dev'>): RuleBook {
  const texts = new Map<string, string>();
  let rules: IgnoreRules | undefined = createIgnoreRules();

  // Rules cannot be taken back, only gathered anew.
  const current = (): IgnoreRules => {
    if (rules !== undefined) return rules;
    rules = createIgnoreRules();
    for (const [folder, text] of texts) rules.addRules(folder, text);
    return rules;
  };

  const ignores = (path: string, isFolder: boolean): boolean => current().ignores(path, isFolder);

  return {
    ignores,
    read: (folder, isThere) => {
      const text = isThere ? readRules(folder === '' ? root : `${root}/${folder}`) : undefined;
      const before = texts.get(folder);
      if (text === before) return;
      if (text === undefined) texts.delete(folder);
      else texts.set(folder, text);
      if (before === undefined && text !== undefined) rules?.addRules(folder, text);
      else rules = undefined;
    },
    forget: (folder) => {
      for (const known of texts.keys()) {
        if (known !== folder && !known.startsWith(`${folder}/`)) continue;
        texts.delete(known);
        rules = undefined;
      }
    },
    isWatched: (path) => {
      if (nameFault(path, path.slice(path.lastIndexOf('/') + 1)) !== undefined) return false;
      if (ignores(path, true)) return false;
      try {
        const stats = lstatSync(`${root}/${path}`, { bigint: true, throwIfNoEntry: false });
        return stats?.isDirectory() === true && stats.dev === identity.dev;
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
        return false;
      }
    },
  };
}

/** Rules that cannot be read exclude nothing here: at worst a few hints too many are told. */
function readRules(folderPath: string): string | undefined {
  try {
    return readNoFollow(`${folderPath}/${IGNORE_FILE}`, MAX_RULES_BYTES)?.toString();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
