/** How often the bell is asked for. All in milliseconds. */
export interface PollBounds {
  /** After activity. */
  readonly fastMs: number;
  /** When nothing happens for long. */
  readonly slowMs: number;
  /** So long after activity it stays fast. */
  readonly fastForMs: number;
  /** So long it takes from fast to slow. */
  readonly slowingForMs: number;
}

const MINUTE_MS = 60_000;

export const POLL_BOUNDS: PollBounds = {
  fastMs: 3_000,
  slowMs: 30_000,
  fastForMs: 5 * MINUTE_MS,
  slowingForMs: 15 * MINUTE_MS,
};

/** From one poll to the next, without chance: fast at first, then slower in equal ratios, up to the bound. */
export function pollDelayMs(quietMs: number, bounds: PollBounds): number {
  const { fastMs, slowMs, fastForMs, slowingForMs } = bounds;
  if (slowMs <= fastMs) return fastMs;
  const part = slowingForMs <= 0 ? 1 : (quietMs - fastForMs) / slowingForMs;
  if (quietMs <= fastForMs) return fastMs;
  return part >= 1 ? slowMs : Math.round(fastMs * (slowMs / fastMs) ** part);
}

const JITTER = 0.2;

/** Spread a fifth both ways: clients that started together do not poll together. @param chance - in [0, 1) */
export function jittered(delayMs: number, chance: number): number {
  return Math.round(delayMs * (1 - JITTER + 2 * JITTER * chance));
}

/** After a ring the heads are looked at again: a store that lags may show the new bell with the old heads (H11). */
const AGAIN_MS: readonly number[] = [5_000, 60_000];
/** And from time to time without a ring: a bell that was rung may have got lost. */
export const HEADS_EVERY_MS = 10 * MINUTE_MS;

/** When to look at what. Times as `Runtime.nowMs`. */
export interface Looks {
  readonly bellMs: number;
  readonly headsMs: number;
  /** Looks at the heads that a ring asked for; ascending. */
  readonly againMs: readonly number[];
}

export interface Look {
  readonly at: 'bell' | 'heads';
  readonly dueMs: number;
}

export function nextLook({ bellMs, headsMs, againMs }: Looks): Look {
  const heads = Math.min(headsMs, ...againMs);
  return heads <= bellMs ? { at: 'heads', dueMs: heads } : { at: 'bell', dueMs: bellMs };
}

export function afterRing(looks: Looks, nowMs: number): Looks {
  return { ...looks, againMs: AGAIN_MS.map((delayMs) => nowMs + delayMs) };
}

export function afterHeads(looks: Looks, nowMs: number): Looks {
  return {
    ...looks,
    headsMs: nowMs + HEADS_EVERY_MS,
    againMs: looks.againMs.filter((dueMs) => dueMs > nowMs),
  };
}

const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 5 * MINUTE_MS;

/** From a failed look to the next one. @param failures - in a row, from 1 */
export function retryDelayMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
}
