import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeTexts } from '../../../src/sync/merge.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const merge = (base: string, local: string, remote: string): string => {
  const outcome = mergeTexts(bytes(base), bytes(local), bytes(remote));
  return outcome.kind === 'clean'
    ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(outcome.text)
    : `<${outcome.kind}>`;
};

// Few different lines, so that texts have much in common.
const text = fc
  .array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'd\r\n'), { maxLength: 12 })
  .chain((lines) => fc.constantFrom('', 'end').map((end) => lines.join('') + end));

describe('merging two edits of a text', () => {
  it.each([
    ['edits far apart', '1\n2\n3\n4\n5\n', 'one\n2\n3\n4\n5\n', '1\n2\n3\n4\nfive\n', 'one\n2\n3\n4\nfive\n'],
    ['an insertion and a deletion', '1\n2\n3\n4\n', '0\n1\n2\n3\n4\n', '1\n2\n3\n', '0\n1\n2\n3\n'],
    ['the same edit twice', '1\n2\n3\n', '1\nX\n3\n', '1\nX\n3\n', '1\nX\n3\n'],
    ['the same line, differently', '1\n2\n3\n', '1\nX\n3\n', '1\nY\n3\n', '<conflict>'],
    ['neighbouring lines', '1\n2\n3\n4\n', '1\nX\n3\n4\n', '1\n2\nY\n4\n', '<conflict>'],
    ['two insertions at one place', '1\n2\n', '1\nX\n2\n', '1\nY\n2\n', '<conflict>'],
    ['an edit in a deleted region', '1\n2\n3\n4\n5\n', '1\n5\n', '1\n2\nX\n4\n5\n', '<conflict>'],
    ['one of two equal lines removed', 'a\na\n', 'a\n', 'a\na\n', 'a\n'],
    ['one line replaced, and with the next one', '1\n2\n3\n4\n', '1\nX\n3\n4\n', '1\nX\n4\n', '<conflict>'],
    ['one line replaced, and with the one before', '1\n2\n3\n4\n', '1\n2\nX\n4\n', '1\nX\n4\n', '<conflict>'],
    ['two appends', '1\n', '1\n2\n', '1\n3\n', '<conflict>'],
    ['a missing line end, and an edit far from it', '1\n2\n3', 'X\n2\n3', '1\n2\n3\n', 'X\n2\n3\n'],
    ['line ends of Windows', '1\r\n2\r\n3\r\n', 'X\r\n2\r\n3\r\n', '1\r\n2\r\nY\r\n', 'X\r\n2\r\nY\r\n'],
    ['a byte order mark', '\ufeff1\n2\n3\n', '\ufeffX\n2\n3\n', '\ufeff1\n2\nY\n', '\ufeffX\n2\nY\n'],
    ['nothing at all', '', '', '', ''],
    ['a base that was empty', '', 'a\n', 'b\n', '<conflict>'],
    ['a zero byte', '1\n\0\n', '1\n', '2\n', '<unmergeable>'],
  ])('%s', (_, base, local, remote, expected) => {
    expect(merge(base, local, remote)).toBe(expected);
    expect(merge(base, remote, local)).toBe(expected);
  });

  it('gives the other side where one is unchanged', () => {
    fc.assert(
      fc.property(text, text, (base, edited) => {
        expect(merge(base, edited, base)).toBe(edited);
        expect(merge(base, base, edited)).toBe(edited);
        expect(merge(base, edited, edited)).toBe(edited);
      }),
      { numRuns: 500 },
    );
  });

  it('is symmetric', () => {
    fc.assert(
      fc.property(text, text, text, (base, a, b) => {
        expect(merge(base, a, b)).toBe(merge(base, b, a));
      }),
      { numRuns: 1000 },
    );
  });

  it('holds both edits where it is clean', () => {
    const line = fc.integer({ min: 0, max: 19 });
    fc.assert(
      fc.property(line, line, (here, there) => {
        const lines = Array.from({ length: 20 }, (_, i) => `line ${i}\n`);
        const edited = (at: number, by: string) => lines.map((l, i) => (i === at ? `${by}\n` : l)).join('');
        const merged = merge(lines.join(''), edited(here, 'local'), edited(there, 'remote'));
        const both = lines.map((l, i) => (i === here ? 'local\n' : i === there ? 'remote\n' : l)).join('');
        expect(merged).toBe(Math.abs(here - there) < 2 ? '<conflict>' : both);
      }),
      { numRuns: 400 },
    );
  });

  it('holds all edits, many on each side, where one line keeps them apart', () => {
    const edit = fc.record({
      by: fc.constantFrom('nobody', 'local', 'remote', 'both'),
      text: fc.constantFrom('', 'new\n', 'new\nnewer\n'),
    });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
        const edited = (...authors: readonly string[]) =>
          edits.map(({ by, text }, i) => `${authors.includes(by) ? text : `old ${i}\n`}kept ${i}\n`).join('');
        const merged = merge(edited(), edited('local', 'both'), edited('remote', 'both'));
        expect(merged).toBe(edited('local', 'remote', 'both'));
      }),
      { numRuns: 400 },
    );
  });

  it('never throws, and merges nothing that is not UTF-8', () => {
    const any = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(any, any, any, (base, a, b) => {
        const outcome = mergeTexts(base, a, b);
        const isText = (part: Uint8Array) => {
          const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(part);
          return !decoded.includes('\0') && Buffer.from(decoded).equals(Buffer.from(part));
        };
        if (!isText(base) || !isText(a) || !isText(b)) expect(outcome.kind).toBe('unmergeable');
        else expect(['clean', 'conflict']).toContain(outcome.kind);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives up on texts that have nothing in common', () => {
    const lines = (prefix: string) => Array.from({ length: 1200 }, (_, i) => `${prefix}${i}\n`).join('');
    expect(merge(lines('a'), lines('b'), lines('a'))).toBe('<unmergeable>');
    expect(merge(lines('a'), lines('a'), lines('b'))).toBe('<unmergeable>');
  });
});
