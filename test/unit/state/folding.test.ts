import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { BaseChange, Intent } from '../../../src/engine/ports/base.ts';
import type { OpenedBase } from '../../../src/engine/state/base.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import {
  decodeIndexHeader,
  encodeIndexHeader,
  encodeIndexRows,
  encodeIndexTable,
  encodeIndexTrailer,
  type IndexHeader,
  type IndexMember,
  memberChecksum,
} from '../../../src/formats/index-codec.ts';
import type { BaseRow, Digest } from '../../../src/sync/entry.ts';
import { compareKeys, type EntryKey, type RelPath } from '../../../src/sync/path.ts';
import { createMemoryDisk, type MemoryDisk, type MemoryState } from '../../support/memory-state.ts';

/** What a base says while it is open: after each record, over a fold, and when the fold fails or its outcome is unknown. */

const IDS = { targetId: 'aaaaaaaaaaaaaaaa', clientId: 'cccccccccccccccc' };
const INDEX = 'index.json.gz';
const PREVIOUS = 'index.prev.json.gz';

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

interface Room {
  readonly disk: MemoryDisk;
  readonly state: MemoryState;
  readonly base: OpenedBase;
}

/** A base over an index with the given keys. */
async function room(
  keys: readonly string[],
  changed: (state: MemoryState) => MemoryState = (s) => s,
): Promise<Room> {
  const disk = createMemoryDisk();
  disk.write('target.json', Buffer.from('marker'));
  const first = await openBase({ ...IDS, state: disk.open(), mode: 'write' });
  await first.record({ changes: keys.map((key) => set(key)) });
  await first.fold({ force: true });
  const state = changed(disk.open());
  return { disk, state, base: await openBase({ ...IDS, state, mode: 'write' }) };
}

const reopen = ({ disk }: Pick<Room, 'disk'>): Promise<OpenedBase> =>
  openBase({ ...IDS, state: disk.open(), mode: 'read' });

async function rowsOf(base: OpenedBase): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const batch of base.rows())
    found.push(...batch.map(({ key, remote }) => `${key} ${remote.sizeBytes}`));
  expect(base.size).toBe(found.length);
  return found;
}

async function under(base: OpenedBase, path: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const batch of base.under(path as RelPath)) {
    expect(batch.length).toBeGreaterThan(0);
    found.push(...batch.map(({ key, remote }) => `${key} ${remote.sizeBytes}`));
  }
  return found;
}

const get = async (base: OpenedBase, key: string) => (await base.get(key as EntryKey))?.remote.sizeBytes;

const LETTERS = ['b', 'd', 'f', 'h', 'j', 'l', 'n'];

describe('an open base', () => {
  it.each(LETTERS.map((_, i) => i))(
    'with %i rows finds each of them, and none between them',
    async (count) => {
      const { base } = await room(LETTERS.slice(0, count));
      const found: (number | undefined)[] = [];
      for (const letter of 'abcdefghijklmno') found.push(await get(base, letter));
      expect(found).toEqual(
        [...'abcdefghijklmno'].map((each) => (LETTERS.slice(0, count).includes(each) ? 1 : undefined)),
      );
    },
  );

  it('says at once what was recorded, over an index or without one', async () => {
    for (const indexed of [[], ['a', 'b', 'x/1', 'x/3', 'y']]) {
      const { base } = await room(indexed);
      const model = new Map(indexed.map((key) => [key, 1]));
      const expected = () =>
        [...model].map(([key, version]) => `${key} ${version}`).sort((a, b) => compareKeys(a, b));
      expect(await rowsOf(base)).toEqual(expected());
      for (const key of ['x/2', 'b', 'c', 'x/', 'x/2', 'x/4']) {
        model.set(key, (model.get(key) ?? 0) + 1);
        await base.record({ changes: [set(key, model.get(key))] });
        expect(await rowsOf(base)).toEqual(expected());
        expect(await get(base, key)).toBe(model.get(key));
        expect(await under(base, 'x')).toEqual(expected().filter((each) => each.startsWith('x/')));
      }
      for (const key of ['x/2', 'b', 'never', 'x/4']) {
        model.delete(key);
        await base.record({ changes: [drop(key)] });
        expect(await rowsOf(base)).toEqual(expected());
        expect(await get(base, key)).toBeUndefined();
        expect(await under(base, 'x')).toEqual(expected().filter((each) => each.startsWith('x/')));
      }
    }
  });

  it('counts the rows of folders that it gained, and lost again', async () => {
    const { base } = await room(['a', 'x/']);
    expect(base.foldersGained).toBe(0);
    await base.record({ changes: [set('y/'), set('z/'), set('b'), set('x/', 2)] });
    expect(base.foldersGained).toBe(2);
    await base.record({ changes: [drop('y/'), drop('x/'), drop('never/'), drop('b')] });
    expect(base.foldersGained).toBe(0);
    await base.fold({ force: true });
    await base.record({ changes: [drop('z/')] });
    expect(base.foldersGained).toBe(-1);
  });

  it('opened for reading begins nothing', async () => {
    const { disk } = await room(['a']);
    const before = disk.read('journal.jsonl');
    const base = await reopen({ disk });
    await expect(base.begin(intent)).rejects.toThrow('for reading');
    expect(disk.read('journal.jsonl')).toEqual(before);
  });

  it('records nothing when the member in question cannot be read', async () => {
    const here = await room(['a', 'b']);
    here.disk.remove(INDEX);
    await expect(here.base.record({ changes: [set('a', 2)] })).rejects.toMatchObject({
      code: 'STATE_UNREADABLE',
    });
    await here.base.begin(intent);
    expect(here.base.pending).toHaveLength(1);
  });
});

describe('a fold', () => {
  it('leaves the same base, of which nothing is said twice', async () => {
    const here = await room(['a', 'b', 'x/1']);
    const { base, disk } = here;
    expect([await get(base, 'a'), await under(base, 'x')]).toEqual([1, ['x/1 1']]);
    const id = await base.begin(intent);
    await base.record({
      changes: [set('a', 2), drop('b'), set('c'), set('x/1', 2)],
      deletions: { atMs: 5, side: 'local', count: 3 },
      cursor: { sequence: 4, unpublished: 1 },
    });
    const said = async (each: OpenedBase) => ({
      rows: await rowsOf(each),
      got: [await get(each, 'a'), await get(each, 'b'), await under(each, 'x')],
      ...{
        pending: each.pending,
        recentDeletions: each.recentDeletions,
        cursor: each.cursor,
        trust: each.trust,
      },
    });
    const before = await said(base);
    expect(before).toEqual({
      rows: ['a 2', 'c 1', 'x/1 2'],
      got: [2, undefined, ['x/1 2']],
      pending: [{ id, intent }],
      recentDeletions: [{ atMs: 5, side: 'local', count: 3 }],
      cursor: { sequence: 4, unpublished: 1 },
      trust: 'sound',
    });
    await base.fold({ force: true });
    expect(await said(base)).toEqual(before);
    expect(await said(await reopen(here))).toEqual(before);
    expect(decodeIndexHeader(disk.read(INDEX) ?? new Uint8Array())).toMatchObject({ rows: 3, generation: 3 });
    expect(decodeIndexHeader(disk.read(PREVIOUS) ?? new Uint8Array())).toMatchObject({
      rows: 3,
      generation: 2,
    });
    await base.record({ changes: [set('a', 3), drop('c')] });
    expect(await rowsOf(base)).toEqual(['a 3', 'x/1 2']);
    expect(await rowsOf(await reopen(here))).toEqual(['a 3', 'x/1 2']);
  });

  it('is done only when something was recorded since', async () => {
    const { base, state, disk } = await room(['a']);
    await base.fold({ force: true });
    await base.begin(intent);
    await base.fold({ force: true });
    expect(state.calls).toMatchObject({ changing: 1, appends: 1 });
    await base.record({ changes: [set('b')] });
    await base.fold({ force: true });
    await base.fold({ force: true });
    expect(decodeIndexHeader(disk.read(INDEX) ?? new Uint8Array()).generation).toBe(3);
    await base.record({ changes: [set('c')] });
    await Promise.all([base.fold({ force: true }), base.fold({ force: true })]);
    expect(decodeIndexHeader(disk.read(INDEX) ?? new Uint8Array()).generation).toBe(4);
  });

  it('knows of no result whose intent power loss would still show as open', async () => {
    const here = await room(['a']);
    const id = await here.base.begin(intent);
    await here.base.record({ changes: [set('b')], finished: [id] });
    const { replace } = here.state;
    Object.assign(here.state, {
      replace: async (...args: Parameters<typeof replace>) => {
        await replace(...args);
        here.disk.losePower();
        const dead = () => Promise.reject(new Error('killed'));
        Object.assign(here.state, { size: dead, append: dead, replace: dead });
        return dead();
      },
    });
    await expect(here.base.fold({ force: true })).rejects.toThrow('killed');
    const after = await reopen(here);
    expect([await rowsOf(after), after.pending]).toEqual([['a 1', 'b 1'], []]);
  });

  it('that fails after all when it was done is done; nothing is added to the journal of the index before', async () => {
    const here = await room(['a']);
    const { replace } = here.state;
    let failing = true;
    Object.assign(here.state, {
      replace: async (...args: Parameters<typeof replace>) => {
        await replace(...args);
        if (failing && args[0] === INDEX) throw new Error('no answer');
      },
    });
    await here.base.record({ changes: [set('b')] });
    await here.base.fold({ force: true });
    failing = false;
    await here.base.record({ changes: [set('c')] });
    const after = await reopen(here);
    expect([after.trust, await rowsOf(after)]).toEqual(['sound', ['a 1', 'b 1', 'c 1']]);
  });

  it('whose outcome nobody can tell leaves a base that takes nothing more', async () => {
    const here = await room(['a']);
    const { replace, size } = here.state;
    await here.base.record({ changes: [set('b')] });
    Object.assign(here.state, {
      replace: async (...args: Parameters<typeof replace>) => {
        await replace(...args);
        Object.assign(here.state, { size: () => Promise.reject(new Error('input/output error')) });
        throw new Error('no answer');
      },
    });
    await expect(here.base.fold({ force: true })).rejects.toThrow('input/output error');
    Object.assign(here.state, { replace, size });
    const refused = {
      code: 'LOCAL_FAILED',
      message: 'the index could not be replaced',
      cause: expect.objectContaining({ message: 'no answer' }),
    };
    await expect(here.base.record({ changes: [set('c')] })).rejects.toMatchObject(refused);
    await expect(here.base.begin(intent)).rejects.toMatchObject(refused);
    await expect(here.base.flush()).rejects.toMatchObject(refused);
    await expect(here.base.fold({ force: true })).rejects.toMatchObject(refused);
    const after = await reopen(here);
    expect([after.trust, await rowsOf(after)]).toEqual(['sound', ['a 1', 'b 1']]);
  });

  it('keeps the previous index when the newest was unusable', async () => {
    const here = await room(['a']);
    await here.base.record({ changes: [set('b')] });
    await here.base.fold({ force: true });
    const previous = here.disk.read(PREVIOUS);
    here.disk.write(INDEX, Buffer.from('nonsense'));
    const base = await openBase({ ...IDS, state: here.disk.open(), mode: 'write' });
    expect([base.doubt, await rowsOf(base)]).toEqual(['previous-index', ['a 1']]);
    await base.record({ changes: [set('c'), drop('a')] });
    await base.fold({ force: true });
    expect(here.disk.read(PREVIOUS)).toEqual(previous);
    expect(await rowsOf(await reopen(here))).toEqual(['c 1']);
    await base.record({ changes: [set('d')] });
    await base.fold({ force: true });
    expect(decodeIndexHeader(here.disk.read(PREVIOUS) ?? new Uint8Array())).toMatchObject({ rows: 1 });
  });

  it('of a copied folder keeps what this session found, also where it found the same, and is sound then', async () => {
    const here = await room(['a', 'b', 'c']);
    const disk = here.disk.copy();
    const base = await openBase({ ...IDS, state: disk.open(), mode: 'write' });
    expect(base.trust).toBe('evidence');
    await base.record({ changes: [set('a'), set('new'), drop('b')] });
    await base.fold();
    expect(base.trust).toBe('evidence');
    expect(await rowsOf(base)).toEqual(['a 1', 'c 1', 'new 1']);
    await base.fold({ force: true });
    expect([base.trust, await rowsOf(base)]).toEqual(['sound', ['a 1', 'new 1']]);
    expect(decodeIndexHeader(disk.read(INDEX) ?? new Uint8Array())).toMatchObject({ rows: 2 });
    await base.record({ changes: [set('c', 2)] });
    await base.fold({ force: true });
    expect([base.trust, await rowsOf(base)]).toEqual(['sound', ['a 1', 'c 2', 'new 1']]);
    const again = await openBase({ ...IDS, state: disk.open(), mode: 'read' });
    expect([again.trust, await rowsOf(again)]).toEqual(['sound', ['a 1', 'c 2', 'new 1']]);
  });

  it.each([
    ['64 KiB', 0, 64 * 1024],
    ['a tenth of a larger index', 900_000, 90_000],
  ])('is due when the journal is longer than %s', async (_, largeBytes, dueBytes) => {
    const { disk } = await room(['a']);
    const index = () => disk.read(INDEX) ?? new Uint8Array();
    const journalBytes = () => disk.read('journal.jsonl')?.byteLength ?? 0;
    if (largeBytes > 0) disk.write(INDEX, withLargeMember(decodeIndexHeader(index()), largeBytes));
    const base = await openBase({ ...IDS, state: disk.open(), mode: 'write' });
    const due = Math.max(dueBytes, index().byteLength / 10);
    const part = () => randomBytes(100).toString('hex');
    const fillTo = async (sizeBytes: number): Promise<void> => {
      while (journalBytes() <= sizeBytes)
        await base.record({ changes: [set(['y', part(), part(), part(), part()].join('/'))] });
    };
    await fillTo(due - 2000);
    await base.fold();
    expect(decodeIndexHeader(index()).generation).toBe(2);
    await fillTo(due);
    await base.fold();
    expect(decodeIndexHeader(index()).generation).toBe(3);
    expect(journalBytes()).toBeLessThan(1000);
  });
});

/** An index with a first member of that size, which nobody looks into: a fold copies it. */
function withLargeMember(header: IndexHeader, sizeBytes: number): Uint8Array {
  const beginning = encodeIndexHeader(header);
  const parts = [gzipSync(randomBytes(sizeBytes), { level: 0 }), encodeIndexRows([row('y')])] as const;
  let offset = beginning.byteLength;
  const members = parts.map((bytes, i): IndexMember => {
    const at = { offset, bytes: bytes.byteLength, rows: 1, crc32: memberChecksum(bytes) };
    offset += bytes.byteLength;
    return { ...at, first: (i === 0 ? 'a' : 'y') as EntryKey };
  });
  return Buffer.concat([beginning, ...parts, encodeIndexTable({ members }), encodeIndexTrailer(offset)]);
}
