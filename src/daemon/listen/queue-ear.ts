import type { EventQueue, QueueMessage } from '../../engine/ports/event-queue.ts';
import type { Runtime } from '../../engine/ports/runtime.ts';
import { compareKeys, type RelPath } from '../../sync/path.ts';
import type { Ear, ListenOptions, RunningEar } from './ear.ts';
import { createHealth, type Health } from './health.ts';
import type { OwnWrites } from './own-writes.ts';
import { jittered, retryDelayMs } from './rhythm.ts';
import { parseNotification } from './s3-notification.ts';
import { type Alarm, chanceOf, createAlarm } from './waiting.ts';

export interface QueueEarOptions {
  readonly queue: EventQueue;
  readonly runtime: Pick<Runtime, 'sleep' | 'randomHex'>;
  /** Where the target's objects lie: events of other places are passed over. */
  readonly place: { readonly bucket: string; readonly prefix: string };
  readonly ownWrites?: OwnWrites;
  /** Told of messages that are dropped because they say nothing that can be used. */
  readonly onNotice: (message: string) => void;
}

/** SQS waits no longer. */
const WAIT_SECONDS = 20;
/** So many messages become one event at most. */
const MAX_AT_ONCE = 1_000;

/**
 * Hears the store's own events from a queue, at once. They are hints: they come twice, late, out of order, or not at
 * all, and what they name is looked at. A message is removed after the cycle that looked at it has succeeded.
 */
export function createQueueEar(options: QueueEarOptions): Ear {
  return { listen: (listening) => startListening(options, listening) };
}

interface State extends QueueEarOptions {
  readonly onEvent: ListenOptions['onEvent'];
  readonly signal: AbortSignal;
  readonly alarm: Alarm;
  readonly health: Health;
  /** Removals that were asked for, one after the other. */
  removing: Promise<void>;
}

async function startListening(options: QueueEarOptions, listening: ListenOptions): Promise<RunningEar> {
  const ending = new AbortController();
  const { signal: outer } = listening;
  const signal = outer === undefined ? ending.signal : AbortSignal.any([outer, ending.signal]);
  const state: State = {
    ...options,
    onEvent: listening.onEvent,
    signal,
    alarm: createAlarm(options.runtime),
    health: createHealth(listening.onEvent),
    removing: Promise.resolve(),
  };
  // The queue keeps what happens: there is nothing to find out first, and one that fails is trouble, no obstacle.
  const running = listenOn(state);
  return {
    activity: () => undefined,
    pollNow: () => state.alarm.ring(),
    pollSeconds: WAIT_SECONDS,
    close: async () => {
      ending.abort();
      await running;
      await state.removing;
    },
  };
}

async function listenOn(state: State): Promise<void> {
  const { signal, health, alarm, runtime } = state;
  while (!signal.aborted) {
    try {
      const messages = await receiveAll(state, WAIT_SECONDS);
      health.succeeded();
      tell(state, messages);
    } catch (error) {
      if (signal.aborted) return;
      health.failed(error);
      await alarm.sleep(jittered(retryDelayMs(health.failures), chanceOf(runtime)), signal);
    }
  }
}

/** Waits for the first message, then takes all that lie there: many files at once make one cycle. */
async function receiveAll({ queue, signal }: State, waitSeconds: number): Promise<readonly QueueMessage[]> {
  const first = await queue.receive({ waitSeconds, signal });
  const all = [...first];
  for (let more = first; more.length > 0 && all.length < MAX_AT_ONCE; ) {
    more = await queue.receive({ waitSeconds: 0, signal });
    all.push(...more);
  }
  return all;
}

function tell(state: State, messages: readonly QueueMessage[]): void {
  const { place, ownWrites, onEvent, onNotice } = state;
  const paths = new Set<RelPath>();
  const useless: QueueMessage[] = [];
  const kept: QueueMessage[] = [];
  for (const message of messages) {
    const said = parseNotification(message.body, place);
    if (said.kind === 'unusable') onNotice(`a message in the queue was dropped: ${said.reason}`);
    const news =
      said.kind === 'objects' ? said.objects.filter((object) => ownWrites?.isOwn(object) !== true) : [];
    for (const { path } of news) paths.add(path);
    (news.length === 0 ? useless : kept).push(message);
  }
  remove(state, useless);
  if (paths.size === 0) return;
  const processed = (): void => remove(state, kept);
  onEvent({ kind: 'heard', paths: [...paths].sort(compareKeys), processed });
}

/** In the background: what is not removed comes again, and is looked at again. */
function remove(state: State, messages: readonly QueueMessage[]): void {
  if (messages.length === 0) return;
  state.removing = state.removing
    .then(() => state.queue.remove(messages))
    .catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      state.onNotice(`messages of the queue were not removed, they will come again: ${why}`);
    });
}
