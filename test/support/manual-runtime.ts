import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Runtime } from '../../src/engine/ports/runtime.ts';
import { createFakeRuntime } from './fake-runtime.ts';

export interface ManualRuntime extends Runtime {
  /** Moves the clock on, from one sleeper that is due to the next, and lets each do what it does until it sleeps. */
  advance(ms: number): Promise<void>;
}

/** A runtime whose `sleep` lasts until the test moves the clock on: for loops that never end by themselves. */
export function createManualRuntime(seed = 1): ManualRuntime {
  const fake = createFakeRuntime({ seed });
  const sleepers = new Set<{ readonly dueMs: number; readonly wake: () => void }>();
  let now = fake.nowMs();

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  };

  return {
    host: fake.host,
    randomHex: fake.randomHex,
    nowMs: () => now,
    sleep: (delayMs, { signal } = {}) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const onAbort = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper = {
          dueMs: now + delayMs,
          wake: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    advance: async (ms) => {
      const untilMs = now + ms;
      for (;;) {
        await settle();
        const [first] = [...sleepers].sort((a, b) => a.dueMs - b.dueMs);
        if (first === undefined || first.dueMs > untilMs) break;
        sleepers.delete(first);
        now = Math.max(now, first.dueMs);
        first.wake();
      }
      now = untilMs;
      await settle();
    },
  };
}
