import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeHead, decodeSegment, encodeHead, encodeSegment } from '../../../src/formats/head-codec.ts';
import {
  decodeIndexHeader,
  decodeIndexRows,
  decodeIndexTable,
  decodeIndexTrailer,
  encodeIndexHeader,
  encodeIndexRows,
  encodeIndexTable,
  encodeIndexTrailer,
  memberChecksum,
  TRAILER_BYTES,
} from '../../../src/formats/index-codec.ts';
import { decodeJournal, encodeJournalLine } from '../../../src/formats/journal-codec.ts';
import {
  decodeFolderMarker,
  decodeStoreMarker,
  encodeFolderMarker,
  encodeStoreMarker,
} from '../../../src/formats/marker-codec.ts';
import { decodeMetadata, encodeMetadata } from '../../../src/formats/metadata-codec.ts';
import {
  ENTRIES,
  FACTS,
  FOLDER_MARKER,
  HEAD,
  HEADER,
  JOURNAL,
  ROWS,
  SEGMENT,
  STORE_MARKER,
} from './samples.ts';

const folder = new URL('../../fixtures/formats/', import.meta.url);

/** The golden file. Where there is none yet it is written from today's encoder: for a new format or version only. */
function golden(name: string, encode: () => Uint8Array): Buffer {
  const file = new URL(name, folder);
  if (!existsSync(file) && process.env['S4_WRITE_GOLDENS'] === '1') writeFileSync(file, encode());
  return readFileSync(file);
}

function encodeIndex(): Buffer {
  const header = encodeIndexHeader(HEADER);
  const parts = [ROWS.slice(0, 2), ROWS.slice(2)].map((rows) => ({ rows, bytes: encodeIndexRows(rows) }));
  let offset = header.byteLength;
  const members = parts.map(({ rows, bytes }) => {
    const first = rows[0]?.key ?? ROWS[0]?.key;
    if (first === undefined) throw new Error('no rows');
    const member = {
      offset,
      bytes: bytes.byteLength,
      rows: rows.length,
      crc32: memberChecksum(bytes),
      first,
    };
    offset += bytes.byteLength;
    return member;
  });
  return Buffer.concat([
    header,
    ...parts.map(({ bytes }) => bytes),
    encodeIndexTable({ members }),
    encodeIndexTrailer(offset),
  ]);
}

function decodeIndex(file: Buffer) {
  const end = file.byteLength - TRAILER_BYTES;
  const offset = decodeIndexTrailer(file.subarray(end));
  const { members } = decodeIndexTable(file.subarray(offset, end), offset);
  const rows = members.flatMap((member) => {
    const bytes = file.subarray(member.offset, member.offset + member.bytes);
    expect(memberChecksum(bytes)).toBe(member.crc32);
    return decodeIndexRows(bytes, member);
  });
  return { header: decodeIndexHeader(file), rows };
}

const encodeJournal = (): Buffer => Buffer.concat(JOURNAL.map((entry) => encodeJournalLine(7, entry)));

describe('files of version 1 decode for ever', () => {
  it('index', () => {
    const file = golden('index-v1.json.gz', encodeIndex);
    expect(decodeIndex(file)).toEqual({ header: HEADER, rows: ROWS });
    expect(decodeIndex(encodeIndex())).toEqual({ header: HEADER, rows: ROWS });
  });

  it('index, as zcat shows it: a JSON object a line', () => {
    const lines = gunzipSync(golden('index-v1.json.gz', encodeIndex)).toString().trimEnd().split('\n');
    expect(lines).toHaveLength(ROWS.length + 2);
    expect(lines.map((line) => JSON.parse(line).key ?? JSON.parse(line).s4)).toEqual([
      'index',
      ...ROWS.map(({ key }) => key),
      'index-table',
    ]);
  });

  it('journal', () => {
    const file = golden('journal-v1.jsonl', encodeJournal);
    expect(decodeJournal(file)).toEqual({ generation: 7, entries: JOURNAL, goodBytes: file.byteLength });
    expect(encodeJournal().equals(file)).toBe(true);
    for (const line of file.toString().trimEnd().split('\n'))
      expect(JSON.parse(line)).toHaveProperty('crc32');
  });

  it('markers', () => {
    const folderMarker = golden('folder-marker-v1.golden', () => encodeFolderMarker(FOLDER_MARKER));
    expect(decodeFolderMarker(folderMarker)).toEqual(FOLDER_MARKER);
    const storeMarker = golden('store-marker-v1.golden', () => encodeStoreMarker(STORE_MARKER));
    expect(decodeStoreMarker(storeMarker)).toEqual(STORE_MARKER);
  });

  it('head and segment of the remote log', () => {
    expect(decodeHead(golden('head-v1.golden', () => encodeHead(HEAD)))).toEqual(HEAD);
    expect(decodeHead(encodeHead({ ...HEAD, entries: [] }))).toEqual({ ...HEAD, entries: [] });
    expect(decodeSegment(golden('segment-v1.json.gz', () => encodeSegment(SEGMENT)))).toEqual(SEGMENT);
    const { previousSegment: _, ...first } = SEGMENT;
    expect(decodeSegment(encodeSegment(first))).toEqual({ client: SEGMENT.client, entries: ENTRIES });
  });

  it('object metadata', () => {
    const file = golden('metadata-v1.golden', () =>
      Buffer.from(`${JSON.stringify(encodeMetadata(FACTS), undefined, 2)}\n`),
    );
    expect(decodeMetadata(JSON.parse(file.toString()))).toEqual(FACTS);
  });
});
