import { describe, expect, it } from 'vitest';
import type { Intent, LogCursor } from '../../../src/engine/ports/base.ts';
import {
  addDeletions,
  applyEntry,
  type BaseMemory,
  openIntents,
  snapshotEntries,
} from '../../../src/engine/state/base-memory.ts';
import { decodeJournal, encodeJournalLine, type JournalEntry } from '../../../src/formats/journal-codec.ts';
import type { BaseRow } from '../../../src/sync/entry.ts';
import type { EntryKey, RelPath } from '../../../src/sync/path.ts';

/** What the lines of a journal add up to, and that a snapshot of it adds up to the same. */

const AT: LogCursor = { sequence: 7, headEtag: 'h', unpublished: 2 };
const START: LogCursor = { sequence: 0, unpublished: 0 };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const empty = (): BaseMemory => ({
  overlay: new Map(),
  open: new Map(),
  deletions: [],
  cursor: START,
  dirty: false,
});

const row = (key: string): BaseRow => ({
  key: key as EntryKey,
  content: { kind: 'folder' },
  mtimeNs: 0n,
  remote: { etag: 'e', sizeBytes: 0, modifiedMs: 1 },
});

const intent = (path: string): Intent => ({
  kind: 'rename',
  from: path as RelPath,
  to: 'to' as RelPath,
  expected: { inode: 1n, sizeBytes: 1, mtimeNs: 1n, ctimeNs: 1n },
});

function sumOf(entries: readonly JournalEntry[], memory = empty()): BaseMemory {
  for (const entry of entries) applyEntry(memory, entry, 'me');
  return memory;
}

/** As they come back from a file. */
function throughFile(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const lines = [{ kind: 'open' } as const, ...entries].map((entry) => encodeJournalLine(1, entry));
  return decodeJournal(Buffer.concat(lines)).entries;
}

const record = (part: Partial<Extract<JournalEntry, { kind: 'record' }>>): JournalEntry => ({
  kind: 'record',
  changes: [],
  finished: [],
  ...part,
});

describe('the memory of a journal', () => {
  it('holds the newest state of each key, open intents in their order, deletions and the cursor', () => {
    const memory = sumOf([
      { kind: 'open' },
      { kind: 'begin', id: 4, intent: intent('a') },
      { kind: 'begin', id: 2, intent: intent('b') },
      { kind: 'begin', id: 9, intent: intent('c') },
      record({
        changes: [
          { kind: 'set', row: row('x/') },
          { kind: 'set', row: row('y/') },
        ],
      }),
      record({ changes: [{ kind: 'drop', key: 'x/' as EntryKey }], finished: [2] }),
      record({ deletions: { atMs: 5, side: 'local', count: 1 }, cursor: { client: 'me', at: AT } }),
    ]);
    expect(memory).toEqual({
      overlay: new Map([
        ['x/', undefined],
        ['y/', row('y/')],
      ]),
      open: new Map([
        [4, intent('a')],
        [9, intent('c')],
      ]),
      deletions: [{ atMs: 5, side: 'local', count: 1 }],
      cursor: AT,
      dirty: true,
    });
    expect(openIntents(memory)).toEqual([
      { id: 4, intent: intent('a') },
      { id: 9, intent: intent('c') },
    ]);
  });

  it('is not dirty by intents alone, and takes no cursor of another client', () => {
    expect(sumOf([{ kind: 'open' }, { kind: 'begin', id: 1, intent: intent('a') }]).dirty).toBe(false);
    expect(sumOf([record({ cursor: { client: 'other', at: AT } })])).toMatchObject({
      cursor: START,
      dirty: true,
    });
  });

  it('is the same after its snapshot', () => {
    const full = sumOf([
      { kind: 'begin', id: 4, intent: intent('a') },
      { kind: 'begin', id: 2, intent: intent('b') },
      record({
        changes: [
          { kind: 'set', row: row('y/') },
          { kind: 'drop', key: 'x/' as EntryKey },
        ],
      }),
      record({ deletions: { atMs: DAY, side: 'local', count: 1 } }),
      record({ deletions: { atMs: DAY, side: 'remote', count: 2 } }),
      record({ cursor: { client: 'me', at: AT } }),
    ]);
    const onlyBegun = sumOf([{ kind: 'begin', id: 4, intent: intent('a') }]);
    for (const memory of [empty(), onlyBegun, full])
      expect(sumOf(throughFile(snapshotEntries(memory, 'me')))).toEqual(memory);
    expect(snapshotEntries(empty(), 'me')).toEqual([]);
  });
});

describe('deletions of the last day', () => {
  const local = (atMs: number, count: number) => ({ atMs, side: 'local', count }) as const;

  it('are counted together within one minute and side, and only with the last', () => {
    const at = 10 * MINUTE;
    const one = addDeletions([local(at, 1)], local(at + MINUTE - 1, 2));
    expect(one).toEqual([local(at, 3)]);
    expect(addDeletions(one, local(at + MINUTE, 4))).toEqual([local(at, 3), local(at + MINUTE, 4)]);
    const there = { atMs: at, side: 'remote', count: 5 } as const;
    const both = addDeletions(one, there);
    expect(both).toEqual([local(at, 3), there]);
    expect(addDeletions(both, local(at, 6))).toEqual([local(at, 3), there, local(at, 6)]);
    expect(addDeletions([], there)).toEqual([there]);
  });

  it('are forgotten a day after the newest, whichever came last', () => {
    const before = [local(0, 1), local(MINUTE, 2), local(2 * MINUTE, 3)];
    expect(addDeletions(before, local(DAY + MINUTE, 4))).toEqual([
      ...before.slice(1),
      local(DAY + MINUTE, 4),
    ]);
    expect(addDeletions([local(DAY + MINUTE, 4)], local(0, 1))).toEqual([
      local(DAY + MINUTE, 4),
      local(0, 1),
    ]);
    expect(addDeletions([local(0, 1), local(DAY + MINUTE, 4)], local(0, 1))).toEqual([
      local(DAY + MINUTE, 4),
      local(0, 1),
    ]);
  });
});
