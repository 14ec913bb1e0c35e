import type { JournalEntry } from '../../formats/journal-codec.ts';
import { assertNever } from '../../lib/assert-never.ts';
import type { BaseRow } from '../../sync/entry.ts';
import type { EntryKey } from '../../sync/path.ts';
import type { BaseChange, Intent, LogCursor, PendingIntent, RecentDeletions } from '../ports/base.ts';

/** What the journal adds to the index, in memory. */
export interface BaseMemory {
  /** Newest state of each key that differs from the index; undefined: dropped. */
  readonly overlay: Map<EntryKey, BaseRow | undefined>;
  /** Open intents in the order of their beginning. */
  readonly open: Map<number, Intent>;
  /** Deletions since the index was written; its own are in its header. */
  deletions: readonly RecentDeletions[];
  cursor: LogCursor;
  /** Something was recorded that no index holds. */
  dirty: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;
// Bursts of one minute are counted together, so that a day of them stays a short list.
const MINUTE_MS = 60 * 1000;

/** @param client - cursors of another client are not ours to continue */
export function applyEntry(memory: BaseMemory, entry: JournalEntry, client: string): void {
  switch (entry.kind) {
    case 'open':
      return;
    case 'begin':
      memory.open.set(entry.id, entry.intent);
      return;
    case 'record':
      for (const change of entry.changes) applyChange(memory.overlay, change);
      for (const id of entry.finished) memory.open.delete(id);
      if (entry.deletions !== undefined) memory.deletions = addDeletions(memory.deletions, entry.deletions);
      if (entry.cursor?.client === client) memory.cursor = entry.cursor.at;
      memory.dirty = true;
      return;
    default:
      assertNever(entry);
  }
}

function applyChange(overlay: Map<EntryKey, BaseRow | undefined>, change: BaseChange): void {
  if (change.kind === 'set') overlay.set(change.row.key, change.row);
  else overlay.set(change.key, undefined);
}

/** Drops what is older than a day before the newest: guards look no further back. */
export function addDeletions(
  deletions: readonly RecentDeletions[],
  added: RecentDeletions,
): readonly RecentDeletions[] {
  const newestMs = deletions.reduce((newest, { atMs }) => Math.max(newest, atMs), added.atMs);
  const recent = deletions.filter(({ atMs }) => newestMs - atMs <= DAY_MS);
  const last = recent.at(-1);
  const joins = last !== undefined && last.side === added.side && sameMinute(last, added);
  return joins ? [...recent.slice(0, -1), { ...last, count: last.count + added.count }] : [...recent, added];
}

function sameMinute(a: RecentDeletions, b: RecentDeletions): boolean {
  return Math.floor(a.atMs / MINUTE_MS) === Math.floor(b.atMs / MINUTE_MS);
}

export function openIntents(memory: BaseMemory): readonly PendingIntent[] {
  return Array.from(memory.open, ([id, intent]) => ({ id, intent }));
}

/** The lines that lead from the index to this memory. */
export function snapshotEntries(memory: BaseMemory, client: string): readonly JournalEntry[] {
  const changes = Array.from(
    memory.overlay,
    ([key, row]): BaseChange => (row === undefined ? { kind: 'drop', key } : { kind: 'set', row }),
  );
  const record = (part: Partial<Extract<JournalEntry, { kind: 'record' }>>): JournalEntry => ({
    kind: 'record',
    changes: [],
    finished: [],
    ...part,
  });
  return [
    ...openIntents(memory).map(({ id, intent }): JournalEntry => ({ kind: 'begin', id, intent })),
    ...changes.map((change) => record({ changes: [change] })),
    ...memory.deletions.map((deletions) => record({ deletions })),
    ...(memory.dirty ? [record({ cursor: { client, at: memory.cursor } })] : []),
  ];
}
