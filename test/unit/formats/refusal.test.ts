import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/formats/fields.ts';
import { gunzip } from '../../../src/formats/gzip.ts';
import {
  decodeHead,
  decodeSegment,
  encodeHead,
  encodeSegment,
  MAX_HEAD_BYTES,
} from '../../../src/formats/head-codec.ts';
import {
  decodeIndexHeader,
  decodeIndexRows,
  decodeIndexTable,
  decodeIndexTrailer,
  encodeIndexHeader,
  encodeIndexRows,
  encodeIndexTrailer,
  TRAILER_BYTES,
} from '../../../src/formats/index-codec.ts';
import { intentFromJson, intentToJson } from '../../../src/formats/intent-codec.ts';
import { decodeJournal, encodeJournalLine } from '../../../src/formats/journal-codec.ts';
import { cursorFromJson, cursorToJson, deletionsFromJson } from '../../../src/formats/log-cursor-codec.ts';
import {
  decodeFolderMarker,
  decodeStoreMarker,
  encodeFolderMarker,
  encodeStoreMarker,
} from '../../../src/formats/marker-codec.ts';
import { rowFromJson, rowToJson } from '../../../src/formats/row-codec.ts';
import { isS4Error } from '../../../src/lib/errors.ts';
import type { EntryKey } from '../../../src/sync/path.ts';
import { FOLDER_MARKER, HEAD, HEADER, JOURNAL, ROWS, SEGMENT, STORE_MARKER } from './samples.ts';

type Json = Record<string, unknown>;

const zip = (value: unknown): Buffer =>
  gzipSync(typeof value === 'string' ? value : `${JSON.stringify(value)}\n`);
const json = (bytes: Uint8Array): Json => JSON.parse(Buffer.from(bytes).toString()) as Json;
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** Every place in a value, with what it looks like when that place holds something else. */
function* spoiled(
  value: Json,
  at: readonly (string | number)[] = [],
): Iterable<{ at: string; spoilt: Json }> {
  let here: unknown = value;
  for (const step of at) here = (here as Json)[step];
  if (at.length > 0) {
    for (const wrong of [null, [], {}, '', 'x\u0000', -1.5, false]) {
      if (JSON.stringify(wrong) === JSON.stringify(here)) continue;
      const spoilt = structuredClone(value);
      const last = at.at(-1) ?? '';
      let parent: Json = spoilt;
      for (const step of at.slice(0, -1)) parent = parent[step] as Json;
      parent[last] = wrong;
      yield { at: `${at.join('.')} = ${JSON.stringify(wrong)}`, spoilt };
    }
  }
  if (typeof here !== 'object' || here === null) return;
  for (const step of Object.keys(here)) yield* spoiled(value, [...at, step]);
}

/** Values that are right although they look spoilt. */
const HARMLESS = new Set([
  'entries = []',
  'members = []',
  'recentDeletions = []',
  'parent = ""',
  // The intent of a deletion: a marker carries no token.
  'write = ""',
  'parent = "x\\u0000"',
  'remote.etag = ""',
  'remote.modifiedMs = -1.5',
]);
// Any text will do for these.
const TEXTS =
  /(?:^|\.)(?:host|etag|versionId|headEtag|headWrite|write|parent|replaced|target|client|crc32|key) = "x\\u0000"$/;

interface Decoder {
  readonly name: string;
  readonly sample: Json;
  decode(value: Json): unknown;
}

const DECODERS: readonly Decoder[] = [
  { name: 'index header', sample: headerJson(), decode: (value) => decodeIndexHeader(zip(value)) },
  ...ROWS.map((row) => ({ name: `row ${row.key}`, sample: rowToJson(row) as Json, decode: rowFromJson })),
  ...JOURNAL.flatMap((entry) =>
    entry.kind === 'begin'
      ? [{ name: `intent ${entry.id}`, sample: intentToJson(entry.intent) as Json, decode: intentFromJson }]
      : [],
  ),
  { name: 'cursor', sample: cursorToJson(HEADER.cursor) as Json, decode: cursorFromJson },
  { name: 'deletions', sample: { atMs: 1, side: 'local', count: 2 }, decode: deletionsFromJson },
  { name: 'head', sample: json(encodeHead(HEAD)), decode: (value) => decodeHead(bytes(value)) },
  {
    name: 'segment',
    sample: json(gunzip(encodeSegment(SEGMENT), 1e6, '')),
    decode: (value) => decodeSegment(zip(value)),
  },
  {
    name: 'folder marker',
    sample: json(encodeFolderMarker(FOLDER_MARKER)),
    decode: (value) => decodeFolderMarker(bytes(value)),
  },
  {
    name: 'store marker',
    sample: json(encodeStoreMarker(STORE_MARKER)),
    decode: (value) => decodeStoreMarker(bytes(value)),
  },
];

function headerJson(): Json {
  return json(gunzip(encodeIndexHeader(HEADER), 1e6, ''));
}

describe.each(DECODERS)('$name', ({ sample, decode }) => {
  it('is refused when any field holds something else', () => {
    expect(() => decode(sample)).not.toThrow();
    for (const { at, spoilt } of spoiled(sample)) {
      if (HARMLESS.has(at) || TEXTS.test(at)) continue;
      let caught: unknown;
      try {
        decode(spoilt);
      } catch (error) {
        caught = error;
      }
      expect(caught, at).toBeInstanceOf(FormatError);
    }
  });

  it('is read past fields that a later s4 may add', () => {
    expect(decode({ ...sample, later: { any: 1 } })).toEqual(decode(sample));
  });
});

describe('versions', () => {
  it.each([
    ['index', () => decodeIndexHeader(zip({ s4: 'index', version: 2, target: 5 }))],
    ['head', () => decodeHead(bytes({ s4: 'head', version: 2 }))],
    ['segment', () => decodeSegment(zip({ s4: 'segment', version: 2 }))],
    ['folder', () => decodeFolderMarker(bytes({ s4: 'folder', version: 2 }))],
    ['target', () => decodeStoreMarker(bytes({ s4: 'target', version: 2 }))],
    ['journal', () => decodeJournal(line(1, { s4: 'journal', version: 2 }))],
  ])('a newer %s is refused before it is read on', (_, decode) => {
    expect(decode).toThrow(expect.objectContaining({ code: 'STATE_TOO_NEW' }));
  });

  it('another kind is no newer version', () => {
    expect(() => decodeHead(bytes({ s4: 'segment', version: 2 }))).toThrow(FormatError);
    expect(() => decodeHead(Buffer.from([0xff, 0xfe]))).toThrow(FormatError);
    expect(() => decodeHead(Buffer.from('[]'))).toThrow(FormatError);
  });
});

/** A journal line with a right checksum around any content. */
function line(generation: number, content: Json): Buffer {
  const rest = encodeJournalLine(generation, { kind: 'open' }).toString();
  expect(rest).toContain('"journal"');
  const text = `${JSON.stringify({ generation, ...content }).slice(1)}`;
  return Buffer.from(`{"crc32":"${crcOf(text)}",${text}\n`);
}

function crcOf(text: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

describe('the journal', () => {
  const whole = Buffer.concat(JOURNAL.map((entry) => encodeJournalLine(3, entry)));
  const ends = JOURNAL.map(
    (_, i) => Buffer.concat(JOURNAL.slice(0, i + 1).map((entry) => encodeJournalLine(3, entry))).byteLength,
  );

  it('is read up to the last whole line, wherever it is cut', () => {
    for (let cut = 0; cut <= whole.byteLength; cut++) {
      const { entries, goodBytes, generation } = decodeJournal(whole.subarray(0, cut));
      const lines = ends.filter((end) => end <= cut).length;
      expect(entries).toHaveLength(lines);
      expect(goodBytes).toBe(lines === 0 ? 0 : ends[lines - 1]);
      expect(generation).toBe(lines === 0 ? undefined : 3);
    }
  });

  it('is read up to the line with a flipped bit', () => {
    fc.assert(
      fc.property(fc.nat(whole.byteLength - 1), fc.nat(7), (at, bit) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        const intact = ends.filter((end) => end <= at).length;
        expect(decodeJournal(damaged).entries).toEqual(JOURNAL.slice(0, intact));
      }),
    );
  });

  it('ends at a line of another generation, without its first line, and at a second one', () => {
    const [first, second] = JOURNAL.map((entry) => encodeJournalLine(3, entry));
    if (first === undefined || second === undefined) throw new Error('no lines');
    const other = encodeJournalLine(4, { kind: 'record', changes: [], finished: [1] });
    expect(decodeJournal(Buffer.concat([first, other])).entries).toHaveLength(1);
    expect(decodeJournal(second)).toEqual({ generation: undefined, entries: [], goodBytes: 0 });
    expect(decodeJournal(Buffer.concat([first, first])).entries).toHaveLength(1);
  });

  it.each<[string, Json]>([
    ['a change without a row', { changes: [{}] }],
    ['a change that drops no key', { changes: [{ drop: '../x' }] }],
    ['finished intents without numbers', { finished: ['1'] }],
    ['intents numbered from 0', { finished: [0] }],
    ['an intent of an unknown kind', { begin: 1, intent: { kind: 'explode' } }],
    [
      'an intent that leaves the folder',
      { begin: 1, intent: { kind: 'rename', from: '../a', to: 'b', expected: {} } },
    ],
    ['a cursor of nobody', { cursor: { sequence: 1, unpublished: 0 } }],
  ])('ends before %s, whatever its checksum says', (_, content) => {
    const start = encodeJournalLine(1, { kind: 'open' });
    expect(decodeJournal(Buffer.concat([start, line(1, content)])).entries).toHaveLength(1);
    expect(decodeJournal(Buffer.concat([start, line(1, { finished: [1] })])).entries).toHaveLength(2);
  });
});

describe('the index', () => {
  const packed = encodeIndexRows(ROWS);
  const member = {
    offset: 1,
    bytes: packed.byteLength,
    rows: ROWS.length,
    crc32: '00000000',
    first: 'build.sh' as EntryKey,
  };

  it('refuses members that are not what the table says', () => {
    expect(decodeIndexRows(packed, member)).toEqual(ROWS);
    expect(() => decodeIndexRows(packed, { ...member, rows: 3 })).toThrow(FormatError);
    expect(() => decodeIndexRows(packed, { ...member, first: 'a' as EntryKey })).toThrow(FormatError);
    expect(() => decodeIndexRows(packed.subarray(0, 50), member)).toThrow(FormatError);
    expect(() => decodeIndexRows(zip('{"key":\n'), member)).toThrow(FormatError);
  });

  it('refuses rows out of order or twice', () => {
    for (const rows of [[...ROWS].reverse(), [...ROWS.slice(0, 3), ...ROWS.slice(2, 3)]]) {
      const first = rows[0]?.key ?? member.first;
      expect(() => decodeIndexRows(encodeIndexRows(rows), { ...member, first })).toThrow('out of order');
    }
  });

  it('refuses a table with holes, overlaps, wrong order or wrong names', () => {
    const a = { offset: 10, bytes: 5, rows: 1, crc32: '00000000', first: 'a' };
    const b = { ...a, offset: 15, first: 'b' };
    const table = (...members: unknown[]) => zip({ s4: 'index-table', members });
    expect(decodeIndexTable(table(a, b), 20).members).toHaveLength(2);
    expect(decodeIndexTable(table(), 20).members).toEqual([]);
    for (const members of [
      [a, { ...b, offset: 16 }],
      [a],
      [a, { ...b, first: 'a' }],
      [a, { ...b, first: '/b' }],
      [a, { ...b, rows: 0 }],
      [1],
    ]) {
      expect(() => decodeIndexTable(table(...members), 20)).toThrow(FormatError);
    }
    expect(() => decodeIndexTable(zip({ s4: 'other', members: [] }), 20)).toThrow(FormatError);
  });

  it('finds the table from the end, and only behind the right mark', () => {
    const trailer = encodeIndexTrailer(2 ** 40);
    expect(trailer.byteLength).toBe(TRAILER_BYTES);
    expect(decodeIndexTrailer(trailer)).toBe(2 ** 40);
    expect(() => decodeIndexTrailer(trailer.subarray(1))).toThrow(FormatError);
    expect(() => decodeIndexTrailer(encodeIndexTrailer(0))).toThrow(FormatError);
    for (const at of [0, 12, TRAILER_BYTES - 1]) {
      const damaged = Buffer.from(trailer);
      damaged[at] = 0x77;
      expect(() => decodeIndexTrailer(damaged)).toThrow(FormatError);
    }
    const huge = Buffer.from(trailer);
    huge.fill(0xff, 16, 24);
    expect(() => decodeIndexTrailer(huge)).toThrow(FormatError);
  });

  it('reads a header without a marker or a cursor, and none without an end', () => {
    const { marker: _, cursor: __, ...rest } = headerJson();
    expect(decodeIndexHeader(zip(rest))).toMatchObject({ cursor: { sequence: 0, unpublished: 0 } });
    const { marker: ___, ...header } = HEADER;
    expect(decodeIndexHeader(encodeIndexHeader(header))).toEqual(header);
    expect(() => decodeIndexHeader(zip('{"s4":"index"'))).toThrow('no end');
  });
});

describe('forged files', () => {
  it('unpack to no more than a bound', () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    expect(bomb.byteLength).toBeLessThan(200_000);
    expect(() => decodeSegment(bomb)).toThrow(FormatError);
    expect(() => decodeIndexHeader(bomb)).toThrow(FormatError);
    expect(() =>
      decodeIndexRows(bomb, { offset: 1, bytes: 1, rows: 1, crc32: '0', first: 'a' as EntryKey }),
    ).toThrow(FormatError);
  });

  it('are refused by size before they are read', () => {
    expect(() => decodeHead(Buffer.alloc(MAX_HEAD_BYTES + 1, 0x20))).toThrow('too large');
    expect(() => decodeFolderMarker(Buffer.alloc(20_000, 0x20))).toThrow('too long');
  });

  it('cannot send a reader of the log in circles, or beyond its numbers', () => {
    const head = json(encodeHead(HEAD));
    expect(() => decodeHead(bytes({ ...head, previousSegment: 40 }))).toThrow('earlier');
    expect(() => decodeHead(bytes({ ...head, sequence: 41 }))).toThrow('beyond');
    const entries = [...HEAD.entries].reverse();
    expect(() => decodeHead(encodeHead({ ...HEAD, entries }))).toThrow('out of order');
    expect(() => decodeSegment(encodeSegment({ ...SEGMENT, entries: [] }))).toThrow('empty');
  });

  it('never fail in another way than by refusal', () => {
    const samples: readonly (readonly [Uint8Array, (value: Uint8Array) => unknown])[] = [
      [encodeIndexHeader(HEADER), decodeIndexHeader],
      [encodeHead(HEAD), decodeHead],
      [encodeSegment(SEGMENT), decodeSegment],
      [encodeFolderMarker(FOLDER_MARKER), decodeFolderMarker],
      [encodeStoreMarker(STORE_MARKER), decodeStoreMarker],
      [encodeJournalLine(1, { kind: 'open' }), decodeJournal],
    ];
    const spot = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(spot, { maxLength: 4 }),
        fc.nat(),
        ([sample, decode], spots, cut) => {
          const damaged = Buffer.from(
            sample.subarray(0, cut % 3 === 0 ? cut % sample.byteLength : sample.byteLength),
          );
          for (const [at, value] of spots)
            if (damaged.byteLength > 0) damaged[at % damaged.byteLength] = value;
          try {
            decode(damaged);
          } catch (error) {
            if (!(error instanceof FormatError) && !isS4Error(error, 'STATE_TOO_NEW')) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
