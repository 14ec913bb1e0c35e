import type { Runtime } from '../../engine/ports/runtime.ts';

/** A sleep that can be cut short from outside. */
export interface Alarm {
  /** Returns after the delay, when it is rung, or when `signal` aborts. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
  /** Rung between two sleeps, it cuts the next one short. */
  ring(): void;
}

export function createAlarm(runtime: Pick<Runtime, 'sleep'>): Alarm {
  let bell = new AbortController();
  return {
    sleep: async (delayMs, signal) => {
      const own = bell;
      // Not AbortSignal.any: of a signal that lives as long as the daemon, each one made stays in memory.
      const onAbort = (): void => own.abort();
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        if (!own.signal.aborted && !signal.aborted) await runtime.sleep(delayMs, { signal: own.signal });
      } catch (error) {
        if (!own.signal.aborted) throw error;
      } finally {
        signal.removeEventListener('abort', onAbort);
        if (own.signal.aborted) bell = new AbortController();
      }
    },
    ring: () => bell.abort(),
  };
}

/** A number in [0, 1). */
export function chanceOf(runtime: Pick<Runtime, 'randomHex'>): number {
  return Number.parseInt(runtime.randomHex(4), 16) / 2 ** 32;
}
