import { expect } from 'vitest';
import { S4Error } from '../../../src/lib/errors.ts';
import { type ContractCase, expectSameToken, inParallel, needs, type Room } from '../room.ts';

export const putCases: readonly ContractCase[] = [
  {
    name: 'put without a condition replaces',
    async run(room) {
      const first = await room.store1('f', 'one');
      const second = await room.store1('f', 'two!');
      expect(second.etag).not.toBe(first.etag);
      expect(second.sizeBytes).toBe(4);
      expect(await room.text('f')).toBe('two!');
    },
  },
  {
    name: 'the token of a put is that of head, list and get, and its ETag has no quotes',
    async run(room) {
      const token = await room.store1('f', 'content');
      expect(token.etag).not.toMatch(/^W\/|"/);
      const state = await room.state('f');
      const listed = (await room.listed())[0];
      const got = await room.store.get(room.key('f'));
      if (!state || !listed || got.kind !== 'found') throw new Error('not found');
      expectSameToken(token, state.token);
      expectSameToken(state.token, listed.token);
      expectSameToken(state.token, got.state.token);
      for await (const _ of got.body);
    },
  },
  {
    name: 'an empty object',
    async run(room) {
      const token = await room.store1('empty', '');
      expect(token.sizeBytes).toBe(0);
      expect(await room.text('empty')).toBe('');
    },
  },
  {
    name: 'metadata comes back as it was sent',
    async run(room) {
      const metadata = {
        mtime: '1700000000.123456789',
        mode: '0100644',
        's4-sha256': 'ab'.repeat(32),
        's4-write': 'token-1',
        's4-parent': 'v/1+2=3; x',
        odd: `a  b"c'd,e:f%20~`,
      };
      await room.store1('f', 'x', { metadata });
      expect((await room.state('f'))?.metadata).toMatchObject(metadata);
      const got = await room.store.get(room.key('f'));
      if (got.kind !== 'found') throw new Error('not found');
      expect(got.state.metadata).toMatchObject(metadata);
      for await (const _ of got.body);
    },
  },
  {
    name: 'a replacement replaces the metadata as a whole',
    async run(room) {
      await room.store1('f', 'x', { metadata: { old: '1' } });
      await room.store1('f', 'y', { metadata: { new: '2' } });
      const metadata = (await room.state('f'))?.metadata;
      expect(metadata?.['old']).toBeUndefined();
      expect(metadata?.['new']).toBe('2');
    },
  },
  {
    name: 'put if absent: stored once, then refused',
    unlessCapable: needs('putIfAbsent'),
    async run(room) {
      expect((await room.put('f', 'one', { condition: { kind: 'absent' } })).kind).toBe('stored');
      expect((await room.put('f', 'two', { condition: { kind: 'absent' } })).kind).toBe(
        'precondition-failed',
      );
      expect(await room.text('f')).toBe('one');
    },
  },
  {
    name: 'put if absent after a removal',
    unlessCapable: needs('putIfAbsent'),
    async run(room) {
      await room.store1('f', 'one');
      await room.store.delete(room.key('f'), { condition: { kind: 'none' } });
      expect((await room.put('f', 'two', { condition: { kind: 'absent' } })).kind).toBe('stored');
      expect(await room.text('f')).toBe('two');
    },
  },
  {
    name: 'put if it matches: the right ETag passes, a wrong or old one does not',
    unlessCapable: needs('putIfMatch'),
    async run(room) {
      const first = await room.store1('f', 'one');
      const second = await room.store1('f', 'two', { condition: { kind: 'matches', etag: first.etag } });
      for (const etag of [first.etag, 'ffffffffffffffffffffffffffffffff']) {
        const outcome = await room.put('f', 'three', { condition: { kind: 'matches', etag } });
        expect(outcome.kind).toBe('precondition-failed');
      }
      expect(await room.text('f')).toBe('two');
      expect((await room.state('f'))?.token.etag).toBe(second.etag);
    },
  },
  {
    name: 'put if it matches: not on an object that is gone',
    unlessCapable: needs('putIfMatch'),
    async run(room) {
      const { etag } = await room.store1('f', 'one');
      await room.store.delete(room.key('f'), { condition: { kind: 'none' } });
      expect((await room.put('f', 'two', { condition: { kind: 'matches', etag } })).kind).toBe(
        'precondition-failed',
      );
      expect((await room.put('never', 'x', { condition: { kind: 'matches', etag } })).kind).toBe(
        'precondition-failed',
      );
      expect(await room.names()).toEqual([]);
    },
  },
  {
    name: 'of many writers that expect absence, one wins',
    unlessCapable: needs('putIfAbsent'),
    async run(room) {
      const outcomes = await inParallel(room.options.writers, (index) =>
        room.put('race', `writer ${index}`, { condition: { kind: 'absent' } }),
      );
      const winners = outcomes.flatMap((each, index) => (each.kind === 'stored' ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(await room.text('race')).toBe(`writer ${winners[0]}`);
    },
  },
  {
    name: 'no update is lost where writers match what they read',
    unlessCapable: needs('putIfMatch'),
    async run(room) {
      await room.store1('counter', '0');
      const [writers, each] = [4, 5];
      await inParallel(writers, () => repeat(each, () => increment(room, 'counter')));
      expect(await room.text('counter')).toBe(String(writers * each));
    },
  },
  {
    name: '`confirm` is asked, and false abandons',
    async run(room) {
      await room.store1('f', 'one');
      let asked = 0;
      const answer = (yes: boolean) => async () => {
        asked += 1;
        return yes;
      };
      expect((await room.put('f', 'two', { confirm: answer(false) })).kind).toBe('abandoned');
      expect(await room.text('f')).toBe('one');
      expect((await room.put('f', 'three', { confirm: answer(true) })).kind).toBe('stored');
      expect(asked).toBe(2);
      expect(await room.text('f')).toBe('three');
    },
  },
  {
    name: 'a source that fails leaves the object as it was',
    async run(room) {
      await room.store1('f', 'one');
      const gone = new S4Error('LOCAL_UNREADABLE', 'the file is shorter by now');
      const attempt = room.put('f', { sizeBytes: 10, read: () => Promise.reject(gone) });
      await expect(attempt).rejects.toBe(gone);
      expect(await room.text('f')).toBe('one');
    },
  },
  {
    name: 'bytes sent are counted',
    async run(room) {
      let bytes = 0;
      await room.store1('f', new Uint8Array(70_000), {
        onBytes(count) {
          bytes += count;
        },
      });
      expect(bytes).toBe(70_000);
    },
  },
];

async function repeat(times: number, run: () => Promise<void>): Promise<void> {
  for (let i = 0; i < times; i++) await run();
}

async function increment(room: Room, name: string): Promise<void> {
  for (;;) {
    const got = await room.store.get(room.key(name));
    if (got.kind !== 'found') throw new Error('the counter is gone');
    let text = '';
    for await (const chunk of got.body) text += new TextDecoder().decode(chunk);
    const condition = { kind: 'matches', etag: got.state.token.etag } as const;
    const outcome = await room.put(name, String(Number(text) + 1), { condition });
    if (outcome.kind === 'stored') return;
    expect(outcome.kind).toBe('precondition-failed');
  }
}
