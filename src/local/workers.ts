import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

export type WorkerName = 'walk-worker' | 'hash-worker';

/**
 * Where a worker's built JavaScript lies: beside the running bundle (`dist/<name>.js`), or in the folder given.
 *
 * Undefined when s4 runs from its TypeScript sources, which Node 20 cannot load in a worker: the very same generator
 * functions then run in this thread, a step a turn of the event loop. Only speed differs.
 *
 * @param folderUrl - the URL of a folder, with a trailing slash
 */
export function workerFile(name: WorkerName, folderUrl: URL | undefined): URL | undefined {
  const url = new URL(`./${name}.js`, folderUrl ?? import.meta.url);
  if (existsSync(fileURLToPath(url))) return url;
  if (folderUrl !== undefined) throw new Error(`no ${name}.js in ${folderUrl.href}`);
  return undefined;
}

/** An idle worker holds 10 MB and more; starting one takes 50 ms. */
const IDLE_MS = 10_000;

/** Calls `stop` when there was nothing to do for a while. It does not keep the process alive. */
export function createIdleTimer(
  stop: () => void,
  idleMs: number = IDLE_MS,
): { readonly busy: () => void; readonly idle: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const busy = (): void => clearTimeout(timer);
  return {
    busy,
    idle: () => {
      busy();
      timer = setTimeout(stop, idleMs).unref();
    },
  };
}

/** A worker that does not keep the process alive by itself: whoever awaits it holds `ref` meanwhile. */
export function startWorker(file: URL, workerData: unknown): Worker {
  const worker = new Worker(file, { workerData });
  worker.unref();
  return worker;
}
