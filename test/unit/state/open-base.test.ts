import { describe, expect, it } from 'vitest';
import type { BaseChange, Intent, LogCursor } from '../../../src/engine/ports/base.ts';
import type { OpenedBase } from '../../../src/engine/state/base.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import type { BaseRow, Digest } from '../../../src/sync/entry.ts';
import type { EntryKey, RelPath } from '../../../src/sync/path.ts';
import { createMemoryDisk, type MemoryDisk, type MemoryState } from '../../support/memory-state.ts';

/** What the files of a base are taken for, one fact of them at a time, and what a fold does to them (H3, H9). */

const TARGET = 'aaaaaaaaaaaaaaaa';
const CLIENT = 'cccccccccccccccc';
const INDEX = 'index.json.gz';
const PREVIOUS = 'index.prev.json.gz';
const JOURNAL = 'journal.jsonl';
const CURSOR: LogCursor = { sequence: 9, unpublished: 0 };

function row(key: string, version = 1): BaseRow {
  const remote = { etag: `e${version}`, sizeBytes: version, modifiedMs: 1000 };
  if (key.endsWith('/')) return { key: key as EntryKey, content: { kind: 'folder' }, mtimeNs: 0n, remote };
  const digest = version.toString(16).padStart(64, '0') as Digest;
  const content = { kind: 'file', digest, sizeBytes: version, executable: false } as const;
  return { key: key as EntryKey, content, mtimeNs: 0n, remote };
}

const set = (key: string, version = 1): BaseChange => ({ kind: 'set', row: row(key, version) });
const drop = (key: string): BaseChange => ({ kind: 'drop', key: key as EntryKey });
const intent: Intent = {
  kind: 'rename',
  from: 'a' as RelPath,
  to: 'b' as RelPath,
  expected: { inode: 1n, sizeBytes: 1, mtimeNs: 1n, ctimeNs: 1n },
};

interface Opening {
  readonly mode?: 'read' | 'write';
  readonly clientId?: string;
  readonly targetId?: string;
}

const open = (
  from: MemoryDisk | MemoryState,
  { mode = 'write', clientId = CLIENT, targetId = TARGET }: Opening = {},
): Promise<OpenedBase> => openBase({ state: 'copy' in from ? from.open() : from, targetId, clientId, mode });

async function rowsOf(base: OpenedBase): Promise<readonly (readonly [string, number])[]> {
  const found: (readonly [string, number])[] = [];
  for await (const batch of base.rows())
    found.push(...batch.map(({ key, remote }) => [key, remote.sizeBytes] as const));
  expect(base.size).toBe(found.length);
  return found;
}

const keysOf = async (base: OpenedBase) => (await rowsOf(base)).map(([key]) => key);
const trustOf = ({ trust, doubt }: OpenedBase) => [trust, doubt] as const;

function markedDisk(): MemoryDisk {
  const disk = createMemoryDisk();
  disk.write('target.json', Buffer.from('marker'));
  return disk;
}

/** Two folds, the second with `a` and `b`; then `c` in the journal, with a cursor and an open intent. */
async function synced(disk = markedDisk()): Promise<MemoryDisk> {
  const base = await open(disk);
  await base.record({ changes: [set('a')] });
  await base.fold({ force: true });
  await base.record({ changes: [set('b')], deletions: { atMs: 5, side: 'local', count: 1 } });
  await base.fold({ force: true });
  await base.record({ changes: [set('c')], cursor: CURSOR });
  await base.begin(intent);
  return disk;
}

describe('the files of a base', () => {
  it('are sound where all is as it was left', async () => {
    const base = await open(await synced());
    expect(trustOf(base)).toEqual(['sound', undefined]);
    expect(await keysOf(base)).toEqual(['a', 'b', 'c']);
    expect(base.cursor).toEqual(CURSOR);
    expect(base.pending).toHaveLength(1);
  });

  it('are evidence when the marker is another file, was changed, is gone, or came since', async () => {
    const disk = await synced();
    const state = disk.open();
    const now = await state.identity('target.json');
    if (now === undefined) throw new Error('no marker');
    for (const identity of [
      { ...now, inode: now.inode + 1n },
      { ...now, ctimeNs: now.ctimeNs + 1n },
      undefined,
    ]) {
      const base = await open({ ...state, identity: async () => identity }, { mode: 'read' });
      expect(trustOf(base)).toEqual(['evidence', 'marker-moved']);
      expect(await keysOf(base)).toEqual(['a', 'b', 'c']);
      expect(base.cursor).toEqual(CURSOR);
    }
    const unmarked = await synced(createMemoryDisk());
    expect(trustOf(await open(unmarked, { mode: 'read' }))).toEqual(['evidence', 'marker-moved']);
    unmarked.write('target.json', Buffer.from('marker'));
    expect(trustOf(await open(unmarked, { mode: 'read' }))).toEqual(['evidence', 'marker-moved']);
  });

  it('are evidence for another client, which goes on from no cursor of theirs', async () => {
    const disk = await synced();
    const before = await open(disk);
    await before.fold({ force: true });
    await before.record({ cursor: { sequence: 10, unpublished: 0 } });
    const other = await open(disk, { clientId: 'dd', mode: 'read' });
    expect(trustOf(other)).toEqual(['evidence', 'other-client']);
    expect(other.cursor).toEqual({ sequence: 0, unpublished: 0 });
    expect(await keysOf(other)).toEqual(['a', 'b', 'c']);
    expect((await open(disk, { mode: 'read' })).cursor).toEqual({ sequence: 10, unpublished: 0 });
    const elsewhere = await open(disk, { targetId: 'ee', mode: 'read' });
    expect(trustOf(elsewhere)).toEqual(['evidence', 'other-target']);
  });

  it.each([
    ['nothing', [INDEX, PREVIOUS, JOURNAL], [], 'missing', 'never-synced', []],
    ['a journal alone', [INDEX, PREVIOUS], [], 'lost', 'index-gone', []],
    ['a damaged index, and no journal', [PREVIOUS, JOURNAL], [INDEX], 'lost', 'index-corrupt', []],
    ['no index, and a damaged previous one', [INDEX, JOURNAL], [PREVIOUS], 'lost', 'index-gone', []],
    ['two damaged indexes', [], [INDEX, PREVIOUS], 'lost', 'index-corrupt', []],
    ['no index, but the previous one', [INDEX], [], 'evidence', 'previous-index', ['a', 'c']],
    ['a damaged index, but the previous one', [], [INDEX], 'evidence', 'previous-index', ['a', 'c']],
    ['no journal', [JOURNAL], [], 'sound', undefined, ['a', 'b']],
    ['no previous index', [PREVIOUS], [], 'sound', undefined, ['a', 'b', 'c']],
  ] as const)('with %s are what they can be', async (_, gone, damaged, trust, doubt, keys) => {
    const disk = await synced();
    for (const name of gone) disk.remove(name);
    for (const name of damaged) disk.write(name, Buffer.from('nonsense'));
    const state = disk.open();
    const base = await open(state, { mode: 'read' });
    expect([...trustOf(base), await keysOf(base)]).toEqual([trust, doubt, keys]);
    expect(state.calls.changing).toBe(0);
  });

  it('that are lost start with an empty index, whose journal no older one is taken for', async () => {
    const disk = await synced();
    disk.remove(INDEX);
    disk.remove(PREVIOUS);
    const lost = await open(disk);
    expect([...trustOf(lost), lost.pending.length]).toEqual(['lost', 'index-gone', 1]);
    // Dies before it writes anything: neither comes `c` back, nor is the open intent forgotten.
    const again = await open(disk);
    expect([...trustOf(again), await keysOf(again), again.pending.length]).toEqual([
      'sound',
      undefined,
      [],
      1,
    ]);
    await again.record({ changes: [set('n')], finished: again.pending.map(({ id }) => id) });
    const then = await open(disk);
    expect([...trustOf(then), await keysOf(then), then.pending]).toEqual(['sound', undefined, ['n'], []]);
  });

  it('leave out a journal that was folded already, but for its intents', async () => {
    const disk = await synced();
    const base = await open(disk);
    const kept = await base.begin(intent);
    await base.record({ changes: [drop('a')], finished: [1], cursor: { sequence: 99, unpublished: 0 } });
    const journal = Buffer.from(disk.read(JOURNAL) ?? []);
    await base.record({ changes: [set('a', 2)], cursor: CURSOR });
    await base.fold({ force: true });
    disk.write(JOURNAL, journal);
    const again = await open(disk);
    expect(trustOf(again)).toEqual(['sound', undefined]);
    expect(await rowsOf(again)).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ]);
    expect(again.cursor).toEqual(CURSOR);
    expect(again.pending.map(({ id }) => id)).toEqual([kept]);
    expect(await again.begin(intent)).toBe(kept + 1);
    const then = await open(disk);
    expect([...trustOf(then), then.pending.length, await keysOf(then)]).toEqual([
      'sound',
      undefined,
      2,
      ['a', 'b', 'c'],
    ]);
  });

  it('leave it out also in a copied folder', async () => {
    const disk = await synced();
    const journal = Buffer.from(disk.read(JOURNAL) ?? []);
    const base = await open(disk);
    await base.record({ changes: [drop('c')] });
    await base.fold({ force: true });
    disk.write(JOURNAL, journal);
    const copied = await open(disk.copy(), { mode: 'read' });
    expect([...trustOf(copied), await keysOf(copied), copied.pending.length]).toEqual([
      'evidence',
      'marker-moved',
      ['a', 'b'],
      1,
    ]);
  });

  it('are evidence where the index is older than its journal, which is the better one', async () => {
    const disk = await synced();
    const index = Buffer.from(disk.read(INDEX) ?? []);
    const base = await open(disk);
    await base.fold({ force: true });
    await base.record({ changes: [set('z')] });
    disk.write(INDEX, index);
    const restored = await open(disk, { mode: 'read' });
    expect([...trustOf(restored), await keysOf(restored)]).toEqual([
      'evidence',
      'older-than-journal',
      ['a', 'b', 'z'],
    ]);
  });

  it('count the rows of a journal over an index exactly', async () => {
    const disk = await synced();
    const base = await open(disk);
    await base.record({ changes: [drop('a'), drop('never'), set('b', 2), set('c', 2), set('d')] });
    expect(base.size).toBe(3);
    expect((await open(disk)).size).toBe(3);
  });

  it('with a torn journal are read as far as it is whole, and it is replaced before anything is added', async () => {
    const disk = await synced();
    const whole = Buffer.from(disk.read(JOURNAL) ?? []);
    disk.write(JOURNAL, Buffer.concat([whole, whole.subarray(0, 30)]));
    const base = await open(disk);
    expect(await keysOf(base)).toEqual(['a', 'b', 'c']);
    await base.record({ changes: [set('d')] });
    const again = await open(disk);
    expect([await keysOf(again), again.pending.length]).toEqual([['a', 'b', 'c', 'd'], 1]);
  });
});
