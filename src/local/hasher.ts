import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { HashOutcome, HashRequest } from '../engine/ports/folder.ts';
import { S4Error } from '../lib/errors.ts';
import { localError } from './fs-errors.ts';
import {
  createHashBuffer,
  type HashBuffer,
  type HashContext,
  type HashTask,
  hashEntry,
} from './hash-core.ts';
import type { HashAnswer, HashBatch, HashReply, HashWorkerData } from './hash-worker.ts';
import { unpackError } from './worker-errors.ts';
import { createIdleTimer, startWorker } from './workers.ts';

export interface Hasher {
  hash(request: HashRequest): Promise<HashOutcome>;
  close(): Promise<void>;
}

const WORKERS = 2;
/** Tasks a message: enough that thousands of small files cost few messages, few enough that workers share them. */
const MAX_BATCH = 64;

/** Hashes in this thread, a chunk a turn of the event loop: for runs from the TypeScript sources. */
export function createLocalHasher(context: HashContext): Hasher {
  const buffers: HashBuffer[] = [];
  return {
    async hash(request) {
      request.signal?.throwIfAborted();
      const buffer = buffers.pop() ?? createHashBuffer();
      const steps = hashEntry(context, taskOf(request), buffer);
      try {
        for (;;) {
          const step = steps.next();
          if (step.done === true) return step.value;
          await nextTurn();
          request.signal?.throwIfAborted();
        }
      } catch (error) {
        throw localError(error, request.path);
      } finally {
        steps.return({ kind: 'unsettled' });
        buffers.push(buffer);
      }
    },
    close: () => Promise.resolve(),
  };
}

function taskOf({ path, etagPartSizes = [] }: HashRequest): HashTask {
  return { path, etagPartSizes };
}

interface Job {
  readonly task: HashTask;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (outcome: HashOutcome) => void;
  readonly reject: (reason: unknown) => void;
  /** Set while a worker has it. */
  stop: (() => void) | undefined;
  /** Stops listening to the signal: one signal serves a whole cycle, and must not gather a listener for each file. */
  unlisten: (() => void) | undefined;
  settled: boolean;
}

interface Slot {
  readonly worker: Worker;
  readonly timer: ReturnType<typeof createIdleTimer>;
  /** What the worker has; empty when idle. */
  jobs: readonly Job[];
  answered: number;
}

/** Hashes in up to two workers, started when there is work. Requests of one tick go out together. */
export function createThreadHasher(
  file: URL,
  data: Omit<HashWorkerData, 'clockName'>,
  names: () => string,
): Hasher {
  const queue: Job[] = [];
  const slots: Slot[] = [];
  let scheduled = false;
  let closed = false;

  const startSlot = (): Slot => {
    const worker = startWorker(file, { ...data, clockName: names() } satisfies HashWorkerData);
    const timer = createIdleTimer(() => {
      // Nothing may be given to it any more.
      slots.splice(slots.indexOf(slot), 1);
      void worker.terminate();
    });
    const slot: Slot = { worker, timer, jobs: [], answered: 0 };
    worker.on('message', (reply: HashReply) => takeReply(slot, reply));
    worker.on('error', (error) => dropSlot(slot, error));
    worker.on('exit', () => dropSlot(slot, new S4Error('LOCAL_FAILED', 'the hash worker has stopped')));
    slots.push(slot);
    return slot;
  };

  const dropSlot = (slot: Slot, error: unknown) => {
    slot.timer.busy();
    const at = slots.indexOf(slot);
    if (at >= 0) slots.splice(at, 1);
    for (const job of slot.jobs) settle(job, () => job.reject(error));
    slot.jobs = [];
    dispatch();
  };

  const takeReply = (slot: Slot, { first, answers }: HashReply) => {
    for (const [i, answer] of answers.entries()) {
      const job = slot.jobs[first + i];
      if (job !== undefined) settle(job, () => answerJob(job, answer));
    }
    slot.answered = first + answers.length;
    if (slot.answered < slot.jobs.length) return;
    slot.jobs = [];
    slot.worker.unref();
    slot.timer.idle();
    dispatch();
  };

  const dispatch = () => {
    scheduled = false;
    while (queue.length > 0 && !closed) {
      const idle = slots.find((slot) => slot.jobs.length === 0);
      const slot = idle ?? (slots.length < WORKERS ? startSlot() : undefined);
      if (slot === undefined) return;
      const share = Math.ceil(queue.length / WORKERS);
      send(slot, queue.splice(0, Math.min(MAX_BATCH, share)));
    }
  };

  return {
    hash: (request) =>
      new Promise((resolve, reject) => {
        const { signal } = request;
        if (signal?.aborted) return reject(signal.reason);
        if (closed) return reject(new S4Error('LOCAL_FAILED', 'the folder is closed'));
        const job: Job = {
          task: taskOf(request),
          signal,
          resolve,
          reject,
          stop: undefined,
          unlisten: undefined,
          settled: false,
        };
        const onAbort = (): void => abortJob(job, queue);
        signal?.addEventListener('abort', onAbort, { once: true });
        job.unlisten = () => signal?.removeEventListener('abort', onAbort);
        queue.push(job);
        if (!scheduled) setImmediate(dispatch);
        scheduled = true;
      }),
    async close() {
      closed = true;
      for (const job of queue.splice(0))
        settle(job, () => job.reject(new S4Error('LOCAL_FAILED', 'the folder is closed')));
      await Promise.all(slots.map((slot) => slot.worker.terminate()));
    },
  };
}

function send(slot: Slot, jobs: readonly Job[]): void {
  const stops = new Int32Array(new SharedArrayBuffer(4 * jobs.length));
  for (const [i, job] of jobs.entries()) job.stop = () => Atomics.store(stops, i, 1);
  slot.jobs = jobs;
  slot.answered = 0;
  slot.timer.busy();
  slot.worker.ref();
  slot.worker.postMessage({ tasks: jobs.map((job) => job.task), stops } satisfies HashBatch);
}

function settle(job: Job, how: () => void): void {
  if (job.settled) return;
  job.settled = true;
  job.unlisten?.();
  how();
}

function answerJob(job: Job, answer: HashAnswer): void {
  if (answer.kind === 'outcome') job.resolve(answer.outcome);
  else if (answer.kind === 'failed') job.reject(unpackError(answer.failure));
  else job.reject(job.signal?.reason);
}

function abortJob(job: Job, queue: Job[]): void {
  const at = queue.indexOf(job);
  if (at >= 0) queue.splice(at, 1);
  job.stop?.();
  settle(job, () => job.reject(job.signal?.reason));
}
