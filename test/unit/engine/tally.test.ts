import { describe, expect, it } from 'vitest';
import type { OperationKind, OperationView } from '../../../src/engine/events.ts';
import { createTally } from '../../../src/engine/tally.ts';
import type { Problem } from '../../../src/sync/problem.ts';

/** What a summary counts, and so what the exit code and the daemon's state say. */

const ZERO = {
  ...{ uploaded: 0, downloaded: 0, deletedLocal: 0, deletedRemote: 0, renamed: 0, keptBoth: 0 },
  ...{ bytesUp: 0, bytesDown: 0, conflicts: 0, problems: 0, requests: {}, elapsedMs: 0 },
};
const view = (kind: OperationKind, direction: 'up' | 'down'): OperationView => ({
  kind,
  direction,
  path: 'f',
});
const problem = (path: string, more: Partial<Problem> = {}): Problem => ({
  ...{ path, side: 'local', code: 'unreadable', message: 'cannot be read' },
  ...more,
});

describe('a summary', () => {
  it('of nothing is zero', () => {
    expect(createTally().summary({}, 0)).toEqual(ZERO);
  });

  it.each([
    ['create', 'uploaded', 'downloaded'],
    ['update', 'uploaded', 'downloaded'],
    ['merge', 'uploaded', 'downloaded'],
    ['mode', 'uploaded', 'downloaded'],
    ['create-folder', 'uploaded', 'downloaded'],
    ['delete', 'deletedRemote', 'deletedLocal'],
    ['delete-folder', 'deletedRemote', 'deletedLocal'],
    ['rename', 'renamed', 'renamed'],
    ['keep-both', 'keptBoth', 'keptBoth'],
  ] as const)('counts %s as %s where it goes up, as %s where it comes down', (kind, up, down) => {
    for (const [direction, counted] of [
      ['up', up],
      ['down', down],
    ] as const) {
      const tally = createTally();
      tally.operation(view(kind, direction));
      expect(tally.summary({}, 0)).toEqual({ ...ZERO, [counted]: 1 });
      tally.operation(view(kind, direction));
      expect(tally.summary({}, 0)).toEqual({ ...ZERO, [counted]: 2 });
    }
  });

  it('adds bytes up by direction: what a failed attempt had moved is taken off', () => {
    const tally = createTally();
    for (const [direction, count] of [
      ['up', 10],
      ['down', 3],
      ['up', -4],
      ['down', 5],
    ] as const)
      tally.bytes(direction, count);
    expect(tally.summary({}, 0)).toEqual({ ...ZERO, bytesUp: 6, bytesDown: 8 });
  });

  it('has the conflicts of the last pass, the requests and the time as given', () => {
    const tally = createTally();
    tally.conflicts(3);
    tally.conflicts(1);
    expect(tally.summary({ GET: 2 }, 50)).toEqual({
      ...ZERO,
      conflicts: 1,
      requests: { GET: 2 },
      elapsedMs: 50,
    });
  });
});

describe('a problem', () => {
  it('is new once, and counted once, however many passes meet it', () => {
    const tally = createTally();
    expect(tally.problem(problem('f'))).toBe(true);
    expect(tally.problem(problem('f', { message: 'in other words' }))).toBe(false);
    expect(tally.summary({}, 0)).toEqual({ ...ZERO, problems: 1 });
  });

  it('is another one with another path, side or code', () => {
    const tally = createTally();
    const others = [
      problem('f'),
      problem('g'),
      problem('f', { side: 'remote' }),
      problem('f', { code: 'denied' }),
    ];
    expect(others.map((each) => tally.problem(each))).toEqual([true, true, true, true]);
    expect(tally.summary({}, 0)).toEqual({ ...ZERO, problems: 4 });
  });
});
