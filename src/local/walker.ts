import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { WalkItem } from '../engine/ports/folder.ts';
import { decodeBatch, type WalkBatch } from './walk-batch.ts';
import { type WalkJob, walkFolder } from './walk-core.ts';
import type { WalkReply, WalkRequest } from './walk-worker.ts';
import { unpackError } from './worker-errors.ts';
import { createIdleTimer, startWorker } from './workers.ts';

/** Batches that the worker may be ahead of whoever reads them. */
const BATCHES_AHEAD = 4;

export interface Walker {
  walk(job: WalkJob, signal?: AbortSignal): AsyncIterable<readonly WalkItem[]>;
  close(): Promise<void>;
}

/** Runs walks in a worker, started with the first one; without a worker file, in this thread. */
export function createWalker(workerFile: URL | undefined): Walker {
  return workerFile === undefined
    ? { walk: walkHere, close: () => Promise.resolve() }
    : createThreadWalker(workerFile);
}

async function* walkHere(job: WalkJob, signal?: AbortSignal): AsyncGenerator<readonly WalkItem[]> {
  signal?.throwIfAborted();
  for (const batch of walkFolder(job)) {
    yield decodeBatch(batch);
    await nextTurn();
    signal?.throwIfAborted();
  }
}

/** A walk under way in the worker: what came and is not yet read, and who waits for more. */
interface Channel {
  readonly batches: WalkBatch[];
  ended: boolean;
  failure: unknown;
  wake: () => void;
}

function createThreadWalker(file: URL): Walker {
  const channels = new Map<number, Channel>();
  let worker: Worker | undefined;
  let nextId = 0;

  const stopIdle = () => {
    const idle = worker;
    worker = undefined;
    void idle?.terminate();
  };
  const timer = createIdleTimer(stopIdle);

  const fail = (of: Worker, error: unknown) => {
    // One that was stopped because it was idle leaves nobody waiting.
    if (of !== worker) return;
    worker = undefined;
    for (const channel of channels.values()) {
      channel.failure ??= error;
      channel.wake();
    }
  };

  const start = (): Worker => {
    const started = startWorker(file, undefined);
    started.on('message', (reply: WalkReply) => {
      const channel = channels.get(reply.id);
      if (channel === undefined) return;
      if (reply.kind === 'batch') channel.batches.push(reply.batch);
      else if (reply.kind === 'end') channel.ended = true;
      else channel.failure = unpackError(reply.failure);
      channel.wake();
    });
    started.on('error', (error) => fail(started, error));
    started.on('exit', () => fail(started, new Error('the walk worker has stopped')));
    return started;
  };

  async function* walk(job: WalkJob, signal?: AbortSignal): AsyncGenerator<readonly WalkItem[]> {
    signal?.throwIfAborted();
    worker ??= start();
    const thread = worker;
    const id = nextId++;
    const send = (request: WalkRequest) => thread.postMessage(request);
    const channel: Channel = { batches: [], ended: false, failure: undefined, wake: () => undefined };
    const onAbort = () => channel.wake();
    channels.set(id, channel);
    timer.busy();
    thread.ref();
    signal?.addEventListener('abort', onAbort);
    try {
      send({ kind: 'start', id, job });
      for (let i = 0; i < BATCHES_AHEAD; i++) send({ kind: 'more', id });
      for (;;) {
        signal?.throwIfAborted();
        const batch = channel.batches.shift();
        if (batch !== undefined) {
          send({ kind: 'more', id });
          yield decodeBatch(batch);
        } else if (channel.failure !== undefined) {
          throw channel.failure;
        } else if (channel.ended) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            channel.wake = resolve;
          });
        }
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      channels.delete(id);
      if (worker === thread) send({ kind: 'stop', id });
      if (channels.size === 0) {
        thread.unref();
        timer.idle();
      }
    }
  }

  return {
    walk,
    close: async () => {
      timer.busy();
      await worker?.terminate();
    },
  };
}
