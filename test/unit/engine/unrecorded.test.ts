import { describe, expect, it } from 'vitest';
import type { Base, LogCursor } from '../../../src/engine/ports/base.ts';
import type { ObjectKey, Store } from '../../../src/engine/ports/store.ts';
import { announceWrites, forgetWriting, oweUnrecorded } from '../../../src/engine/unrecorded.ts';
import { type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** That writing has begun is durable before anything is written: who dies in between owes the others a gap. */

const KEY = 'f' as ObjectKey;
const WRITES: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ['put', (store) => store.put(KEY, text('new'), { condition: { kind: 'none' }, metadata: {} })],
  [
    'copy',
    (store) => store.copy(KEY, 'g' as ObjectKey, { source: {}, condition: { kind: 'none' }, metadata: {} }),
  ],
  ['delete', (store) => store.delete(KEY, { condition: { kind: 'none' } })],
];

const text = (content: string) => ({
  sizeBytes: Buffer.byteLength(content),
  read: async () => Buffer.from(content),
});

/** A store that announces, over a base that can fail; `steps` says in which order. */
async function room() {
  const here = await operationRoom();
  here.server.put('f', 'old');
  const steps: string[] = [];
  let failing = false;
  const base: Base = Object.assign(Object.create(here.base), {
    record: async (entry: Parameters<Base['record']>[0]) => {
      steps.push('record');
      await here.base.record(entry);
    },
    flush: async () => {
      steps.push('flush');
      if (failing) throw new Error('disk full');
      await here.base.flush();
    },
  });
  here.gate(async (at, request) => {
    if (at === 'request') steps.push(request);
  });
  const store = announceWrites(here.store, base);
  return { here, base, store, steps, fail: () => (failing = true) };
}

/** The cursor as the next process finds it. */
async function withCursor(cursor: LogCursor): Promise<OperationRoom> {
  const here = await operationRoom();
  await here.base.record({ cursor });
  return here;
}

describe('the first write of a cycle', () => {
  it.each(WRITES)('%s: goes out once the base says durably that writing has begun', async (name, write) => {
    const { here, store, steps } = await room();
    await write(store);
    expect(steps).toEqual(['record', 'flush', name.toUpperCase()]);
    expect(here.base.cursor.writing).toBe(true);
  });

  it.each(WRITES)(
    '%s: does not go out where that cannot be made durable, nor does a later one',
    async (_, write) => {
      const { here, store, fail } = await room();
      fail();
      const keys = here.server.keys();
      for (let i = 0; i < 2; i++) await expect(write(store)).rejects.toThrow('disk full');
      expect(here.server.keys()).toEqual(keys);
      expect(here.server.history('f')).toHaveLength(1);
    },
  );

  it('is announced once, for those that go out together, too', async () => {
    const { store, steps } = await room();
    await Promise.all(WRITES.map(([, write]) => write(store)));
    await store.put(KEY, text('again'), { condition: { kind: 'none' }, metadata: {} });
    expect(steps.slice(0, 2)).toEqual(['record', 'flush']);
    expect(steps.filter((step) => step === 'record' || step === 'flush')).toHaveLength(2);
  });

  it('costs nothing where an earlier pass of the cycle has announced it', async () => {
    const { here, base, store, steps } = await room();
    await here.base.record({ cursor: { ...here.base.cursor, writing: true } });
    await store.delete(KEY, { condition: { kind: 'none' } });
    expect(steps).toEqual(['DELETE']);
    expect(base.cursor.writing).toBe(true);
  });

  it('leaves the rest of the cursor as it was', async () => {
    const { here, store } = await room();
    await here.base.record({ cursor: { sequence: 7, unpublished: 2, headEtag: 'e' } });
    await store.delete(KEY, { condition: { kind: 'none' } });
    expect(here.base.cursor).toEqual({ sequence: 7, unpublished: 2, headEtag: 'e', writing: true });
  });
});

describe('looking', () => {
  it('announces nothing', async () => {
    const { here, store, steps } = await room();
    await store.head(KEY);
    for await (const _ of store.list());
    expect(steps).toEqual(['HEAD', 'LIST']);
    expect(here.base.cursor.writing).toBeUndefined();
  });
});

describe('what the last process wrote and did not tell', () => {
  it('is owed by who opens the base: one number more', async () => {
    const { base } = await withCursor({ sequence: 3, unpublished: 2, writing: true });
    await oweUnrecorded(base);
    expect(base.cursor).toEqual({ sequence: 3, unpublished: 3 });
    await oweUnrecorded(base);
    expect(base.cursor).toEqual({ sequence: 3, unpublished: 3 });
  });

  it('is nothing where writing had not begun', async () => {
    const { base } = await withCursor({ sequence: 3, unpublished: 2 });
    await oweUnrecorded(base);
    expect(base.cursor).toEqual({ sequence: 3, unpublished: 2 });
  });

  it('is forgotten once all is told', async () => {
    const { base } = await withCursor({ sequence: 3, unpublished: 2, writing: true });
    await forgetWriting(base);
    expect(base.cursor).toEqual({ sequence: 3, unpublished: 2 });
  });

  it('costs no line of the journal where there is nothing to forget', async () => {
    const { base, disk } = await withCursor({ sequence: 3, unpublished: 2 });
    await base.flush();
    const before = disk.user.read('.s4/journal.jsonl');
    await forgetWriting(base);
    await oweUnrecorded(base);
    await base.flush();
    expect(disk.user.read('.s4/journal.jsonl')).toBe(before);
  });
});
