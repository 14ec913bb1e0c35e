import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CycleDeps } from '../../../src/engine/cycle.ts';
import type { Folder, StateFiles } from '../../../src/engine/ports/folder.ts';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import type { WatchEvent } from '../../../src/engine/ports/watcher.ts';
import { runCycle } from '../../../src/engine/run-cycle.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import {
  encodeIndexHeader,
  encodeIndexRows,
  encodeIndexTable,
  encodeIndexTrailer,
  memberChecksum,
} from '../../../src/formats/index-codec.ts';
import { decodeJournal, encodeJournalLine } from '../../../src/formats/journal-codec.ts';
import type { BackendHost } from '../../../src/local/watch/backend.ts';
import { createWatcher } from '../../../src/local/watch/watch-folder.ts';
import { pollBell } from '../../../src/remote-log/bell.ts';
import type { BaseRow, Digest } from '../../../src/sync/entry.ts';
import type { EntryKey, RelPath } from '../../../src/sync/path.ts';
import { objectKeys, quiet } from '../../support/crash.ts';
import { createWorld, type Machine } from '../../support/machines.ts';
import { createManualWatchClock } from '../../support/manual-watch-clock.ts';
import { createMemoryDisk } from '../../support/memory-state.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { contentsInTrees } from '../../support/writers.ts';
import { type DiskFixture, diskFixture } from '../local/disk-fixture.ts';

/** Further hazards, each through a part that is weakened on purpose first: that one shows the loss, s4's own does not. */

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('H7', () => {
  it.each([true, false])('a twin arrives on a disk that folds case; twins are known: %s', async (known) => {
    const world = createWorld();
    const linux = await world.machine('linux');
    const mac = await world.machine('mac', { foldsCase: true });
    linux.user.write('README', 'the first');
    linux.user.write('keep', 'keep');
    await linux.sync();
    await mac.sync();
    linux.user.write('Readme', 'the twin');
    await linux.sync();
    const unaware = (): Folder => {
      const folder = mac.disk.open();
      const exact = async (at: RelPath) => (at in mac.user.tree() ? folder.stat(at) : undefined);
      return {
        ...folder,
        foldsCase: false,
        stat: exact,
        place: async (placement) => {
          const there = await folder.stat(placement.path);
          if (there?.kind !== 'file') return folder.place(placement);
          const expected = { kind: 'present', fingerprint: there.fingerprint } as const;
          return folder.place({ ...placement, expected });
        },
      };
    };
    for (let round = 0; round < 3; round++) {
      await mac.sync({}, known ? {} : { folder: unaware() });
      await linux.sync();
    }
    expect(objectKeys(world.server).includes('README')).toBe(known);
    expect(Object.values(linux.user.tree()).includes('the first')).toBe(known);
  });
});

describe('H9', () => {
  it.each([true, false])(
    'the power fails after a sync; the disk has what the base says by then: %s',
    async (durable) => {
      const world = createWorld();
      const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
      a.user.write('keep', 'keep');
      await a.sync();
      await b.sync();
      a.user.write('deep/er/f', 'f');
      await a.sync();
      await b.sync({}, durable ? {} : { folder: { ...b.disk.open(), sync: async () => {} } });
      b.disk.powerLoss();
      expect(b.user.read('deep/er/f')).toBe(durable ? 'f' : undefined);
      await quiet([b, a]);
      // A base that says more than the disk takes what the power took for the user's deletion.
      expect(objectKeys(world.server)).toEqual(durable ? ['deep/er/f', 'keep'] : ['keep']);
      expect(contentsInTrees([a, b]).has('f')).toBe(durable);
    },
  );
});

describe('H10', () => {
  const spellings = ['.S4', '.\u017f4', '.s\u200c4', '.s\uff14'];
  const cases = spellings.flatMap((spelling) => [true, false].map((known) => [spelling, known] as const));

  it.each(cases)(
    "another tool's objects below %j, which a disk takes for .s4; the spelling is known: %s",
    async (spelling, known) => {
      const world = createWorld();
      const a = await world.machine('mac');
      world.server.put('keep', 'keep');
      world.server.put(`${spelling}/halted.json`, 'no plan of ours');
      world.server.put(`${spelling}/tmp/photo`, 'a photo');
      await a.sync({}, takingForState(a, spelling, known));
      expect(a.user.read('.s4/halted.json')).toBe(known ? undefined : 'no plan of ours');
      await a.sync({}, takingForState(a, spelling, known));
      // It landed among the temp files, was cleaned up as one of them, and that passes for the user's deletion.
      expect(objectKeys(world.server).includes(`${spelling}/tmp/photo`)).toBe(known);
    },
  );

  it.each([true, false])(
    'a folder becomes a symlink out of it before a file is placed; places are anchored: %s',
    async (anchored) => {
      const world = createWorld();
      const b = await world.machine('desk');
      b.user.write('d/f', 'by the desk');
      b.user.write('keep', 'keep');
      await b.sync();
      const outside = await createTempDir();
      const disk: DiskFixture = await diskFixture();
      cleanups.push(disk.dispose, outside.remove);
      fs.writeFileSync(path.join(outside.path, 'f'), 'a file of nobody here');
      const marker = b.user.read('.s4/target.json') ?? '';
      fs.mkdirSync(path.join(disk.root, '.s4'), { recursive: true });
      fs.writeFileSync(path.join(disk.root, '.s4/target.json'), marker);
      const { folder } = disk;
      const swap = (): void => {
        fs.rmSync(path.join(disk.root, 'd'), { recursive: true, force: true });
        fs.symlinkSync(outside.path, path.join(disk.root, 'd'));
      };
      const naive: Folder['place'] = async ({ path: to, temp }) => {
        const at = path.join(disk.root, to);
        fs.renameSync(path.join(disk.root, '.s4/tmp', temp), at);
        const { ino, size, mtimeNs, ctimeNs } = fs.lstatSync(at, { bigint: true });
        const fingerprint = { inode: ino, sizeBytes: Number(size), mtimeNs, ctimeNs };
        return { kind: 'placed', fingerprint, racy: false };
      };
      const place: Folder['place'] = (placement) => {
        if (placement.path === 'd/f') swap();
        return (anchored ? folder.place : naive)(placement);
      };
      await runCycle(
        {
          target: b.target,
          store: b.store,
          folder: { ...folder, place },
          runtime: disk.runtime,
          emit: () => {},
        },
        { mode: 'sync' },
      );
      const found = fs.readFileSync(path.join(outside.path, 'f'), 'utf8');
      expect(found).toBe(anchored ? 'a file of nobody here' : 'by the desk');
    },
  );
});

describe('H11', () => {
  it.each([
    ['heads', true],
    ['heads', false],
    ['bell', true],
    ['bell', false],
  ])(
    'a crash before the %s is written; what is owed to others is remembered: %s',
    async (what, remembered) => {
      const world = createWorld();
      const a = await world.machine('laptop');
      a.user.write('one', 'one');
      await a.sync();
      const heard = await pollBell(a.store, undefined);
      if (heard.kind !== 'rang') throw new Error('no bell');
      a.user.write('two', 'two');
      const calm = a.store;
      a.store = world.server.connect(a.runtime, async (at, request, key) => {
        if (at !== 'request' || request !== 'PUT' || !key.startsWith(`.s4/${what}`)) return;
        a.disk.crash();
        throw new Error('killed');
      });
      await expect(a.sync()).rejects.toThrow('killed');
      a.store = calm;
      const folder = a.disk.open();
      await a.sync({}, remembered ? {} : { folder: forgetting('cursor', folder) });
      const looked = await pollBell(a.store, heard.etag);
      // Who listens to the bell alone gets 304 for ever.
      expect(looked.kind).toBe(remembered ? 'rang' : 'quiet');
    },
  );
});

/**
 * A disk on which a spelling leads to `.s4`. Unless that is known, the engine takes it for a name like any other: here it
 * sees another name in its place.
 */
function takingForState(machine: Machine, spelling: string, known: boolean): Partial<CycleDeps> {
  const [folder, { store }] = [machine.disk.open(), machine];
  const name = known ? spelling : 'ordinary';
  const onDisk = (path: RelPath) => swapTop(path, name, '.s4') as RelPath;
  const inStore = (key: string) => swapTop(key, name, spelling) as ObjectKey;
  return {
    folder: {
      ...folder,
      stat: (path) => folder.stat(onDisk(path)),
      makeFolder: (path) => folder.makeFolder(onDisk(path)),
      touch: (path) => folder.touch(onDisk(path)),
      place: (placement) => folder.place({ ...placement, path: onDisk(placement.path) }),
    },
    store: {
      ...store,
      list: async function* (options) {
        for await (const page of store.list(options))
          yield page.map((object) => ({ ...object, key: swapTop(object.key, spelling, name) as ObjectKey }));
      },
      head: (key, options) => store.head(inStore(key), options),
      get: (key, options) => store.get(inStore(key), options),
      delete: (key, options) => store.delete(inStore(key), options),
      versions: (key, options) => store.versions(inStore(key), options),
    },
  };
}

function swapTop(path: string, from: string, to: string): string {
  return path.startsWith(`${from}/`) ? to + path.slice(from.length) : path;
}

/** A folder whose journal says what is here, and not what others were told, or not what was deleted. */
function forgetting(what: 'cursor' | 'deletions', folder: Folder): Folder {
  const read = async (name: string): Promise<Uint8Array | undefined> => {
    const bytes = await folder.state.read(name);
    if (bytes === undefined || name !== 'journal.jsonl') return bytes;
    const { generation = 1, entries } = decodeJournal(bytes);
    const lines = entries.map((entry) => {
      if (entry.kind !== 'record') return encodeJournalLine(generation, entry);
      const { [what]: _, ...rest } = entry;
      return encodeJournalLine(generation, rest);
    });
    return Buffer.concat(lines);
  };
  return { ...folder, state: { ...folder.state, read } };
}

describe('H12', () => {
  it.each([true, false])('deletions in small bursts; those of the last day count: %s', async (counted) => {
    const world = createWorld();
    const a = await world.machine('laptop');
    for (let i = 0; i < 40; i++) a.user.write(`f${i}`, `${i}`);
    await a.sync();
    let halted = false;
    for (let next = 0; next < 36 && !halted; next += 3) {
      for (let i = next; i < next + 3; i++) a.user.remove(`f${i}`);
      const folder = a.disk.open();
      const result = await a.sync({}, counted ? {} : { folder: forgetting('deletions', folder) });
      halted = result.kind === 'halted';
      world.tick(60_000);
    }
    expect(halted).toBe(counted);
    expect(objectKeys(world.server).length >= 20).toBe(counted);
  });
});

describe('H13', () => {
  it.each([true, false])(
    'the system tells a part of a burst only, without a word; bursts are doubted: %s',
    async (doubted) => {
      const world = createWorld();
      const a = await world.machine('laptop');
      for (let i = 0; i < 20; i++) a.user.write(`kept${i}`, `${i}`);
      const live = await a.live();
      await live.cycle({ mode: 'sync' });
      world.tick(10_000);
      const root = await createTempDir();
      const clock = createManualWatchClock();
      const told: WatchEvent[] = [];
      let host: BackendHost | undefined;
      const watch = await createWatcher({
        root: root.path,
        kind: 'fs',
        clock,
        backend: (given) => {
          host = given;
          return { watches: 1, start: async () => {}, renew: async () => {}, close: async () => {} };
        },
      }).watch({ debounceMs: 200, maxDelayMs: 2_000, onEvent: (event) => told.push(event) });
      cleanups.push(root.remove, watch.close, live.close);
      // New folders of ten files, each written in ten steps: the last two make no event.
      const [changed, heard] = [44, 42];
      for (let i = 0; i < changed; i++) {
        for (let j = 0; j < 10; j++) a.user.write(`new${i}/f${j}`, `${i} ${j}`);
        if (i >= heard) continue;
        host?.touch(`new${i}` as RelPath);
        if (doubted) for (let j = 0; j < 100; j++) host?.count();
      }
      clock.advance(250);
      await expect.poll(() => told.length).toBeGreaterThan(0);
      for (const event of told) {
        if (event.kind === 'touched')
          await live.cycle({ mode: 'sync', focus: { local: event.paths, remote: [] } });
        else if (event.kind === 'rescan') await live.cycle({ mode: 'sync' });
      }
      const sent = objectKeys(world.server).filter((key) => key.startsWith('new')).length;
      expect(sent).toBe(10 * (doubted ? changed : heard));
    },
  );
});

describe('H14', () => {
  it.each([true, false])('one row of an index; it is kept in members: %s', async (inMembers) => {
    const costs: number[] = [];
    for (const count of [2_000, 20_000]) {
      const disk = createMemoryDisk();
      disk.write('target.json', Buffer.from('marker'));
      const rows = Array.from({ length: count }, (_, i) => rowOf(i));
      const first = await openBase({ state: disk.open(), targetId: TARGET, clientId: CLIENT, mode: 'write' });
      await first.record({ changes: rows.map((row) => ({ kind: 'set', row })) });
      await first.fold({ force: true });
      if (!inMembers)
        disk.write('index.json.gz', inOnePiece(rows, await disk.open().identity('target.json')));
      const state = disk.open();
      const base = await openBase({ state, targetId: TARGET, clientId: CLIENT, mode: 'write' });
      expect(base.size).toBe(count);
      const before = state.calls.bytesRead;
      expect(await base.get(rowOf(count / 2).key)).toEqual(rowOf(count / 2));
      costs.push(state.calls.bytesRead - before);
    }
    const [few = 0, many = 0] = costs;
    expect(few).toBeGreaterThan(0);
    expect(many / few > 2).toBe(!inMembers);
  });
});

const TARGET = 'aaaaaaaaaaaaaaaa';
const CLIENT = 'cccccccccccccccc';

function rowOf(i: number): BaseRow {
  return {
    key: `folder/${String(i).padStart(6, '0')}` as EntryKey,
    content: {
      kind: 'file',
      digest: i.toString(16).padStart(64, '0') as Digest,
      sizeBytes: i,
      executable: false,
    },
    mtimeNs: 1_732_158_727_123_456_789n,
    local: { inode: BigInt(i), sizeBytes: i, mtimeNs: 5n, ctimeNs: 6n },
    remote: { etag: `e${i}`, sizeBytes: i, modifiedMs: 1000 },
  };
}

/** An index as a plain gzip file would be: to see one row, all is unpacked. */
function inOnePiece(
  rows: readonly BaseRow[],
  marker: Awaited<ReturnType<StateFiles['identity']>>,
): Uint8Array {
  const header = encodeIndexHeader({
    target: TARGET,
    client: CLIENT,
    generation: 2,
    ...(marker && { marker }),
    rows: rows.length,
    recentDeletions: [],
    cursor: { sequence: 0, unpublished: 0 },
  });
  const bytes = encodeIndexRows(rows);
  const member = {
    offset: header.byteLength,
    bytes: bytes.byteLength,
    rows: rows.length,
    crc32: memberChecksum(bytes),
    first: rowOf(0).key,
  };
  const end = header.byteLength + bytes.byteLength;
  return Buffer.concat([header, bytes, encodeIndexTable({ members: [member] }), encodeIndexTrailer(end)]);
}
