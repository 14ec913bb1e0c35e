import { PRICES_AS_OF, type Prices, pricesOf } from '../config/prices.ts';
import type { TargetSettings } from '../config/schema.ts';
import { parseStoreUrl } from '../config/url.ts';
import { idleRequestsPerHour, monthlyPrice } from '../daemon/listen/price.ts';
import { POLL_BOUNDS } from '../daemon/listen/rhythm.ts';
import type { Check } from './doctor-store.ts';

/** What an idle daemon costs a month; nothing for services whose prices are not known. */
export function* checkPrice(target: TargetSettings, objects: number): Generator<Check> {
  const prices = pricesFor(target);
  if (prices === undefined) return;
  const seconds = POLL_BOUNDS.slowMs / 1000;
  const dollars = monthlyPrice(idleRequestsPerHour(seconds, objects), prices);
  const what = `a poll every ${seconds} s and a listing an hour`;
  yield {
    name: 'price',
    outcome: 'ok',
    message: `an idle daemon costs about $${dollars.toFixed(2)} a month (${what}; prices of ${PRICES_AS_OF})`,
  };
}

function pricesFor({ url, s3 }: TargetSettings): Prices | undefined {
  if (parseStoreUrl(url).kind !== 's3') return undefined;
  if (s3?.endpoint === undefined) return pricesOf('aws');
  return /^https:\/\/[^/]*\.r2\.cloudflarestorage\.com(?:$|\/)/.test(s3.endpoint)
    ? pricesOf('r2')
    : undefined;
}
