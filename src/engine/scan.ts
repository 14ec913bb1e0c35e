import { readAhead } from '../lib/read-ahead.ts';
import type { RemoteRow } from '../sync/entry.ts';
import { createIgnoreRules, type IgnoreRules } from '../sync/ignore.ts';
import { createJoin, type Join, type JoinResult, type LocalItem } from '../sync/join.ts';
import {
  compareKeys,
  type EntryKey,
  isFolderKey,
  isReservedSegment,
  keyPath,
  parseKey,
  type RelPath,
} from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import type { Base } from './ports/base.ts';
import type { Folder, WalkItem } from './ports/folder.ts';
import type { ListedObject, Store } from './ports/store.ts';

/** The other side's version of a `.syncignore` that differs from the one here. */
export interface ExtraRules {
  readonly text: string;
  readonly aloneThere: boolean;
}

export interface ScanOptions {
  readonly distrustStat: boolean;
  /** Rules of the other side where its `.syncignore` differs from the local one, by folder. */
  readonly extraRules: ReadonlyMap<string, ExtraRules>;
  readonly under?: RelPath;
  readonly signal?: AbortSignal;
}

export interface Scan extends JoinResult {
  /** Rows of the base that stand for folders; absent where not everything was looked at. */
  readonly markers?: number;
  readonly problems: readonly Problem[];
  readonly notices: readonly { readonly path: string; readonly message: string }[];
}

// Enough for 100,000 entries: the walk is done when the listing comes in.
const WALK_BATCHES_AHEAD = 64;

/**
 * Looks at both sides and the base, and keeps what is not settled. The listing is collected whole first: it is checked
 * for order, and a page that fails discards all of it.
 *
 * @throws S4Error STORE_* when the listing fails, FOLDER_MISSING when the folder is gone; the signal's reason
 */
export async function scan(
  folder: Folder,
  store: Pick<Store, 'list' | 'prefixBytes'>,
  base: Pick<Base, 'rows'>,
  options: ScanOptions,
): Promise<Scan> {
  const problems: Problem[] = [];
  const notices: { path: string; message: string }[] = [];
  const rules = createIgnoreRules();
  for (const [at, { text, aloneThere }] of options.extraRules) {
    rules.addRules(at, text);
    // Of two versions the absent one counts as empty: what one of them ignores is ignored.
    if (aloneThere) rules.addRules(at, '');
  }
  const join = createJoin({
    isIgnored: (key) => isIgnored(key, rules),
    distrustStat: options.distrustStat,
  });
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const under = options.under === undefined ? {} : { under: options.under };
  const listing = collectListing(store, problems, { ...signal, ...under });
  // An early failure of the walk must not leave the listing's rejection unhandled.
  listing.catch(() => undefined);
  const texts = new Map([...options.extraRules].map(([at, { text }]) => [at, text]));
  const walk = readAhead(folder.walk({ ...signal, ...under, extraRules: texts }), WALK_BATCHES_AHEAD);
  let markers = 0;
  const baseRows = base.rows()[Symbol.asyncIterator]();
  const feed = {
    base: async () => {
      const next = await baseRows.next();
      if (next.done === true) return join.end('base');
      markers += next.value.filter(({ key }) => isFolderKey(key)).length;
      join.pushBase(next.value.filter((row) => isUnder(row.key, options.under)));
    },
    local: async () => {
      const next = await walk.next();
      if (next.done === true) return join.end('local');
      join.pushLocal(takeWalkItems(next.value, rules, problems, notices));
    },
    remote: async () => {
      join.pushRemote((await listing).filter((row) => isUnder(row.key, options.under)));
      join.end('remote');
    },
  };
  await drive(join, feed, options.signal);
  return { ...join.result(), markers, problems, notices };
}

async function drive(
  join: Join,
  feed: Readonly<Record<'base' | 'local' | 'remote', () => Promise<void>>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let side = join.wants(); side !== undefined; side = join.wants()) {
    signal?.throwIfAborted();
    await feed[side]();
  }
}

/** Feeds the rules of a walk, gathers what is to be told, and gives what the join takes. */
export function takeWalkItems(
  items: readonly WalkItem[],
  rules: IgnoreRules,
  problems: Problem[],
  notices: { path: string; message: string }[],
): LocalItem[] {
  const result: LocalItem[] = [];
  for (const item of items) {
    if (item.kind === 'entry') {
      result.push(item);
    } else if (item.kind === 'problem') {
      problems.push(item.problem);
      if (item.path !== undefined) result.push({ kind: 'unknown', path: item.path, subtree: item.subtree });
    } else if (item.kind === 'rules') {
      rules.addRules(item.folder ?? '', item.text);
    } else if (item.kind === 'notice') {
      notices.push({ path: item.path, message: item.message });
    }
  }
  return result;
}

/** A listing, checked for order; keys that no folder can hold are problems. @throws S4Error STORE_* */
export async function collectListing(
  store: Pick<Store, 'list' | 'prefixBytes'>,
  problems: Problem[],
  options: { readonly signal?: AbortSignal; readonly under?: string },
): Promise<readonly RemoteRow[]> {
  const rows: RemoteRow[] = [];
  let sorted = true;
  for await (const page of store.list(options)) {
    for (const object of page) {
      const row = remoteRow(object, store.prefixBytes, problems);
      if (row === undefined) continue;
      const last = rows[rows.length - 1];
      if (last !== undefined && compareKeys(last.key, row.key) >= 0) sorted = false;
      rows.push(row);
    }
  }
  return sorted ? rows : withoutRepeats(rows.sort((a, b) => compareKeys(a.key, b.key)));
}

/** A service may show a key twice when it is written while the listing goes on; the later look is the newer one. */
function withoutRepeats(rows: readonly RemoteRow[]): RemoteRow[] {
  return rows.filter((row, i) => rows[i + 1]?.key !== row.key);
}

function remoteRow(object: ListedObject, prefixBytes: number, problems: Problem[]): RemoteRow | undefined {
  const parsed = parseKey(object.key, prefixBytes);
  if (!parsed.ok) {
    // s4's own objects, and the object some tools leave for the prefix itself.
    if (object.key === '' || isReservedSegment(object.key.split('/', 1)[0] ?? '')) return undefined;
    problems.push({
      path: object.key,
      side: 'remote',
      code: 'bad-key',
      message: `no folder can hold a file of this name (${parsed.fault})`,
      hint: 'Rename the object in the bucket.',
    });
    return undefined;
  }
  return { key: parsed.key, token: object.token, ...(object.archived && { archived: true }) };
}

export function isIgnored(key: EntryKey, rules: IgnoreRules): boolean {
  return !rules.empty && rules.ignores(keyPath(key), isFolderKey(key));
}

function isUnder(key: EntryKey, under: RelPath | undefined): boolean {
  return under === undefined || keyPath(key) === under || key.startsWith(`${under}/`);
}
