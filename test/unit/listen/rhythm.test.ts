import { describe, expect, test } from 'vitest';
import { pricesOf } from '../../../src/config/prices.ts';
import { idleRequestsPerHour, monthlyPrice } from '../../../src/daemon/listen/price.ts';
import {
  afterHeads,
  afterRing,
  jittered,
  type Looks,
  nextLook,
  POLL_BOUNDS,
  pollDelayMs,
  retryDelayMs,
} from '../../../src/daemon/listen/rhythm.ts';

const MINUTE = 60_000;

describe('from one poll to the next', () => {
  test.each([
    ['just active', 0, 3_000],
    ['some minutes after', 5 * MINUTE, 3_000],
    ['falling', 10 * MINUTE, 6_463],
    ['falling further', 15 * MINUTE, 13_925],
    ['at the bound', 20 * MINUTE, 30_000],
    ['idle for days', 5_000 * MINUTE, 30_000],
    ['the clock was set back', -MINUTE, 3_000],
  ])('%s', (_, quietMs, delayMs) => {
    expect(pollDelayMs(quietMs, POLL_BOUNDS)).toBe(delayMs);
  });

  test('it never gets faster while it is quiet', () => {
    const delays = Array.from({ length: 200 }, (_, i) => pollDelayMs(i * 10_000, POLL_BOUNDS));
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
  });

  test('bounds of the user are kept, also those that leave no room', () => {
    const even = { ...POLL_BOUNDS, fastMs: 10_000, slowMs: 5_000 };
    expect(pollDelayMs(0, even)).toBe(10_000);
    expect(pollDelayMs(60 * MINUTE, even)).toBe(10_000);
    expect(pollDelayMs(5 * MINUTE + 1, { ...POLL_BOUNDS, slowingForMs: 0 })).toBe(30_000);
  });

  test('chance spreads it a fifth both ways', () => {
    expect([0, 0.5, 1].map((chance) => jittered(10_000, chance))).toEqual([8_000, 10_000, 12_000]);
  });

  test('a failing service is asked less and less', () => {
    expect([1, 2, 3, 7, 100].map(retryDelayMs)).toEqual([5_000, 10_000, 20_000, 300_000, 300_000]);
  });
});

describe('what to look at next', () => {
  const looks: Looks = { bellMs: 1_000, headsMs: 600_000, againMs: [] };

  test('the bell, mostly', () => {
    expect(nextLook(looks)).toEqual({ at: 'bell', dueMs: 1_000 });
  });

  test('the heads again 5 and 60 s after a ring, and every 10 minutes', () => {
    const rung = afterRing({ ...looks, bellMs: 900_000 }, 1_000);
    expect(nextLook(rung)).toEqual({ at: 'heads', dueMs: 6_000 });
    const once = afterHeads(rung, 6_000);
    expect(nextLook(once)).toEqual({ at: 'heads', dueMs: 61_000 });
    const twice = afterHeads(once, 61_000);
    expect(nextLook(twice)).toEqual({ at: 'heads', dueMs: 661_000 });
  });
});

describe('the price', () => {
  const aws = pricesOf('aws');

  test.each([
    ['idle, few files', 30, 1, 120, 7, 0.06],
    ['idle, 100,000 files', 30, 100_000, 120, 106, 0.416],
    ['busy all month', 3, 100_000, 1_200, 106, 0.727],
  ])('%s', (_, seconds, objects, gets, lists, dollars) => {
    const requests = idleRequestsPerHour(seconds, objects);
    expect(requests).toEqual({ gets, lists });
    if (aws === undefined) throw new Error('no prices of AWS');
    expect(monthlyPrice(requests, aws)).toBeCloseTo(dollars, 3);
  });
});
