import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBase } from '../../../src/engine/state/open-base.ts';
import { decodeIndexHeader } from '../../../src/formats/index-codec.ts';
import { compareKeys } from '../../../src/sync/path.ts';
import { createMemoryDisk } from '../../support/memory-state.ts';
import { drop, get, IDS, INDEX, indexOf, intent, reopen, room, rowsOf, set, under } from './base-room.ts';

/** What an open base says: of its rows, in one member or several, after each record, and what is durable of it. */

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
      for (const key of ['x/2', 'b', 'never', 'x/4', 'x/2']) {
        model.delete(key);
        await base.record({ changes: [drop(key)] });
        expect(await rowsOf(base)).toEqual(expected());
        expect(await get(base, key)).toBeUndefined();
        expect(await under(base, 'x')).toEqual(expected().filter((each) => each.startsWith('x/')));
      }
      await base.record({ changes: [set('x/2', 9)] });
      model.set('x/2', 9);
      expect(await rowsOf(base)).toEqual(expected());
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

  it('is empty where there is no index to read', async () => {
    const disk = createMemoryDisk();
    const base = await reopen({ disk });
    expect([await rowsOf(base), await under(base, 'x'), await get(base, 'a')]).toEqual([[], [], undefined]);
    expect(disk.read(INDEX)).toBeUndefined();
  });

  it('finds what is in several members, and what changed over them', async () => {
    const members = [
      ['a', 'x!', 'x/'],
      ['x/b', 'x/d'],
      ['x/f', 'x/h'],
      ['x/j', 'x0', 'y/a'],
    ];
    const keys = fc.constantFrom(
      'A',
      'x',
      'x/a',
      'x/b',
      'x/d',
      'x/e',
      'x/h',
      'x/i',
      'x/~',
      'x0',
      'y/',
      'y/a',
      'z',
      'x/f/g',
    );
    const { disk } = await room(['a']);
    disk.write(INDEX, indexOf(decodeIndexHeader(disk.read(INDEX) ?? new Uint8Array()), members));
    const journal = disk.read('journal.jsonl') ?? new Uint8Array();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(keys, fc.boolean())), async (changes) => {
        disk.write('journal.jsonl', journal);
        const base = await openBase({ ...IDS, state: disk.open(), mode: 'write' });
        const model = new Map(members.flat().map((key) => [key, 1]));
        await base.record({ changes: changes.map(([key, kept]) => (kept ? set(key, 2) : drop(key))) });
        for (const [key, kept] of changes) kept ? model.set(key, 2) : model.delete(key);
        const expected = [...model]
          .map(([key, version]) => `${key} ${version}`)
          .sort((a, b) => compareKeys(a, b));
        expect(await rowsOf(base)).toEqual(expected);
        for (const folder of ['x', 'y', 'A', 'x/f'])
          expect(await under(base, folder)).toEqual(expected.filter((each) => each.startsWith(`${folder}/`)));
      }),
      {
        numRuns: 60,
        // Nothing of a member is left.
        examples: [
          [
            [
              ['x/b', false],
              ['x/d', false],
            ],
          ],
        ],
      },
    );
  });

  it('reads a member once for several rows of it', async () => {
    const { disk } = await room(['a']);
    const members = [
      ['a', 'b'],
      ['c', 'd'],
    ];
    disk.write(INDEX, indexOf(decodeIndexHeader(disk.read(INDEX) ?? new Uint8Array()), members));
    const state = disk.open();
    const base = await openBase({ ...IDS, state, mode: 'read' });
    const before = state.calls.bytesRead;
    expect([await get(base, 'c'), await get(base, 'd'), await get(base, 'd1')]).toEqual([1, 1, undefined]);
    const once = state.calls.bytesRead - before;
    await get(base, 'a');
    expect(state.calls.bytesRead - before).toBeLessThan(2.5 * once);
    expect(state.calls.bytesRead - before).toBeGreaterThan(once);
    expect(once).toBeLessThan(300);
  });

  it('writes what was begun so that power loss does not take it, and what was recorded without an fsync', async () => {
    const here = await room(['a']);
    await here.base.record({ changes: [set('b')] });
    expect(here.state.calls.syncs).toBe(0);
    const id = await here.base.begin(intent);
    expect(here.state.calls.syncs).toBe(1);
    await here.base.record({ changes: [set('c')] });
    here.disk.losePower();
    const after = await reopen(here);
    expect([await rowsOf(after), after.pending]).toEqual([['a 1', 'b 1'], [{ id, intent }]]);
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
