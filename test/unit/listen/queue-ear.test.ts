import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createBellEar } from '../../../src/daemon/listen/bell-ear.ts';
import type { Ear, EarEvent, RunningEar } from '../../../src/daemon/listen/ear.ts';
import { joinEars } from '../../../src/daemon/listen/join-ears.ts';
import { openEar } from '../../../src/daemon/listen/open-ear.ts';
import { type RecordingStore, recordOwnWrites } from '../../../src/daemon/listen/own-writes.ts';
import { createQueueEar } from '../../../src/daemon/listen/queue-ear.ts';
import { POLL_BOUNDS } from '../../../src/daemon/listen/rhythm.ts';
import type { EventQueue, QueueMessage } from '../../../src/engine/ports/event-queue.ts';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { bytesSource } from '../../../src/remote-log/small-object.ts';
import { createMemoryServer } from '../../../src/stores/memory/memory-server.ts';
import { createManualRuntime, type ManualRuntime } from '../../support/manual-runtime.ts';

interface FakeQueue extends EventQueue {
  send(...bodies: readonly string[]): void;
  readonly removed: string[];
  /** Makes what was received and not removed come again. */
  reveal(): void;
  broken: S4Error | undefined;
}

function createQueue(): FakeQueue {
  let waiting: QueueMessage[] = [];
  const hidden = new Map<string, QueueMessage>();
  let wake = (): void => {};
  let receipts = 0;
  const queue: FakeQueue = {
    url: 'https://queue.test/1/q',
    removed: [],
    broken: undefined,
    send: (...bodies) => {
      waiting.push(...bodies.map((body) => ({ body, receipt: `r${++receipts}` })));
      wake();
    },
    reveal: () => {
      waiting.push(...hidden.values());
      hidden.clear();
      wake();
    },
    receive: async ({ waitSeconds, signal }) => {
      if (queue.broken !== undefined) throw queue.broken;
      if (waiting.length === 0 && waitSeconds > 0) {
        await new Promise<void>((resolve, reject) => {
          wake = resolve;
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      }
      const taken = waiting.slice(0, 10);
      waiting = waiting.slice(10);
      for (const message of taken) hidden.set(message.receipt, message);
      return taken;
    },
    remove: async (messages) => {
      for (const { body, receipt } of messages) {
        hidden.delete(receipt);
        queue.removed.push(body);
      }
    },
    close: async () => {},
  };
  return queue;
}

function event(key: string, more: object = {}, eventName = 'ObjectCreated:Put'): string {
  const s3 = { bucket: { name: 'b' }, object: { key: `p/${key}`, eTag: 'e1', ...more } };
  return JSON.stringify({ Records: [{ eventName, s3 }] });
}

let running: RunningEar | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

interface Room {
  readonly queue: FakeQueue;
  readonly runtime: ManualRuntime;
  readonly store: RecordingStore;
  readonly events: EarEvent[];
  readonly notices: string[];
  readonly paths: () => readonly string[];
  readonly quiet: () => Promise<void>;
}

async function open(
  also: (room: Pick<Room, 'runtime' | 'store'>) => readonly Ear[] = () => [],
): Promise<Room> {
  const queue = createQueue();
  const runtime = createManualRuntime();
  const store = recordOwnWrites(createMemoryServer().connect(runtime));
  const events: EarEvent[] = [];
  const notices: string[] = [];
  const place = { bucket: 'b', prefix: 'p' };
  const ear = createQueueEar({
    queue,
    runtime,
    place,
    ownWrites: store.ownWrites,
    onNotice: (message) => notices.push(message),
  });
  running = await joinEars([ear, ...also({ runtime, store })]).listen({
    onEvent: (told) => events.push(told),
  });
  return {
    queue,
    runtime,
    store,
    events,
    notices,
    paths: () => events.flatMap((told) => (told.kind === 'heard' ? told.paths : [])),
    quiet: async () => {
      for (let turn = 0; turn < 20; turn++) await nextTurn();
    },
  };
}

describe('the queue ear', () => {
  test('tells what a message names, and removes it only when it was processed', async () => {
    const { queue, events, quiet, paths } = await open();
    queue.send(event('a.txt'));
    await quiet();
    expect(paths()).toEqual(['a.txt']);
    expect(queue.removed).toEqual([]);
    const [heard] = events;
    if (heard?.kind !== 'heard') throw new Error('not heard');
    heard.processed?.();
    await quiet();
    expect(queue.removed).toEqual([event('a.txt')]);
  });

  test('what was never processed is told again', async () => {
    const { queue, quiet, paths } = await open();
    queue.send(event('a.txt'));
    await quiet();
    queue.reveal();
    await quiet();
    expect(paths()).toEqual(['a.txt', 'a.txt']);
  });

  test('many messages become one event', async () => {
    const { queue, events, quiet, paths } = await open();
    queue.send(...Array.from({ length: 300 }, (_, i) => event(`${i % 100}.txt`)));
    await quiet();
    for (let more = 0; more < 3; more++) await quiet();
    expect(events).toHaveLength(1);
    expect(paths()).toHaveLength(100);
  });

  test('test events, other places and own objects are removed at once, without a word', async () => {
    const { queue, events, notices, quiet } = await open();
    queue.send('{"Event":"s3:TestEvent"}', event('.s4/bell'), event('../other'));
    await quiet();
    expect(queue.removed).toHaveLength(3);
    expect([events, notices]).toEqual([[], []]);
  });

  test('a message that cannot be used is dropped with a notice', async () => {
    const { queue, events, notices, quiet } = await open();
    queue.send('hello');
    await quiet();
    expect(queue.removed).toEqual(['hello']);
    expect(notices).toEqual(['a message in the queue was dropped: it is no event of S3']);
    expect(events).toEqual([]);
  });

  test('our own writes are no news, in exactly the state we left', async () => {
    const { queue, store, quiet, paths } = await open();
    const writing = { condition: { kind: 'none' }, metadata: { 's4-write': '1' } } as const;
    const put = await store.put('a.txt' as ObjectKey, bytesSource(Buffer.from('one')), writing);
    if (put.kind !== 'stored') throw new Error('not stored');
    const { etag } = put.token;
    queue.send(event('a.txt', { eTag: etag }));
    await quiet();
    expect(paths()).toEqual([]);
    expect(queue.removed).toHaveLength(1);

    queue.send(event('a.txt', { eTag: 'of another' }));
    await quiet();
    queue.send(event('a.txt', { eTag: etag, versionId: 'of another' }));
    await quiet();
    queue.send(event('a.txt', { eTag: etag }, 'ObjectCreated:Copy'));
    await quiet();
    queue.send(event('a.txt', {}, 'ObjectRemoved:Delete'));
    await quiet();
    expect(paths()).toEqual(['a.txt', 'a.txt', 'a.txt', 'a.txt']);

    await store.delete('a.txt' as ObjectKey, { condition: { kind: 'none' } });
    queue.send(event('a.txt', {}, 'ObjectRemoved:Delete'));
    await quiet();
    expect(paths()).toHaveLength(4);
  });

  test('others who bring our own bytes back are news', async () => {
    const { queue, store, quiet, paths } = await open();
    const writing = { condition: { kind: 'none' }, metadata: { 's4-write': '1' } } as const;
    const put = await store.put('a.txt' as ObjectKey, bytesSource(Buffer.from('one')), writing);
    if (put.kind !== 'stored') throw new Error('not stored');
    queue.send(event('a.txt', { eTag: 'of another' }));
    await quiet();
    queue.send(event('a.txt', { eTag: put.token.etag }));
    await quiet();
    expect(paths()).toEqual(['a.txt', 'a.txt']);
  });

  test('a queue that fails is trouble, and heard again when it is back', async () => {
    const { queue, events, runtime, quiet, paths } = await open();
    queue.broken = new S4Error('STORE_UNREACHABLE', 'no network');
    queue.send(event('a.txt'));
    await quiet();
    queue.send(event('b.txt'));
    await runtime.advance(60_000);
    expect(events.map(({ kind }) => kind).filter((kind) => kind !== 'heard')).toEqual(['trouble']);
    queue.broken = undefined;
    await runtime.advance(10 * 60_000);
    expect(events.map(({ kind }) => kind)).toContain('well');
    expect(paths()).toContain('b.txt');
  });

  test('together with the bell, either one is heard', async () => {
    const bell = ({ store, runtime }: Pick<Room, 'runtime' | 'store'>): readonly Ear[] => [
      createBellEar({ store, runtime, self: () => 'a'.repeat(16) }),
    ];
    const { queue, quiet, paths } = await open(bell);
    queue.send(event('a.txt'));
    await quiet();
    expect(paths()).toEqual(['a.txt']);
    expect(running?.pollSeconds).toBe(3);
  });

  test('of two ears that start together, one that cannot takes the other down', async () => {
    const failing: Ear = { listen: () => Promise.reject(new S4Error('STORE_DENIED', 'no')) };
    await expect(open(() => [failing])).rejects.toMatchObject({ code: 'STORE_DENIED' });
  });
});

describe('the ear of a target', () => {
  const queueUrl = { url: 'https://queue.test/1/q' };
  const place = { kind: 's3', bucket: 'b', prefix: 'p', url: 's3://b/p' } as const;

  test('with --notify it hears the queue and the bell, and closes the queue with itself', async () => {
    const queue = createQueue();
    let closed = 0;
    const runtime = createManualRuntime();
    const store = recordOwnWrites(createMemoryServer().connect(runtime));
    const ear = await openEar({
      store,
      runtime,
      place,
      self: () => 'a'.repeat(16),
      bounds: POLL_BOUNDS,
      notify: {
        queue: queueUrl,
        open: async () => ({
          ...queue,
          close: async () => {
            closed++;
          },
        }),
        onNotice: () => {},
      },
    });
    const events: EarEvent[] = [];
    const listening = await ear.listen({ onEvent: (told) => events.push(told) });
    expect(listening.pollSeconds).toBe(3);
    queue.send(event('a.txt'));
    await runtime.advance(0);
    expect(events).toMatchObject([{ kind: 'heard', paths: ['a.txt'] }]);
    await listening.close();
    expect(closed).toBe(1);
  });

  test('without it, the bell alone', async () => {
    const runtime = createManualRuntime();
    const store = createMemoryServer().connect(runtime);
    const self = () => 'a'.repeat(16);
    const ear = await openEar({ store, runtime, place, self, bounds: POLL_BOUNDS, notify: undefined });
    running = await ear.listen({ onEvent: () => {} });
    expect(running.pollSeconds).toBe(3);
  });
});
