import { conductCycle } from './conduct.ts';
import type { CycleDeps, CycleOptions, CycleResult } from './cycle.ts';
import { openLive } from './open-live-target.ts';
import { createSession, openTarget } from './open-target.ts';
import { runPasses } from './run-passes.ts';

/**
 * One cycle over a target: recover, look at both sides and the base, reconcile, plan, ask the guards, execute, advance
 * the base, publish; again while something was left to a further look. A preview takes no lock.
 *
 * @throws S4Error for what concerns the target as a whole: STORE_*, MARKER_*, FOLDER_MISSING, LOCKED, STATE_*
 */
export async function runCycle(deps: CycleDeps, options: CycleOptions): Promise<CycleResult> {
  return conductCycle(deps, options, async (tally) => {
    if (options.mode === 'preview')
      return runPasses(createSession(await openTarget(deps, options), options, tally));
    const live = await openLive(deps, options);
    try {
      return await live.work(options, tally);
    } finally {
      await live.close();
    }
  });
}
