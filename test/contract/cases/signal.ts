import { expect } from 'vitest';
import type { Store } from '../../../src/engine/ports/store.ts';
import { bytesSource, type ContractCase, collect, patternSource, type Room, readAll } from '../room.ts';

type Call = (store: Store, room: Room, signal: AbortSignal) => Promise<unknown>;

const condition = { kind: 'none' } as const;

const CALLS: readonly (readonly [string, Call])[] = [
  ['list', (store, room, signal) => collect(store.list({ under: room.folder, signal }))],
  ['head', (store, room, signal) => store.head(room.key('f'), { signal })],
  ['get', (store, room, signal) => store.get(room.key('f'), { signal })],
  ['poll', (store, room, signal) => store.poll(room.key('f'), undefined, { signal })],
  [
    'put',
    (store, room, signal) =>
      store.put(room.key('f'), bytesSource(new Uint8Array(3)), {
        condition,
        metadata: { 's4-write': 'aborted' },
        signal,
      }),
  ],
  [
    'copy',
    (store, room, signal) =>
      store.copy(room.key('f'), room.key('g'), {
        source: {},
        condition,
        metadata: { 's4-write': 'aborted' },
        signal,
      }),
  ],
  ['delete', (store, room, signal) => store.delete(room.key('f'), { condition, signal })],
  ['versions', (store, room, signal) => collect(store.versions(room.key('f'), { signal }))],
];

export const signalCases: readonly ContractCase[] = [
  ...CALLS.map(
    ([name, call]): ContractCase => ({
      name: `${name} with an aborted signal rejects with its reason and does nothing`,
      async run(room) {
        await room.store1('f', 'one');
        const reason = new Error('the user left');
        await expect(call(room.store, room, AbortSignal.abort(reason))).rejects.toBe(reason);
        expect(await room.names()).toEqual(['f']);
        expect(await room.text('f')).toBe('one');
      },
    }),
  ),
  {
    name: 'a large put that is aborted on its way leaves nothing',
    async run(room) {
      const controller = new AbortController();
      const reason = new Error('the user left');
      const source = patternSource(room.options.largeBytes);
      const stopping = {
        sizeBytes: source.sizeBytes,
        read(from: number, to: number) {
          if (to === source.sizeBytes) controller.abort(reason);
          return source.read(from, to);
        },
      };
      await expect(room.put('large', stopping, { signal: controller.signal })).rejects.toBe(reason);
      expect(await room.names()).toEqual([]);
    },
  },
  {
    name: 'a body stops with the reason of its signal',
    async run(room) {
      await room.store1('large', patternSource(room.options.largeBytes));
      const controller = new AbortController();
      const reason = new Error('the user left');
      const got = await room.store.get(room.key('large'), { signal: controller.signal });
      if (got.kind !== 'found') throw new Error(got.kind);
      let bytes = 0;
      const reading = (async () => {
        for await (const chunk of got.body) {
          bytes += chunk.byteLength;
          controller.abort(reason);
        }
      })();
      await expect(reading).rejects.toBe(reason);
      expect(bytes).toBeLessThan(room.options.largeBytes);
      expect(await readAll(await room.store.get(room.key('large')))).toHaveLength(room.options.largeBytes);
    },
  },
];
