import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Base, BaseChange } from '../../../src/engine/ports/base.ts';
import type { OpenedBase } from '../../../src/engine/state/base.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import type { BaseRow, Digest } from '../../../src/sync/entry.ts';
import { compareKeys, type EntryKey, type RelPath } from '../../../src/sync/path.ts';
import { createMemoryDisk, type MemoryDisk, type MemoryState } from '../../support/memory-state.ts';

const TARGET = 'aaaaaaaaaaaaaaaa';
const CLIENT = 'cccccccccccccccc';

function row(key: string, version = 1): BaseRow {
  return {
    key: key as EntryKey,
    content: {
      kind: 'file',
      digest: version.toString(16).padStart(64, '0') as Digest,
      sizeBytes: version,
      executable: false,
    },
    mtimeNs: 1_732_158_727_123_456_789n,
    local: { inode: 7n, sizeBytes: version, mtimeNs: 5n, ctimeNs: 6n },
    remote: { etag: `e${version}`, sizeBytes: version, modifiedMs: 1000 },
  };
}

const set = (key: string, version = 1): BaseChange => ({ kind: 'set', row: row(key, version) });
const drop = (key: string): BaseChange => ({ kind: 'drop', key: key as EntryKey });
const name = (i: number): string => `folder/${String(i).padStart(6, '0')}.txt`;

function newDisk(): MemoryDisk {
  const disk = createMemoryDisk();
  disk.write('target.json', Buffer.from('marker'));
  return disk;
}

function open(state: MemoryState, mode: 'read' | 'write' = 'write', clientId = CLIENT): Promise<OpenedBase> {
  return openBase({ state, targetId: TARGET, clientId, mode });
}

async function contents(base: Base): Promise<Map<string, BaseRow>> {
  const found = new Map<string, BaseRow>();
  const outOfOrder: string[] = [];
  let last = '';
  for await (const batch of base.rows()) {
    expect(batch.length).toBeGreaterThan(0);
    for (const each of batch) {
      if (compareKeys(last, each.key) >= 0) outOfOrder.push(each.key);
      last = each.key;
      found.set(each.key, each);
    }
  }
  expect(outOfOrder).toEqual([]);
  expect(base.size).toBe(found.size);
  return found;
}

async function keys(base: Base): Promise<string[]> {
  return [...(await contents(base)).keys()];
}

describe('a base', () => {
  it('is missing at first, and empty', async () => {
    const base = await open(newDisk().open());
    expect(base.trust).toBe('missing');
    expect(base.doubt).toBe('never-synced');
    expect(await keys(base)).toEqual([]);
    expect(await base.get('a' as EntryKey)).toBeUndefined();
  });

  it('keeps what was recorded, through the journal alone and through a fold', async () => {
    const disk = newDisk();
    const first = await open(disk.open());
    await first.record({ changes: [set('b'), set('a'), set('c')] });
    await first.record({ changes: [drop('b'), set('c', 2)] });
    expect(await keys(first)).toEqual(['a', 'c']);
    const second = await open(disk.open());
    expect(second.trust).toBe('sound');
    expect(await contents(second)).toEqual(
      new Map([
        ['a', row('a')],
        ['c', row('c', 2)],
      ]),
    );
    await second.fold({ force: true });
    await second.record({ changes: [drop('a'), set('d')] });
    const third = await open(disk.open());
    expect(third.trust).toBe('sound');
    expect(await keys(third)).toEqual(['c', 'd']);
    expect(await third.get('c' as EntryKey)).toEqual(row('c', 2));
    expect(await third.get('a' as EntryKey)).toBeUndefined();
    expect(await third.get('zz' as EntryKey)).toBeUndefined();
    expect(await third.get('A' as EntryKey)).toBeUndefined();
  });

  it('counts rows without reading them all', async () => {
    const disk = newDisk();
    const base = await open(disk.open());
    await base.record({ changes: Array.from({ length: 5000 }, (_, i) => set(name(i))) });
    await base.fold({ force: true });
    const again = await open(disk.open());
    expect(again.size).toBe(5000);
    await again.record({ changes: [set(name(77), 2), set('new'), drop(name(4999)), drop('never')] });
    await again.record({ changes: [drop('new'), set(name(4999))] });
    expect(again.size).toBe(5000);
    expect((await open(disk.open())).size).toBe(5000);
  });

  it('yields a snapshot: later records and a fold do not show', async () => {
    const disk = newDisk();
    const base = await open(disk.open());
    await base.record({ changes: Array.from({ length: 3000 }, (_, i) => set(name(i))) });
    await base.fold({ force: true });
    const seen: string[] = [];
    for await (const batch of base.rows()) {
      if (seen.length === 0) {
        await base.record({ changes: [drop(name(2999)), set('zzz')] });
        await base.fold({ force: true });
      }
      seen.push(...batch.map(({ key }) => key));
    }
    expect(seen).toHaveLength(3000);
    expect(seen.at(-1)).toBe(name(2999));
    expect((await keys(base)).at(-1)).toBe('zzz');
  });

  it('copies untouched members when it folds, and splits and joins the others', async () => {
    const disk = newDisk();
    const base = await open(disk.open());
    await base.record({ changes: Array.from({ length: 10_000 }, (_, i) => set(name(i))) });
    await base.fold({ force: true });
    const model = await contents(base);
    const before = disk.read('index.json.gz') ?? Buffer.alloc(0);
    await base.record({ changes: [set(name(5000), 2), set(`${name(9999)}.x`)] });
    await base.fold({ force: true });
    const after = disk.read('index.json.gz') ?? Buffer.alloc(0);
    const tail = Buffer.from(before.subarray(1000, 3000));
    expect(Buffer.from(after).includes(tail)).toBe(true);
    model.set(name(5000), row(name(5000), 2)).set(`${name(9999)}.x`, row(`${name(9999)}.x`));
    expect(isDeepStrictEqual(await contents(await open(disk.open())), model)).toBe(true);
    const many = Array.from({ length: 4000 }, (_, i) => drop(name(i * 2)));
    const more = Array.from({ length: 3000 }, (_, i) => set(`folder/000500.txt.${i + 1000}`));
    await base.record({ changes: [...many, ...more] });
    for (const change of [...many, ...more]) {
      if (change.kind === 'set') model.set(change.row.key, change.row);
      else model.delete(change.key);
    }
    await base.fold({ force: true });
    const found = await contents(await open(disk.open()));
    // Of so many rows, a failure that shows them all would help nobody.
    expect(isDeepStrictEqual(found, model)).toBe(true);
  });

  it('folds only when the journal has outgrown its share', async () => {
    const disk = newDisk();
    const base = await open(disk.open());
    await base.record({ changes: [set('a')] });
    await base.fold();
    expect(base.trust).toBe('missing');
    await base.record({ changes: Array.from({ length: 500 }, (_, i) => set(name(i))) });
    await base.fold();
    expect(base.trust).toBe('sound');
    const generations = disk.read('journal.jsonl')?.toString();
    await base.fold({ force: true });
    expect(disk.read('journal.jsonl')?.toString()).toBe(generations);
  });

  it('shares one fsync between intents begun together, and numbers them on after a restart', async () => {
    const disk = newDisk();
    const state = disk.open();
    const base = await open(state);
    const intent = (path: string) =>
      ({
        kind: 'rename',
        from: path as RelPath,
        to: 'to' as RelPath,
        expected: { inode: 1n, sizeBytes: 1, mtimeNs: 1n, ctimeNs: 1n },
      }) as const;
    const ids = await Promise.all(['a', 'b', 'c'].map((path) => base.begin(intent(path))));
    expect(state.calls.syncs).toBe(1);
    disk.losePower();
    const again = await open(disk.open());
    expect(again.pending).toEqual(['a', 'b', 'c'].map((path, i) => ({ id: ids[i], intent: intent(path) })));
    await again.record({ finished: [ids[0] ?? 0] });
    const id = await again.begin(intent('d'));
    expect(ids).not.toContain(id);
    expect(again.pending.map((each) => each.id)).toEqual([...ids.slice(1), id]);
    await again.record({ changes: [set('x')] });
    await again.fold({ force: true });
    expect((await open(disk.open())).pending.map((each) => each.id)).toEqual([...ids.slice(1), id]);
  });

  it('costs one line to record and flush one row', async () => {
    const disk = newDisk();
    const base = await open(disk.open());
    await base.record({ changes: Array.from({ length: 3000 }, (_, i) => set(name(i))) });
    await base.fold({ force: true });
    const state = disk.open();
    const again = await open(state);
    const lines = () => disk.read('journal.jsonl')?.toString().split('\n').length ?? 0;
    const [before, appends] = [lines(), state.calls.appends];
    await again.record({ changes: [set(name(5), 3)] });
    await again.flush();
    await again.flush();
    expect(lines()).toBe(before + 1);
    expect(state.calls.appends).toBe(appends + 2);
    disk.losePower();
    expect(await (await open(disk.open())).get(name(5) as EntryKey)).toEqual(row(name(5), 3));
  });

  it('loses at power loss only what was not flushed, and cuts a torn tail before it appends', async () => {
    const disk = newDisk();
    const base = await open(disk.open());
    await base.record({ changes: [set('a')] });
    await base.flush();
    await base.record({ changes: [set('b')] });
    disk.losePower(40);
    const again = await open(disk.open());
    expect(await keys(again)).toEqual(['a']);
    await again.record({ changes: [set('c')] });
    expect(await keys(await open(disk.open()))).toEqual(['a', 'c']);
  });

  it('goes on after a failed append as if it had not been tried', async () => {
    const disk = newDisk();
    const state = disk.open();
    const base = await open(state);
    await base.record({ changes: [set('a')], deletions: { atMs: 5, side: 'local', count: 2 } });
    state.failNext(1);
    await expect(base.record({ changes: [set('b')] })).rejects.toThrow('no space');
    expect(await keys(base)).toEqual(['a']);
    await base.record({ changes: [set('c')] });
    const again = await open(disk.open());
    expect(await keys(again)).toEqual(['a', 'c']);
    expect(again.recentDeletions).toEqual([{ atMs: 5, side: 'local', count: 2 }]);
  });

  it('goes on after a failed fold', async () => {
    const disk = newDisk();
    const state = disk.open();
    const base = await open(state);
    await base.record({ changes: [set('a')] });
    state.failNext(1);
    await expect(base.fold({ force: true })).rejects.toThrow('no space');
    await base.record({ changes: [set('b')] });
    expect(await keys(await open(disk.open()))).toEqual(['a', 'b']);
    await base.fold({ force: true });
    expect(await keys(await open(disk.open()))).toEqual(['a', 'b']);
  });

  it('keeps the log cursor and a day of deletions', async () => {
    const disk = newDisk();
    const base = await open(disk.open());
    const hour = 3_600_000;
    await base.record({ deletions: { atMs: hour, side: 'local', count: 1 } });
    await base.record({ deletions: { atMs: hour + 1, side: 'local', count: 2 } });
    await base.record({
      cursor: { sequence: 4, headEtag: 'h', headWrite: 'w', bellPending: true, unpublished: 2 },
    });
    await base.fold({ force: true });
    await base.record({ deletions: { atMs: 2 * hour, side: 'remote', count: 5 } });
    const again = await open(disk.open());
    expect(again.cursor).toEqual({
      sequence: 4,
      headEtag: 'h',
      headWrite: 'w',
      bellPending: true,
      unpublished: 2,
    });
    expect(again.recentDeletions).toEqual([
      { atMs: hour, side: 'local', count: 3 },
      { atMs: 2 * hour, side: 'remote', count: 5 },
    ]);
    await again.record({ deletions: { atMs: 25.5 * hour, side: 'remote', count: 7 } });
    expect(again.recentDeletions.map(({ count }) => count)).toEqual([5, 7]);
  });

  it('opened for reading writes nothing and refuses to', async () => {
    const disk = newDisk();
    const state = disk.open();
    const base = await open(state, 'read');
    expect(base.trust).toBe('missing');
    await expect(base.record({ changes: [set('a')] })).rejects.toThrow('for reading');
    await expect(base.flush()).rejects.toThrow('for reading');
    await expect(base.fold({ force: true })).rejects.toThrow('for reading');
    expect(state.calls.changing).toBe(0);
  });
});

describe('a base that cannot be trusted', () => {
  async function synced(): Promise<MemoryDisk> {
    const disk = newDisk();
    const base = await open(disk.open());
    await base.record({ changes: [set('a'), set('b')] });
    await base.fold({ force: true });
    await base.record({ changes: [set('c')], cursor: { sequence: 9, unpublished: 0 } });
    return disk;
  }

  it('is evidence in a copied folder, for another target and for another client', async () => {
    const disk = await synced();
    const copied = await open(disk.copy().open());
    expect([copied.trust, copied.doubt]).toEqual(['evidence', 'marker-moved']);
    expect(await keys(copied)).toEqual(['a', 'b', 'c']);
    const other = await open(disk.open(), 'read', 'dddddddddddddddd');
    expect([other.trust, other.doubt]).toEqual(['evidence', 'other-client']);
    expect(other.cursor).toEqual({ sequence: 0, unpublished: 0 });
    const elsewhere = await openBase({ state: disk.open(), targetId: 'ee', clientId: CLIENT, mode: 'read' });
    expect([elsewhere.trust, elsewhere.doubt]).toEqual(['evidence', 'other-target']);
  });

  it('keeps evidence until a forced fold, which keeps what this session confirmed and no more', async () => {
    const disk = (await synced()).copy();
    const base = await open(disk.open());
    await base.record({ changes: [set('b'), set('x')] });
    await base.fold();
    expect(base.trust).toBe('evidence');
    const crashed = await open(disk.open());
    expect(crashed.trust).toBe('evidence');
    expect(await keys(crashed)).toEqual(['a', 'b', 'c', 'x']);
    await crashed.record({ changes: [set('b'), drop('a'), set('y')] });
    await crashed.fold({ force: true });
    expect(crashed.trust).toBe('sound');
    expect(await keys(crashed)).toEqual(['b', 'y']);
    const after = await open(disk.open());
    expect([after.trust, after.doubt]).toEqual(['sound', undefined]);
    expect(await keys(after)).toEqual(['b', 'y']);
  });

  it('falls back to the previous index, as evidence', async () => {
    const disk = await synced();
    const base = await open(disk.open());
    await base.fold({ force: true });
    const index = Buffer.from(disk.read('index.json.gz') ?? []);
    for (const at of [12, 200, index.length - 40, index.length - 10]) {
      const damaged = Buffer.from(index);
      damaged.writeUInt8((damaged.readUInt8(at) ^ 0xff) & 0xff, at);
      disk.write('index.json.gz', damaged);
      const fallback = await open(disk.open(), 'read');
      expect([at, fallback.trust, fallback.doubt]).toEqual([at, 'evidence', 'previous-index']);
      expect(await keys(fallback)).toEqual(['a', 'b']);
    }
    disk.write('index.json.gz', index.subarray(0, 100));
    const fallback = await open(disk.open());
    await fallback.record({ changes: [set('b')] });
    expect(await keys(await open(disk.open()))).toEqual(['a', 'b']);
    await fallback.fold({ force: true });
    expect(await keys(await open(disk.open()))).toEqual(['b']);
  });

  it('is lost when neither index can be used, keeps open intents and starts anew', async () => {
    const disk = await synced();
    const base = await open(disk.open());
    const intent = { kind: 'unguarded-put', key: 'k' as never, write: 'w', parent: '' } as const;
    const id = await base.begin(intent);
    disk.write('index.json.gz', Buffer.from('nonsense'));
    disk.write('index.prev.json.gz', Buffer.from('nonsense'));
    const lost = await open(disk.open());
    expect([lost.trust, lost.doubt]).toEqual(['lost', 'index-corrupt']);
    expect(lost.pending).toEqual([{ id, intent }]);
    expect(await keys(lost)).toEqual([]);
    await lost.record({ changes: [set('n')] });
    const again = await open(disk.open());
    expect(again.trust).toBe('sound');
    expect(await keys(again)).toEqual(['n']);
    expect(again.pending).toEqual([{ id, intent }]);
    disk.remove('index.json.gz');
    disk.remove('index.prev.json.gz');
    expect((await open(disk.open())).doubt).toBe('index-gone');
  });

  it('is evidence when the index is older than its journal', async () => {
    const disk = await synced();
    const old = Buffer.from(disk.read('index.json.gz') ?? []);
    const base = await open(disk.open());
    await base.fold({ force: true });
    disk.write('index.json.gz', old);
    const restored = await open(disk.open());
    expect([restored.trust, restored.doubt]).toEqual(['evidence', 'older-than-journal']);
    await restored.record({ changes: [set('z')] });
    expect(await keys(await open(disk.open()))).toEqual(['a', 'b', 'z']);
  });

  it('is an error when a newer s4 wrote it', async () => {
    const disk = await synced();
    const { gzipSync } = await import('node:zlib');
    const index = Buffer.from(disk.read('index.json.gz') ?? []);
    disk.write('index.json.gz', gzipSync('{"s4":"index","version":2}\n'));
    await expect(open(disk.open())).rejects.toMatchObject({ code: 'STATE_TOO_NEW' });
    disk.write('index.json.gz', index);
    disk.remove('journal.jsonl');
    expect(await keys(await open(disk.open()))).toEqual(['a', 'b']);
  });
});
