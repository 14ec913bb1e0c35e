import { describe, expect, test } from 'vitest';
import { runTarget } from '../../fuzz/runner.ts';
import { TARGETS } from '../../fuzz/targets.ts';

// The short form of `npm run fuzz`. The seed stands still, so that a failure here is one of the code, not of chance.
const SEED = 1;

describe('hostile input', { timeout: 60_000 }, () => {
  test.each(TARGETS)('$name', async (target) => {
    // How long a case takes here says more of the machine's other work: the long form looks at it.
    const report = await runTarget(
      { ...target, limitMs: Number.POSITIVE_INFINITY },
      { cases: target.short, seed: SEED },
    );
    expect(report.failures).toEqual([]);
    expect(report.cases).toBe(target.short);
  });
});
