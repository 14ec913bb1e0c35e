import type { BaseRow, RemoteRow } from '../sync/entry.ts';
import { hasSpellings, isUnder, outermost } from '../sync/focus-paths.ts';
import { createIgnoreRules, IGNORE_FILE } from '../sync/ignore.ts';
import { createJoin, type JoinedRow, type JoinResult, type LocalItem } from '../sync/join.ts';
import {
  baseName,
  compareKeys,
  type EntryKey,
  fileKey,
  isFolderKey,
  keyPath,
  type RelPath,
} from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import { askStore, type Question } from './ask-store.ts';
import { type FolderDeps, foldersAbove } from './focus-folders.ts';
import type { Focus } from './live-target.ts';
import { isIgnored, type Scan, takeWalkItems } from './scan.ts';

export interface FocusOptions {
  /** Everything in the focus is asked about: what was taken for granted turned out otherwise. */
  readonly askAll: boolean;
  /** Rows of the base that stand for folders, as counted at the last whole look. */
  readonly markers: number;
}

// A request for one key costs a twelfth of a listing's page of 1,000, and many are asked at once.
const ASKED_FREE = 100;
const PAGE_ROWS = 1000;
const ASKED_PER_PAGE = 10;
// Looking at a path by itself costs what looking at some tens of them in a walk does.
const PATHS_FREE = 2000;
const PATHS_SHARE = 0.1;
/** More missing files than this, and one listing of their folder tells cheaper what the store has of them. */
const MISSING_APART = 3;
/** With fewer files left on a side the guards must know exactly, and looking at everything is cheap. */
const FEW_FILES = 10;

/** Everything that the focus has on three sides, collected before it is joined. */
interface Seen {
  readonly regions: readonly RelPath[];
  /** All that was named: also what lies in a region of another. */
  readonly named: readonly RelPath[];
  readonly base: readonly BaseRow[];
  readonly local: readonly LocalItem[];
  readonly present: ReadonlySet<RelPath>;
  readonly ignored: (key: EntryKey) => boolean;
  readonly problems: Problem[];
  readonly notices: Scan['notices'];
}

/**
 * Looks at the paths of a focus as `scan` looks at everything, with the same join. What the store was not asked about is
 * taken for what the base says of it: whoever writes there is bound to that state, and looks again when it is refused.
 * A deletion is asked about first (H6).
 *
 * @returns undefined where this is not enough to judge, or no cheaper than a look at everything
 * @throws S4Error STORE_*, FOLDER_MISSING; the signal's reason
 */
export async function scanFocus(
  focus: Focus,
  deps: FolderDeps,
  options: FocusOptions,
): Promise<Scan | undefined> {
  const named = [...focus.local, ...focus.remote];
  const regions = outermost(named);
  if (regions.some((path) => baseName(path) === IGNORE_FILE)) return undefined;
  let asked = outermost(options.askAll ? regions : focus.remote);
  const { size } = deps.base;
  const mostAsked = ASKED_FREE + (ASKED_PER_PAGE * size) / PAGE_ROWS;
  if (asked.length > mostAsked) return undefined;
  if (regions.length > PATHS_FREE + PATHS_SHARE * size) return undefined;
  const seen = { ...(await collect(regions, deps)), named };
  let joined = await joinWith(seen, asked, deps);
  const doubtful = options.askAll ? [] : missing(joined, seen, asked);
  if (doubtful.length > 0) {
    asked = outermost([...asked, ...doubtful]);
    if (asked.length > mostAsked) return undefined;
    joined = await joinWith(seen, asked, deps);
  }
  if (joined.rows.length === 0 && asked.length === 0 && seen.present.size === seen.regions.length)
    return {
      ...joined,
      counts: countsOf(joined, seen, deps, options),
      problems: seen.problems,
      notices: seen.notices,
    };
  const above = await foldersAbove(
    { regions, present: seen.present, asked, goneThere: joined.goneThere },
    deps,
  );
  if (above === undefined || (await needsWhole(joined, deps))) return undefined;
  const counts = countsOf(joined, seen, deps, options);
  if (isNearlyEmpty(joined, counts)) return undefined;
  const known = above.filter(({ key }) => !isUnknown(keyPath(key), seen));
  const rows = [...joined.rows, ...known].sort((a, b) => compareKeys(a.key, b.key));
  return { ...joined, rows, counts, problems: seen.problems, notices: seen.notices };
}

async function collect(
  regions: readonly RelPath[],
  { base, folder, signal }: FolderDeps,
): Promise<Omit<Seen, 'named'>> {
  const problems: Problem[] = [];
  const notices = new Map<string, Scan['notices'][number]>();
  const rules = createIgnoreRules();
  const local = new Map<string, LocalItem>();
  const rows: BaseRow[] = [];
  const present = new Set<RelPath>();
  for (const region of regions) {
    const own = await base.get(fileKey(region));
    if (own !== undefined) rows.push(own);
    for await (const batch of base.under(region)) rows.push(...batch);
    for await (const items of folder.walk({ under: region, ...(signal && { signal }) })) {
      const told: { path: string; message: string }[] = [];
      for (const item of takeWalkItems(items, rules, problems, told)) {
        local.set(itemKey(item), item);
        if (isUnder(itemKey(item), region) || item.kind === 'unknown') present.add(region);
      }
      for (const notice of told) notices.set(`${notice.path}\0${notice.message}`, notice);
      // What is not synced holds its folder all the same.
      if (items.some((item) => item.kind === 'ignored' || item.kind === 'notice')) present.add(region);
    }
  }
  return {
    regions,
    base: rows.sort((a, b) => compareKeys(a.key, b.key)),
    local: [...local.values()].sort((a, b) => compareKeys(itemKey(a), itemKey(b))),
    present,
    ignored: (key) => isIgnored(key, rules),
    problems,
    notices: [...notices.values()],
  };
}

/** As the join does for what is in the focus: of a place that could not be read nothing is judged. */
function isUnknown(path: RelPath, { local }: Seen): boolean {
  return local.some((item) => item.kind === 'unknown' && isUnder(path, item.path));
}

function itemKey(item: LocalItem): string {
  return item.kind === 'entry' ? item.row.key : item.path;
}

interface Joined extends JoinResult {
  /** Of what the store was asked about, what it does not have. */
  readonly goneThere: readonly RelPath[];
}

async function joinWith(seen: Seen, asked: readonly RelPath[], deps: FolderDeps): Promise<Joined> {
  const covers = (key: EntryKey): boolean => asked.some((path) => isUnder(keyPath(key), path));
  const assumed = seen.base.flatMap(({ key, remote }) => (covers(key) ? [] : [{ key, token: remote }]));
  const remote: RemoteRow[] = [...assumed];
  if (asked.length > 0) {
    await deps.storeIsOurs();
    const questions = asked.map((path) => questionOf(path, seen));
    remote.push(...(await askStore(questions, deps, seen.problems)));
    remote.sort((a, b) => compareKeys(a.key, b.key));
  }
  const join = createJoin({ isIgnored: seen.ignored, distrustStat: false });
  join.pushBase(seen.base);
  join.pushLocal(seen.local);
  join.pushRemote(remote);
  for (const side of ['base', 'local', 'remote'] as const) join.end(side);
  join.wants();
  const found = new Set(remote.map(({ key }) => key));
  const goneThere = asked.filter((path) => !found.has(fileKey(path)));
  return { ...join.result(), goneThere };
}

function questionOf(path: RelPath, { named, base, local }: Seen): Question {
  const isBelow = (key: string): boolean => key.startsWith(`${path}/`);
  const below =
    named.some(isBelow) ||
    base.some(({ key }) => isBelow(key)) ||
    local.some((item) => isBelow(itemKey(item)));
  return { path, below };
}

/** Files that are gone here: whether the store still has what the base knows is asked before they are deleted there. */
function missing({ rows }: JoinResult, { regions }: Seen, asked: readonly RelPath[]): readonly RelPath[] {
  const gone = rows.filter(
    ({ key, base, local, remote }) => base && !local && remote && !asked.some((path) => isUnder(key, path)),
  );
  return regions.flatMap((region) => {
    const inside = gone.filter(({ key }) => isUnder(keyPath(key), region)).map(({ key }) => keyPath(key));
    return inside.length > MISSING_APART ? [region] : inside;
  });
}

/** What only a look at everything can judge: rules, a file and a folder of one name, other spellings of a name. */
async function needsWhole({ rows }: JoinResult, { folder }: FolderDeps): Promise<boolean> {
  for (const { key, base, local, remote, beneath } of rows) {
    if (baseName(keyPath(key)) === IGNORE_FILE) return true;
    if (!isFolderKey(key) && (beneath.base || beneath.local || beneath.remote)) return true;
    const spelled = folder.foldsCase || hasSpellings(key);
    if (!spelled || local?.kind === 'folder') continue;
    if (base !== undefined && remote === undefined) return true;
    if (base !== undefined || local !== undefined) continue;
    if (hasSpellings(key) || (await folder.stat(keyPath(key))) !== undefined) return true;
  }
  return false;
}

/** What is outside the focus is where it was: on both sides what the base says. */
function countsOf(
  joined: JoinResult,
  { base }: Seen,
  deps: FolderDeps,
  options: FocusOptions,
): JoinResult['counts'] {
  const inFocus = base.filter(({ key }) => !isFolderKey(key)).length;
  const baseFiles = Math.max(deps.base.size - options.markers, inFocus);
  const outside = baseFiles - inFocus;
  return {
    baseFiles,
    localFiles: outside + joined.counts.localFiles,
    remoteFiles: outside + joined.counts.remoteFiles,
  };
}

function isNearlyEmpty({ rows }: JoinResult, counts: JoinResult['counts']): boolean {
  const isGone = (row: JoinedRow): boolean =>
    row.base !== undefined && !isFolderKey(row.key) && (row.local === undefined || row.remote === undefined);
  return Math.min(counts.localFiles, counts.remoteFiles) < FEW_FILES && rows.some(isGone);
}
