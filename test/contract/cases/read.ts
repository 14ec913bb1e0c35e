import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import { bytesSource, type ContractCase, patternSource, readAll, writeToken } from '../room.ts';

const NO_SUCH_ETAG = 'ffffffffffffffffffffffffffffffff';

export const readCases: readonly ContractCase[] = [
  {
    name: 'what is not there is absent: head, get, poll',
    async run(room) {
      const key = room.key('nothing');
      expect((await room.store.head(key)).kind).toBe('absent');
      expect((await room.store.get(key)).kind).toBe('absent');
      expect((await room.store.get(key, { etag: NO_SUCH_ETAG })).kind).toBe('absent');
      expect((await room.store.poll(key, undefined)).kind).toBe('absent');
      expect((await room.store.poll(key, NO_SUCH_ETAG)).kind).toBe('absent');
    },
  },
  {
    name: 'every byte value comes back in its place',
    async run(room) {
      const size = 300_003;
      const source = patternSource(size, 5);
      await room.store1('bytes', source);
      const bytes = await readAll(await room.store.get(room.key('bytes')));
      expect(bytes && Buffer.from(bytes).equals(await source.read(0, size))).toBe(true);
    },
  },
  {
    name: 'a digest that the store gives is that of the bytes, whatever the metadata claims',
    async run(room) {
      const claim = { 's4-sha256': '0'.repeat(64) };
      await room.store.put(room.key('claimed'), bytesSource(Buffer.from('truth')), {
        condition: { kind: 'none' },
        metadata: { ...writeToken(), ...claim },
      });
      const found = await room.store.head(room.key('claimed'));
      const digest = found.kind === 'found' ? found.state.digest : undefined;
      const truth = createHash('sha256').update('truth').digest('hex');
      expect([undefined, truth]).toContain(digest);
    },
  },
  {
    name: 'get with the expected ETag finds, with another says changed',
    async run(room) {
      const { etag } = await room.store1('f', 'one');
      const found = await room.store.get(room.key('f'), { etag });
      expect(new TextDecoder().decode(await readAll(found))).toBe('one');
      await room.store1('f', 'two');
      expect((await room.store.get(room.key('f'), { etag })).kind).toBe('changed');
    },
  },
  {
    name: 'head tells what is there, whatever ETag is expected',
    async run(room) {
      const { etag } = await room.store1('f', 'one');
      const outcome = await room.store.head(room.key('f'), { etag: NO_SUCH_ETAG });
      expect(outcome.kind === 'found' && outcome.state.token.etag).toBe(etag);
    },
  },
  {
    name: 'a body that is begun while the object is replaced stays the old one, or fails',
    async run(room) {
      const size = 300_000;
      await room.store1('f', patternSource(size, 1));
      const got = await room.store.get(room.key('f'));
      await room.store1('f', patternSource(size, 2));
      const bytes = await readAll(got).catch(() => undefined);
      if (bytes) expect(Buffer.from(bytes).equals(await patternSource(size, 1).read(0, size))).toBe(true);
      expect(got.kind).toBe('found');
    },
  },
  {
    name: 'a body may be left unread',
    async run(room) {
      await room.store1('f', patternSource(300_000));
      const got = await room.store.get(room.key('f'));
      if (got.kind !== 'found') throw new Error(got.kind);
      for await (const _ of got.body) break;
      expect((await room.store.head(room.key('f'))).kind).toBe('found');
    },
  },
  {
    name: 'bytes received are counted',
    async run(room) {
      await room.store1('f', patternSource(70_000));
      let bytes = 0;
      await readAll(
        await room.store.get(room.key('f'), {
          onBytes(count) {
            bytes += count;
          },
        }),
      );
      expect(bytes).toBe(70_000);
    },
  },
  {
    name: 'poll: changed, unchanged, changed again, absent',
    async run(room) {
      const key = `.s4/${room.folder}bell` as ObjectKey;
      const ring = async (text: string) => {
        await room.store.put(
          key,
          {
            sizeBytes: text.length,
            read: async (from, to) => new TextEncoder().encode(text).subarray(from, to),
          },
          { condition: { kind: 'none' }, metadata: { 's4-write': `bell-${text}` } },
        );
      };
      await ring('ding');
      const first = await room.store.poll(key, undefined);
      if (first.kind !== 'changed') throw new Error(first.kind);
      expect(new TextDecoder().decode(first.bytes)).toBe('ding');
      expect((await room.store.poll(key, first.etag)).kind).toBe('unchanged');
      await ring('dong');
      const second = await room.store.poll(key, first.etag);
      if (second.kind !== 'changed') throw new Error(second.kind);
      expect(new TextDecoder().decode(second.bytes)).toBe('dong');
      expect((await room.store.poll(key, second.etag)).kind).toBe('unchanged');
      await room.store.delete(key, { condition: { kind: 'none' } });
      expect((await room.store.poll(key, second.etag)).kind).toBe('absent');
    },
  },
  {
    name: 'requests are counted',
    async run(room) {
      const total = () => [...room.store.requests.values()].reduce((sum, each) => sum + each, 0);
      const before = total();
      await room.store1('f', 'x');
      const afterPut = total();
      await room.store.head(room.key('f'));
      const afterHead = total();
      await room.listed();
      expect(afterPut).toBeGreaterThan(before);
      expect(afterHead).toBeGreaterThan(afterPut);
      expect(total()).toBeGreaterThan(afterHead);
    },
  },
];
