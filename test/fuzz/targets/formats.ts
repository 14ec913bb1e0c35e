import { gunzipSync, gzipSync } from 'node:zlib';
import { FormatError } from '../../../src/formats/fields.ts';
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
} from '../../../src/formats/index-codec.ts';
import { decodeJournal, encodeJournalLine } from '../../../src/formats/journal-codec.ts';
import {
  decodeFolderMarker,
  decodeStoreMarker,
  encodeFolderMarker,
  encodeStoreMarker,
} from '../../../src/formats/marker-codec.ts';
import { decodeMetadata, encodeMetadata } from '../../../src/formats/metadata-codec.ts';
import { rowFromJson, rowToJson } from '../../../src/formats/row-codec.ts';
import { isS4Error } from '../../../src/lib/errors.ts';
import type { EntryKey } from '../../../src/sync/path.ts';
import {
  FACTS,
  FOLDER_MARKER,
  HEAD,
  HEADER,
  JOURNAL,
  ROWS,
  SEGMENT,
  STORE_MARKER,
} from '../../unit/formats/samples.ts';
import type { Dice } from '../dice.ts';
import { hostileText, mutateBytes, mutateJson } from '../hostile.ts';
import { type FuzzTarget, fail, refusedOr } from '../target.ts';

const ROWS_PACKED = encodeIndexRows(ROWS);
const MEMBER = {
  offset: 1,
  bytes: ROWS_PACKED.byteLength,
  rows: ROWS.length,
  crc32: '00000000',
  first: 'build.sh' as EntryKey,
};

interface Codec {
  readonly name: string;
  readonly sample: Uint8Array;
  readonly packed: boolean;
  decode(bytes: Uint8Array): unknown;
}

const CODECS: readonly Codec[] = [
  { name: 'head', sample: encodeHead(HEAD), packed: false, decode: decodeHead },
  { name: 'segment', sample: encodeSegment(SEGMENT), packed: true, decode: decodeSegment },
  { name: 'index header', sample: encodeIndexHeader(HEADER), packed: true, decode: decodeIndexHeader },
  {
    name: 'index rows',
    sample: ROWS_PACKED,
    packed: true,
    decode: (bytes) => decodeIndexRows(bytes, MEMBER),
  },
  {
    name: 'index table',
    sample: encodeIndexTable({ members: [{ ...MEMBER, offset: 10 }] }),
    packed: true,
    decode: (bytes) => decodeIndexTable(bytes, 10 + MEMBER.bytes),
  },
  { name: 'index trailer', sample: encodeIndexTrailer(123), packed: false, decode: decodeIndexTrailer },
  {
    name: 'folder marker',
    sample: encodeFolderMarker(FOLDER_MARKER),
    packed: false,
    decode: decodeFolderMarker,
  },
  { name: 'store marker', sample: encodeStoreMarker(STORE_MARKER), packed: false, decode: decodeStoreMarker },
  {
    name: 'journal',
    sample: Buffer.concat(JOURNAL.map((entry) => encodeJournalLine(3, entry))),
    packed: false,
    decode: checkedJournal,
  },
];

const WRITTEN: ReadonlySet<string> = new Set(JOURNAL.map((entry) => show(entry)));

/** A damaged journal never says what was not written. */
function checkedJournal(bytes: Uint8Array): void {
  for (const entry of decodeJournal(bytes).entries)
    if (!WRITTEN.has(show(entry))) fail('the journal says what nobody wrote', show(entry));
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}n` : member));
}

function isRefusal(error: unknown): boolean {
  return error instanceof FormatError || isS4Error(error, 'STATE_TOO_NEW');
}

function damaged({ sample, packed }: Codec, dice: Dice): Uint8Array {
  if (dice.oneIn(2)) return mutateBytes(sample, dice);
  if (!packed) return Buffer.from(mutateJson(Buffer.from(sample).toString(), dice));
  return gzipSync(mutateJson(gunzipSync(sample).toString(), dice), { level: 1 });
}

/** Decoders refuse, and do nothing else, whatever they are given. */
export const formats: FuzzTarget = {
  name: 'formats',
  share: 50,
  short: 1500,
  limitMs: 5000,
  run(dice) {
    const codec = dice.pick(CODECS);
    refusedOr(() => codec.decode(damaged(codec, dice)), isRefusal);
  },
};

const METADATA = encodeMetadata(FACTS);
const TIMES = [
  '1e9',
  '-1',
  '999999999999.999999999',
  '99999999999',
  '0.',
  '+5',
  '1732158727123',
  '-999999999999',
  '9223372036.854775807',
  '9223372036.854775808',
  '-9223372036.9',
];

/** Whatever metadata an object carries, what s4 takes from it can be written down and read again. */
export const metadata: FuzzTarget = {
  name: 'metadata',
  share: 30,
  short: 2000,
  limitMs: 1000,
  run(dice) {
    const given: Record<string, string> = { ...METADATA };
    for (const name of Object.keys(given)) {
      const kind = dice.int(5);
      if (kind === 0) given[name] = hostileText(dice);
      else if (kind === 1) given[name] = dice.pick(TIMES);
      else if (kind === 2) given[name] = `${dice.int(2) === 0 ? '0' : ''}${dice.int(200_000).toString(8)}`;
      else if (kind === 3) delete given[name];
    }
    const facts = decodeMetadata(given);
    const [sample] = ROWS;
    if (sample === undefined || facts.mtimeNs === undefined) return;
    const row = { ...sample, mtimeNs: facts.mtimeNs };
    const again = rowFromJson(JSON.parse(JSON.stringify(rowToJson(row))));
    if (again.mtimeNs !== facts.mtimeNs) fail('another time comes back', String(facts.mtimeNs));
  },
};
