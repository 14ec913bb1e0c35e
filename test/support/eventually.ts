import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;
const DEADLINE_MS = 40_000;

/** Looks until it is so: for what other processes do. Rejects with what was seen last. */
export async function eventually<T>(look: () => T, isSo: (seen: T) => boolean): Promise<T> {
  const until = Date.now() + DEADLINE_MS;
  for (;;) {
    const seen = look();
    if (isSo(seen)) return seen;
    if (Date.now() > until) throw new Error(`it did not come about; seen last: ${JSON.stringify(seen)}`);
    await delay(LOOK_EVERY_MS);
  }
}
