import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundDigest,
  decodeMetadata,
  encodeMetadata,
  formatMode,
  formatMtime,
  parseMode,
  parseMtime,
} from '../../../src/formats/metadata-codec.ts';
import { FACTS } from './samples.ts';

describe('mtime', () => {
  it.each([
    [1_732_158_727_123_456_789n, '1732158727.123456789'],
    [0n, '0.000000000'],
    [-1n, '-0.000000001'],
    [-1_500_000_000n, '-1.500000000'],
    [1_000_000_001n, '1.000000001'],
  ])('%s is written %s', (ns, text) => {
    expect(formatMtime(ns)).toBe(text);
    expect(parseMtime(text)).toBe(ns);
  });

  it.each([
    ['1732158727', 1_732_158_727_000_000_000n],
    ['1732158727.5', 1_732_158_727_500_000_000n],
    ['1732158727.', 1_732_158_727_000_000_000n],
    ['+7.25', 7_250_000_000n],
    ['-7.25', -7_250_000_000n],
    ['1.1234567899', 1_123_456_789n],
    ['', undefined],
    ['yesterday', undefined],
    ['1e9', undefined],
    ['12345678901234', undefined],
    [undefined, undefined],
  ])('%s of another tool is read', (text, ns) => {
    expect(parseMtime(text)).toBe(ns);
  });

  it('survives for every time', () => {
    const any = fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n });
    fc.assert(fc.property(any, (ns) => parseMtime(formatMtime(ns)) === ns));
  });
});

describe('mode', () => {
  it.each(['file', 'symlink', 'folder'] as const)('%s is read as it was written', (kind) => {
    for (const executable of [true, false]) {
      const expected = kind === 'file' ? { kind, executable } : { kind };
      expect(parseMode(formatMode(kind, executable))).toEqual(expected);
    }
  });

  it.each([
    // rclone: octal without the 0
    ['100644', { kind: 'file', executable: false }],
    ['100755', { kind: 'file', executable: true }],
    ['120777', { kind: 'symlink' }],
    ['40755', { kind: 'folder' }],
    ['644', { kind: 'file', executable: false }],
    ['755', { kind: 'file', executable: true }],
    ['0755', { kind: 'file', executable: true }],
    // s3fs: decimal
    ['33188', { kind: 'file', executable: false }],
    ['33261', { kind: 'file', executable: true }],
    ['41471', { kind: 'symlink' }],
    ['16877', { kind: 'folder' }],
    // FIFO, and no mode at all
    ['010644', {}],
    ['0999', {}],
    ['99999', {}],
    ['rw-r--r--', {}],
    ['1234567890', {}],
    [undefined, {}],
  ])('%s is understood', (text, expected) => {
    expect(parseMode(text)).toEqual(expected);
  });

  it('tells every mode of files and symlinks apart, decimal or octal', () => {
    for (const [type, kind] of [
      [0o100000, 'file'],
      [0o120000, 'symlink'],
    ] as const) {
      for (let bits = 0; bits <= 0o7777; bits++) {
        const mode = type | bits;
        for (const text of [mode.toString(8), `0${mode.toString(8)}`, String(mode)]) {
          const parsed = parseMode(text);
          if (parsed.kind !== kind) throw new Error(`${text} was taken for a ${parsed.kind}`);
          if (kind === 'file' && parsed.executable !== ((bits & 0o100) !== 0)) throw new Error(text);
        }
      }
    }
  });
});

describe('metadata', () => {
  it('leaves out what is not known', () => {
    expect(encodeMetadata({})).toEqual({});
    expect(decodeMetadata({})).toEqual({});
  });

  it('carries printable ASCII only', () => {
    for (const parent of ['e\u0301', 'a b', '', 'x'.repeat(2000)]) {
      expect(encodeMetadata({ parent })).toEqual({});
      expect(decodeMetadata({ 's4-parent': parent, 's4-write': parent })).toEqual({});
    }
  });

  it('ignores claims that are none', () => {
    expect(decodeMetadata({ 's4-sha256': 'A'.repeat(64), 's4-md5': 'x', mtime: '?', mode: '?' })).toEqual({});
  });

  it('lets a SHA-256 count only while the MD5 recorded with it is the ETag', () => {
    const facts = decodeMetadata(encodeMetadata(FACTS));
    expect(boundDigest(facts, 'd41d8cd98f00b204e9800998ecf8427e')).toBe(FACTS.digest);
    expect(boundDigest(facts, '"D41D8CD98F00B204E9800998ECF8427E"')).toBe(FACTS.digest);
    expect(boundDigest(facts, 'd41d8cd98f00b204e9800998ecf8427e-2')).toBeUndefined();
    expect(boundDigest(facts, '900150983cd24fb0d6963f7d28e17f72')).toBeUndefined();
    expect(
      boundDigest({ md5: 'd41d8cd98f00b204e9800998ecf8427e' }, 'd41d8cd98f00b204e9800998ecf8427e'),
    ).toBeUndefined();
    expect(boundDigest({ digest: FACTS.digest ?? ('' as never) }, '')).toBeUndefined();
  });
});
