import { describe, expect, test } from 'vitest';
import { type CycleFindings, NO_FINDINGS } from '../../../src/daemon/findings.ts';
import { EVERYTHING, heardHere, heardThere, joined, NOTHING, WALK } from '../../../src/daemon/pending.ts';
import { type Standing, standingAfter } from '../../../src/daemon/standing.ts';
import type { Job } from '../../../src/daemon/target-state.ts';
import type { RelPath } from '../../../src/sync/path.ts';

const path = (text: string): RelPath => text as RelPath;
const look = (scope: Extract<Job, { kind: 'look' }>['scope']): Job => ({ kind: 'look', scope });
const asked = (whole: boolean): Job => ({ kind: 'requested', request: { id: 1, whole }, scope: NOTHING });

const before: Standing = {
  problems: new Map([
    ['here', { code: 'unreadable', side: 'local' }],
    ['dir/there', { code: 'denied', side: 'remote' }],
  ]),
  conflicts: new Set(['dir/fight']),
};
const more: CycleFindings = {
  ...NO_FINDINGS,
  problems: new Map([['new', { code: 'corrupt', side: 'remote' }]]),
  conflicts: new Set(['quarrel']),
};
const names = ({ problems, conflicts }: Standing) => [[...problems.keys()], [...conflicts]];

describe('what stands after a cycle', () => {
  test('that looked at everything is what it found', () => {
    for (const job of [look(EVERYTHING), asked(true)])
      expect(names(standingAfter(before, job, more))).toEqual([['new'], ['quarrel']]);
  });

  test('that looked at other paths is what stood, and what it found', () => {
    for (const job of [look(heardHere([path('else')])), asked(false)])
      expect(names(standingAfter(before, job, more))).toEqual([
        ['here', 'dir/there', 'new'],
        ['dir/fight', 'quarrel'],
      ]);
  });

  test('a problem ends with a look at its side, not with one at the other', () => {
    const here = standingAfter(before, look(heardHere([path('here'), path('dir/there')])), NO_FINDINGS);
    expect([...here.problems.keys()]).toEqual(['dir/there']);
    const there = standingAfter(before, look(heardThere([path('here'), path('dir/there')])), NO_FINDINGS);
    expect([...there.problems.keys()]).toEqual(['here']);
  });

  test('a look at a folder is one at all that is in it, of that folder alone', () => {
    const dir = standingAfter(before, look(heardThere([path('dir')])), NO_FINDINGS);
    expect(names(dir)).toEqual([['here'], []]);
    const like = standingAfter(before, look(heardThere([path('di'), path('dir/the')])), NO_FINDINGS);
    expect(names(like)).toEqual(names(before));
  });

  test('a walk is a look at this side', () => {
    expect([...standingAfter(before, look(WALK), NO_FINDINGS).problems.keys()]).toEqual(['dir/there']);
    const both = standingAfter(before, look(joined(WALK, heardThere([path('dir/there')]))), NO_FINDINGS);
    expect(both.problems.size).toBe(0);
  });

  test('what is found again stands once', () => {
    const again = standingAfter(before, look(heardHere([path('here')])), {
      ...NO_FINDINGS,
      problems: before.problems,
    });
    expect([...again.problems.keys()].sort()).toEqual(['dir/there', 'here']);
  });
});
