import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../../src/engine/ports/runtime.ts';

/** The real clock, for tests against real servers. */
export const realRuntime: Runtime = {
  nowMs: () => Date.now(),
  sleep: async (delayMs, { signal } = {}) => {
    await delay(delayMs, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      throw signal?.aborted === true ? signal.reason : error;
    });
  },
  randomHex: (bytes) => randomBytes(bytes).toString('hex'),
  host: 'test',
};
