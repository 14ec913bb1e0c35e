import { parentPort } from 'node:worker_threads';
import type { WalkBatch } from './walk-batch.ts';
import { type WalkJob, walkFolder } from './walk-core.ts';
import { packError, type WorkerFailure } from './worker-errors.ts';

/** One worker serves several walks at once; each gives as many batches as it was asked for. */
export type WalkRequest =
  | { readonly kind: 'start'; readonly id: number; readonly job: WalkJob }
  | { readonly kind: 'more'; readonly id: number }
  | { readonly kind: 'stop'; readonly id: number };

export type WalkReply =
  | { readonly kind: 'batch'; readonly id: number; readonly batch: WalkBatch }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: WorkerFailure };

const port = parentPort;
if (port === null) throw new Error('walk-worker runs in a worker thread');
const walks = new Map<number, Generator<WalkBatch, void, void>>();

port.on('message', (request: WalkRequest) => {
  if (request.kind === 'start') walks.set(request.id, walkFolder(request.job));
  else if (request.kind === 'stop') walks.delete(request.id);
  else step(request.id);
});

function step(id: number): void {
  const walk = walks.get(id);
  if (walk === undefined) return;
  try {
    const next = walk.next();
    if (next.done !== true) {
      reply({ kind: 'batch', id, batch: next.value }, [next.value.kinds.buffer, next.value.stats.buffer]);
      return;
    }
    reply({ kind: 'end', id });
  } catch (error) {
    reply({ kind: 'failed', id, failure: packError(error) });
  }
  walks.delete(id);
}

function reply(message: WalkReply, moved: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, moved);
}
