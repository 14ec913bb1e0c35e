import type { Prices } from '../../config/prices.ts';
import { HEADS_EVERY_MS } from './rhythm.ts';

/** What an idle daemon asks of one target's store. */
export interface IdleRequests {
  /** Conditional GETs of the bell. An answer of 304 is billed too. */
  readonly gets: number;
  /** LISTs: the heads, and once an hour everything. */
  readonly lists: number;
}

const KEYS_A_PAGE = 1000;
const HOUR_S = 3600;
const HOURS_A_MONTH = 30 * 24;

/** @param objects - below the target's prefix: they are listed once an hour, a thousand a request */
export function idleRequestsPerHour(pollSeconds: number, objects: number): IdleRequests {
  return {
    gets: HOUR_S / pollSeconds,
    lists: (HOUR_S * 1000) / HEADS_EVERY_MS + Math.max(1, Math.ceil(objects / KEYS_A_PAGE)),
  };
}

/** US dollars for 30 days of it. */
export function monthlyPrice({ gets, lists }: IdleRequests, prices: Prices): number {
  const hourly = (gets * prices.readsPerThousand + lists * prices.writesPerThousand) / 1000;
  return hourly * HOURS_A_MONTH;
}
