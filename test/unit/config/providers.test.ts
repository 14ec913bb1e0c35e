import { describe, expect, test } from 'vitest';
import { estimateCost } from '../../../src/config/prices.ts';
import { PROVIDERS } from '../../../src/config/providers.ts';

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
  test('is what a poll every 30 s and a listing every hour cost, and the storage', () => {
    const cost = estimateCost('aws', { objects: 100_000, sizeBytes: 50e9 }, 1000);
    expect(cost?.storage).toBeCloseTo(1.15);
    // 86,400 conditional GETs: $0.035; 720 listings of 100 pages: $0.36.
    expect(cost?.polls).toBeCloseTo(0.035 + 0.36, 2);
    expect(cost?.firstSync).toBeCloseTo(0.005);
  });

  test('is not said where the prices are not known', () => {
    expect(estimateCost('hetzner', { objects: 1, sizeBytes: 1 }, 1)).toBeUndefined();
  });
});
