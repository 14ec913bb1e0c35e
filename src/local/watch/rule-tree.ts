import { readdirSync } from 'node:fs';
import { IGNORE_FILE } from '../../sync/ignore.ts';
import { errnoOf } from '../fs-errors.ts';
import type { RuleBook } from './rule-book.ts';

/** Reads the rules of a whole tree, a folder a step; what is ignored is not entered. */
export function* readRuleTree(root: string, rules: RuleBook): Generator<void, void> {
  const open = [''];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    try {
      const found = readdirSync(folder === '' ? root : `${root}/${folder}`, { withFileTypes: true });
      rules.read(
        folder,
        found.some(({ name }) => name === IGNORE_FILE),
      );
      for (const child of found) {
        const path = folder === '' ? child.name : `${folder}/${child.name}`;
        if (child.isDirectory() && rules.isWatched(path)) open.push(path);
      }
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
    yield;
  }
}
