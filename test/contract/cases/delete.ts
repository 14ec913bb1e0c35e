import { expect } from 'vitest';
import { type ContractCase, inParallel, needs } from '../room.ts';

export const deleteCases: readonly ContractCase[] = [
  {
    name: 'delete without a condition removes',
    async run(room) {
      await room.store1('f', 'one');
      await room.store1('g', 'other');
      expect((await room.store.delete(room.key('f'), { condition: { kind: 'none' } })).kind).toBe('deleted');
      expect((await room.store.head(room.key('f'))).kind).toBe('absent');
      expect(await room.names()).toEqual(['g']);
    },
  },
  {
    name: 'delete of what is not there does no harm',
    async run(room) {
      const { kind } = await room.store.delete(room.key('nothing'), { condition: { kind: 'none' } });
      expect(['absent', 'deleted']).toContain(kind);
    },
  },
  {
    name: 'delete if it matches: a wrong ETag is refused, the right one passes',
    unlessCapable: needs('deleteIfMatch'),
    async run(room) {
      const first = await room.store1('f', 'one');
      const second = await room.store1('f', 'two');
      const remove = (etag: string) =>
        room.store.delete(room.key('f'), { condition: { kind: 'matches', etag } });
      expect((await remove(first.etag)).kind).toBe('precondition-failed');
      expect(await room.text('f')).toBe('two');
      expect((await remove(second.etag)).kind).toBe('deleted');
      expect(['absent', 'precondition-failed']).toContain((await remove(second.etag)).kind);
      expect(await room.names()).toEqual([]);
    },
  },
  {
    name: 'of a matching delete and a matching put, one wins',
    unlessCapable: needs('deleteIfMatch', 'putIfMatch'),
    async run(room) {
      const rounds = await inParallel(6, async (round) => {
        const name = `f${round}`;
        const condition = { kind: 'matches', etag: (await room.store1(name, 'one')).etag } as const;
        const [removed, put] = await Promise.all([
          room.store.delete(room.key(name), { condition }),
          room.put(name, 'two', { condition }),
        ]);
        return { removed: removed.kind, put: put.kind, text: await room.text(name) };
      });
      for (const { removed, put, text } of rounds) {
        expect([removed === 'deleted', put === 'stored'].filter(Boolean)).toHaveLength(1);
        expect(text).toBe(put === 'stored' ? 'two' : undefined);
      }
    },
  },
];
