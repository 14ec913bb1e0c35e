import { createIgnoreRules } from '../../../src/sync/ignore.ts';
import type { Dice } from '../dice.ts';
import { hostileSegment, mutateBytes } from '../hostile.ts';
import { type FuzzTarget, fail } from '../target.ts';

const GLOBS = [
  '*',
  '**',
  '?',
  '[a-z]',
  '[z-a]',
  '[!a]',
  '[',
  ']',
  '[]',
  '[^',
  '\\',
  '\\*',
  '!',
  '#',
  '/',
  '**/',
  '/**',
  '***',
  '{a,b}',
  '(',
  ')',
  '+',
  '$',
  '^',
  '.',
  'a',
  'a*',
  '*a',
  'b',
  ' ',
  '\\ ',
  '\u0000',
  '[[:alpha:]]',
  '\ud800',
];

function rulesText(dice: Dice): string {
  const line = (): string => {
    const kind = dice.int(6);
    if (kind === 0) return '**/a/'.repeat(dice.int(12)) + dice.pick(['b', '**', '']);
    if (kind === 1)
      return dice.pick(['*a', 'a*', '?*', '*?', '**/', '[a]*']).repeat(dice.int(20)) + dice.pick(['b', '']);
    if (kind === 2)
      return `${dice.pick(['', '!', '/'])}${hostileSegment(dice)}${dice.pick(['', '/', '/**'])}`;
    return dice.some(6, () => dice.pick(GLOBS)).join('');
  };
  const text = dice.some(6, line).join(dice.pick(['\n', '\r\n', '\n\n']));
  return dice.oneIn(6) ? mutateBytes(Buffer.from(text), dice).toString() : text;
}

function longPath(dice: Dice): string {
  const kind = dice.int(4);
  if (kind === 0) return `${'a/'.repeat(dice.int(500))}c`;
  if (kind === 1) return 'a'.repeat(1 + dice.int(255));
  if (kind === 2) return `${'aaaa/'.repeat(dice.int(150))}${'a'.repeat(200)}`;
  return dice
    .some(5, () => dice.pick(['a', 'b', 'build', 'x.txt', '.syncignore']))
    .concat('a')
    .join('/');
}

/** Any rules answer for any path, quickly, and the same way twice. */
export const ignore: FuzzTarget = {
  name: 'ignore',
  share: 4,
  short: 20,
  limitMs: 1000,
  run(dice) {
    const rules = createIgnoreRules();
    rules.addRules('', rulesText(dice));
    if (dice.oneIn(2)) rules.addRules(dice.pick(['a', 'a/b', '']), rulesText(dice));
    for (const path of dice.some(3, () => longPath(dice))) {
      const isFolder = dice.oneIn(2);
      const first = rules.ignores(path, isFolder);
      if (first !== rules.ignores(path, isFolder)) fail('two answers', path);
    }
  },
};
