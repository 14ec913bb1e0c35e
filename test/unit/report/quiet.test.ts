import { describe, expect, test } from 'vitest';
import type { SyncEvent } from '../../../src/engine/events.ts';
import { QUIET_START, quietStep } from '../../../src/report/quiet.ts';

const target = 'notes';
const operation = (path: string) => ({ kind: 'update', direction: 'up', path }) as const;
const started: SyncEvent = { kind: 'cycle-started', target, local: '/n', remote: 's3://b/n', dryRun: false };
const scanned: SyncEvent = { kind: 'scanned', target, side: 'local', entries: 3 };
const planned: SyncEvent = {
  kind: 'planned',
  target,
  planId: 'p',
  operations: [],
  conflicts: [],
  bytesUp: 0,
  bytesDown: 0,
};
const flushed: SyncEvent = { kind: 'index-flushed', target };
const done = (path: string): SyncEvent => ({
  kind: 'operation-finished',
  target,
  id: 1,
  operation: operation(path),
  outcome: 'done',
});
const finished: SyncEvent = {
  kind: 'cycle-finished',
  target,
  dryRun: false,
  summary: {
    uploaded: 0,
    downloaded: 0,
    deletedLocal: 0,
    deletedRemote: 0,
    renamed: 0,
    conflicts: 0,
    keptBoth: 0,
    problems: 0,
    bytesUp: 0,
    bytesDown: 0,
    requests: {},
    elapsedMs: 1,
  },
};
const problem = (path: string, code: 'denied' | 'corrupt' = 'denied'): SyncEvent => ({
  kind: 'problem',
  target,
  problem: { path, code, side: 'remote', message: 'it failed' },
});
const conflict = (path: string, choice: 'skip' | 'both', hour = 1): SyncEvent => ({
  kind: 'conflict',
  target,
  conflict: { path, local: { state: 'updated', modifiedMs: hour }, remote: { state: 'updated' } },
  choice,
});
const halted = (planId: string): SyncEvent => ({
  kind: 'guard-halted',
  target,
  planId,
  guards: [],
  operations: [],
});
const notice = (path: string): SyncEvent => ({
  kind: 'notice',
  target,
  code: 'special-file',
  message: 'a pipe',
  path,
});
const cycle = (...middle: readonly SyncEvent[]) => [started, scanned, planned, ...middle, flushed, finished];

/** What comes through of one cycle after the other. */
function through(...cycles: readonly (readonly SyncEvent[])[]): readonly (readonly SyncEvent[])[] {
  let state = QUIET_START;
  return cycles.map((events) =>
    events.flatMap((event) => {
      const step = quietStep(state, event);
      state = step.state;
      return step.events;
    }),
  );
}
const ofTarget = (name: string, events: readonly SyncEvent[]) =>
  events.map((event): SyncEvent => ({ ...event, target: name }));

describe('of the cycles of a daemon', () => {
  test('those that find nothing are silent', () => {
    expect(through(cycle(), cycle())).toEqual([[], []]);
  });

  test('one that does something is told whole, from its beginning', () => {
    expect(through(cycle(), cycle(done('a')))).toEqual([[], cycle(done('a'))]);
  });

  test('the one after it is silent again', () => {
    expect(through(cycle(done('a')), cycle())[1]).toEqual([]);
  });

  test.each([
    ['problem', problem('a')],
    ['notice', notice('a')],
    ['conflict that waits', conflict('a', 'skip')],
  ])('a %s is told once', (_, event) => {
    expect(through(cycle(event), cycle(event), cycle(event))).toEqual([cycle(event), [], []]);
  });

  test('another problem of the same path is news, and so is the same of another path', () => {
    const [, second, third] = through(
      cycle(problem('a')),
      cycle(problem('a', 'corrupt')),
      cycle(problem('b')),
    );
    expect(second).toEqual(cycle(problem('a', 'corrupt')));
    expect(third).toEqual(cycle(problem('b')));
  });

  test('a problem that comes back after something was done there is news; that of a neighbour is not', () => {
    const bad = [problem('a'), problem('ab')];
    const [, , third] = through(cycle(...bad), cycle(done('a')), cycle(...bad));
    expect(third).toEqual(cycle(problem('a')));
  });

  test('what is known is left out of a cycle that is told', () => {
    const [, second] = through(cycle(problem('a')), cycle(problem('a'), done('b')));
    expect(second).toEqual(cycle(done('b')));
  });

  test('a conflict whose sides changed is another one', () => {
    const [, second] = through(cycle(conflict('a', 'skip')), cycle(conflict('a', 'skip', 2)));
    expect(second).toEqual(cycle(conflict('a', 'skip', 2)));
  });

  test('a conflict that was decided is told each time', () => {
    const [, second] = through(cycle(conflict('a', 'both')), cycle(conflict('a', 'both')));
    expect(second).toEqual(cycle(conflict('a', 'both')));
  });

  test('the same halted plan is told once, and once more after a cycle that ended', () => {
    const stopped = [started, scanned, halted('p1')];
    const other = [started, scanned, halted('p2')];
    expect(through(stopped, stopped, other, cycle(), other)).toEqual([stopped, [], other, [], other]);
  });

  test('targets are told apart', () => {
    const [first, second] = through(cycle(problem('a')), ofTarget('work', cycle(problem('a'))));
    expect(first).toEqual(cycle(problem('a')));
    expect(second).toEqual(ofTarget('work', cycle(problem('a'))));
  });

  test('two targets at once: neither is told of the other', () => {
    const work = ofTarget('work', cycle(done('a')));
    const mixed = cycle().flatMap((event, i) => [event, work[i] ?? event]);
    const all = through([...mixed, ...work.slice(mixed.length / 2)]).flat();
    expect(all).toEqual(work);
  });
});
