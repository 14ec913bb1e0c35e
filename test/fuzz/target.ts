import type { Dice } from './dice.ts';

/** What is fuzzed: one property, tried with one seed at a time. */
export interface FuzzTarget {
  readonly name: string;
  /** Of the cases of a long run, relative to the other targets: by what a case costs. */
  readonly share: number;
  /** Cases of the short run, in `npm test`. */
  readonly short: number;
  /** A case that takes more processor time has failed. */
  readonly limitMs: number;
  start?(): Promise<void>;
  /** Throws where the property does not hold. */
  run(dice: Dice): void | Promise<void>;
  stop?(): Promise<void>;
}

/** Throws with a sentence and what it is about. */
export function fail(what: string, about?: unknown): never {
  throw new Error(about === undefined ? what : `${what}: ${JSON.stringify(about)}`);
}

/** The value, or undefined where it was refused in one of the ways that are allowed. */
export function refusedOr<T>(work: () => T, isRefusal: (error: unknown) => boolean): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
