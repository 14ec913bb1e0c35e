import { describe, expect, it } from 'vitest';
import { createJournal, JOURNAL, type Journal } from '../../../src/engine/state/journal.ts';
import { decodeJournal, encodeJournalLine, type JournalEntry } from '../../../src/formats/journal-codec.ts';
import type { EntryKey } from '../../../src/sync/path.ts';
import { createMemoryDisk, type MemoryDisk, type MemoryState } from '../../support/memory-state.ts';

/** The append side of the journal by itself: what is written when, with which fsync, and what a failure leaves. */

const drop = (key: string): JournalEntry => ({
  kind: 'record',
  changes: [{ kind: 'drop', key: key as EntryKey }],
  finished: [],
});

interface Room {
  readonly disk: MemoryDisk;
  readonly state: MemoryState;
  readonly journal: Journal;
  /** What was applied, in order: also what a snapshot consists of. */
  readonly applied: string[];
  append(key: string, options?: { readonly sync?: boolean; prepare?(): Promise<void> }): Promise<void>;
}

function room({ sound = false } = {}): Room {
  const disk = createMemoryDisk();
  if (sound) disk.write(JOURNAL, encodeJournalLine(3, { kind: 'open' }));
  const state = disk.open();
  const applied: string[] = [];
  const sizeBytes = disk.read(JOURNAL)?.byteLength ?? 0;
  const journal = createJournal(state, { generation: 3, sizeBytes, sound }, () => applied.map(drop));
  return {
    disk,
    state,
    journal,
    applied,
    append: (key, { sync = false, ...rest } = {}) =>
      journal.append(drop(key), { sync, ...rest, apply: () => applied.push(key) }),
  };
}

/** The keys in the file, its generation, and that nothing but whole lines is in it. */
function written({ disk, journal }: Room): {
  readonly generation: number | undefined;
  readonly keys: string[];
} {
  const bytes = disk.read(JOURNAL) ?? new Uint8Array();
  const { entries, generation, goodBytes } = decodeJournal(bytes);
  expect([goodBytes, journal.sizeBytes]).toEqual([bytes.byteLength, bytes.byteLength]);
  const keys = entries.flatMap((entry) =>
    entry.kind === 'record'
      ? entry.changes.map((change) => (change.kind === 'drop' ? change.key : change.row.key))
      : [],
  );
  return { generation, keys };
}

const settled = async (...all: Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(all)).map(({ status }) => status);

describe('the journal', () => {
  it('writes what one tick brings in one append, and what comes meanwhile in the next', async () => {
    const here = room({ sound: true });
    const first = [here.append('a'), here.append('b', { sync: true })];
    await first[0]?.then(() => undefined);
    expect(here.state.calls).toMatchObject({ appends: 1, syncs: 1, changing: 1 });
    let later: Promise<unknown> = Promise.resolve();
    await here.append('c', {
      prepare: async () => {
        later = Promise.all([here.append('d'), here.append('e')]);
      },
    });
    await later;
    expect(here.state.calls).toMatchObject({ appends: 3, syncs: 1, changing: 3 });
    expect(here.applied).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(written(here)).toEqual({ generation: 3, keys: ['a', 'b', 'c', 'd', 'e'] });
  });

  it('begins with the snapshot where the file does not continue the index', async () => {
    const here = room();
    here.applied.push('known');
    await here.append('a');
    expect(here.state.calls).toMatchObject({ appends: 1, changing: 2 });
    expect(written(here)).toEqual({ generation: 3, keys: ['known', 'a'] });
    await here.append('b');
    expect(here.state.calls).toMatchObject({ appends: 2, changing: 3 });
  });

  it('leaves out what could not be prepared, and that alone', async () => {
    const here = room({ sound: true });
    const failing = here.append('b', { prepare: () => Promise.reject(new Error('unread')) });
    expect(await settled(here.append('a'), failing, here.append('c'))).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(here.applied).toEqual(['a', 'c']);
    expect(written(here).keys).toEqual(['a', 'c']);
    await expect(failing).rejects.toThrow('unread');
  });

  it('applies nothing of a failed write, and replaces the file before the next', async () => {
    const here = room({ sound: true });
    await here.append('a');
    here.state.failNext(1);
    expect(await settled(here.append('b'), here.append('c'))).toEqual(['rejected', 'rejected']);
    expect(here.applied).toEqual(['a']);
    here.state.failNext(1);
    await expect(here.append('d')).rejects.toThrow('no space');
    await here.append('e');
    expect(here.applied).toEqual(['a', 'e']);
    expect(written(here)).toEqual({ generation: 3, keys: ['a', 'e'] });
  });

  it('fsyncs once what was not, and nothing twice', async () => {
    const here = room({ sound: true });
    await here.journal.flush();
    expect(here.state.calls.changing).toBe(0);
    await here.append('a');
    expect(here.state.calls.syncs).toBe(0);
    await here.journal.flush();
    await here.journal.flush();
    await here.append('b', { sync: true });
    await here.journal.flush();
    expect(here.state.calls).toMatchObject({ changing: 3, syncs: 2 });
    here.disk.losePower();
    expect(written(here).keys).toEqual(['a', 'b']);
  });

  it('writes and fsyncs at once what is flushed in the tick in which it came', async () => {
    const here = room({ sound: true });
    await Promise.all([here.append('a'), here.journal.flush(), here.append('b')]);
    expect(here.state.calls).toMatchObject({ changing: 1, syncs: 1 });
    here.disk.losePower();
    expect(written(here).keys).toEqual(['a', 'b']);
  });

  it('needs no fsync behind a replacement, which is durable itself', async () => {
    const here = room();
    await here.journal.exclusive((control) => control.restart(4));
    await here.journal.flush();
    expect(here.state.calls).toMatchObject({ changing: 1, syncs: 0 });
    await here.append('a');
    await here.journal.exclusive((control) => control.restart(5));
    await here.journal.flush();
    expect(here.state.calls).toMatchObject({ changing: 3, syncs: 0 });
  });

  it('fsyncs what a failed write left behind it', async () => {
    const here = room({ sound: true });
    await here.append('a');
    here.state.failNext(1);
    await expect(here.append('b')).rejects.toThrow('no space');
    await here.journal.flush();
    here.disk.losePower();
    expect(written(here).keys).toEqual(['a']);
  });

  it('runs alone what must: after all that came before, before all that comes after', async () => {
    const here = room({ sound: true });
    const seen: unknown[] = [];
    const task = here.append('a').then(() => undefined);
    const alone = here.journal.exclusive(async (control) => {
      seen.push([...here.applied], here.state.calls.syncs);
      await control.flush();
      seen.push(here.state.calls.syncs);
      here.applied.length = 0;
      await control.restart(4);
      seen.push(written(here));
    });
    await Promise.all([task, alone, here.append('b'), here.append('c')]);
    expect(seen).toEqual([['a'], 0, 1, { generation: 4, keys: [] }]);
    expect(written(here)).toEqual({ generation: 4, keys: ['b', 'c'] });
    expect(here.state.calls.appends).toBe(3);
  });

  it('runs two such tasks one after the other, and goes on when one fails', async () => {
    const here = room({ sound: true });
    const order: string[] = [];
    const failing = here.journal.exclusive(async () => {
      order.push('begins');
      await here.state.size(JOURNAL);
      order.push('fails');
      throw new Error('halted');
    });
    const next = here.journal.exclusive(async () => {
      order.push('next');
    });
    expect(await settled(failing, next, here.append('a'))).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(order).toEqual(['begins', 'fails', 'next']);
    expect(written(here).keys).toEqual(['a']);
  });

  it('keeps the new generation when its first file could not be written', async () => {
    const here = room({ sound: true });
    await here.append('a');
    here.state.failNext(1);
    await expect(here.journal.exclusive((control) => control.restart(4))).rejects.toThrow('no space');
    await here.append('b');
    expect(written(here)).toEqual({ generation: 4, keys: ['a', 'b'] });
  });
});
