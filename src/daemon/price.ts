/** What AWS S3 asks in us-east-1, in US dollars for one request (Standard; 2026): the dear kinds, and all others. */
const DEAR_DOLLARS = 0.005 / 1000;
const CHEAP_DOLLARS = 0.0004 / 1000;
const DEAR = /list|put|post|copy|create|upload|complete/i;
const FREE = /delete|abort/i;

const MONTH_MS = 30 * 24 * 3_600_000;
/** From less than this a month cannot be told: it would be the price of the start. */
const ENOUGH_MS = 10 * 60_000;

/**
 * What the requests of a target would cost at AWS in a month that is like the time since the daemon started. Undefined
 * for places that ask nothing, and while that is too short to tell.
 */
export function dollarsPerMonth(
  target: { readonly url: string; readonly requests: Readonly<Record<string, number>> },
  elapsedMs: number,
): number | undefined {
  if (!target.url.startsWith('s3:') || elapsedMs < ENOUGH_MS) return undefined;
  const dollars = Object.entries(target.requests).reduce((sum, [kind, n]) => sum + n * dollarsOf(kind), 0);
  return (dollars * MONTH_MS) / elapsedMs;
}

function dollarsOf(kind: string): number {
  if (FREE.test(kind)) return 0;
  return DEAR.test(kind) ? DEAR_DOLLARS : CHEAP_DOLLARS;
}
