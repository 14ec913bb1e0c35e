/** Bounds the bytes held in memory by all uploads of a store. First come, first served. */
export interface ByteBudget {
  /**
   * Waits until `bytes` are free (more than the whole budget: until it is free altogether), runs the work and gives
   * them back. Rejects with the signal's reason when aborted while waiting.
   */
  use<T>(bytes: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export function byteBudget(totalBytes: number): ByteBudget {
  let freeBytes = totalBytes;
  const queue: { readonly bytes: number; readonly start: () => void }[] = [];

  const release = (bytes: number): void => {
    freeBytes += bytes;
    for (let first = queue[0]; first !== undefined && first.bytes <= freeBytes; first = queue[0]) {
      queue.shift();
      freeBytes -= first.bytes;
      first.start();
    }
  };

  const acquire = (bytes: number, signal?: AbortSignal): Promise<void> | undefined => {
    if (queue.length === 0 && bytes <= freeBytes) {
      freeBytes -= bytes;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const waiting = {
        bytes,
        start: () => {
          signal?.removeEventListener('abort', cancel);
          resolve();
        },
      };
      const cancel = (): void => {
        queue.splice(queue.indexOf(waiting), 1);
        // The one that gave up may have been what kept smaller ones waiting.
        release(0);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', cancel, { once: true });
      queue.push(waiting);
    });
  };

  return {
    use: async (bytes, work, signal) => {
      signal?.throwIfAborted();
      const share = Math.min(bytes, totalBytes);
      await acquire(share, signal);
      try {
        return await work();
      } finally {
        release(share);
      }
    },
  };
}
