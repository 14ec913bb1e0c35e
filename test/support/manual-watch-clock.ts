import type { WatchClock } from '../../src/local/watch/clock.ts';

export interface ManualWatchClock extends WatchClock {
  /** Both clocks, with everything that is due on the way. */
  advance(ms: number): void;
  /** The time of day alone: sleep, or somebody who sets the clock. */
  jump(ms: number): void;
  /** What `takeStallMs` says next. */
  stall(ms: number): void;
}

/** A clock for watchers that a test owns. */
export function createManualWatchClock(): ManualWatchClock {
  const timers = new Set<{ readonly dueMs: number; readonly run: () => void }>();
  let now = 0;
  let ahead = 1_700_000_000_000;
  let stallMs = 0;
  return {
    nowMs: () => now,
    wallMs: () => now + ahead,
    after: (delayMs, run) => {
      const timer = { dueMs: now + delayMs, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    takeStallMs: () => {
      const taken = stallMs;
      stallMs = 0;
      return taken;
    },
    close: () => timers.clear(),
    advance: (ms) => {
      const untilMs = now + ms;
      for (;;) {
        const [first] = [...timers].sort((a, b) => a.dueMs - b.dueMs);
        if (first === undefined || first.dueMs > untilMs) break;
        timers.delete(first);
        now = first.dueMs;
        first.run();
      }
      now = untilMs;
    },
    jump: (ms) => {
      ahead += ms;
    },
    stall: (ms) => {
      stallMs = ms;
    },
  };
}
