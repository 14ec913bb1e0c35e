import type { JournalEntry } from '../../formats/journal-codec.ts';
import { S4Error } from '../../lib/errors.ts';
import type { BaseRow } from '../../sync/entry.ts';
import { compareKeys, type EntryKey, folderKey, isFolderKey, type RelPath } from '../../sync/path.ts';
import type { Base, BaseChange, Intent } from '../ports/base.ts';
import type { StateFiles } from '../ports/folder.ts';
import { addDeletions, applyEntry, type BaseMemory, openIntents, snapshotEntries } from './base-memory.ts';
import { foldIndex } from './fold-index.ts';
import {
  holdsKey,
  INDEX,
  type IndexFile,
  loadIndex,
  memberPosition,
  PREVIOUS_INDEX,
  readMemberRows,
} from './index-file.ts';
import { createJournal, type JournalControl } from './journal.ts';
import { createKeyPresence } from './key-presence.ts';
import { lowerBound, mergeRows, type OverlayEntry, sortOverlay } from './merge-rows.ts';

/** Why a base is not simply sound, for a notice to people. */
export type DoubtReason =
  | 'never-synced'
  | 'index-gone'
  | 'index-corrupt'
  | 'previous-index'
  | 'other-target'
  | 'other-client'
  | 'marker-moved'
  | 'older-than-journal';

/** A base, and why it was not sound when it was opened. */
export type OpenedBase = Base & { readonly doubt: DoubtReason | undefined };

/** What opening found; `createBase` goes on from it. */
export interface BaseStart {
  readonly targetId: string;
  readonly clientId: string;
  readonly mode: 'read' | 'write';
  readonly trust: Base['trust'];
  readonly doubt: DoubtReason | undefined;
  readonly index: IndexFile | undefined;
  readonly memory: BaseMemory;
  readonly size: number;
  readonly nextId: number;
  readonly generation: number;
  /** `sound`: the journal file continues the index, and ends in a whole line. */
  readonly journal: { readonly sizeBytes: number; readonly sound: boolean };
}

const MARKER = 'target.json';
const FOLD_FROM_BYTES = 64 * 1024;
const FOLD_SHARE = 0.1;

export function createBase(state: StateFiles, start: BaseStart): OpenedBase {
  const { clientId, memory } = start;
  let { trust, index, generation, nextId } = start;
  // While the rows are mere evidence: what this session found to be so.
  let confirmed = trust === 'evidence' ? new Set<EntryKey>() : undefined;
  let { size } = start;
  let foldersGained = 0;
  let sorted: readonly OverlayEntry[] | undefined;
  let broken: unknown;
  let recent:
    | { readonly file: IndexFile; readonly position: number; readonly rows: readonly BaseRow[] }
    | undefined;

  const journal = createJournal(state, { ...start.journal, generation }, () =>
    snapshotEntries(memory, clientId),
  );

  async function rowsAt(file: IndexFile, position: number): Promise<readonly BaseRow[]> {
    if (recent?.file === file && recent.position === position) return recent.rows;
    const rows = await readMemberRows(state, file, position);
    recent = { file, position, rows };
    return rows;
  }

  /** Reads the member that may hold the key, unless it was read before. */
  async function learn(key: EntryKey): Promise<void> {
    if (index !== undefined && !memory.overlay.has(key)) await holdsKey(state, index, key);
  }

  function holds(key: EntryKey): boolean {
    if (memory.overlay.has(key)) return memory.overlay.get(key) !== undefined;
    return index?.presence.has(memberPosition(index.members, key), key) === true;
  }

  function applyRecord(entry: Extract<JournalEntry, { kind: 'record' }>): void {
    for (const change of entry.changes) {
      const key = changedKey(change);
      const gained = (change.kind === 'set' ? 1 : 0) - (holds(key) ? 1 : 0);
      size += gained;
      if (isFolderKey(key)) foldersGained += gained;
      confirmed?.add(key);
      applyEntry(memory, { kind: 'record', changes: [change], finished: [] }, clientId);
    }
    applyEntry(memory, { ...entry, changes: [] }, clientId);
    sorted = undefined;
  }

  function overlay(): readonly OverlayEntry[] {
    sorted ??= sortOverlay(memory.overlay);
    return sorted;
  }

  function recentDeletions(): Base['recentDeletions'] {
    return memory.deletions.reduce(addDeletions, index?.header.recentDeletions ?? []);
  }

  async function* rows(
    file: IndexFile | undefined,
    overlay: readonly OverlayEntry[],
  ): AsyncIterable<readonly BaseRow[]> {
    const members = file?.members ?? [];
    let from = 0;
    for (let position = 0; file !== undefined && position < members.length; position++) {
      const next = members[position + 1];
      const to = next === undefined ? overlay.length : lowerBound(overlay, next.first);
      const batch = mergeRows(await readMemberRows(state, file, position), overlay.slice(from, to));
      from = to;
      if (batch.length > 0) yield batch;
    }
    const rest = mergeRows([], overlay.slice(from));
    if (rest.length > 0) yield rest;
  }

  async function* under(path: RelPath): AsyncIterable<readonly BaseRow[]> {
    const file = index;
    const changed = overlay();
    // Nothing sorts between the slash and the next character, the digit 0.
    const [first, end] = [folderKey(path), `${path}0` as EntryKey];
    let from = lowerBound(changed, first);
    const to = lowerBound(changed, end);
    const members = file?.members ?? [];
    const start = Math.max(0, memberPosition(members, first));
    for (let position = start; file !== undefined && position < members.length; position++) {
      const [member, next] = [members[position], members[position + 1]];
      if (member === undefined || compareKeys(member.first, end) >= 0) break;
      const inside = (await rowsAt(file, position)).filter(({ key }) => key.startsWith(first));
      const upTo = next === undefined ? to : Math.min(to, lowerBound(changed, next.first));
      const batch = mergeRows(inside, changed.slice(from, upTo));
      from = Math.max(from, upTo);
      if (batch.length > 0) yield batch;
    }
    const rest = mergeRows([], changed.slice(from, to));
    if (rest.length > 0) yield rest;
  }

  async function fold(control: JournalControl): Promise<void> {
    // Evidence that nothing confirmed is left behind: a row that was never checked must not claim agreement (H3).
    const old = confirmed === undefined ? index : undefined;
    const keep = confirmed;
    const overlay = sortOverlay(memory.overlay).filter(({ key }) => keep?.has(key) !== false);
    const marker = await state.identity(MARKER);
    const header = {
      target: start.targetId,
      client: clientId,
      generation: generation + 1,
      ...(marker === undefined ? {} : { marker }),
      rows: confirmed === undefined ? size : overlay.filter(({ row }) => row !== undefined).length,
      recentDeletions: recentDeletions(),
      cursor: memory.cursor,
    };
    const folded = foldIndex(state, old, overlay, header);
    // An index that turned out unusable is no successor of the previous one, which then stays.
    const keepAs = index?.name === PREVIOUS_INDEX ? {} : { keepAs: PREVIOUS_INDEX };
    // The index must not know of results whose intents power loss would still show as open.
    await control.flush();
    await replaceIndex(folded.chunks, header.generation, keepAs);
    // A crash here leaves a journal of the generation before: its changes are in the index, its intents still count.
    const { members } = folded;
    const rowCount = members.reduce((sum, member) => sum + member.rows, 0);
    const presence = createKeyPresence();
    index = { name: INDEX, header, members, rows: rowCount, sizeBytes: folded.sizeBytes(), presence };
    generation = header.generation;
    memory.overlay.clear();
    sorted = undefined;
    memory.deletions = [];
    memory.dirty = false;
    size = rowCount;
    confirmed = undefined;
    trust = 'sound';
    await control.restart(generation);
  }

  /** A failed replacement may have happened all the same; appending to the journal of the wrong index would lose it. */
  async function replaceIndex(
    chunks: AsyncIterable<Uint8Array>,
    wanted: number,
    keepAs: { readonly keepAs?: string },
  ): Promise<void> {
    try {
      await state.replace(INDEX, chunks, keepAs);
    } catch (cause) {
      broken = cause;
      const now = await loadIndex(state, INDEX);
      broken = undefined;
      if (now.kind !== 'loaded' || now.file.header.generation !== wanted) throw cause;
    }
  }

  function foldIsDue(force: boolean): boolean {
    if (!force && trust === 'evidence') return false;
    if (trust === 'sound' && !memory.dirty) return false;
    return force || journal.sizeBytes > Math.max(FOLD_FROM_BYTES, FOLD_SHARE * (index?.sizeBytes ?? 0));
  }

  function mustWrite(): void {
    if (start.mode === 'read') throw new Error('this base was opened for reading');
    if (broken !== undefined)
      throw new S4Error('LOCAL_FAILED', 'the index could not be replaced', { cause: broken });
  }

  return {
    doubt: start.doubt,
    get trust() {
      return trust;
    },
    get size() {
      return size;
    },
    get pending() {
      return openIntents(memory);
    },
    get recentDeletions() {
      return recentDeletions();
    },
    get cursor() {
      return memory.cursor;
    },
    get foldersGained() {
      return foldersGained;
    },
    rows: () => rows(index, overlay()),
    under,
    get: async (key) => {
      if (memory.overlay.has(key)) return memory.overlay.get(key);
      if (index === undefined) return undefined;
      const found = await rowsAt(index, memberPosition(index.members, key));
      return findRow(found, key);
    },
    begin: async (intent: Intent) => {
      mustWrite();
      const entry = { kind: 'begin', id: nextId++, intent } as const;
      await journal.append(entry, { sync: true, apply: () => applyEntry(memory, entry, clientId) });
      return entry.id;
    },
    record: async ({ changes = [], finished = [], deletions, cursor }) => {
      mustWrite();
      const entry = {
        kind: 'record',
        changes,
        finished,
        ...(deletions === undefined ? {} : { deletions }),
        ...(cursor === undefined ? {} : { cursor: { client: clientId, at: cursor } }),
      } as const;
      const prepare = async (): Promise<void> => {
        for (const change of changes) await learn(changedKey(change));
      };
      await journal.append(entry, { sync: false, prepare, apply: () => applyRecord(entry) });
    },
    flush: async () => {
      mustWrite();
      await journal.flush();
    },
    fold: async ({ force = false } = {}) => {
      mustWrite();
      if (!foldIsDue(force)) return;
      await journal.exclusive(async (control) => {
        if (foldIsDue(force)) await fold(control);
      });
    },
  };
}

function changedKey(change: BaseChange): EntryKey {
  return change.kind === 'set' ? change.row.key : change.key;
}

function findRow(rows: readonly BaseRow[], key: EntryKey): BaseRow | undefined {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row === undefined) return undefined;
    const order = compareKeys(row.key, key);
    if (order === 0) return row;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
