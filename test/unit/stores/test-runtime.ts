import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../../../src/engine/ports/runtime.ts';

/** Real time and chance, for tests that race real clients. */
export function realRuntime(): Runtime {
  return {
    nowMs: () => Date.now(),
    sleep: async (delayMs, options) => {
      await delay(delayMs, undefined, options?.signal ? { signal: options.signal } : {});
    },
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    host: 'test-host',
  };
}

export interface ManualRuntime extends Runtime {
  /** What was slept so far; sleeping moves the clock and returns at once. */
  readonly sleptMs: () => number;
}

/** A clock that only moves when somebody sleeps. */
export function manualRuntime(startMs = 1_700_000_000_000): ManualRuntime {
  let sleptMs = 0;
  let counter = 0;
  return {
    nowMs: () => startMs + sleptMs,
    async sleep(delayMs, options) {
      options?.signal?.throwIfAborted();
      sleptMs += delayMs;
    },
    randomHex(bytes) {
      counter += 1;
      return counter
        .toString(16)
        .padStart(bytes * 2, '0')
        .slice(-bytes * 2);
    },
    host: 'test-host',
    sleptMs: () => sleptMs,
  };
}
