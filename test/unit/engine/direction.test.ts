import { describe, expect, it } from 'vitest';
import { directionOf, oneWay } from '../../../src/engine/direction.ts';
import type { Operation, PlannedOperation, Step } from '../../../src/sync/operations.ts';

/** Which part of a plan goes one way. Nothing but kinds, keys and steps counts. */

const planned = (step: Step, kind: Operation['kind'], key: string): PlannedOperation => ({
  step,
  operation: { kind, key } as unknown as Operation,
});

const UP = [
  'upload',
  'delete-remote',
  'rename-remote',
  'mode-up',
  'make-remote-folder',
  'remove-remote-folder',
] as const;
const DOWN = [
  'download',
  'delete-local',
  'rename-local',
  'mode-down',
  'make-local-folder',
  'remove-local-folder',
] as const;
const BOTH = ['keep-both', 'merge', 'local-aside', 'remote-aside'] as const;

/** What goes that way, and which paths wait, on which side. */
function way(plan: readonly PlannedOperation[], direction: 'up' | 'down') {
  const { operations, waiting } = oneWay(plan, direction);
  return [operations, waiting.map(({ path, side, code }) => `${code} ${side} ${path}`)];
}

describe('an operation', () => {
  it.each([
    ...UP.map((kind) => [kind, 'up'] as const),
    ...DOWN.map((kind) => [kind, 'down'] as const),
    ...BOTH.map((kind) => [kind, 'both'] as const),
  ])('of kind %s goes %s', (kind, direction) => {
    const each = planned('transfer', kind, 'f');
    expect(directionOf(each.operation)).toBe(direction);
    expect(way([each], 'up')).toEqual([direction === 'up' ? [each] : [], []]);
    expect(way([each], 'down')).toEqual([direction === 'down' ? [each] : [], []]);
  });
});

describe('the part of a plan that goes one way', () => {
  it('takes no name that is vacated the other way, and says that it waits', () => {
    const vacated = planned('vacate', 'delete-local', 'a');
    const child = planned('transfer', 'upload', 'a/b');
    const other = planned('transfer', 'upload', 'c');
    expect(way([vacated, child, other], 'up')).toEqual([[other], ['file-and-folder remote a/b']]);
    expect(way([vacated, child, other], 'down')).toEqual([[vacated], []]);
    const kept = planned('vacate', 'delete-remote', 'a');
    const below = planned('transfer', 'download', 'a/b');
    expect(way([kept, below], 'down')).toEqual([[], ['file-and-folder local a/b']]);
  });

  it('takes a name that is vacated this way, or by nobody', () => {
    const vacated = planned('vacate', 'delete-remote', 'a');
    const child = planned('transfer', 'upload', 'a/b');
    expect(way([vacated, child], 'up')).toEqual([[vacated, child], []]);
    const deleted = planned('delete', 'delete-local', 'a');
    expect(way([deleted, child], 'up')).toEqual([[child], []]);
  });
});
