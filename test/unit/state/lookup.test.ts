import { beforeAll, describe, expect, it } from 'vitest';
import type { Base, BaseChange } from '../../../src/engine/ports/base.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import type { BaseRow, Digest } from '../../../src/sync/entry.ts';
import { compareKeys, type EntryKey, type RelPath } from '../../../src/sync/path.ts';
import { createMemoryDisk, type MemoryState } from '../../support/memory-state.ts';

/** Rows of one path and below one folder, in an index of several members with changes over it (H14). */

function row(key: string, version: number): BaseRow {
  const remote = { etag: `e${version}`, sizeBytes: version, modifiedMs: 1000 };
  if (key.endsWith('/')) return { key: key as EntryKey, content: { kind: 'folder' }, mtimeNs: 0n, remote };
  const digest = version.toString(16).padStart(64, '0') as Digest;
  return {
    key: key as EntryKey,
    content: { kind: 'file', digest, sizeBytes: version, executable: false },
    mtimeNs: 1n,
    local: { inode: 1n, sizeBytes: version, mtimeNs: 1n, ctimeNs: 1n },
    remote,
  };
}

const set = (key: string, version: number): BaseChange => ({ kind: 'set', row: row(key, version) });
const drop = (key: string): BaseChange => ({ kind: 'drop', key: key as EntryKey });
const numbered = (start: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${start}${String(i).padStart(5, '0')}`);

/** The folder `b` fills more than two members of a thousand rows; its neighbours sort right before and behind it. */
const INDEXED = [
  ...numbered('a/', 700),
  ...['b', 'b!', 'b.txt', 'b/', 'b0', 'ba/x', 'c'],
  ...numbered('b/', 2500),
  ...numbered('d/', 1200),
];
const OVER: readonly BaseChange[] = [
  ...['b/00000', 'b/00001', 'b/01700', 'b/02499', 'd/01199', 'never'].map(drop),
  ...['b/00002', 'b/02498', 'a/00000', 'd/00000'].map((key) => set(key, 2)),
  ...['b/!', 'b/00999x', 'b/~', 'b.', 'e/new', 'Z/first', 'b/x/y'].map((key) => set(key, 3)),
];
const FOLDERS = ['a', 'b', 'b/x', 'ba', 'c', 'd', 'e', 'Z', 'nothing', 'zz', '!'];

interface Room {
  readonly base: Base;
  readonly state: MemoryState;
  readonly rows: ReadonlyMap<string, BaseRow>;
}

async function room(folded: boolean): Promise<Room> {
  const disk = createMemoryDisk();
  disk.write('target.json', Buffer.from('marker'));
  const ids = { targetId: 'aaaaaaaaaaaaaaaa', clientId: 'cccccccccccccccc' };
  const first = await openBase({ ...ids, state: disk.open(), mode: 'write' });
  await first.record({ changes: INDEXED.map((key) => set(key, 1)) });
  if (folded) await first.fold({ force: true });
  await first.flush();
  const state = disk.open();
  const base = await openBase({ ...ids, state, mode: 'write' });
  await base.record({ changes: OVER });
  const rows = new Map(INDEXED.map((key) => [key, row(key, 1)]));
  for (const change of OVER) {
    if (change.kind === 'set') rows.set(change.row.key, change.row);
    else rows.delete(change.key);
  }
  return { base, state, rows };
}

async function keysUnder({ base }: Room, folder: string): Promise<readonly (readonly [string, number])[]> {
  const found: BaseRow[] = [];
  for await (const batch of base.under(folder as RelPath)) {
    expect(batch.length).toBeGreaterThan(0);
    found.push(...batch);
  }
  return found.map(({ key, remote }) => [key, remote.sizeBytes]);
}

describe.each([true, false])('a base; its rows are in the index: %s', (folded) => {
  let here: Room;
  beforeAll(async () => {
    here = await room(folded);
  });

  it.each(FOLDERS)(
    'finds in order what is below %s, its own row among it, and nothing else',
    async (folder) => {
      const expected = [...here.rows.values()]
        .filter(({ key }) => key.startsWith(`${folder}/`))
        .map(({ key, remote }) => [key, remote.sizeBytes] as const)
        .sort(([a], [b]) => compareKeys(a, b));
      expect(await keysUnder(here, folder)).toEqual(expected);
    },
  );

  it('finds each row by its key, as it was recorded last, and none that is not there', async () => {
    const asked = [
      ...INDEXED,
      ...OVER.map((change) => (change.kind === 'set' ? change.row.key : change.key)),
    ];
    for (const key of [...asked, '', 'b/00500x', 'c/', 'zzz'])
      expect([key, await here.base.get(key as EntryKey)]).toEqual([key, here.rows.get(key)]);
  });

  it('counts its rows', () => {
    expect(here.base.size).toBe(here.rows.size);
  });
});

describe('a lookup', () => {
  it('reads the one member that may hold the key, and that once', async () => {
    const { base, state } = await room(true);
    const whole = state.calls.bytesRead;
    await base.get('d/00500' as EntryKey);
    const one = state.calls.bytesRead - whole;
    expect(one).toBeGreaterThan(0);
    await base.get('d/00501' as EntryKey);
    for await (const _ of base.under('d/00502' as RelPath)) expect(_).toBeDefined();
    expect(state.calls.bytesRead - whole).toBe(one);
    await base.get('a/00500' as EntryKey);
    expect(state.calls.bytesRead - whole).toBeGreaterThan(one);
  });

  it('below a folder reads no member that cannot hold any of it', async () => {
    const all = await room(true);
    const before = all.state.calls.bytesRead;
    for await (const _ of all.base.rows()) expect(_.length).toBeGreaterThan(0);
    const everything = all.state.calls.bytesRead - before;
    const { base, state } = await room(true);
    const start = state.calls.bytesRead;
    for await (const _ of base.under('a' as RelPath)) expect(_.length).toBeGreaterThan(0);
    expect(state.calls.bytesRead - start).toBeLessThan(everything / 2);
  });
});
