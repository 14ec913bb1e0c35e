import type { Runtime } from '../../engine/ports/runtime.ts';
import type { ContentSource, GetOutcome, Store } from '../../engine/ports/store.ts';

export interface LimitOptions {
  readonly upBytesPerSecond?: number;
  readonly downBytesPerSecond?: number;
  readonly runtime: Runtime;
}

/** What may go at once after a pause. */
const BURST_MS = 250;

type Take = (bytes: number, signal: AbortSignal | undefined) => Promise<void>;

/**
 * A store whose content moves no faster, all its transfers taken together. Only bodies count, not requests or
 * listings. What is retried inside the store counts again.
 */
export function withLimits(store: Store, options: LimitOptions): Store {
  const up = createBucket(options.upBytesPerSecond, options.runtime);
  const down = createBucket(options.downBytesPerSecond, options.runtime);
  return {
    ...store,
    put: (key, source, rest) => store.put(key, up ? slowSource(source, up, rest.signal) : source, rest),
    get: async (key, rest) => {
      const outcome = await store.get(key, rest);
      return down ? slowBody(outcome, down, rest?.signal) : outcome;
    },
  };
}

/** A token bucket, kept as the moment at which everything taken so far will have passed. */
function createBucket(bytesPerSecond: number | undefined, runtime: Runtime): Take | undefined {
  if (bytesPerSecond === undefined) return undefined;
  let freeAtMs = 0;
  return async (bytes, signal) => {
    const nowMs = runtime.nowMs();
    freeAtMs = Math.max(freeAtMs, nowMs - BURST_MS) + (bytes / bytesPerSecond) * 1000;
    if (freeAtMs > nowMs) await runtime.sleep(freeAtMs - nowMs, signal ? { signal } : {});
  };
}

function slowSource(source: ContentSource, take: Take, signal: AbortSignal | undefined): ContentSource {
  return {
    sizeBytes: source.sizeBytes,
    async read(startByte, endByte) {
      await take(endByte - startByte, signal);
      return source.read(startByte, endByte);
    },
  };
}

function slowBody(outcome: GetOutcome, take: Take, signal: AbortSignal | undefined): GetOutcome {
  if (outcome.kind !== 'found') return outcome;
  const { body } = outcome;
  return {
    ...outcome,
    body: {
      async *[Symbol.asyncIterator]() {
        for await (const chunk of body) {
          await take(chunk.byteLength, signal);
          yield chunk;
        }
      },
    },
  };
}
