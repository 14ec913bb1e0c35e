import { describe, expect, it } from 'vitest';
import { hasSpellings, isUnder, outermost } from '../../../src/sync/focus-paths.ts';
import type { RelPath } from '../../../src/sync/path.ts';

const paths = (...list: string[]) => list as RelPath[];

describe('the paths that a look begins with', () => {
  it.each([
    ['nothing', [], []],
    ['each once, in the order of keys', ['b', 'a', 'b'], ['a', 'b']],
    ['a folder for what is below it, however deep', ['a/x/y', 'a', 'a/x'], ['a']],
    ['no name for another that it begins', ['a', 'ab', 'a.b'], ['a.b', 'a', 'ab']],
    ['a folder also where a name sorts between it and what is in it', ['a', 'a!', 'a/x'], ['a!', 'a']],
  ])('are %s', (_, given, kept) => {
    expect(outermost(paths(...given))).toEqual(kept);
  });

  it('a path is under itself and under each folder above it, and under nothing else', () => {
    const [folder] = paths('a/b');
    for (const path of ['a/b', 'a/b/c', 'a/b/c/d']) expect(isUnder(path, folder as RelPath)).toBe(true);
    for (const path of ['a', 'a/bc', 'b/a/b/c', 'a/c']) expect(isUnder(path, folder as RelPath)).toBe(false);
  });

  it('a name has two spellings where a letter can be written in two ways', () => {
    for (const name of ['\u00e9', 'e\u0301', 'a/\uac00']) expect(hasSpellings(name)).toBe(true);
    for (const name of ['e', 'ß', '😀', 'a/b.txt']) expect(hasSpellings(name)).toBe(false);
  });
});
