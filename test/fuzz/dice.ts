import { seededRandom } from '../support/fake-runtime.ts';

/** Choices of one case: the same seed gives the same case. */
export interface Dice {
  /** A whole number below a bound. */
  int(bound: number): number;
  /** True in one of so many. */
  oneIn(n: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** A list of at most `most` made by `make`. */
  some<T>(most: number, make: () => T): T[];
}

export function createDice(seed: number): Dice {
  // Neighbouring seeds give unlike sequences only after the state is mixed once.
  const random = seededRandom(Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1));
  const int = (bound: number): number => random(Math.max(1, bound));
  return {
    int,
    oneIn: (n) => int(n) === 0,
    pick: <T>(items: readonly T[]) => items[int(items.length)] as T,
    some: (most, make) => Array.from({ length: int(most + 1) }, make),
  };
}
