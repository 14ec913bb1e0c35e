import type { JoinedRow } from '../sync/join.ts';
import { pairTwins } from '../sync/names.ts';
import type { EntryKey } from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';

export interface PairedRows {
  readonly rows: readonly JoinedRow[];
  readonly problems: readonly Problem[];
}

const NOT_ASCII = /[^\p{ASCII}]/u;

/**
 * Joins what the two sides only spell differently (NFC and NFD; upper and lower case where the disk folds them) into
 * one row: the disk keeps its spelling, the store keeps its own, and no second key is ever made.
 */
export function pairRows(rows: readonly JoinedRow[], foldsCase: boolean): PairedRows {
  const matters = (key: EntryKey): boolean => foldsCase || NOT_ASCII.test(key);
  const here = rows.filter(({ key, base, local, remote }) => !remote && (local ?? base) && matters(key));
  const there = rows.filter(({ key, base, local, remote }) => remote && !local && !base && matters(key));
  if (there.length === 0 || (here.length === 0 && !foldsCase)) return { rows, problems: [] };
  const keys = (list: readonly JoinedRow[]): EntryKey[] => list.map(({ key }) => key);
  const twins = pairTwins(keys(here), keys(there), { foldsCase, present: keys(here) });
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const gone = new Set<EntryKey>();
  for (const { local, remote } of twins.pairs) {
    const row = byKey.get(local);
    const other = byKey.get(remote)?.remote;
    if (row === undefined || other === undefined) continue;
    byKey.set(local, { ...row, remote: other });
    gone.add(remote);
  }
  const problems = twins.clashes.map(({ key, with: other }): Problem => {
    gone.add(key);
    return {
      path: key,
      side: 'remote',
      code: 'name-twins',
      message: `this disk takes it for the same name as ${other}`,
      hint: 'Rename one of them in the bucket.',
    };
  });
  return { rows: [...byKey.values()].filter(({ key }) => !gone.has(key)), problems };
}
