import { describe, expect, test } from 'vitest';
import {
  CAUTIOUS_LIMITS,
  dueMs,
  type Heard,
  hear,
  INOTIFY_LIMITS,
  type Unrest,
} from '../../../src/local/watch/debounce.ts';

const TIMING = { debounceMs: 200, maxDelayMs: 2_000 };

const path = (atMs: number): Heard => ({ kind: 'path', atMs });
const event = (atMs: number): Heard => ({ kind: 'event', atMs });
const unrestAfter = (heard: readonly Heard[], limits = INOTIFY_LIMITS): Unrest => {
  const unrest = heard.reduce<Unrest | undefined>((before, each) => hear(before, each, limits), undefined);
  if (unrest === undefined) throw new Error('nothing was heard');
  return unrest;
};
const many = (count: number, each: (atMs: number) => Heard, everyMs = 0): readonly Heard[] =>
  Array.from({ length: count }, (_, i) => each(i * everyMs));

describe('when to tell', () => {
  test.each<[string, readonly Heard[], number]>([
    ['one path: when it was quiet', [path(0)], 200],
    ['each path puts it off', [path(0), path(150), path(300)], 500],
    ['but not for ever', many(100, path, 100), 2_000],
    ['events of ignored paths do not', [path(0), event(150), event(190)], 200],
    ['only ignored ones: it passes', [event(0), event(150)], 200],
    ['a doubt waits for quiet like a path', [path(0), { kind: 'doubt', atMs: 150, reason: 'wake' }], 350],
    ['and has more patience', [{ kind: 'doubt', atMs: 0, reason: 'wake' }, ...many(300, path, 100)], 20_000],
  ])('%s', (_, heard, due) => {
    expect(dueMs(unrestAfter(heard), TIMING)).toBe(due);
  });
});

describe('what is not trusted any more', () => {
  test.each<[string, readonly Heard[], Unrest['rescan']]>([
    ['4,000 events are', many(4_000, event), undefined],
    ['more are a burst', many(4_001, event), 'burst'],
    ['paths are counted by their events', many(5_000, path), undefined],
    ['a stall with thousands of events', [...many(600, event), stall(150)], 'stall'],
    ['a stall that ends in time', [...many(600, event), stall(100)], undefined],
    ['a stall with a handful of events lost nothing', [...many(10, event), stall(900)], undefined],
    ['the first reason stands', [...many(4_001, event), stall(900)], 'burst'],
    ['a doubt', [path(0), { kind: 'doubt', atMs: 0, reason: 'unwatched' }], 'unwatched'],
  ])('%s', (_, heard, rescan) => {
    expect(unrestAfter(heard).rescan).toBe(rescan);
  });

  test('where nothing is known of the queue, any stall with events is', () => {
    expect(unrestAfter([event(0), stall(101)], CAUTIOUS_LIMITS).rescan).toBe('stall');
  });
});

function stall(stallMs: number): Heard {
  return { kind: 'stall', atMs: 0, stallMs };
}
