import type { ProviderId } from './providers.ts';

/** List prices in US dollars, without free tiers and taxes. */
export interface Prices {
  readonly storageGbMonth: number;
  /** PUT, COPY, LIST. */
  readonly writesPerThousand: number;
  /** GET and HEAD; an answer of 304 is billed too. */
  readonly readsPerThousand: number;
}

/** Where and when the prices were read. */
export const PRICES_AS_OF = '2026-09';

/** AWS: us-east-1, S3 Standard. R2: its pricing page. Of the others none is known for certain, so none is said. */
const PRICES: Readonly<Partial<Record<ProviderId, Prices>>> = {
  aws: { storageGbMonth: 0.023, writesPerThousand: 0.005, readsPerThousand: 0.0004 },
  r2: { storageGbMonth: 0.015, writesPerThousand: 0.0045, readsPerThousand: 0.00036 },
};

/** Undefined where the prices are not known. */
export function pricesOf(provider: ProviderId): Prices | undefined {
  return PRICES[provider];
}

export interface Usage {
  readonly objects: number;
  readonly sizeBytes: number;
}

export interface CostEstimate {
  readonly storage: number;
  /** An idle daemon: it looks every 30 s, lists the heads of the log every 10 minutes, and everything every hour. */
  readonly polls: number;
  /** Once: what the first sync uploads. */
  readonly firstSync: number;
}

const HOURS = 30 * 24;
// As the daemon does them at rest; a test holds both to the same.
const POLLS_AN_HOUR = 120;
const HEADS_AN_HOUR = 6;
const KEYS_A_PAGE = 1000;
const GB = 1e9;

/**
 * What one machine's target costs a month, about; undefined where the prices are not known. `after` is what lies in the
 * store after the first sync, `uploads` how many files that sends.
 */
export function estimateCost(provider: ProviderId, after: Usage, uploads: number): CostEstimate | undefined {
  const prices = PRICES[provider];
  if (prices === undefined) return undefined;
  const pages = Math.max(1, Math.ceil(after.objects / KEYS_A_PAGE));
  return {
    storage: (after.sizeBytes / GB) * prices.storageGbMonth,
    polls:
      (HOURS / 1000) *
      (POLLS_AN_HOUR * prices.readsPerThousand + (HEADS_AN_HOUR + pages) * prices.writesPerThousand),
    firstSync: (uploads / 1000) * prices.writesPerThousand,
  };
}
