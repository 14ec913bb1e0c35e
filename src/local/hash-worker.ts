import { parentPort, workerData } from 'node:worker_threads';
import type { HashOutcome } from '../engine/ports/folder.ts';
import { createFsClock } from './fs-clock.ts';
import { localError } from './fs-errors.ts';
import { createHashBuffer, type HashContext, type HashTask, hashEntry } from './hash-core.ts';
import { createSys } from './sys.ts';
import type { FolderIdentity } from './walk-list.ts';
import { packError, type WorkerFailure } from './worker-errors.ts';

export interface HashWorkerData {
  readonly root: string;
  readonly identity: FolderIdentity;
  readonly anchored: boolean;
  readonly tempFolder: string;
  /** Names no other worker uses. */
  readonly clockName: string;
}

export interface HashBatch {
  readonly tasks: readonly HashTask[];
  /** One cell a task; 1 stops it. */
  readonly stops: Int32Array;
}

export type HashAnswer =
  | { readonly kind: 'outcome'; readonly outcome: HashOutcome }
  | { readonly kind: 'failed'; readonly failure: WorkerFailure }
  | { readonly kind: 'stopped' };

/** Answers to consecutive tasks, from `first` on. */
export interface HashReply {
  readonly first: number;
  readonly answers: readonly HashAnswer[];
}

/** Answers wait for each other so long at most. */
const REPLY_EVERY_MS = 20;

const port = parentPort;
if (port === null) throw new Error('hash-worker runs in a worker thread');
const { root, identity, anchored, tempFolder, clockName } = workerData as HashWorkerData;
const buffer = createHashBuffer();
const context: HashContext = {
  root,
  identity,
  anchored,
  sys: createSys(),
  touch: () => undefined,
  clock: createFsClock(tempFolder, () => clockName),
};

port.on('message', ({ tasks, stops }: HashBatch) => {
  let first = 0;
  let answers: HashAnswer[] = [];
  let sentAtMs = performance.now();
  for (const [i, task] of tasks.entries()) {
    answers.push(answer(task, stops, i));
    if (i < tasks.length - 1 && performance.now() - sentAtMs < REPLY_EVERY_MS) continue;
    port.postMessage({ first, answers } satisfies HashReply);
    first = i + 1;
    answers = [];
    sentAtMs = performance.now();
  }
});

function answer(task: HashTask, stops: Int32Array, index: number): HashAnswer {
  const steps = hashEntry(context, task, buffer);
  try {
    for (;;) {
      if (Atomics.load(stops, index) !== 0) {
        // Closes the file.
        steps.return({ kind: 'unsettled' });
        return { kind: 'stopped' };
      }
      const step = steps.next();
      if (step.done === true) return { kind: 'outcome', outcome: step.value };
    }
  } catch (error) {
    return { kind: 'failed', failure: packError(localError(error, task.path)) };
  }
}
