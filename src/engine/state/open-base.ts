import { type DecodedJournal, decodeJournal } from '../../formats/journal-codec.ts';
import { NEW_CURSOR } from '../../formats/log-cursor-codec.ts';
import type { StateFiles } from '../ports/folder.ts';
import { type BaseStart, createBase, type DoubtReason, type OpenedBase } from './base.ts';
import { applyEntry, type BaseMemory } from './base-memory.ts';
import { foldIndex } from './fold-index.ts';
import { holdsKey, INDEX, type IndexFile, loadIndex, PREVIOUS_INDEX } from './index-file.ts';
import { JOURNAL } from './journal.ts';
import { sortOverlay } from './merge-rows.ts';

export interface OpenBaseOptions {
  readonly state: StateFiles;
  readonly targetId: string;
  readonly clientId: string;
  /** `read` never writes; `begin`, `record`, `flush` and `fold` then throw. */
  readonly mode: 'write' | 'read';
}

const MARKER = 'target.json';

/**
 * Opens the base of a locked folder: index, then the journal over it. `mode: 'write'` starts an empty index where none
 * can be used; nothing else is written before the first `begin` or `record`, which also rewrites a torn journal.
 *
 * While `trust` is `evidence`, only what is recorded in this session is kept by the first (forced) fold: record every
 * path that both sides agree on, also where its row is right already.
 *
 * @throws S4Error STATE_TOO_NEW when a newer s4 wrote the files, STATE_UNREADABLE when they cannot be read
 */
export async function openBase(options: OpenBaseOptions): Promise<OpenedBase> {
  const { state } = options;
  const bytes = await state.read(JOURNAL);
  const journal = decodeJournal(bytes ?? new Uint8Array());
  const found = await findIndex(options, journal, bytes !== undefined);
  const applied = journalApplies(found, journal);
  const { memory, nextId } = replay(journal, applied, found.index, options.clientId);
  const generation = (applied ? journal.generation : found.index?.header.generation) ?? 0;
  const start: BaseStart = {
    ...options,
    ...found,
    memory,
    size: await countRows(state, found.index, memory),
    nextId,
    generation,
    journal: {
      sizeBytes: applied ? journal.goodBytes : 0,
      sound: applied && journal.goodBytes === bytes?.byteLength,
    },
  };
  const fresh = options.mode === 'write' && found.index === undefined;
  return createBase(state, fresh ? await startEmpty(options, start, journal) : start);
}

type Found = Pick<BaseStart, 'trust' | 'doubt' | 'index'>;

async function findIndex(
  options: OpenBaseOptions,
  journal: DecodedJournal,
  hasJournal: boolean,
): Promise<Found> {
  const current = await loadIndex(options.state, INDEX);
  if (current.kind === 'loaded') {
    const doubt = await doubtOf(current.file, options, journal);
    return { trust: doubt === undefined ? 'sound' : 'evidence', doubt, index: current.file };
  }
  // The previous index is a base of an earlier moment: a deletion concluded from it could be of something restored since.
  const previous = await loadIndex(options.state, PREVIOUS_INDEX);
  if (previous.kind === 'loaded') return { trust: 'evidence', doubt: 'previous-index', index: previous.file };
  if (current.kind === 'corrupt') return { trust: 'lost', doubt: 'index-corrupt', index: undefined };
  return previous.kind === 'absent' && !hasJournal
    ? { trust: 'missing', doubt: 'never-synced', index: undefined }
    : { trust: 'lost', doubt: 'index-gone', index: undefined };
}

async function doubtOf(
  file: IndexFile,
  { state, targetId, clientId }: OpenBaseOptions,
  journal: DecodedJournal,
): Promise<DoubtReason | undefined> {
  const { target, client, marker, generation } = file.header;
  if (target !== targetId) return 'other-target';
  if (client !== clientId) return 'other-client';
  const present = await state.identity(MARKER);
  const moved = marker === undefined || marker.inode !== present?.inode || marker.ctimeNs !== present.ctimeNs;
  if (moved) return 'marker-moved';
  return journal.generation !== undefined && journal.generation > generation
    ? 'older-than-journal'
    : undefined;
}

/**
 * A journal continues the index of its own generation. One of an older generation was folded already (a crash came
 * before it was restarted). One of a newer generation is better evidence than an index from before, and no more.
 */
function journalApplies({ trust, index }: Found, { generation }: DecodedJournal): boolean {
  if (index === undefined || generation === undefined) return false;
  return (
    generation === index.header.generation || (trust === 'evidence' && generation > index.header.generation)
  );
}

/** Open intents always count: recovery from them never destroys, and forgetting one may hide a file in the trash. */
function replay(
  journal: DecodedJournal,
  applied: boolean,
  index: IndexFile | undefined,
  clientId: string,
): { memory: BaseMemory; nextId: number } {
  const cursor = index?.header.client === clientId ? index.header.cursor : NEW_CURSOR;
  const memory: BaseMemory = { overlay: new Map(), open: new Map(), deletions: [], cursor, dirty: false };
  let nextId = 1;
  for (const entry of journal.entries) {
    if (entry.kind === 'begin') nextId = Math.max(nextId, entry.id + 1);
    if (applied || entry.kind !== 'record') applyEntry(memory, entry, clientId);
    else for (const id of entry.finished) memory.open.delete(id);
  }
  return { memory, nextId };
}

/** Exact, at the price of reading the members whose keys the journal mentions. */
async function countRows(
  state: StateFiles,
  index: IndexFile | undefined,
  { overlay }: BaseMemory,
): Promise<number> {
  let size = index?.rows ?? 0;
  for (const { key, row } of sortOverlay(overlay)) {
    const there = index !== undefined && (await holdsKey(state, index, key));
    size += (row === undefined ? 0 : 1) - (there ? 1 : 0);
  }
  return size;
}

/** An empty index names target, client and marker: from now on the journal cannot be taken for another folder's. */
async function startEmpty(
  { state, targetId, clientId }: OpenBaseOptions,
  start: BaseStart,
  journal: DecodedJournal,
): Promise<BaseStart> {
  const generation = (journal.generation ?? 0) + 1;
  const marker = await state.identity(MARKER);
  const header = {
    target: targetId,
    client: clientId,
    generation,
    ...(marker === undefined ? {} : { marker }),
    rows: 0,
    recentDeletions: [],
    cursor: start.memory.cursor,
  };
  await state.replace(INDEX, foldIndex(state, undefined, [], header).chunks);
  return { ...start, generation };
}
