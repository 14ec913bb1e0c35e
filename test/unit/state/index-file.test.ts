import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { foldIndex } from '../../../src/engine/state/fold-index.ts';
import {
  holdsKey,
  INDEX,
  type IndexFile,
  loadIndex,
  memberPosition,
  PREVIOUS_INDEX,
  readMemberBytes,
  readMemberRows,
} from '../../../src/engine/state/index-file.ts';
import type { OverlayEntry } from '../../../src/engine/state/merge-rows.ts';
import {
  encodeIndexHeader,
  encodeIndexRows,
  encodeIndexTable,
  encodeIndexTrailer,
  type IndexHeader,
  type IndexMember,
  memberChecksum,
} from '../../../src/formats/index-codec.ts';
import type { BaseRow, Digest } from '../../../src/sync/entry.ts';
import { compareKeys, type EntryKey } from '../../../src/sync/path.ts';
import { createMemoryDisk, type MemoryDisk } from '../../support/memory-state.ts';

/** An index as a file: what is read of it, which damage is seen, and how a new one comes out of an old one. */

const HEADER: IndexHeader = {
  target: 'aaaaaaaaaaaaaaaa',
  client: 'cccccccccccccccc',
  generation: 4,
  rows: 0,
  recentDeletions: [],
  cursor: { sequence: 0, unpublished: 0 },
};

function row(key: string, version = 1): BaseRow {
  return {
    key: key as EntryKey,
    content: {
      kind: 'file',
      digest: version.toString(16).padStart(64, '0') as Digest,
      sizeBytes: version,
      executable: false,
    },
    mtimeNs: 0n,
    remote: { etag: `e${version}`, sizeBytes: version, modifiedMs: 1 },
  };
}

const set = (key: string, version = 2): OverlayEntry => ({ key: key as EntryKey, row: row(key, version) });
const drop = (key: string): OverlayEntry => ({ key: key as EntryKey, row: undefined });
const inOrder = (changes: readonly OverlayEntry[]) => [...changes].sort((a, b) => compareKeys(a.key, b.key));
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `k${String(from + i).padStart(5, '0')}`);

async function loaded(disk: MemoryDisk, name: IndexFile['name'] = INDEX): Promise<IndexFile> {
  const index = await loadIndex(disk.open(), name);
  if (index.kind !== 'loaded') throw new Error(index.kind);
  return index.file;
}

/** Folds changes into the index of the disk, and checks that what the fold says of its result is so. */
async function fold(disk: MemoryDisk, changes: readonly OverlayEntry[]): Promise<readonly number[]> {
  const state = disk.open();
  const old = await loadIndex(state, INDEX);
  const folded = foldIndex(state, old.kind === 'loaded' ? old.file : undefined, inOrder(changes), HEADER);
  await state.replace(INDEX, folded.chunks, { keepAs: PREVIOUS_INDEX });
  const { members, sizeBytes, header, name } = await loaded(disk);
  expect([members, sizeBytes, header, name]).toEqual([folded.members, folded.sizeBytes(), HEADER, INDEX]);
  return members.map(({ rows }) => rows);
}

async function rowsOf(disk: MemoryDisk): Promise<readonly BaseRow[]> {
  const file = await loaded(disk);
  const state = disk.open();
  const rows: BaseRow[] = [];
  for (const position of file.members.keys()) rows.push(...(await readMemberRows(state, file, position)));
  expect(file.rows).toBe(rows.length);
  return rows;
}

const versions = async (disk: MemoryDisk) =>
  (await rowsOf(disk)).map(({ key, remote }) => [key, remote.sizeBytes] as const);

/** A file of members whose bytes are as given: only the checksums count when it is opened. */
function put(
  disk: MemoryDisk,
  parts: readonly { readonly bytes: Uint8Array; readonly first: string }[],
): void {
  const chunks = [encodeIndexHeader(HEADER)];
  let offset = chunks[0]?.byteLength ?? 0;
  const members = parts.map(({ bytes, first }): IndexMember => {
    const member = {
      offset,
      bytes: bytes.byteLength,
      rows: 2,
      crc32: memberChecksum(bytes),
      first: first as EntryKey,
    };
    offset += bytes.byteLength;
    chunks.push(bytes);
    return member;
  });
  disk.write(INDEX, Buffer.concat([...chunks, encodeIndexTable({ members }), encodeIndexTrailer(offset)]));
}

describe('an index file', () => {
  it('is absent, or loaded', async () => {
    const disk = createMemoryDisk();
    expect(await loadIndex(disk.open(), INDEX)).toEqual({ kind: 'absent' });
    await fold(disk, [set('a'), set('b')]);
    await fold(disk, [drop('a')]);
    expect(await versions(disk)).toEqual([['b', 2]]);
    expect((await loaded(disk, PREVIOUS_INDEX)).rows).toBe(2);
    expect((await loaded(disk, PREVIOUS_INDEX)).name).toBe(PREVIOUS_INDEX);
  });

  it('is corrupt with any byte changed that says anything, and wherever it is cut off', async () => {
    const disk = createMemoryDisk();
    await fold(disk, [set('a'), set('b')]);
    const whole = Buffer.from(disk.read(INDEX) ?? []);
    const rows = await rowsOf(disk);
    const harmless: number[] = [];
    for (let at = 0; at < whole.length; at++) {
      disk.write(INDEX, whole.subarray(0, at));
      expect([at, (await loadIndex(disk.open(), INDEX)).kind]).toEqual([at, 'corrupt']);
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x55, at);
      disk.write(INDEX, damaged);
      const found = await loadIndex(disk.open(), INDEX);
      if (found.kind === 'corrupt') continue;
      harmless.push(at);
      expect([at, (await loaded(disk)).header, await rowsOf(disk)]).toEqual([at, HEADER, rows]);
    }
    // What gzip says of time, level and system, of the header and of the table.
    expect(harmless.length).toBeLessThan(16);
  });

  it('that cannot be read is an error, and not corrupt', async () => {
    const disk = createMemoryDisk();
    await fold(disk, [set('a')]);
    const state = { ...disk.open(), readRange: () => Promise.reject(new Error('input/output error')) };
    await expect(loadIndex(state, INDEX)).rejects.toThrow('input/output error');
  });

  it('is checked whole, however large its members are, and a few megabytes at a time', async () => {
    const disk = createMemoryDisk();
    const parts = ['a', 'b', 'c', 'd', 'e'].map((first) => ({
      first,
      bytes: gzipSync(randomBytes(1_500_000), { level: 0 }),
    }));
    put(disk, parts);
    const state = disk.open();
    const ranges: number[] = [];
    const reading = {
      ...state,
      readRange: (name: string, start: number, end: number) => {
        ranges.push(end - start);
        return state.readRange(name, start, end);
      },
    };
    const found = await loadIndex(reading, INDEX);
    expect(found).toMatchObject({ kind: 'loaded', file: { rows: 10 } });
    const bytes = parts.map((part) => part.bytes.byteLength);
    const sum = (from: number, to: number) => bytes.slice(from, to).reduce((a, b) => a + b);
    expect(ranges.slice(-2)).toEqual([sum(0, 3), sum(3, 5)]);
    const whole = Buffer.from(disk.read(INDEX) ?? []);
    for (const at of [100_000, 2_000_000, 4_499_000, 4_600_000, 7_400_000]) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      disk.write(INDEX, damaged);
      expect(await loadIndex(disk.open(), INDEX)).toMatchObject({
        kind: 'corrupt',
        reason: 'an index member is damaged',
      });
    }
  });

  it('without a member is whole', async () => {
    const disk = createMemoryDisk();
    expect(await fold(disk, [])).toEqual([]);
    expect(await fold(disk, [drop('a')])).toEqual([]);
    expect(await fold(disk, [set('a')])).toEqual([1]);
    expect(await fold(disk, [drop('a')])).toEqual([]);
    const file = await loaded(disk);
    expect(await readMemberRows(disk.open(), file, 0)).toEqual([]);
    expect(await readMemberRows(disk.open(), file, -1)).toEqual([]);
    expect(await holdsKey(disk.open(), file, 'a' as EntryKey)).toBe(false);
  });

  it('is read on under its other name while a new one takes its place', async () => {
    const disk = createMemoryDisk();
    await fold(disk, [set('a'), set('b')]);
    const file = await loaded(disk);
    await fold(disk, [set('c')]);
    expect(await readMemberRows(disk.open(), file, 0)).toEqual([row('a', 2), row('b', 2)]);
    const previous = await loaded(disk, PREVIOUS_INDEX);
    disk.remove(PREVIOUS_INDEX);
    const error = { code: 'STATE_UNREADABLE', hint: expect.stringContaining('index.json.gz') };
    await expect(readMemberRows(disk.open(), file, 0)).rejects.toMatchObject(error);
    await expect(readMemberRows(disk.open(), previous, 0)).rejects.toMatchObject(error);
    disk.write(PREVIOUS_INDEX, disk.read(INDEX) ?? new Uint8Array());
    disk.remove(INDEX);
    await expect(readMemberRows(disk.open(), file, 0)).rejects.toMatchObject(error);
  });

  it('names what went wrong under its own name, not under the other', async () => {
    const disk = createMemoryDisk();
    await fold(disk, [set('a')]);
    const file = await loaded(disk);
    const [member] = file.members;
    if (member === undefined) throw new Error('no member');
    const asked: string[] = [];
    const failing = (name: string): Promise<Uint8Array> => {
      asked.push(name);
      return Promise.reject(new Error(`no ${name}`));
    };
    const state = { ...disk.open(), readRange: failing };
    const cause = expect.objectContaining({ message: `no ${INDEX}` });
    await expect(readMemberBytes(state, file, member)).rejects.toMatchObject({ cause });
    expect(asked).toEqual([INDEX, PREVIOUS_INDEX]);
    await expect(readMemberBytes(state, { ...file, name: PREVIOUS_INDEX }, member)).rejects.toMatchObject({
      cause: expect.objectContaining({ message: `no ${PREVIOUS_INDEX}` }),
    });
    expect(asked).toEqual([INDEX, PREVIOUS_INDEX, PREVIOUS_INDEX]);
  });

  it('whose rows are not what the table says is an error', async () => {
    const disk = createMemoryDisk();
    for (const rows of [[row('b'), row('a')], [row('b')], [row('c'), row('d')]]) {
      put(disk, [{ first: 'b', bytes: encodeIndexRows(rows) }]);
      const file = await loaded(disk);
      const code = 'STATE_UNREADABLE';
      await expect(readMemberRows(disk.open(), file, 0)).rejects.toMatchObject({ code });
      await expect(holdsKey(disk.open(), file, 'c' as EntryKey)).rejects.toMatchObject({ code });
      expect(await holdsKey(disk.open(), file, 'a' as EntryKey)).toBe(false);
    }
  });

  it('tells which keys it holds, and reads each member once for it', async () => {
    const disk = createMemoryDisk();
    await fold(
      disk,
      [...numbered(0, 3000), 'm'].map((key) => set(key)),
    );
    const file = await loaded(disk);
    const state = disk.open();
    const asked = [
      'k00000',
      'k00999',
      'k01000',
      'k01999',
      'k02999',
      'm',
      'a',
      'k',
      'k00999x',
      'k02999x',
      'z',
    ];
    const there = [];
    for (const key of [...asked, ...asked]) there.push(await holdsKey(state, file, key as EntryKey));
    const expected = asked.map((_, i) => i < 6);
    expect(there).toEqual([...expected, ...expected]);
    expect(state.calls.bytesRead).toBe(file.members.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it('has a key in the last member that does not begin behind it', () => {
    const members = ['b', 'd', 'f', 'h', 'j'].map((first) => ({ first }) as IndexMember);
    const of = (key: string, count = 5) => memberPosition(members.slice(0, count), key as EntryKey);
    expect(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'].map((key) => of(key))).toEqual([
      -1, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4,
    ]);
    expect(['a', 'b', 'c', 'd', 'z'].map((key) => of(key, 2))).toEqual([-1, 0, 0, 1, 1]);
    expect(of('b', 0)).toBe(-1);
  });
});

describe('a fold', () => {
  it('fills members evenly, and splits one only when it has outgrown half as much again', async () => {
    const disk = createMemoryDisk();
    expect(
      await fold(
        disk,
        numbered(0, 1500).map((key) => set(key)),
      ),
    ).toEqual([1500]);
    expect(await fold(disk, [set('k00000x', 3)])).toEqual([751, 750]);
    const expected = [...numbered(0, 1500).map((key) => [key, 2]), ['k00000x', 3]];
    expect(await versions(disk)).toEqual(expected.sort(([a], [b]) => compareKeys(String(a), String(b))));
    expect(
      await fold(
        createMemoryDisk(),
        numbered(0, 2501).map((key) => set(key)),
      ),
    ).toEqual([834, 834, 833]);
  });

  it('joins what is left of a member with the next, unless it is a quarter of a full one', async () => {
    const disk = createMemoryDisk();
    expect(
      await fold(
        disk,
        numbered(0, 3000).map((key) => set(key)),
      ),
    ).toEqual([1000, 1000, 1000]);
    expect(await fold(disk, numbered(0, 750).map(drop))).toEqual([250, 1000, 1000]);
    expect(await fold(disk, [drop('k00999')])).toEqual([1249, 1000]);
    expect(await fold(disk, [...numbered(2000, 2999).map(drop), set('k02500', 3)])).toEqual([1249, 2]);
    const left = [...numbered(750, 999), ...numbered(1000, 2000)].map((key) => [key, 2]);
    expect(await versions(disk)).toEqual([...left, ['k02500', 3], ['k02999', 2]]);
  });

  it('takes what sorts before all members, and behind them', async () => {
    const disk = createMemoryDisk();
    await fold(
      disk,
      numbered(0, 2000).map((key) => set(key)),
    );
    expect(await fold(disk, [set('a', 3), set('k00999x', 3), set('z', 3)])).toEqual([1002, 1001]);
    const rows = await versions(disk);
    expect([rows[0], rows[1001], rows.at(-1)]).toEqual([
      ['a', 3],
      ['k00999x', 3],
      ['z', 3],
    ]);
    expect(rows).toHaveLength(2003);
  });

  it('copies the members that nothing changed, byte for byte and without unpacking them', async () => {
    const disk = createMemoryDisk();
    await fold(
      disk,
      numbered(0, 4000).map((key) => set(key)),
    );
    const before = await loaded(disk);
    expect(await fold(disk, [set('k01500', 3)])).toEqual([1000, 1000, 1000, 1000]);
    const after = await loaded(disk);
    const sums = ({ members }: IndexFile) => members.map(({ crc32 }) => crc32);
    const same = sums(after).map((sum, i) => sum === sums(before)[i]);
    expect(same).toEqual([true, false, true, true]);
    // A member that holds no rows at all is copied all the same: nobody looked into it.
    put(disk, [
      { first: 'a', bytes: encodeIndexRows([row('a'), row('b')]) },
      { first: 'c', bytes: gzipSync('no rows') },
    ]);
    await expect(fold(disk, [])).resolves.toEqual([2, 2]);
  });

  it('stops at a member that cannot be read', async () => {
    const disk = createMemoryDisk();
    put(disk, [{ first: 'c', bytes: gzipSync('no rows') }]);
    await expect(fold(disk, [set('d')])).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
  });
});
