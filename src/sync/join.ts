import type { BaseRow, LocalRow, RemoteRow } from './entry.ts';
import { sameFingerprint } from './entry.ts';
import { compareKeys, type EntryKey, isFolderKey, type RelPath } from './path.ts';
import { sameRemoteToken } from './token.ts';

/** One key that is not settled: what each side says of it. At least one of the three is present. */
export interface JoinedRow {
  readonly key: EntryKey;
  readonly base?: BaseRow;
  readonly local?: LocalRow;
  readonly remote?: RemoteRow;
  /** For a folder key: which sides hold something below it. For a file key: where it clashes with a folder. */
  readonly beneath: Presence;
  /** The row of a file key that is a folder of this one's path, on some side: S3 allows `a` beside `a/b`. */
  readonly under?: JoinedRow;
}

export interface Presence {
  base: boolean;
  local: boolean;
  remote: boolean;
  /** Below a file key: something there is equal on all sides, and so has no row of its own. */
  settled: boolean;
}

/** What the local stream carries: rows, and places where nothing is known. */
export type LocalItem =
  | { readonly kind: 'entry'; readonly row: LocalRow }
  | { readonly kind: 'unknown'; readonly path: RelPath; readonly subtree: boolean };

export interface JoinOptions {
  /** Judges a key by the ignore rules known so far; those of its folders always are. */
  readonly isIgnored: (key: EntryKey) => boolean;
  /** Report every file of the base, whatever its stat says (`--checksum`). */
  readonly distrustStat: boolean;
}

export interface JoinResult {
  readonly rows: readonly JoinedRow[];
  /** In the base, and excluded by the rules now. */
  readonly nowIgnored: readonly JoinedRow[];
  readonly counts: {
    readonly baseFiles: number;
    readonly localFiles: number;
    readonly remoteFiles: number;
  };
}

type Side = 'base' | 'local' | 'remote';

interface Queue<T> {
  items: T[];
  at: number;
  ended: boolean;
}

/**
 * Merge-joins three streams in `compareKeys` order. Push batches as they come; what is equal on all sides is dropped
 * at once, so that memory grows with the changes.
 */
export interface Join {
  pushBase(rows: readonly BaseRow[]): void;
  pushLocal(items: readonly LocalItem[]): void;
  pushRemote(rows: readonly RemoteRow[]): void;
  end(side: Side): void;
  /** The side that must deliver before the join can go on; undefined when all have ended. */
  wants(): Side | undefined;
  result(): JoinResult;
}

export function createJoin(options: JoinOptions): Join {
  const base: Queue<BaseRow> = { items: [], at: 0, ended: false };
  const local: Queue<LocalItem> = { items: [], at: 0, ended: false };
  const remote: Queue<RemoteRow> = { items: [], at: 0, ended: false };
  const rows: JoinedRow[] = [];
  const nowIgnored: JoinedRow[] = [];
  const counts = { baseFiles: 0, localFiles: 0, remoteFiles: 0 };
  // Files whose key is a prefix of the current one: the only ones that can still turn out to be a folder as well.
  const files: { row: JoinedRow; settled: boolean; children: boolean }[] = [];
  // Places of which the walk could say nothing.
  const unknown: { path: string; subtree: boolean }[] = [];

  // One item of look-ahead tells whether a folder has children, so a side must hold two, or have ended.
  const starved = (queue: Queue<unknown>): boolean => !queue.ended && queue.items.length - queue.at < 2;

  function step(): boolean {
    if (starved(base) || starved(local) || starved(remote)) return false;
    const unknownHead = peekUnknown(local);
    const key = leastKey(head(base)?.key, localKey(head(local)), head(remote)?.key);
    if (key === undefined) return false;
    if (unknownHead !== undefined && localKey(unknownHead) === key) {
      local.at++;
      unknown.push({ path: unknownHead.path, subtree: unknownHead.subtree });
      return true;
    }
    take(key);
    return true;
  }

  function take(key: EntryKey): void {
    const b = head(base)?.key === key ? base.items[base.at++] : undefined;
    const localHead = head(local);
    const l = localHead?.kind === 'entry' && localHead.row.key === key ? localHead.row : undefined;
    if (l !== undefined) local.at++;
    const r = head(remote)?.key === key ? remote.items[remote.at++] : undefined;
    const folder = isFolderKey(key);
    popPassed(key);
    if (options.isIgnored(key)) {
      if (b !== undefined) nowIgnored.push(makeRow(key, b, l, r, noPresence()));
      return;
    }
    if (b !== undefined && !folder) counts.baseFiles++;
    if (l !== undefined && !folder) counts.localFiles++;
    if (r !== undefined && !folder) counts.remoteFiles++;
    if (isUnknown(key)) return;
    const under = noteAncestors(key, b, l, r);
    const beneath = folder ? impliedBy(key) : noPresence();
    const row = makeRow(key, b, l, r, beneath, under);
    const settled = isSettled(row, options.distrustStat);
    if (settled) noteSettled(key);
    if (folder) {
      if (!settled) rows.push(row);
    } else {
      files.push({ row, settled, children: false });
    }
  }

  function impliedBy(key: EntryKey): Presence {
    return {
      base: head(base)?.key.startsWith(key) ?? false,
      local: localKey(head(local))?.startsWith(key) ?? false,
      remote: head(remote)?.key.startsWith(key) ?? false,
      settled: false,
    };
  }

  function noteAncestors(key: EntryKey, b?: BaseRow, l?: LocalRow, r?: RemoteRow): JoinedRow | undefined {
    let nearest: JoinedRow | undefined;
    for (const file of files) {
      if (!key.startsWith(`${file.row.key}/`)) continue;
      file.children = true;
      file.row.beneath.base ||= b !== undefined;
      file.row.beneath.local ||= l !== undefined;
      file.row.beneath.remote ||= r !== undefined;
      nearest = file.row;
    }
    return nearest;
  }

  function noteSettled(key: EntryKey): void {
    for (const file of files) {
      if (key.startsWith(`${file.row.key}/`)) file.row.beneath.settled = true;
    }
  }

  // A file leaves the stack when no later key can begin with its own: it is reported unless it was settled and alone.
  function popPassed(key: EntryKey | undefined): void {
    while (files.length > 0) {
      const top = files[files.length - 1];
      if (top === undefined || key?.startsWith(top.row.key)) return;
      files.pop();
      if (!top.settled || top.children) rows.push(top.row);
    }
  }

  function isUnknown(key: EntryKey): boolean {
    while (unknown.length > 0) {
      const top = unknown[unknown.length - 1];
      if (top === undefined || key.startsWith(top.path)) break;
      unknown.pop();
    }
    return unknown.some(({ path, subtree }) => key === path || (subtree && key.startsWith(`${path}/`)));
  }

  return {
    pushBase: (batch) => push(base, batch),
    pushLocal: (batch) => push(local, batch),
    pushRemote: (batch) => push(remote, batch),
    end: (side) => {
      ({ base, local, remote })[side].ended = true;
    },
    wants: () => {
      while (step());
      if (starved(base)) return 'base';
      if (starved(local)) return 'local';
      if (starved(remote)) return 'remote';
      popPassed(undefined);
      return undefined;
    },
    result: () => ({
      rows: rows.sort((a, b) => compareKeys(a.key, b.key)),
      nowIgnored,
      counts,
    }),
  };
}

function push<T>(queue: Queue<T>, batch: readonly T[]): void {
  queue.items = queue.at === queue.items.length ? [...batch] : [...queue.items.slice(queue.at), ...batch];
  queue.at = 0;
}

function head<T>(queue: Queue<T>): T | undefined {
  return queue.items[queue.at];
}

function localKey(item: LocalItem | undefined): EntryKey | undefined {
  if (item === undefined) return undefined;
  return item.kind === 'entry' ? item.row.key : (item.path as string as EntryKey);
}

function peekUnknown(queue: Queue<LocalItem>): (LocalItem & { kind: 'unknown' }) | undefined {
  const item = head(queue);
  return item?.kind === 'unknown' ? item : undefined;
}

function leastKey(...keys: readonly (EntryKey | undefined)[]): EntryKey | undefined {
  let least: EntryKey | undefined;
  for (const key of keys) {
    if (key !== undefined && (least === undefined || compareKeys(key, least) < 0)) least = key;
  }
  return least;
}

function noPresence(): Presence {
  return { base: false, local: false, remote: false, settled: false };
}

function makeRow(
  key: EntryKey,
  base: BaseRow | undefined,
  local: LocalRow | undefined,
  remote: RemoteRow | undefined,
  beneath: Presence,
  under?: JoinedRow,
): JoinedRow {
  return {
    key,
    ...(base && { base }),
    ...(local && { local }),
    ...(remote && { remote }),
    beneath,
    ...(under && { under }),
  };
}

/** Nothing to look at: both sides still are what they were when they were equal. */
function isSettled(row: JoinedRow, distrustStat: boolean): boolean {
  const { base, local, remote, beneath } = row;
  if (isFolderKey(row.key)) {
    // A marker that nobody recorded, of a folder that is there and has children, is another tool's: it stays.
    if (local === undefined && base === undefined) return beneath.local && beneath.remote;
    return base !== undefined && local !== undefined && remote !== undefined;
  }
  if (base === undefined || local === undefined || remote === undefined) return false;
  return !distrustStat && isLocalSettled(base, local) && sameRemoteToken(base.remote, remote.token);
}

function isLocalSettled(base: BaseRow, local: LocalRow): boolean {
  if (local.kind === 'folder' || base.content.kind !== local.kind || base.local === undefined) return false;
  if (base.racy === true || !sameFingerprint(base.local, local.fingerprint)) return false;
  return (
    local.kind === 'symlink' || (base.content.kind === 'file' && base.content.executable === local.executable)
  );
}
