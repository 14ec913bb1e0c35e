import { expect } from 'vitest';
import {
  type ContractCase,
  expectPattern,
  expectSameToken,
  inParallel,
  needs,
  patternSource,
} from '../room.ts';

export const largeCases: readonly ContractCase[] = [
  {
    name: 'a large object comes back byte for byte, with its metadata',
    async run(room) {
      const size = room.options.largeBytes + 7;
      let sent = 0;
      const token = await room.store1('large', patternSource(size), {
        metadata: { mode: '0100755' },
        onBytes(bytes) {
          sent += bytes;
        },
      });
      expect(sent).toBe(size);
      expect(token.sizeBytes).toBe(size);
      const got = await room.store.get(room.key('large'), { etag: token.etag });
      if (got.kind !== 'found') throw new Error(got.kind);
      expect(got.state.metadata['mode']).toBe('0100755');
      expectSameToken(token, got.state.token);
      await expectPattern(got, size);
    },
  },
  {
    name: 'a large put if absent is refused when something is there',
    unlessCapable: needs('multipartIfAbsent'),
    async run(room) {
      await room.store1('large', 'small');
      const outcome = await room.put('large', patternSource(room.options.largeBytes), {
        condition: { kind: 'absent' },
      });
      expect(outcome.kind).toBe('precondition-failed');
      expect(await room.text('large')).toBe('small');
    },
  },
  {
    name: 'of two large puts that expect absence, one wins',
    unlessCapable: needs('multipartIfAbsent'),
    async run(room) {
      const size = room.options.largeBytes;
      const outcomes = await inParallel(2, (seed) =>
        room.put('large', patternSource(size, seed), { condition: { kind: 'absent' } }),
      );
      expect(outcomes.map((each) => each.kind).sort()).toEqual(['precondition-failed', 'stored']);
      const winner = outcomes.findIndex((each) => each.kind === 'stored');
      await expectPattern(await room.store.get(room.key('large')), size, winner);
    },
  },
  {
    name: 'a large put if it matches is refused when it does not',
    unlessCapable: needs('multipartIfMatch'),
    async run(room) {
      const size = room.options.largeBytes;
      const first = await room.store1('large', 'one');
      const second = await room.store1('large', 'two');
      const stale = await room.put('large', patternSource(size), {
        condition: { kind: 'matches', etag: first.etag },
      });
      expect(stale.kind).toBe('precondition-failed');
      expect(await room.text('large')).toBe('two');
      await room.store1('large', patternSource(size), { condition: { kind: 'matches', etag: second.etag } });
      await expectPattern(await room.store.get(room.key('large')), size);
    },
  },
  {
    name: 'a large put asks `confirm` after it read everything, and false abandons',
    async run(room) {
      const size = room.options.largeBytes;
      const source = patternSource(size);
      let end = 0;
      let readAtConfirm = 0;
      const watched = {
        sizeBytes: size,
        read(from: number, to: number) {
          end = Math.max(end, to);
          return source.read(from, to);
        },
      };
      const confirm = async () => {
        readAtConfirm = end;
        return false;
      };
      expect((await room.put('large', watched, { confirm })).kind).toBe('abandoned');
      expect(readAtConfirm).toBe(size);
      expect(await room.names()).toEqual([]);
    },
  },
  {
    name: 'a large object is copied whole',
    async run(room) {
      const size = room.options.largeBytes;
      const { etag } = await room.store1('large', patternSource(size));
      const outcome = await room.store.copy(room.key('large'), room.key('twin'), {
        source: { etag },
        condition: { kind: 'none' },
        metadata: { 's4-write': 'large-copy', mode: '0100755' },
      });
      expect(outcome.kind).toBe('stored');
      await expectPattern(await room.store.get(room.key('twin')), size);
    },
  },
];
