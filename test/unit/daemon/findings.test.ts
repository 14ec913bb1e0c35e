import { describe, expect, test } from 'vitest';
import { findingsStep, NO_FINDINGS, unfinishedOf } from '../../../src/daemon/findings.ts';
import type { SyncEvent } from '../../../src/engine/events.ts';
import type { ProblemCode } from '../../../src/sync/problem.ts';

const target = 'notes';
const problem = (path: string, code: ProblemCode): SyncEvent => ({
  kind: 'problem',
  target,
  problem: { path, code, side: 'remote', message: 'it failed' },
});
const finished = (path: string, outcome: 'done' | 'failed' | 'postponed'): SyncEvent => ({
  kind: 'operation-finished',
  target,
  id: 1,
  operation: { kind: 'update', direction: 'up', path },
  outcome,
});
const conflict = (path: string, choice: 'skip' | 'both'): SyncEvent => ({
  kind: 'conflict',
  target,
  conflict: { path, local: { state: 'updated' }, remote: { state: 'updated' } },
  choice,
});
const found = (...events: readonly SyncEvent[]) => events.reduce(findingsStep, NO_FINDINGS);

describe('what a cycle said of single paths', () => {
  test('problems that pass by themselves are tried again soon, others slowly', () => {
    const { again, stuck } = unfinishedOf(
      found(
        problem('a', 'store-error'),
        problem('b', 'denied'),
        problem('c', 'corrupt'),
        problem('d', 'name-twins'),
      ),
    );
    expect([again, stuck]).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ]);
  });

  test('a key that can be no path is a problem, and not tried again', () => {
    const findings = found(problem('a/../b', 'bad-key'), problem('/c', 'bad-key'));
    expect(findings.problems.size).toBe(2);
    expect(unfinishedOf(findings)).toEqual({ again: [], stuck: [] });
  });

  test('what was postponed is tried again, unless a later pass did it', () => {
    const findings = found(finished('a', 'postponed'), finished('b', 'postponed'), finished('a', 'done'));
    expect(unfinishedOf(findings)).toEqual({ again: ['b'], stuck: [] });
  });

  test('a full disk is told as such, with its hint, beside the problem of the path', () => {
    const full: SyncEvent = {
      kind: 'problem',
      target,
      problem: { path: 'a', code: 'disk-full', side: 'local', message: 'no space', hint: 'make room' },
    };
    expect(found(full).diskFull).toEqual({ code: 'LOCAL_DISK_FULL', message: 'no space', hint: 'make room' });
    expect(unfinishedOf(found(full)).again).toEqual(['a']);
    expect(found(problem('a', 'denied')).diskFull).toBeUndefined();
  });

  test('conflicts that were skipped wait; decided ones do not', () => {
    expect([...found(conflict('a', 'skip'), conflict('b', 'both')).conflicts]).toEqual(['a']);
  });

  test('other events say nothing', () => {
    expect(findingsStep(NO_FINDINGS, { kind: 'index-flushed', target })).toBe(NO_FINDINGS);
    expect(findingsStep(NO_FINDINGS, finished('a', 'done'))).toBe(NO_FINDINGS);
  });
});
