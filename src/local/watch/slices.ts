import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest work in one turn of the event loop. */
const SLICE_MS = 8;

/**
 * Runs steps one after the other, from the next turn on, and lets others have their turn in between: what the system
 * has queued is taken from it first. `isOver` ends it early.
 */
export async function inSlices(steps: Iterator<void>, isOver: () => boolean): Promise<void> {
  for (;;) {
    await nextTurn();
    const startMs = performance.now();
    do {
      if (isOver() || steps.next().done === true) return;
    } while (performance.now() - startMs < SLICE_MS);
  }
}
