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
import type { PollBounds } from './rhythm.ts';

export interface OpenEarOptions {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly place: StorePlace;
  /** Our own client id, as it is by then. */
  readonly self: () => string;
  readonly bounds: PollBounds;
  /** Of `--notify`; the store is then one of `recordOwnWrites`, so that own events cost nothing. */
  readonly notify:
    | {
        readonly queue: NotifyQueue;
        readonly open: (queue: NotifyQueue) => Promise<EventQueue>;
        readonly onNotice: (message: string) => void;
      }
    | undefined;
}

/**
 * What hears of one target's store: the bell, and with `--notify` the store's events too. The bell always: it also tells
 * what a queue lost.
 */
export async function openEar(options: OpenEarOptions): Promise<Ear> {
  const { store, runtime, place, self, bounds, notify } = options;
  const bell = createBellEar({ store, runtime, self, bounds });
  if (notify === undefined || place.kind !== 's3') return bell;
  const queue = await notify.open(notify.queue);
  const queueEar = createQueueEar({
    queue,
    runtime,
    place,
    onNotice: notify.onNotice,
    ...(isRecording(store) ? { ownWrites: store.ownWrites } : {}),
  });
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
