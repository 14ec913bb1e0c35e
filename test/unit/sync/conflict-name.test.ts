import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conflictCopyPath, isConflictCopyName, parseConflictCopy } from '../../../src/sync/conflict-name.ts';
import { baseName, parentPath, parseKey, type RelPath, utf8Bytes } from '../../../src/sync/path.ts';

const WHEN = Date.UTC(2026, 10, 21, 3, 12, 7, 999);

function copyOf(path: string, options: { host?: string; whenMs?: number; taken?: readonly string[] } = {}) {
  return conflictCopyPath({
    path: path as RelPath,
    host: options.host ?? 'laptop',
    whenMs: options.whenMs ?? WHEN,
    taken: (name) => options.taken?.includes(name) ?? false,
  });
}

describe('conflict copy names', () => {
  it.each([
    ['report.txt', 'report (conflict, laptop, 2026-11-21 03.12.07).txt'],
    ['a.b/report', 'a.b/report (conflict, laptop, 2026-11-21 03.12.07)'],
    ['x/site.tar.gz', 'x/site (conflict, laptop, 2026-11-21 03.12.07).tar.gz'],
    ['.tar.gz', '.tar.gz (conflict, laptop, 2026-11-21 03.12.07)'],
    ['.bashrc', '.bashrc (conflict, laptop, 2026-11-21 03.12.07)'],
    ['.config.json', '.config (conflict, laptop, 2026-11-21 03.12.07).json'],
    ['..x', '..x (conflict, laptop, 2026-11-21 03.12.07)'],
    ['Dr. Who (1)', 'Dr. Who (1) (conflict, laptop, 2026-11-21 03.12.07)'],
    ['v1.(final)', 'v1.(final) (conflict, laptop, 2026-11-21 03.12.07)'],
    ['end.', 'end. (conflict, laptop, 2026-11-21 03.12.07)'],
    ['a.123456789abcdef', 'a (conflict, laptop, 2026-11-21 03.12.07).123456789abcdef'],
    ['a.123456789abcdefg', 'a.123456789abcdefg (conflict, laptop, 2026-11-21 03.12.07)'],
  ])('names the copy of %s', (path, copy) => {
    expect(copyOf(path)).toBe(copy);
    expect(isConflictCopyName(baseName(copyOf(path)))).toBe(true);
  });

  it.each([
    'a/r (conflict, tower, 2026-10-01 00.00.00).txt',
    'a/r (conflict, tower, 2026-10-01 00.00.00, 3).txt',
    'a/r (conflict, tower, 2026-10-01 00.00.00) (conflict, phone, 2026-10-02 00.00.00).txt',
  ])('names the copy of a copy as one more copy of the original: %s', (path) => {
    expect(copyOf(path)).toBe('a/r (conflict, laptop, 2026-11-21 03.12.07).txt');
  });

  it('never gives the name that the file itself has', () => {
    const itself = copyOf('a/r.txt');
    expect(copyOf(itself, { taken: [itself] })).toBe('a/r (conflict, laptop, 2026-11-21 03.12.07, 2).txt');
  });

  it('counts on while names are taken', () => {
    const first = copyOf('a/r.txt');
    const second = copyOf('a/r.txt', { taken: [first] });
    expect(second).toBe('a/r (conflict, laptop, 2026-11-21 03.12.07, 2).txt');
    expect(copyOf('a/r.txt', { taken: [first, second] })).toContain('03.12.07, 3).txt');
    expect(isConflictCopyName(baseName(second))).toBe(true);
  });

  it('takes from a host name what no file name may hold', () => {
    expect(copyOf('a', { host: '../my\u0000 "pc"\u202e,(x)\ud800' })).toBe(
      'a (conflict, my- -pc-x, 2026-11-21 03.12.07)',
    );
    expect(copyOf('a', { host: '//' })).toContain('(conflict, unknown, ');
    expect(copyOf('a', { host: '..pc. .-' })).toContain('(conflict, pc, ');
    const longest = 'h'.repeat(64);
    expect(copyOf('a', { host: longest })).toContain(`(conflict, ${longest}, `);
    expect(copyOf('a', { host: `${'h'.repeat(63)} pc` })).toContain(`(conflict, ${'h'.repeat(63)}, `);
    expect(utf8Bytes(copyOf('a', { host: 'é'.repeat(300) }))).toBeLessThan(128);
  });

  it('survives times that no calendar holds', () => {
    expect(copyOf('a', { whenMs: Number.NaN })).toContain('1970-01-01 00.00.00');
    expect(copyOf('a', { whenMs: -5 })).toContain('1970-01-01 00.00.00');
    expect(copyOf('a', { whenMs: 1e300 })).toContain('9999-12-31 23.59.59');
  });

  it('shortens the stem where the key would be too long for the store', () => {
    const path = `${'d/'.repeat(450)}${'n'.repeat(100)}.txt` as RelPath;
    const copy = conflictCopyPath({ path, host: 'h', whenMs: WHEN, prefixBytes: 20, taken: () => false });
    expect(parseKey(copy, 20).ok).toBe(true);
    expect(copy.endsWith(').txt')).toBe(true);
  });

  it('leaves of the stem one character at least, where there is no room', () => {
    const path = '😀name' as RelPath;
    const copy = conflictCopyPath({ path, host: 'h', whenMs: WHEN, prefixBytes: 1020, taken: () => false });
    expect(copy).toBe('😀 (conflict, h, 2026-11-21 03.12.07)');
  });

  it('does not take other names for copies', () => {
    for (const name of [
      'report.txt',
      'a (conflict).txt',
      ' (conflict, h, 2026-11-21 03.12.07).txt',
      'a (conflict, h, 2026-11-21 03.12.07) final.txt',
    ]) {
      expect(isConflictCopyName(name)).toBe(false);
    }
    expect(isConflictCopyName('a (conflict, h, 2026-11-21 03.12.07, 12)')).toBe(true);
  });

  it('tells what it is a copy of, by whom and of when, and its name without the word', () => {
    expect(parseConflictCopy('a/r (conflict, my pc, 2026-11-21 03.12.07, 12).txt' as RelPath)).toEqual({
      original: 'a/r.txt',
      host: 'my pc',
      whenMs: Math.floor(WHEN / 1000) * 1000,
      settled: 'a/r (my pc, 2026-11-21 03.12.07, 12).txt',
    });
    expect(parseConflictCopy('r (conflict, h, 2026-11-21 03.12.07)' as RelPath)?.original).toBe('r');
  });

  it.each([
    'report.txt',
    'a (conflict, h, 2026-13-41 03.12.07).txt',
    'a (conflict, h, 2026-11-21 03.12.07).d/file',
    'a (conflict, h, 2026-11-21 03.12.07 or later).txt',
    'a/ (conflict, h, 2026-11-21 03.12.07).txt',
  ])('tells nothing of what is no copy: %s', (path) => {
    expect(parseConflictCopy(path as RelPath)).toBeUndefined();
  });

  it('is a name that parses, in the same folder, that is recognised, whatever the path and the host', () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 255 })
      .filter((text) => parseKey(text).ok && !text.includes('/'));
    fc.assert(
      fc.property(segment, fc.string({ unit: 'binary' }), fc.nat(), (name, host, whenMs) => {
        const copy = copyOf(`dir/${name}`, { host, whenMs });
        expect(parseKey(copy)).toMatchObject({ ok: true, folder: false });
        expect(parentPath(copy)).toBe('dir');
        expect(isConflictCopyName(baseName(copy))).toBe(true);
        const next = copyOf(`dir/${name}`, { host, whenMs, taken: [copy] });
        expect(next).not.toBe(copy);
        expect(parseKey(next).ok).toBe(true);
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it('cuts a long stem between code points', () => {
    const copy = copyOf(`${'😀'.repeat(63)}.txt`);
    expect(copy.isWellFormed()).toBe(true);
    expect(utf8Bytes(baseName(copy))).toBeLessThanOrEqual(240);
    expect(copy.startsWith('😀'.repeat(40))).toBe(true);
  });
});
