import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { OpenedBase } from '../../../src/engine/state/base.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import { decodeIndexHeader } from '../../../src/formats/index-codec.ts';
import {
  drop,
  get,
  IDS,
  INDEX,
  intent,
  PREVIOUS,
  reopen,
  room,
  rowsOf,
  set,
  under,
  withLargeMember,
} from './base-room.ts';

/** What a fold leaves: when it is due, when it fails, and when nobody can tell whether it was done. */

describe('a fold', () => {
  it('leaves the same base, of which nothing is said twice', async () => {
    const here = await room(['a', 'b', 'x/1', 'z']);
    const { base, disk } = here;
    expect([await get(base, 'a'), await under(base, 'x')]).toEqual([1, ['x/1 1']]);
    const id = await base.begin(intent);
    await base.record({
      changes: [set('a', 2), drop('b'), set('c'), set('x/1', 2)],
      deletions: { atMs: 5, side: 'local', count: 3 },
      cursor: { sequence: 4, unpublished: 1 },
    });
    const said = async (each: OpenedBase) => ({
      rows: await rowsOf(each),
      got: [await get(each, 'a'), await get(each, 'b'), await under(each, 'x')],
      ...{
        pending: each.pending,
        recentDeletions: each.recentDeletions,
        cursor: each.cursor,
        trust: each.trust,
      },
    });
    const before = await said(base);
    expect(before).toEqual({
      rows: ['a 2', 'c 1', 'x/1 2', 'z 1'],
      got: [2, undefined, ['x/1 2']],
      pending: [{ id, intent }],
      recentDeletions: [{ atMs: 5, side: 'local', count: 3 }],
      cursor: { sequence: 4, unpublished: 1 },
      trust: 'sound',
    });
    await base.fold({ force: true });
    expect(await said(base)).toEqual(before);
    expect(await said(await reopen(here))).toEqual(before);
    expect(decodeIndexHeader(disk.read(INDEX) ?? new Uint8Array())).toMatchObject({ rows: 4, generation: 3 });
    expect(decodeIndexHeader(disk.read(PREVIOUS) ?? new Uint8Array())).toMatchObject({
      rows: 4,
      generation: 2,
    });
    await base.record({ changes: [set('a', 3), drop('c')] });
    expect(await rowsOf(base)).toEqual(['a 3', 'x/1 2', 'z 1']);
    expect(await rowsOf(await reopen(here))).toEqual(['a 3', 'x/1 2', 'z 1']);
  });

  it('is done only when something was recorded since', async () => {
    const { base, state, disk } = await room(['a']);
    await base.fold({ force: true });
    await base.begin(intent);
    await base.fold({ force: true });
    expect(state.calls).toMatchObject({ changing: 1, appends: 1 });
    await base.record({ changes: [set('b')] });
    await base.fold({ force: true });
    await base.fold({ force: true });
    expect(decodeIndexHeader(disk.read(INDEX) ?? new Uint8Array()).generation).toBe(3);
    await base.record({ changes: [set('c')] });
    await Promise.all([base.fold({ force: true }), base.fold({ force: true })]);
    expect(decodeIndexHeader(disk.read(INDEX) ?? new Uint8Array()).generation).toBe(4);
  });

  it('knows of no result whose intent power loss would still show as open', async () => {
    const here = await room(['a']);
    const id = await here.base.begin(intent);
    await here.base.record({ changes: [set('b')], finished: [id] });
    const { replace } = here.state;
    Object.assign(here.state, {
      replace: async (...args: Parameters<typeof replace>) => {
        await replace(...args);
        here.disk.losePower();
        const dead = () => Promise.reject(new Error('killed'));
        Object.assign(here.state, { size: dead, append: dead, replace: dead });
        return dead();
      },
    });
    await expect(here.base.fold({ force: true })).rejects.toThrow('killed');
    const after = await reopen(here);
    expect([await rowsOf(after), after.pending]).toEqual([['a 1', 'b 1'], []]);
  });

  it('that fails after all when it was done is done; nothing is added to the journal of the index before', async () => {
    const here = await room(['a']);
    const { replace } = here.state;
    let failing = true;
    Object.assign(here.state, {
      replace: async (...args: Parameters<typeof replace>) => {
        await replace(...args);
        if (failing && args[0] === INDEX) throw new Error('no answer');
      },
    });
    await here.base.record({ changes: [set('b')] });
    await here.base.fold({ force: true });
    failing = false;
    await here.base.record({ changes: [set('c')] });
    const after = await reopen(here);
    expect([after.trust, await rowsOf(after)]).toEqual(['sound', ['a 1', 'b 1', 'c 1']]);
  });

  it('whose outcome nobody can tell leaves a base that takes nothing more', async () => {
    const here = await room(['a']);
    const { replace, size } = here.state;
    await here.base.record({ changes: [set('b')] });
    Object.assign(here.state, {
      replace: async (...args: Parameters<typeof replace>) => {
        await replace(...args);
        Object.assign(here.state, { size: () => Promise.reject(new Error('input/output error')) });
        throw new Error('no answer');
      },
    });
    await expect(here.base.fold({ force: true })).rejects.toThrow('input/output error');
    Object.assign(here.state, { replace, size });
    const refused = {
      code: 'LOCAL_FAILED',
      message: 'the index could not be replaced',
      cause: expect.objectContaining({ message: 'no answer' }),
    };
    await expect(here.base.record({ changes: [set('c')] })).rejects.toMatchObject(refused);
    await expect(here.base.begin(intent)).rejects.toMatchObject(refused);
    await expect(here.base.flush()).rejects.toMatchObject(refused);
    await expect(here.base.fold({ force: true })).rejects.toMatchObject(refused);
    const after = await reopen(here);
    expect([after.trust, await rowsOf(after)]).toEqual(['sound', ['a 1', 'b 1']]);
  });

  it('keeps the previous index when the newest was unusable', async () => {
    const here = await room(['a']);
    await here.base.record({ changes: [set('b')] });
    await here.base.fold({ force: true });
    const previous = here.disk.read(PREVIOUS);
    here.disk.write(INDEX, Buffer.from('nonsense'));
    const base = await openBase({ ...IDS, state: here.disk.open(), mode: 'write' });
    expect([base.doubt, await rowsOf(base)]).toEqual(['previous-index', ['a 1']]);
    await base.record({ changes: [set('c'), drop('a')] });
    await base.fold({ force: true });
    expect(here.disk.read(PREVIOUS)).toEqual(previous);
    expect(await rowsOf(await reopen(here))).toEqual(['c 1']);
    await base.record({ changes: [set('d')] });
    await base.fold({ force: true });
    expect(decodeIndexHeader(here.disk.read(PREVIOUS) ?? new Uint8Array())).toMatchObject({ rows: 1 });
  });

  it('of a copied folder keeps what this session found, also where it found the same, and is sound then', async () => {
    const here = await room(['a', 'b', 'c']);
    await here.base.record({ changes: [set('unseen')] });
    const disk = here.disk.copy();
    const base = await openBase({ ...IDS, state: disk.open(), mode: 'write' });
    expect(base.trust).toBe('evidence');
    await base.record({ changes: [set('a'), set('new'), drop('b')] });
    await base.fold();
    expect(base.trust).toBe('evidence');
    expect(await rowsOf(base)).toEqual(['a 1', 'c 1', 'new 1', 'unseen 1']);
    await base.fold({ force: true });
    expect([base.trust, await rowsOf(base)]).toEqual(['sound', ['a 1', 'new 1']]);
    expect(decodeIndexHeader(disk.read(INDEX) ?? new Uint8Array())).toMatchObject({ rows: 2 });
    await base.record({ changes: [set('c', 2)] });
    await base.fold({ force: true });
    expect([base.trust, await rowsOf(base)]).toEqual(['sound', ['a 1', 'c 2', 'new 1']]);
    const again = await openBase({ ...IDS, state: disk.open(), mode: 'read' });
    expect([again.trust, await rowsOf(again)]).toEqual(['sound', ['a 1', 'c 2', 'new 1']]);
  });

  it('of evidence is never done unasked, however long the journal is; asked, also where nothing was found', async () => {
    const here = await room(['a', 'b']);
    const disk = here.disk.copy();
    const base = await openBase({ ...IDS, state: disk.open(), mode: 'write' });
    await base.record({ changes: Array.from({ length: 500 }, (_, i) => set(`x/${i}`)) });
    expect(disk.read('journal.jsonl')?.byteLength).toBeGreaterThan(64 * 1024);
    await base.fold();
    expect([base.trust, base.size]).toEqual(['evidence', 502]);
    const again = await openBase({ ...IDS, state: here.disk.copy().open(), mode: 'write' });
    await again.fold({ force: true });
    expect([again.trust, await rowsOf(again)]).toEqual(['sound', []]);
  });

  it('that fails before it was done leaves the base as it was', async () => {
    const here = await room(['a']);
    await here.base.record({ changes: [set('b')] });
    await here.base.flush();
    for (const gone of [false, true]) {
      if (gone) here.disk.remove(INDEX);
      here.state.failNext(1);
      await expect(here.base.fold({ force: true })).rejects.toThrow('no space');
      if (gone) continue;
      await here.base.record({ changes: [set('c')] });
      await here.base.flush();
      expect([await rowsOf(here.base), here.base.trust]).toEqual([['a 1', 'b 1', 'c 1'], 'sound']);
      expect(await rowsOf(await reopen(here))).toEqual(['a 1', 'b 1', 'c 1']);
    }
  });

  it.each([
    ['64 KiB', 0, 64 * 1024],
    ['a tenth of a larger index', 900_000, 90_000],
  ])('is due when the journal is longer than %s', async (_, largeBytes, dueBytes) => {
    const { disk } = await room(['a']);
    const index = () => disk.read(INDEX) ?? new Uint8Array();
    const journalBytes = () => disk.read('journal.jsonl')?.byteLength ?? 0;
    if (largeBytes > 0) disk.write(INDEX, withLargeMember(decodeIndexHeader(index()), largeBytes));
    const base = await openBase({ ...IDS, state: disk.open(), mode: 'write' });
    const due = Math.max(dueBytes, index().byteLength / 10);
    const part = () => randomBytes(100).toString('hex');
    const fillTo = async (sizeBytes: number): Promise<void> => {
      while (journalBytes() <= sizeBytes)
        await base.record({ changes: [set(['y', part(), part(), part(), part()].join('/'))] });
    };
    await fillTo(due - 2000);
    await base.fold();
    expect(decodeIndexHeader(index()).generation).toBe(2);
    await fillTo(due);
    await base.fold();
    expect(decodeIndexHeader(index()).generation).toBe(3);
    expect(journalBytes()).toBeLessThan(1000);
  });
});
