import type { CycleDeps, CycleOptions, CycleResult } from './cycle.ts';
import type { PassOutcome } from './pass.ts';
import { createTally, type Tally } from './tally.ts';

/** Tells of a cycle's begin and end, counts what it did and cost, and makes an abort an outcome. */
export async function conductCycle(
  { target, folder, store, runtime, emit }: CycleDeps,
  options: CycleOptions,
  work: (tally: Tally) => Promise<PassOutcome>,
): Promise<CycleResult> {
  const dryRun = options.mode === 'preview';
  const startedMs = runtime.nowMs();
  const tally = createTally();
  const requestsBefore = new Map(store.requests);
  const summary = () =>
    tally.summary(newRequests(store.requests, requestsBefore), runtime.nowMs() - startedMs);
  emit({ kind: 'cycle-started', target: target.name, local: folder.root, remote: store.url, dryRun });
  try {
    const outcome = await work(tally);
    if (outcome.kind === 'halted') return outcome;
    emit({ kind: 'cycle-finished', target: target.name, summary: summary(), dryRun });
    return { kind: 'synced', summary: summary() };
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    return { kind: 'interrupted', summary: summary() };
  }
}

function newRequests(
  now: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): Readonly<Record<string, number>> {
  const made: Record<string, number> = {};
  for (const [operation, count] of now) {
    const since = count - (before.get(operation) ?? 0);
    if (since > 0) made[operation] = since;
  }
  return made;
}
