import { describe, expect, it } from 'vitest';
import { findPresent, findRespelled, pairRows } from '../../../src/engine/pair-rows.ts';
import type { LocalStat } from '../../../src/engine/ports/folder.ts';
import { fingerprint, joined, key, remoteRow, type Sides } from '../sync/build.ts';

/** Rows of names that are spelled in two ways: which two are one, and which the disk cannot hold beside each other. */

const NFC = 'caf\u00e9';
const NFD = 'cafe\u0301';
const rows = (...list: readonly (readonly [string, Sides])[]) =>
  list.map(([name, sides]) => joined(name, sides));
/** A row that got the object which the store has under another spelling. */
const withObject = (name: string, sides: Sides, spelled: string, state: number) => ({
  ...joined(name, sides),
  remote: remoteRow(spelled, state),
});
const plain = (list: ReturnType<typeof rows>) => ({ rows: list, problems: [], otherSpellings: [] });
const clash = (path: string, other: string) => ({
  path,
  side: 'remote',
  code: 'name-twins',
  message: `this disk takes it for the same name as ${other}`,
  hint: 'Rename one of them in the bucket.',
});

describe('rows of one name', () => {
  it.each<[string, Sides]>([
    ['new on both sides', { local: 1 }],
    ['synced before, and gone there in the spelling of here', { base: 0, local: 0 }],
    ['gone here, and gone there in that spelling', { base: 0 }],
  ])('become one, with the spelling of here: %s', (_, here) => {
    const given = rows([NFD, here], [NFC, { remote: 2 }], ['x', { local: 0 }]);
    for (const foldsCase of [false, true]) {
      const found = pairRows(given, foldsCase);
      expect(found).toEqual({
        rows: [withObject(NFD, here, NFC, 2), joined('x', { local: 0 })],
        problems: [],
        otherSpellings: [NFC],
      });
    }
  });

  it('stay two where each is on both sides, or nothing is new there', () => {
    const twice = rows([NFD, { local: 1, remote: 1 }], [NFC, { remote: 2 }]);
    expect(pairRows(twice, false)).toEqual(plain(twice));
    const known = rows([NFD, { local: 1 }], [NFC, { base: 0, remote: 2 }]);
    for (const foldsCase of [false, true]) expect(pairRows(known, foldsCase)).toEqual(plain(known));
    const here = rows([NFD, { local: 1 }], [NFC, { local: 1, remote: 2 }]);
    expect(pairRows(here, false)).toEqual(plain(here));
    const there = rows([NFD, { remote: 1 }], [NFC, { remote: 2 }]);
    expect(pairRows(there, false)).toEqual(plain(there));
  });

  it('are found also where no letter of them is ASCII', () => {
    for (const [here, there] of [
      ['\u0439', '\u0438\u0306'],
      ['\u212b', '\u00c5'],
    ] as const) {
      const given = rows([here, { local: 1 }], [there, { remote: 2 }]);
      expect(pairRows(given, false).otherSpellings).toEqual([there]);
    }
  });

  it('become one by case only where the disk folds it', () => {
    const given = rows(['README', { local: 1 }], ['Readme', { remote: 2 }]);
    expect(pairRows(given, false)).toEqual(plain(given));
    expect(pairRows(given, true)).toEqual({
      rows: [withObject('README', { local: 1 }, 'Readme', 2)],
      problems: [],
      otherSpellings: ['Readme'],
    });
  });

  it('are told where the disk cannot hold them all; one is kept', () => {
    const given = rows(['A', { remote: 1 }], ['a', { remote: 2 }], ['b', { remote: 3 }]);
    expect(pairRows(given, true)).toEqual({
      rows: rows(['A', { remote: 1 }], ['b', { remote: 3 }]),
      problems: [clash('a', 'A')],
      otherSpellings: [],
    });
    const three = rows(
      ['A', { local: 0 }],
      ['a', { remote: 2 }],
      ['\u00c0', { remote: 3 }],
      ['\u00e0', { remote: 4 }],
    );
    expect(pairRows(three, true)).toEqual({
      rows: [withObject('A', { local: 0 }, 'a', 2), joined('\u00c0', { remote: 3 })],
      problems: [clash('\u00e0', '\u00c0')],
      otherSpellings: ['a'],
    });
  });

  it('are told where a file of another spelling is here, and settled', () => {
    const given = rows(['a', { remote: 2 }], ['b', { remote: 3 }]);
    const found = pairRows(given, true, [key('A'), key('b')]);
    expect(found).toEqual({
      rows: [],
      problems: [clash('a', 'A'), clash('b', 'another file')],
      otherSpellings: [],
    });
    expect(pairRows(given, false, [key('A')])).toEqual(plain(given));
  });
});

describe('a row that speaks of the object of another', () => {
  it('gives it the object, and is forgotten: nothing is deleted', () => {
    const given = rows(['README', { base: 0, local: 1 }], ['Readme', { base: 0, remote: 2 }]);
    expect(pairRows(given, true)).toEqual({
      rows: [withObject('README', { base: 0, local: 1 }, 'Readme', 2), joined('Readme', { base: 0 })],
      problems: [],
      otherSpellings: ['Readme'],
    });
    expect(pairRows(given, false)).toEqual(plain(given));
    // Where the disk keeps both apart, each is a file of its own: one is gone here, the other there.
    const two = rows([NFD, { base: 0, local: 0 }], [NFC, { base: 0, remote: 0 }]);
    expect(pairRows(two, false)).toEqual(plain(two));
  });

  it('is told where the other has an object of its own', () => {
    const given = rows(['README', { base: 0, local: 0, remote: 1 }], ['Readme', { base: 0, remote: 0 }]);
    expect(pairRows(given, true)).toEqual({
      rows: rows(['README', { base: 0, local: 0, remote: 1 }], ['Readme', { base: 0 }]),
      problems: [clash('Readme', 'README')],
      otherSpellings: [],
    });
  });

  it.each<[string, Sides, string, Sides]>([
    ['another object', { base: 1, local: 1 }, 'Readme', { base: 0, remote: 0 }],
    ['no file here', { base: 0 }, 'Readme', { base: 0, remote: 0 }],
    ['no row of the base', { local: 0 }, 'Readme', { base: 0, remote: 0 }],
    ['another name', { base: 0, local: 0 }, 'Other', { base: 0, remote: 0 }],
    ['a file here of its own', { base: 0, local: 0 }, 'Readme', { base: 0, local: 0, remote: 1 }],
    ['no object there', { base: 0, local: 0 }, 'Readme', { base: 0 }],
  ])('is none where the other has %s', (_, sides, name, own) => {
    const given = rows(['README', sides], [name, own]);
    expect(pairRows(given, true)).toEqual(plain(given));
  });

  it('is none of a folder', () => {
    const given = rows(['D/', { base: 0, local: 0 }], ['d/', { base: 0, remote: 0 }]);
    expect(pairRows(given, true)).toEqual(plain(given));
  });
});

describe('names that are here already', () => {
  const look = async (list: ReturnType<typeof rows>, here: Record<string, LocalStat>, foldsCase = true) => {
    const asked: string[] = [];
    const found = await findPresent(list, {
      foldsCase,
      stat: async (path) => {
        asked.push(path);
        return here[path.toLowerCase()];
      },
    });
    return { found, asked };
  };
  const file: LocalStat = { kind: 'file', fingerprint: fingerprint(), executable: false };
  const folder: LocalStat = { kind: 'folder' };

  it('are asked for where they are new there, and the disk folds names', async () => {
    const given = rows(
      ['F', { remote: 0 }],
      ['G', { remote: 0 }],
      ['H', { remote: 0 }],
      ['old', { base: 0, remote: 0 }],
      ['both', { local: 0, remote: 0 }],
      ['here', { local: 0 }],
    );
    const here = { f: file, h: folder, old: file, both: file, here: file };
    expect(await look(given, here)).toEqual({ found: ['F'], asked: ['F', 'G', 'H'] });
    expect(await look(given, here, false)).toEqual({ found: [], asked: [] });
  });

  it('are folders where they are folders here, of which nobody knows in this spelling', async () => {
    const given = rows(
      ['A/', { remote: 0 }],
      ['B/', { remote: 0, beneath: { local: true } }],
      ['C/', { remote: 0, beneath: { base: true } }],
      ['D/', { remote: 0 }],
      ['E/', { remote: 0 }],
    );
    const { found, asked } = await look(given, { a: folder, b: folder, c: folder, d: file });
    expect(found).toEqual(['A/']);
    expect(asked).toEqual(['A', 'B', 'C', 'D', 'E']);
  });
});

describe('names that are gone here in their old spelling alone', () => {
  it('are those that a disk that folds names shows under another', () => {
    const given = rows(
      ['README', { local: 0 }],
      ['Readme', { base: 0, remote: 0 }],
      ['gone', { base: 0, remote: 0 }],
      ['Kept', { base: 0, local: 0 }],
      ['kept', { base: 0, local: 1 }],
      ['Both', { local: 0 }],
      ['both', { remote: 0 }],
    );
    expect([...findRespelled(given, true)]).toEqual(['Readme']);
    expect([...findRespelled(given, false)]).toEqual([]);
  });
});
