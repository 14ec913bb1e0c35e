import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** Time as the watcher needs it: a test owns it. */
export interface WatchClock {
  /** Steady: nobody can set it. It may stand still while the machine sleeps. */
  nowMs(): number;
  /** The time of day. It goes on while the machine sleeps, and jumps when somebody sets it. */
  wallMs(): number;
  /** Runs once later, unless it is cancelled by what is returned. Does not keep the process alive. */
  after(delayMs: number, run: () => void): () => void;
  /** Longest time that the event loop stood still since this was last asked. */
  takeStallMs(): number;
  close(): void;
}

const RESOLUTION_MS = 50;

export function systemWatchClock(): WatchClock {
  // Sampled outside of JavaScript: no code runs for it while nothing happens.
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs).unref();
      return () => clearTimeout(timer);
    },
    takeStallMs: () => {
      const stallMs = Math.max(0, delays.max / 1e6 - RESOLUTION_MS);
      delays.reset();
      return stallMs;
    },
    close: () => void delays.disable(),
  };
}
