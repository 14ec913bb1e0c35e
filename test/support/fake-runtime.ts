import type { Runtime } from '../../src/engine/ports/runtime.ts';

export interface FakeRuntime extends Runtime {
  /** Moves the clock on; nothing else does, but `sleep`. */
  advance(ms: number): void;
  /** How long was slept so far. */
  readonly sleptMs: number;
}

/**
 * A runtime that a test owns: its clock stands still unless told otherwise, `sleep` moves it on and returns in the next
 * microtask, and the same seed gives the same random bytes.
 */
export function createFakeRuntime(
  options: { readonly nowMs?: number; readonly seed?: number; readonly host?: string } = {},
): FakeRuntime {
  let now = options.nowMs ?? Date.UTC(2026, 0, 2, 3, 4, 5);
  let slept = 0;
  const random = seededRandom(options.seed ?? 1);
  return {
    host: options.host ?? 'test-host',
    nowMs: () => now,
    advance: (ms) => {
      now += ms;
    },
    get sleptMs() {
      return slept;
    },
    async sleep(delayMs, { signal } = {}) {
      signal?.throwIfAborted();
      now += delayMs;
      slept += delayMs;
      await Promise.resolve();
      signal?.throwIfAborted();
    },
    randomHex: (bytes) =>
      Array.from({ length: bytes }, () => random(256).toString(16).padStart(2, '0')).join(''),
  };
}

/** Whole numbers below a bound, the same sequence for the same seed (mulberry32). */
export function seededRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}
