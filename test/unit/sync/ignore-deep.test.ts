import fc from 'fast-check';
import ignore from 'ignore';
import { describe, expect, it } from 'vitest';
import { createDeepMatcher, type LineVerdict } from '../../../src/sync/ignore-deep.ts';

/** What `ignore` says of one file; it is quick where the paths are short. */
function slowly(line: string, path: string): LineVerdict {
  const rules = ignore({ ignorecase: false, allowRelativePaths: true }).add(line).add('!*/');
  const { ignored, unignored } = rules.test(path);
  return ignored ? 'ignored' : unignored ? 'included' : 'silent';
}

const NAMES = ['a', 'b', 'ab', 'A', 'x y ', '!', '#'];

describe('a line with many **', () => {
  it('says of each path what it says to git, for every place of a star', () => {
    const part = fc.constantFrom('**', '**', 'a', 'b', '*', 'a*', '[ab]', '?');
    const line = fc
      .tuple(
        fc.constantFrom('', '', '/', '!', '!/', '\\!', '\\#'),
        fc.array(part, { minLength: 3, maxLength: 7 }),
      )
      .map(([start, parts]) => `${start}${parts.join('/')}`)
      .filter((text) => createDeepMatcher(text) !== undefined);
    const path = fc
      .array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 5 })
      .map((names) => names.join('/'));
    fc.assert(
      fc.property(line, fc.array(path, { minLength: 5, maxLength: 5 }), (text, paths) => {
        const matcher = createDeepMatcher(text);
        const said = paths.map((each) => [each, matcher?.(each)]);
        expect({ text, said }).toEqual({ text, said: paths.map((each) => [each, slowly(text, each)]) });
      }),
      { numRuns: 150 },
    );
  });

  it.each<[string, string, LineVerdict]>([
    ['a/**/b/**/c/**/d', 'a/b/c/d', 'ignored'],
    ['a/**/b/**/c/**/d', 'a/1/b/2/3/c/d', 'ignored'],
    ['a/**/b/**/c/**/d', 'a/b/c/d/e', 'silent'],
    ['a/**/b/**/c/**/d', 'a/c/b/d', 'silent'],
    ['a/**/b/**/c/**/D', 'a/b/c/d', 'silent'],
    ['!/a/**/b/**/c/**/d', 'a/b/c/d', 'included'],
    ['a/**/b/**/c/**', 'a/b/c/d', 'ignored'],
    ['a/**/b/**/c/**', 'a/b/c', 'silent'],
    ['a/**/b/**/c/**/d/', 'a/b/c/d', 'silent'],
    ['a/**/b/**/c/**/d  ', 'a/b/c/d', 'ignored'],
    ['a/**/b/**/c/**/d\\ ', 'a/b/c/d', 'silent'],
    ['a/**/b/**/c/**/d\\ ', 'a/b/c/d ', 'ignored'],
    ['a/**/b/**/c/**/d\\  ', 'a/b/c/d ', 'ignored'],
    ['a/**/b/**/**/**/d', 'a/b/d', 'ignored'],
  ])('%s and %s: %s', (line, path, verdict) => {
    expect(createDeepMatcher(line)?.(path)).toBe(verdict);
  });

  it.each(['', '*', 'a/b', '# a/**/b/**/c/**/d', 'a/**/b/**/c', 'a**/b**/c**/d**'])('is none: %j', (line) => {
    expect(createDeepMatcher(line)).toBeUndefined();
  });

  it('says the same of a name after it has seen many others', () => {
    const matcher = createDeepMatcher('**/a/**/b/**/c*');
    const said = new Set(Array.from({ length: 10_010 }, (_, i) => matcher?.(`a/b/x${i}`)));
    expect([...said]).toEqual(['silent']);
    expect(matcher?.('a/b/c1')).toBe('ignored');
    expect(matcher?.('a/b/x1')).toBe('silent');
  });
});
