import { afterEach, describe, expect, test } from 'vitest';
import { createBellEar } from '../../../src/daemon/listen/bell-ear.ts';
import type { EarEvent, RunningEar } from '../../../src/daemon/listen/ear.ts';
import type { Store } from '../../../src/engine/ports/store.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { headKey } from '../../../src/remote-log/keys.ts';
import { createMemoryServer, type MemoryServer } from '../../../src/stores/memory/memory-server.ts';
import { createManualRuntime, type ManualRuntime } from '../../support/manual-runtime.ts';
import { publisher } from '../../support/publisher.ts';

const SELF = 'a'.repeat(16);
const OTHER = 'b'.repeat(16);

interface Room {
  readonly server: MemoryServer;
  readonly runtime: ManualRuntime;
  readonly store: Store;
  readonly ear: RunningEar;
  readonly events: EarEvent[];
  readonly other: (...paths: readonly string[]) => Promise<void>;
  readonly self: (...paths: readonly string[]) => Promise<void>;
  /** Throws in place of the next calls, while set. */
  broken: S4Error | undefined;
  /** Ours. */
  clientId: string;
  count(kind: string): number;
}

let room: Room | undefined;
afterEach(async () => {
  await room?.ear.close();
  room = undefined;
});

async function open(published: (other: Room['other']) => Promise<void> = async () => {}): Promise<Room> {
  const server = createMemoryServer();
  const runtime = createManualRuntime();
  const other = publisher(server, OTHER);
  await published(other);
  const real = server.connect(runtime);
  const check = (): void => {
    if (opened.broken !== undefined) throw opened.broken;
  };
  const store: Store = {
    ...real,
    poll: async (...call) => {
      check();
      return real.poll(...call);
    },
    list: (...call) => {
      check();
      return real.list(...call);
    },
  };
  const events: EarEvent[] = [];
  const opened = {
    server,
    runtime,
    store,
    events,
    other,
    self: publisher(server, SELF),
    broken: undefined as S4Error | undefined,
    clientId: SELF,
    count: (kind: string) => real.requests.get(kind) ?? 0,
  };
  const ear = await createBellEar({ store, runtime, self: () => opened.clientId }).listen({
    onEvent: (event) => events.push(event),
  });
  room = Object.assign(opened, { ear });
  return room;
}

describe('the bell ear', () => {
  test('tells the paths that another client named, within some seconds', async () => {
    const { other, runtime, events } = await open();
    await other('b/two.txt', 'a.txt', 'b/two.txt', 'folder/');
    await runtime.advance(4_000);
    expect(events).toEqual([{ kind: 'heard', paths: ['a.txt', 'b/two.txt', 'folder'] }]);
  });

  test('tells nothing of what was published before it listened', async () => {
    const { other, runtime, events } = await open((publish) => publish('old.txt'));
    await runtime.advance(120_000);
    expect(events).toEqual([]);
    await other('new.txt');
    await runtime.advance(4_000);
    expect(events).toEqual([{ kind: 'heard', paths: ['new.txt'] }]);
  });

  test('what we publish ourselves is no news', async () => {
    const { self, runtime, events } = await open();
    await self('mine.txt');
    await runtime.advance(120_000);
    expect(events).toEqual([]);
  });

  test('after we took another id, what comes under it is no news, and what comes under the old one is', async () => {
    const { self: underTheOld, other: underTheNew, runtime, events } = await open();
    await underTheOld('mine.txt');
    await runtime.advance(10_000);
    if (room !== undefined) room.clientId = OTHER;
    await underTheNew('mine-again.txt');
    await runtime.advance(120_000);
    // What was ours before is told once: it names no more than it did.
    expect(events).toEqual([{ kind: 'heard', paths: ['mine.txt'] }]);
    await underTheOld('theirs.txt');
    await runtime.advance(120_000);
    expect(events.slice(1)).toEqual([{ kind: 'heard', paths: ['theirs.txt'] }]);
  });

  test('polls less and less when it is quiet, and again often after activity', async () => {
    const { ear, runtime, count } = await open();
    expect(ear.pollSeconds).toBe(3);
    await runtime.advance(25 * 60_000);
    expect(ear.pollSeconds).toBe(30);
    const before = count('GET');
    await runtime.advance(60 * 60_000);
    const polls = count('GET') - before;
    expect(polls).toBeGreaterThan(90);
    expect(polls).toBeLessThan(150);
    ear.activity();
    expect(ear.pollSeconds).toBe(3);
  });

  test('polls at once when told so', async () => {
    const { ear, other, runtime, events } = await open();
    await runtime.advance(25 * 60_000);
    await other('now.txt');
    ear.pollNow();
    await runtime.advance(0);
    expect(events).toEqual([{ kind: 'heard', paths: ['now.txt'] }]);
  });

  test('hears of heads that a lagging store shows later than the bell', async () => {
    const { server, other, runtime, events } = await open((publish) => publish('first.txt'));
    const old = server.bytes(headKey(OTHER));
    if (old === undefined) throw new Error('no head');
    await other('late.txt');
    const current = server.bytes(headKey(OTHER));
    server.put(headKey(OTHER), old);
    await runtime.advance(4_000);
    expect(
      events.filter((event) => event.kind === 'heard' && event.paths.includes('late.txt' as never)),
    ).toEqual([]);
    server.put(headKey(OTHER), current ?? '');
    await runtime.advance(6_000);
    expect(events).toContainEqual({ kind: 'heard', paths: ['late.txt'] });
  });

  test('hears of heads whose bell was never rung, within 10 minutes', async () => {
    const { server, other, runtime, events } = await open();
    const bell = server.bytes('.s4/bell');
    await runtime.advance(120_000);
    await other('silent.txt');
    if (bell === undefined) server.remove('.s4/bell');
    await runtime.advance(11 * 60_000);
    expect(events).toContainEqual({ kind: 'heard', paths: ['silent.txt'] });
  });

  test('a damaged head asks for a listing, once', async () => {
    const { server, other, runtime, events } = await open();
    await other('a.txt');
    server.put(headKey(OTHER), 'no head');
    await runtime.advance(120_000);
    expect(events.filter(({ kind }) => kind === 'rescan')).toHaveLength(1);
  });

  test('facts that got lost ask for a listing', async () => {
    const { server, other, runtime, events } = await open((publish) => publish('a.txt'));
    const old = server.bytes(headKey(OTHER)) ?? '';
    await other('b.txt', 'c.txt');
    await runtime.advance(4_000);
    server.put(headKey(OTHER), old);
    await other('d.txt');
    await runtime.advance(70_000);
    expect(events.some(({ kind }) => kind === 'rescan')).toBe(true);
  });

  test('trouble is told once, then that it is well, and nothing of it is missed', async () => {
    const opened = await open();
    const { other, runtime, events } = opened;
    opened.broken = new S4Error('STORE_UNREACHABLE', 'no network');
    await other('meanwhile.txt');
    await runtime.advance(30 * 60_000);
    expect(events.map(({ kind }) => kind)).toEqual(['trouble']);
    opened.broken = undefined;
    await runtime.advance(10 * 60_000);
    expect(events.map(({ kind }) => kind)).toEqual(['trouble', 'heard', 'well']);
  });

  test('heads that fail after a ring are read at the next try', async () => {
    const opened = await open();
    const { other, runtime, events, store } = opened;
    await runtime.advance(120_000);
    const list = store.list;
    let failures = 2;
    Object.assign(store, {
      list: (...call: Parameters<Store['list']>) => {
        if (failures-- > 0) throw new S4Error('STORE_FAILED', 'not now');
        return list(...call);
      },
    });
    await other('kept.txt');
    await runtime.advance(60_000);
    expect(events.map(({ kind }) => kind)).toEqual(['trouble', 'heard', 'well']);
    expect(events).toContainEqual({ kind: 'heard', paths: ['kept.txt'] });
  });

  test('it cannot begin where the store cannot be asked', async () => {
    const server = createMemoryServer();
    const runtime = createManualRuntime();
    const error = new S4Error('STORE_DENIED', 'no');
    const store = {
      ...server.connect(runtime),
      poll: async () => {
        throw error;
      },
    };
    await expect(
      createBellEar({ store, runtime, self: () => SELF }).listen({ onEvent: () => {} }),
    ).rejects.toBe(error);
  });
});
