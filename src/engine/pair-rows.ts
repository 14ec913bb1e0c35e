import { mapConcurrent } from '../lib/map-concurrent.ts';
import type { JoinedRow } from '../sync/join.ts';
import { foldKey, pairTwins } from '../sync/names.ts';
import { type EntryKey, isFolderKey, keyPath } from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import { sameRemoteToken } from '../sync/token.ts';
import type { Folder } from './ports/folder.ts';

export interface PairedRows {
  readonly rows: readonly JoinedRow[];
  readonly problems: readonly Problem[];
  /** The store's spellings of names that the disk spells otherwise: a row of the base under one speaks of the same object. */
  readonly otherSpellings: readonly EntryKey[];
}

const NOT_ASCII = /[^\p{ASCII}]/u;

const LOOKS_AT_ONCE = 48;

/**
 * New names of the store that are on the disk already, in a spelling that is settled and so has no row: only a disk that
 * folds names can tell.
 */
export async function findPresent(
  rows: readonly JoinedRow[],
  folder: Pick<Folder, 'foldsCase' | 'stat'>,
): Promise<readonly EntryKey[]> {
  if (!folder.foldsCase) return [];
  const found = await mapConcurrent(rows.filter(isNewThere), LOOKS_AT_ONCE, async ({ key, beneath }) => {
    const stat = await folder.stat(keyPath(key));
    if (isFolderKey(key)) {
      // A folder of this very spelling has a row, or something beneath it.
      const isOther = stat?.kind === 'folder' && !beneath.local && !beneath.base;
      return isOther ? [key] : [];
    }
    return stat === undefined || stat.kind === 'folder' ? [] : [key];
  });
  return found.flat();
}

/**
 * Names that are gone here only in their old spelling: asked for it, a disk that folds names shows the file under its new
 * one.
 */
export function findRespelled(rows: readonly JoinedRow[], foldsCase: boolean): ReadonlySet<EntryKey> {
  if (!foldsCase) return new Set();
  const here = new Set(rows.flatMap(({ key, local }) => (local === undefined ? [] : [foldKey(key, true)])));
  const gone = rows.filter(({ base, local }) => base !== undefined && local === undefined);
  return new Set(gone.map(({ key }) => key).filter((key) => here.has(foldKey(key, true))));
}

/**
 * Rows of the base that speak of an object which another row knows by the spelling that the disk gave its file: two passes
 * of a first sync may have recorded it under either. That the disk shows no file of the store's spelling is no deletion.
 *
 * @returns the other row's key, by the alias
 */
function findAliases(rows: readonly JoinedRow[], foldsCase: boolean): ReadonlyMap<EntryKey, EntryKey> {
  if (!foldsCase) return new Map();
  const owners = new Map<string, JoinedRow>();
  for (const row of rows) if (row.base && row.local) owners.set(foldKey(row.key, true), row);
  return new Map(
    rows.flatMap(({ key, base, local, remote }): [EntryKey, EntryKey][] => {
      if (base === undefined || local !== undefined || remote === undefined || isFolderKey(key)) return [];
      const owner = owners.get(foldKey(key, true));
      const same = owner?.base !== undefined && sameRemoteToken(owner.base.remote, base.remote);
      return same ? [[key, owner.key]] : [];
    }),
  );
}

function withoutRemote({ remote: _, ...row }: JoinedRow): JoinedRow {
  return row;
}

function isNewThere({ base, local, remote }: JoinedRow): boolean {
  return remote !== undefined && local === undefined && base === undefined;
}

/**
 * Joins what the two sides only spell differently (NFC and NFD; upper and lower case where the disk folds them) into
 * one row: the disk keeps its spelling, the store keeps its own, and no second key is ever made.
 */
export function pairRows(
  rows: readonly JoinedRow[],
  foldsCase: boolean,
  present: readonly EntryKey[] = [],
): PairedRows {
  const matters = (key: EntryKey): boolean => foldsCase || NOT_ASCII.test(key);
  const here = rows.filter(({ key, base, local, remote }) => !remote && (local ?? base) && matters(key));
  const aliases = findAliases(rows, foldsCase);
  const there = rows.filter((row) => (isNewThere(row) || aliases.has(row.key)) && matters(row.key));
  if (there.length === 0 || (here.length === 0 && !foldsCase))
    return { rows, problems: [], otherSpellings: [] };
  const keys = (list: readonly JoinedRow[]): EntryKey[] => list.map(({ key }) => key);
  const twins = pairTwins(keys(here), keys(there), {
    foldsCase,
    present: [...keys(here), ...present, ...aliases.values()],
  });
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const gone = new Set<EntryKey>();
  /** The object is spoken for; what the base says of it under this spelling is forgotten. */
  const settle = (key: EntryKey): void => {
    const row = byKey.get(key);
    if (row?.base === undefined) gone.add(key);
    else byKey.set(key, withoutRemote(row));
  };
  for (const { local, remote } of twins.pairs) {
    const row = byKey.get(local);
    const other = byKey.get(remote)?.remote;
    if (row === undefined || other === undefined) continue;
    byKey.set(local, { ...row, remote: other });
    settle(remote);
  }
  const problems = twins.clashes.map(({ key, with: other }): Problem => {
    settle(key);
    return {
      path: key,
      side: 'remote',
      code: 'name-twins',
      message: `this disk takes it for the same name as ${other === key ? 'another file' : other}`,
      hint: 'Rename one of them in the bucket.',
    };
  });
  return {
    rows: [...byKey.values()].filter(({ key }) => !gone.has(key)),
    problems,
    otherSpellings: twins.pairs.map(({ remote }) => remote),
  };
}
