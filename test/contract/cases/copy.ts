import { expect } from 'vitest';
import type { CopyOptions } from '../../../src/engine/ports/store.ts';
import { type ContractCase, expectSameToken, inParallel, needs, type Room, writeToken } from '../room.ts';

export const copyCases: readonly ContractCase[] = [
  {
    name: 'copy takes the content and replaces the metadata',
    async run(room) {
      const { etag } = await room.store1('from', 'content', { metadata: { old: '1', mode: '0100644' } });
      const outcome = await copy(room, 'from', 'to', { source: { etag }, metadata: { mode: '0100755' } });
      if (outcome.kind !== 'stored') throw new Error(outcome.kind);
      const state = await room.state('to');
      if (!state) throw new Error('the copy is not there');
      expectSameToken(outcome.token, state.token);
      expect(state.metadata['mode']).toBe('0100755');
      expect(state.metadata['old']).toBeUndefined();
      expect(await room.text('to')).toBe('content');
      expect(await room.text('from')).toBe('content');
      expect((await room.state('from'))?.metadata['old']).toBe('1');
    },
  },
  {
    name: 'copy from another state than expected changes nothing',
    async run(room) {
      const { etag } = await room.store1('from', 'one');
      await room.store1('from', 'two');
      expect((await copy(room, 'from', 'to', { source: { etag } })).kind).toBe('source-changed');
      expect((await copy(room, 'nothing', 'to', { source: { etag } })).kind).toBe('source-changed');
      expect(await room.names()).toEqual(['from']);
    },
  },
  {
    name: 'copy onto itself changes metadata and token, not content',
    async run(room) {
      const before = await room.store1('f', 'content', { metadata: { mode: '0100644' } });
      const outcome = await copy(room, 'f', 'f', {
        source: { etag: before.etag },
        metadata: { mode: '0100755' },
      });
      expect(outcome.kind).toBe('stored');
      const state = await room.state('f');
      expect(state?.metadata['mode']).toBe('0100755');
      expect(await room.text('f')).toBe('content');
    },
  },
  {
    name: 'copy onto itself with a condition leaves a new version',
    unlessCapable: (capabilities) =>
      needs('copyIfMatch')(capabilities) ??
      (capabilities.versioning === 'enabled' ? undefined : 'probe() does not claim versioning'),
    async run(room) {
      const before = await room.store1('f', 'content');
      const outcome = await copy(room, 'f', 'f', {
        source: { etag: before.etag },
        condition: { kind: 'matches', etag: before.etag },
        metadata: { mode: '0100755' },
      });
      if (outcome.kind !== 'stored') throw new Error(outcome.kind);
      expect(outcome.token.versionId).not.toBe(before.versionId);
      expect(await room.versions('f')).toHaveLength(2);
    },
  },
  {
    name: 'copy if absent is refused when something is there',
    unlessCapable: needs('copyIfAbsent'),
    async run(room) {
      const { etag } = await room.store1('from', 'one');
      await room.store1('to', 'mine');
      const condition = { kind: 'absent' } as const;
      expect((await copy(room, 'from', 'to', { source: { etag }, condition })).kind).toBe(
        'precondition-failed',
      );
      expect(await room.text('to')).toBe('mine');
      expect((await copy(room, 'from', 'new', { source: { etag }, condition })).kind).toBe('stored');
      expect(await room.text('new')).toBe('one');
    },
  },
  {
    name: 'of many copies that expect absence, one wins',
    unlessCapable: needs('copyIfAbsent'),
    async run(room) {
      const { etag } = await room.store1('from', 'one');
      const outcomes = await inParallel(room.options.writers, () =>
        copy(room, 'from', 'to', { source: { etag }, condition: { kind: 'absent' } }),
      );
      expect(outcomes.filter((each) => each.kind === 'stored')).toHaveLength(1);
    },
  },
  {
    name: 'copy if it matches is refused when it does not',
    unlessCapable: needs('copyIfMatch'),
    async run(room) {
      const { etag } = await room.store1('from', 'one');
      const first = await room.store1('to', 'first');
      const second = await room.store1('to', 'second');
      const stale = { kind: 'matches', etag: first.etag } as const;
      expect((await copy(room, 'from', 'to', { source: { etag }, condition: stale })).kind).toBe(
        'precondition-failed',
      );
      expect((await copy(room, 'from', 'gone', { source: { etag }, condition: stale })).kind).toBe(
        'precondition-failed',
      );
      expect(await room.text('to')).toBe('second');
      const right = { kind: 'matches', etag: second.etag } as const;
      expect((await copy(room, 'from', 'to', { source: { etag }, condition: right })).kind).toBe('stored');
      expect(await room.text('to')).toBe('one');
    },
  },
];

function copy(
  room: Room,
  from: string,
  to: string,
  options: Pick<CopyOptions, 'source'> & Partial<CopyOptions>,
): ReturnType<Room['store']['copy']> {
  return room.store.copy(room.key(from), room.key(to), {
    condition: { kind: 'none' },
    ...options,
    metadata: { ...writeToken(), ...options.metadata },
  });
}
