import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  baseName,
  compareKeys,
  fileKey,
  folderKey,
  isReservedSegment,
  keyPath,
  parentPath,
  parseKey,
  type RelPath,
} from '../../../src/sync/path.ts';
import { key } from './build.ts';

describe('a key from outside', () => {
  it.each([
    ['', 'empty'],
    ['/', 'empty'],
    ['/etc/passwd', 'absolute'],
    ['a//b', 'empty-segment'],
    ['a//', 'empty-segment'],
    ['./a', 'dot-segment'],
    ['a/../b', 'dot-segment'],
    ['..', 'dot-segment'],
    ['a\0b', 'nul'],
    ['a\\b', 'backslash'],
    ['a\ufffdb', 'not-unicode'],
    ['a\ud800b', 'not-unicode'],
    ['.s4/index', 'reserved'],
    ['a/.S4/x', 'reserved'],
    ['a/.s\u200c4', 'reserved'],
    ['a/.ſ4', 'reserved'],
    ['a/．ｓ４/x', 'reserved'],
    ['é'.repeat(128), 'segment-too-long'],
    [`${'d/'.repeat(600)}f`, 'too-long'],
  ])('%j is refused: %s', (raw, fault) => {
    expect(parseKey(raw)).toEqual({ ok: false, fault });
  });

  it.each(['a', 'a/b', '...', 'a b', ' ', '.s5', 's4', '.s4x', '4', 'x4y', `${'x'.repeat(255)}`])(
    '%j is a file',
    (raw) => {
      expect(parseKey(raw)).toEqual({ ok: true, key: raw, path: raw, folder: false });
    },
  );

  it('is a folder by its slash', () => {
    expect(parseKey('a/b/')).toEqual({ ok: true, key: 'a/b/', path: 'a/b', folder: true });
  });

  it('is limited by what the prefix leaves', () => {
    const long = `${'d/'.repeat(500)}f`;
    expect(parseKey(long, 23).ok).toBe(true);
    expect(parseKey(long, 24)).toEqual({ ok: false, fault: 'too-long' });
    expect(parseKey(`${long}/`, 23)).toEqual({ ok: false, fault: 'too-long' });
    expect(parseKey('x'.repeat(100), 925)).toEqual({ ok: false, fault: 'too-long' });
    expect(parseKey('x'.repeat(100), 924).ok).toBe(true);
  });
});

describe('the order of keys', () => {
  it('is that of their UTF-8 bytes, emoji included', () => {
    const text = fc.string({
      unit: fc.constantFrom(
        ...['a', '/', '!', 'é', '\ud7ff', '\ue000', '\uffee', '\u{10000}', '\u{103ff}', '\u{1f600}'],
      ),
      maxLength: 6,
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parts of a path', () => {
  it('has a folder above it, a name, and a key', () => {
    const path = 'a/b/c' as RelPath;
    expect(parentPath(path)).toBe('a/b');
    expect(parentPath('a' as RelPath)).toBeUndefined();
    expect(baseName(path)).toBe('c');
    expect(fileKey(path)).toBe('a/b/c');
    expect(folderKey(path)).toBe('a/b/c/');
    expect(keyPath(key('a/b/'))).toBe('a/b');
    expect(keyPath(key('a/b'))).toBe('a/b');
    expect(isReservedSegment('.s4')).toBe(true);
  });
});
