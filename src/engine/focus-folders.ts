import type { LocalRow, RemoteRow } from '../sync/entry.ts';
import { isUnder } from '../sync/focus-paths.ts';
import type { JoinedRow } from '../sync/join.ts';
import { compareKeys, fileKey, folderKey, parentPath, type RelPath } from '../sync/path.ts';
import { askFolder } from './ask-store.ts';
import type { Base } from './ports/base.ts';
import type { Folder } from './ports/folder.ts';
import type { Store } from './ports/store.ts';

export interface FolderDeps {
  readonly base: Base;
  readonly folder: Folder;
  readonly store: Store;
  /** Awaited before the store is asked. */
  readonly storeIsOurs: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/** What was seen of the focus: enough to tell which folders above it need a row. */
export interface SeenPaths {
  /** The outermost paths of the focus. */
  readonly regions: readonly RelPath[];
  /** Regions in which something is here. */
  readonly present: ReadonlySet<RelPath>;
  /** What the store was asked about. */
  readonly asked: readonly RelPath[];
  /** Of these, what it does not have. */
  readonly goneThere: readonly RelPath[];
}

/**
 * Rows of the folders above the focus: those that have a marker, and those that lost what was in them. They lie outside
 * the focus, so what is beneath them is found out here. Undefined where a folder above is a file, here or in the base:
 * then only a whole look can judge.
 *
 * @throws S4Error STORE_*
 */
export async function foldersAbove(
  seen: SeenPaths,
  deps: FolderDeps,
): Promise<readonly JoinedRow[] | undefined> {
  const rows: JoinedRow[] = [];
  const found = await findAbove(seen, deps.folder);
  if (found === undefined) return undefined;
  for (const [path, local] of [...found].sort(([a], [b]) => compareKeys(a, b))) {
    if ((await deps.base.get(fileKey(path))) !== undefined) return undefined;
    const row = await rowAbove(path, local, seen, deps);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

/** `holds`: something of the focus is in it. `lost`: it is there, and may be empty now. */
type Above = 'holds' | 'lost' | 'absent';

async function findAbove(
  { regions, present }: SeenPaths,
  folder: Folder,
): Promise<ReadonlyMap<RelPath, Above> | undefined> {
  const found = new Map<RelPath, Above>();
  for (const region of regions) {
    let holds = present.has(region);
    for (let path = parentPath(region); path !== undefined; path = parentPath(path)) {
      const known = found.get(path);
      // Whoever came by here before went on to the top.
      if (known === 'holds' || (!holds && known === 'lost')) break;
      if (holds) {
        found.set(path, 'holds');
        continue;
      }
      const stat = known === 'absent' ? undefined : await folder.stat(path);
      if (stat !== undefined && stat.kind !== 'folder') return undefined;
      found.set(path, stat === undefined ? 'absent' : 'lost');
      holds = stat !== undefined;
    }
  }
  return found;
}

async function rowAbove(
  path: RelPath,
  above: Above,
  seen: SeenPaths,
  deps: FolderDeps,
): Promise<JoinedRow | undefined> {
  const key = folderKey(path);
  const base = await deps.base.get(key);
  const isAsked = seen.asked.some((asked) => isUnder(asked, path));
  const below = await baseBelow(path, seen, deps.base);
  const local = above === 'lost' ? await lookInside(path, deps) : { kind: above };
  if (local.kind === 'unknown') return undefined;
  const emptied = below === 'focus-only' && seen.goneThere.some((gone) => isUnder(gone, path));
  if (base === undefined && local.kind !== 'empty' && !emptied) return undefined;
  const remote = isAsked
    ? await ask(path, deps)
    : { marker: base && { key, token: base.remote }, children: below !== 'none' };
  return {
    key,
    ...(base && { base }),
    ...(local.kind === 'empty' && { local: local.row }),
    ...(remote.marker && { remote: remote.marker }),
    beneath: {
      base: below !== 'none',
      local: local.kind === 'holds',
      remote: remote.children,
      settled: false,
    },
  };
}

async function ask(
  path: RelPath,
  deps: FolderDeps,
): Promise<{ readonly marker: RemoteRow | undefined; readonly children: boolean }> {
  await deps.storeIsOurs();
  return askFolder(path, deps);
}

/** What the base has below a folder: nothing, only what the focus covers, or more. */
async function baseBelow(
  path: RelPath,
  { regions }: SeenPaths,
  base: Base,
): Promise<'none' | 'focus-only' | 'more'> {
  const own = folderKey(path);
  let result: 'none' | 'focus-only' = 'none';
  for await (const batch of base.under(path)) {
    for (const { key } of batch) {
      if (key === own) continue;
      if (!regions.some((region) => isUnder(key, region))) return 'more';
      result = 'focus-only';
    }
  }
  return result;
}

type Inside =
  | { readonly kind: 'holds' }
  | { readonly kind: 'empty'; readonly row: LocalRow }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown' };

/** Whether anything that is synced is in a folder: walks until it is known. */
async function lookInside(path: RelPath, { folder, signal }: FolderDeps): Promise<Inside> {
  const key = folderKey(path);
  for await (const items of folder.walk({ under: path, ...(signal && { signal }) })) {
    for (const item of items) {
      if (item.kind === 'entry')
        return item.row.key === key ? { kind: 'empty', row: item.row } : { kind: 'holds' };
      if (item.kind === 'problem' && item.path !== undefined && isUnder(path, item.path))
        return { kind: 'unknown' };
    }
  }
  return { kind: 'absent' };
}
