import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../engine/ports/runtime.ts';

/** The real clock and randomness. `host`: the name in conflict copies and logs; the machine's own when absent. */
export function systemRuntime(options: { readonly host?: string | undefined } = {}): Runtime {
  const host = options.host?.trim();
  return {
    nowMs: () => Date.now(),
    sleep: async (delayMs, { signal } = {}) => {
      try {
        await delay(delayMs, undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    },
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    host: host === undefined || host === '' ? hostname() : host,
  };
}
