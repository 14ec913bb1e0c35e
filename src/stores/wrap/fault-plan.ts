import type { S4ErrorCode } from '../../lib/errors.ts';

export type FaultOperation = 'list' | 'head' | 'get' | 'poll' | 'put' | 'copy' | 'delete' | 'versions';

export interface FaultCall {
  readonly operation: FaultOperation;
  /** The key; for a listing what it is under. */
  readonly key: string;
  /** How many calls of this operation there were before. */
  readonly nth: number;
}

/** What goes wrong with one call, as a store's caller sees it once the store's own retries are used up. */
export type Fault =
  | { readonly kind: 'latency'; readonly delayMs: number }
  /** Nothing was done. A storm of 503 by default. */
  | { readonly kind: 'refused'; readonly code?: S4ErrorCode }
  /** It was done, and the response was lost. */
  | { readonly kind: 'lost-response'; readonly code?: S4ErrorCode }
  /** A body that ends early. */
  | { readonly kind: 'truncated'; readonly afterBytes: number }
  /** A conditional write that is told it failed, and did nothing. */
  | { readonly kind: 'stale-precondition' }
  /** A listing in another order. */
  | { readonly kind: 'unsorted' }
  /** A listing as the last one was. */
  | { readonly kind: 'lagging' }
  /** Times as another clock tells them. */
  | { readonly kind: 'clock-skew'; readonly byMs: number };

/** Decides what goes wrong. Asked once for each call, in order: a simulation owns it. */
export interface FaultPlan {
  next(call: FaultCall): Fault | undefined;
}

export const NO_FAULTS: FaultPlan = { next: () => undefined };

export interface PlannedFault {
  readonly operation: FaultOperation;
  readonly key?: string;
  /** Which call of the operation, from 0. Absent: each one. */
  readonly nth?: number;
  readonly fault: Fault;
}

/** Exactly these faults; the first that fits a call is taken. */
export function explicitFaults(faults: readonly PlannedFault[]): FaultPlan {
  return {
    next: (call) =>
      faults.find(
        (each) =>
          each.operation === call.operation &&
          (each.nth === undefined || each.nth === call.nth) &&
          (each.key === undefined || each.key === call.key),
      )?.fault,
  };
}

/** The same faults for the same seed and the same order of calls. @param rate - share of calls hit, 0 to 1 */
export function seededFaults(seed: number, rate: number, faults: readonly Fault[]): FaultPlan {
  const random = mulberry32(seed);
  return {
    next() {
      const hit = random() < rate;
      const choice = faults[Math.floor(random() * faults.length)];
      return hit ? choice : undefined;
    },
  };
}

/** Tommy Ettinger's 32-bit generator: small, and the same everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
