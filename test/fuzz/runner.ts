import process from 'node:process';
import { createDice } from './dice.ts';
import type { FuzzTarget } from './target.ts';

export interface FuzzFailure {
  readonly seed: number;
  readonly error: unknown;
}

export interface FuzzReport {
  readonly name: string;
  readonly cases: number;
  readonly elapsedMs: number;
  /** Processor time: other work on the machine does not count. */
  readonly slowestMs: number;
  readonly failures: readonly FuzzFailure[];
}

export interface FuzzOptions {
  readonly cases: number;
  /** Case i has the seed `seed + i`. */
  readonly seed: number;
  readonly stopAfterFailures?: number;
  /** Told now and then. */
  readonly onProgress?: (done: number) => void;
}

/** Runs cases of one target, one after the other. */
export async function runTarget(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const failures: FuzzFailure[] = [];
  const most = options.stopAfterFailures ?? 5;
  const started = performance.now();
  let slowestMs = 0;
  let cases = 0;
  await target.start?.();
  try {
    for (; cases < options.cases && failures.length < most; cases++) {
      const seed = options.seed + cases;
      const before = process.cpuUsage();
      try {
        const result = target.run(createDice(seed));
        if (result !== undefined) await result;
      } catch (error) {
        failures.push({ seed, error });
      }
      const { user, system } = process.cpuUsage(before);
      const tookMs = (user + system) / 1000;
      if (tookMs > target.limitMs) failures.push({ seed, error: new Error(`took ${Math.round(tookMs)} ms`) });
      slowestMs = Math.max(slowestMs, tookMs);
      if (cases % 1000 === 999) options.onProgress?.(cases + 1);
    }
  } finally {
    await target.stop?.();
  }
  return { name: target.name, cases, elapsedMs: performance.now() - started, slowestMs, failures };
}
