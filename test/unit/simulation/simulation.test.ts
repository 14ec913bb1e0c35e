import { describe, expect, it } from 'vitest';
import { CONFIG_NAMES } from '../../simulation/configs.ts';
import { simulate } from '../../simulation/run.ts';
import {
  OVERWRITES_IN_PLACE,
  UNGUARDED_AND_WITHOUT_TRASH,
  WITHOUT_TRASH,
} from '../../simulation/weakened.ts';

// The long form: `npm run sim -- --runs 100000`.
const SEEDS = process.env['S4_FULL'] === '1' ? 200 : 3;

describe('several clients and one store, every await owned by a seed', { timeout: 60_000 }, () => {
  it.each(CONFIG_NAMES)('lose nothing and come to rest: %s', async (config) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations } = await simulate({ seed, config });
      const replay = `replay: npm run sim -- --seed ${seed} --config ${config} --trace`;
      expect(violations, replay).toEqual([]);
    }
  });

  it('are the same run again for the same seed', async () => {
    for (const config of ['full', 'zombies', 'folding', 'live'] as const) {
      const [first, second] = [await simulate({ seed: 7, config }), await simulate({ seed: 7, config })];
      expect(second.traceHash).toBe(first.traceHash);
      expect(first.steps).toBeGreaterThan(50);
    }
  });

  it('are seen to overtake each other when the store lies about conditions and keeps no versions', async () => {
    const found: string[] = [];
    for (let seed = 1; seed <= 60 && found.length === 0; seed++) {
      const { violations } = await simulate({ seed, config: 'liar' });
      found.push(...violations.filter((violation) => /^(?:LOST|HIDDEN)/.test(violation)));
    }
    expect(found).not.toEqual([]);
  });

  it.each([
    ['downloads overwrite in place', 'unversioned', OVERWRITES_IN_PLACE],
    ['nothing guards a write and there is no trash', 'unversioned', UNGUARDED_AND_WITHOUT_TRASH],
    ['the store lies and there is no trash', 'liar', WITHOUT_TRASH],
  ] as const)('are seen to LOSE content when %s', async (_, config, weakening) => {
    const lost: number[] = [];
    for (let seed = 1; seed <= 60 && lost.length === 0; seed++) {
      const { violations } = await simulate({ seed, config, weakening });
      if (!violations.some((violation) => violation.startsWith('LOST'))) continue;
      lost.push(seed);
      const sound = await simulate({ seed, config });
      expect(sound.violations.filter((violation) => violation.startsWith('LOST'))).toEqual([]);
    }
    expect(lost).not.toEqual([]);
  });
});
