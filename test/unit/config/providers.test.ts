import { describe, expect, test } from 'vitest';
import { estimateCost, pricesOf } from '../../../src/config/prices.ts';
import { PROVIDERS } from '../../../src/config/providers.ts';
import { idleRequestsPerHour, monthlyPrice } from '../../../src/daemon/listen/price.ts';
import { POLL_BOUNDS } from '../../../src/daemon/listen/rhythm.ts';

describe('the services by name', () => {
  test('each can be reached by what is asked', () => {
    for (const { id, endpoint, asks, regions, region, example } of PROVIDERS) {
      expect(endpoint === undefined || URL.canParse(endpoint.replace(/\{\w+\}/g, 'x')), id).toBe(true);
      if (asks === 'endpoint') expect(URL.canParse(example ?? ''), id).toBe(true);
      if (asks === 'region') expect(regions?.length, id).toBeGreaterThan(0);
      if (asks === 'account') expect(endpoint, id).toContain('{account}');
      if (asks === 'nothing') expect([endpoint, region], id).not.toContain(undefined);
    }
    expect(new Set(PROVIDERS.map(({ id }) => id)).size).toBe(PROVIDERS.length);
  });
});

describe('the cost of a month', () => {
  test('is what the polls and listings of an idle daemon cost, and the storage', () => {
    const cost = estimateCost('aws', { objects: 100_000, sizeBytes: 50e9 }, 1000);
    expect(cost?.storage).toBeCloseTo(1.15);
    // 86,400 conditional GETs: $0.0346; 4,320 LISTs of the heads: $0.0216; 720 listings of 100 pages: $0.36.
    expect(cost?.polls).toBeCloseTo(0.0346 + 0.0216 + 0.36, 4);
    expect(cost?.firstSync).toBeCloseTo(0.005);
  });

  test.each(['aws', 'r2'] as const)('of an idle daemon is what doctor says of it: %s', (service) => {
    const prices = pricesOf(service);
    if (prices === undefined) throw new Error('no prices');
    for (const objects of [0, 1, 1000, 1001, 250_000]) {
      const idle = idleRequestsPerHour(POLL_BOUNDS.slowMs / 1000, objects);
      const { polls = 0 } = estimateCost(service, { objects, sizeBytes: 0 }, 0) ?? {};
      expect(polls).toBeCloseTo(monthlyPrice(idle, prices), 10);
    }
  });

  test('is not said where the prices are not known', () => {
    expect(estimateCost('hetzner', { objects: 1, sizeBytes: 1 }, 1)).toBeUndefined();
  });
});
