import type { NotifyQueue } from '../../config/notify.ts';
import type { StorePlace } from '../../config/url.ts';
import type { EventQueue } from '../../engine/ports/event-queue.ts';
import type { Runtime } from '../../engine/ports/runtime.ts';
import type { Store } from '../../engine/ports/store.ts';
import { createBellEar } from './bell-ear.ts';
import type { Ear } from './ear.ts';
import { joinEars } from './join-ears.ts';
import type { RecordingStore } from './own-writes.ts';
import { createQueueEar } from './queue-ear.ts';
import { POLL_BOUNDS, type PollBounds } from './rhythm.ts';

export interface OpenEarOptions {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly place: StorePlace;
  /** Our own client id. */
  readonly self: string;
  readonly bounds?: PollBounds;
  /** With `--notify`; the store is then one of `recordOwnWrites`, so that own events cost nothing. */
  readonly notify?: {
    readonly queue: NotifyQueue;
    readonly open: (queue: NotifyQueue) => Promise<EventQueue>;
    readonly onNotice: (message: string) => void;
  };
}

/** With a queue the bell is there for what the queue loses: it is polled seldom. */
const BESIDE_QUEUE: Pick<PollBounds, 'fastMs' | 'slowMs'> = { fastMs: 30_000, slowMs: 60_000 };

/** What hears of one target's store: the bell, and with `--notify` the store's events too. */
export async function openEar(options: OpenEarOptions): Promise<Ear> {
  const { store, runtime, place, self, notify } = options;
  const bounds = options.bounds ?? POLL_BOUNDS;
  if (notify === undefined || place.kind !== 's3') return createBellEar({ store, runtime, self, bounds });
  const queue = await notify.open(notify.queue);
  const queueEar = createQueueEar({
    queue,
    runtime,
    place,
    onNotice: notify.onNotice,
    ...(isRecording(store) ? { ownWrites: store.ownWrites } : {}),
  });
  const bell = createBellEar({ store, runtime, self, bounds: { ...bounds, ...BESIDE_QUEUE } });
  return joinEars([bell, closingWith(queueEar, queue)]);
}

function isRecording(store: Store): store is RecordingStore {
  return 'ownWrites' in store;
}

function closingWith(ear: Ear, queue: EventQueue): Ear {
  return {
    listen: async (options) => {
      const running = await ear.listen(options);
      return {
        activity: running.activity,
        pollNow: running.pollNow,
        pollSeconds: running.pollSeconds,
        close: async () => {
          await running.close();
          await queue.close();
        },
      };
    },
  };
}
