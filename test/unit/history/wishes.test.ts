import { beforeEach, describe, expect, it } from 'vitest';
import { type Fulfilled, fulfil } from '../../../src/engine/history/fulfil.ts';
import { type KeptContentsDeps, keptContents } from '../../../src/engine/history/kept-contents.ts';
import { statesOfKept, type WaitingCopy, waitingCopies } from '../../../src/engine/history/waiting-copies.ts';
import type { OperationContext } from '../../../src/engine/operations/context.ts';
import type { RestoreStep, Wish } from '../../../src/engine/ports/history.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createWorld } from '../../support/machines.ts';
import { baseRow, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** What a person wants of the past, several at once, without a cycle around it; and the copies that wait. */

const COPY = 'd/f (conflict, desk, 2026-01-01 03.12.07).txt';
const SETTLED = 'd/f (desk, 2026-01-01 03.12.07).txt';
const F = 'd/f.txt';
const WRITTEN_MS = Date.UTC(2026, 0, 1, 3, 12, 7);
const trashed = () =>
  Object.entries(room.user.tree('.s4/trash')).flatMap(([name, text]) => (name.endsWith('/') ? [] : [text]));
const path = (text: string): RelPath => text as RelPath;

let room: OperationRoom;
beforeEach(async () => {
  room = await operationRoom();
});

/** Both versions, since a minute; the copy is as old as its name says. */
function keptTwice(copy = COPY): void {
  room.user.write(F, 'original');
  room.user.write(copy, 'copy');
  room.user.touch(copy, BigInt(WRITTEN_MS) * 1_000_000n);
  room.runtime.advance(60_000);
}

const waiting = (under?: string) =>
  waitingCopies(room.folder, under === undefined ? {} : { under: path(under) });

async function theOne(): Promise<WaitingCopy> {
  const [one, ...more] = await waiting();
  if (one === undefined || more.length > 0) throw new Error('expected one copy that waits');
  return one;
}

async function done(wishes: readonly Wish[], changes: Partial<OperationContext> = {}) {
  const ends: Fulfilled[] = [];
  await fulfil(wishes, room.context(changes), (end) => ends.push(end));
  return ends;
}

const failed = (about: string, code = 'changed-meanwhile') => ({
  ...{ kind: 'failed', problem: { path: about, side: 'local', code } },
});

/** Deletes a file as s4 does. @returns the wish to have it back */
async function trash(name: string, text: string): Promise<Wish> {
  room.user.write(name, text);
  room.runtime.advance(5000);
  const ref = room.folder.trashRef(path(name));
  await room.folder.remove(path(name), (await room.local(name)).fingerprint, ref);
  return { kind: 'trashed', path: path(name), ref };
}

/** A file that both sides have. @returns the wish for its first version */
async function twoVersions(name: string): Promise<{ readonly wish: Wish; readonly step: RestoreStep }> {
  room.server.put(name, 'one');
  const [one] = room.server.history(name);
  room.runtime.advance(5000);
  room.server.put(name, 'two');
  room.user.write(name, 'two');
  const row = baseRow(await room.local(name), 'two', await room.remote(name));
  await room.base.record({ changes: [{ kind: 'set', row }] });
  const step = { path: path(name), versionId: one?.versionId ?? '', modifiedMs: 0, sizeBytes: 3 } as const;
  return {
    step: { ...step, action: 'replace' },
    wish: { kind: 'version', step: { ...step, action: 'replace' } },
  };
}

describe('several wishes', () => {
  it('are each told of, and one that fails does not stop the others', async () => {
    const { wish: version } = await twoVersions('v');
    const { wish: same } = await twoVersions('same');
    room.user.write('same', 'one');
    const unknown = {
      kind: 'version',
      step: { ...(await twoVersions('x')).step, versionId: 'none' },
    } as const;
    const gone = { kind: 'trashed', path: path('gone'), ref: room.folder.trashRef(path('gone')) } as const;
    const back = await trash('t', 't');
    const ends = await done([gone, version, unknown, same, back]);
    const byWish = new Map(ends.map((end) => [end.wish, end]));
    expect(ends).toHaveLength(5);
    expect(byWish.get(version)).toEqual({ kind: 'done', wish: version, action: 'replace' });
    expect(byWish.get(same)).toEqual({ kind: 'done', wish: same, action: 'same' });
    expect(byWish.get(back)).toEqual({ kind: 'done', wish: back, action: 'replace' });
    expect(byWish.get(unknown)).toMatchObject({ kind: 'failed', problem: { path: 'x' } });
    expect(byWish.get(gone)).toMatchObject(failed('gone'));
    expect(room.user.tree()).toEqual({ v: 'one', same: 'one', x: 'two', t: 't' });
  });

  it('walk the trash once for all, and not at all where nothing is wanted of it', async () => {
    const wishes = [await trash('a', 'a'), await trash('b', 'b')];
    let walks = 0;
    const listTrash = () => {
      walks++;
      return room.folder.listTrash();
    };
    const folder = { ...room.folder, listTrash };
    keptTwice();
    await done([{ kind: 'copy', path: path(COPY), keep: 'both' }], { folder });
    expect(walks).toBe(0);
    await done(wishes, { folder });
    expect([walks, room.user.read('a'), room.user.read('b')]).toEqual([1, 'a', 'b']);
  });

  it('go on after trouble with one path, and end with that of the whole', async () => {
    const [a, b] = [await trash('a', 'a'), await trash('b', 'b')];
    const refusing = (code: 'LOCAL_FAILED' | 'STATE_UNREADABLE') => ({
      ...room.folder,
      stat: async (at: RelPath) => {
        if (at === 'a') throw new S4Error(code, 'for a test');
        return room.folder.stat(at);
      },
    });
    expect(await done([a, b], { folder: refusing('LOCAL_FAILED') })).toMatchObject([
      failed('a', 'local-error'),
      { kind: 'done', wish: b },
    ]);
    room.user.remove('b');
    await expect(done([a, b], { folder: refusing('STATE_UNREADABLE') })).rejects.toThrow('for a test');
    expect(room.user.tree()).toEqual({});
  });

  it('end with the wish to stop', async () => {
    const back = await trash('a', 'a');
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(done([back], { signal })).rejects.toThrow('stopped');
    expect(room.user.tree()).toEqual({});
  });
});

describe('a copy that waits', () => {
  it.each(['original', 'copy', 'both'] as const)('is settled by keeping: %s', async (keep) => {
    keptTwice();
    const about = statesOfKept(await theOne());
    const wish = { kind: 'copy', path: path(COPY), keep, about } as const;
    expect(await done([wish])).toEqual([{ kind: 'done', wish, action: 'replace' }]);
    expect([room.user.tree(), trashed()]).toEqual(
      {
        original: [{ [F]: 'original' }, ['copy']],
        copy: [{ [F]: 'copy' }, expect.arrayContaining(['original', 'copy'])],
        both: [{ [F]: 'original', [SETTLED]: 'copy' }, []],
      }[keep],
    );
  });

  it('takes the name of an original that is gone, and nothing goes to the trash', async () => {
    keptTwice();
    room.user.remove(F);
    expect(await done([{ kind: 'copy', path: path(COPY), keep: 'copy' }])).toMatchObject([{ kind: 'done' }]);
    expect([room.user.tree(), trashed()]).toEqual([{ [F]: 'copy' }, []]);
  });

  it.each([
    ['edited', () => room.user.write(COPY, 'edited')],
    ['removed', () => room.user.remove(COPY)],
    ['given an ordinary name', () => room.user.rename(COPY, SETTLED)],
  ])('waits no more once it was %s: nothing is done', async (_, act) => {
    keptTwice();
    act();
    const before = room.user.tree();
    for (const wish of [
      { kind: 'copy', path: path(COPY), keep: 'original' },
      { kind: 'copy-text', path: path(COPY), text: 'of both', about: '' },
    ] as const)
      expect(await done([wish])).toMatchObject([failed(COPY)]);
    expect(room.user.tree()).toEqual(before);
  });

  it('is the very one that was meant, and not one beside it, or in a folder that has its name by now', async () => {
    keptTwice();
    room.user.write('a (conflict, desk, 2026-01-01 03.12.07)', 'another');
    room.user.touch('a (conflict, desk, 2026-01-01 03.12.07)', 0n);
    await done([{ kind: 'copy', path: path(COPY), keep: 'original' }]);
    const left = { [F]: 'original', 'a (conflict, desk, 2026-01-01 03.12.07)': 'another' };
    expect(room.user.tree()).toEqual(left);
    const inside = `${COPY}/b (conflict, desk, 2026-01-01 03.12.07)`;
    room.user.write(inside, 'in a folder');
    room.user.touch(inside, 0n);
    const ends = await done([{ kind: 'copy', path: path(COPY), keep: 'original' }]);
    expect(ends).toMatchObject([failed(COPY)]);
    expect(room.user.tree()).toEqual({ ...left, [inside]: 'in a folder' });
  });

  it('is left alone where one of the two is another than what was shown', async () => {
    keptTwice();
    const about = statesOfKept(await theOne());
    room.user.write(F, 'ORIGINAL');
    const wishes = [
      { kind: 'copy', path: path(COPY), keep: 'copy', about },
      { kind: 'copy', path: path(COPY), keep: 'original', about },
      { kind: 'copy-text', path: path(COPY), text: 'of both', about },
    ] as const;
    expect(await done(wishes)).toMatchObject(wishes.map(() => failed(F)));
    expect(room.user.tree()).toEqual({ [F]: 'ORIGINAL', [COPY]: 'copy' });
  });

  it('makes a text with its original, and none where that is gone, or a link', async () => {
    keptTwice();
    const wish = { kind: 'copy-text', path: path(COPY), text: 'of both' } as const;
    const asShown = async () => ({ ...wish, about: statesOfKept(await theOne()) });
    room.user.remove(F);
    expect(await done([await asShown()])).toMatchObject([failed(F)]);
    room.user.symlink(F, 'elsewhere');
    expect(await done([await asShown()])).toMatchObject([failed(F)]);
    expect(room.user.tree()).toEqual({ [F]: '-> elsewhere', [COPY]: 'copy' });
    room.user.remove(F);
    room.user.write(F, 'original');
    expect(await done([await asShown()])).toMatchObject([{ kind: 'done' }]);
    expect(room.user.tree()).toEqual({ [F]: 'of both' });
  });
});

describe('copies that wait', () => {
  it('are found with what is behind the name, and only below the path that is asked for', async () => {
    keptTwice();
    room.user.write('d/e/other (conflict, desk, 2026-01-01 03.12.07)', 'x');
    room.user.touch('d/e/other (conflict, desk, 2026-01-01 03.12.07)', 0n);
    const [other, one] = await waiting();
    expect(one).toMatchObject({
      ...{ path: F, host: 'desk', whenMs: WRITTEN_MS, settled: SETTLED },
      copy: { kind: 'file', key: COPY },
      original: { kind: 'file', key: F },
    });
    expect(other).toMatchObject({ path: 'd/e/other', original: undefined });
    expect(await waiting('d/e')).toEqual([other]);
    expect(await waiting(COPY)).toEqual([one]);
    expect(await waiting('elsewhere')).toEqual([]);
    const stopped = { signal: AbortSignal.abort(new Error('stopped')) };
    await expect(waitingCopies(room.folder, stopped)).rejects.toThrow('stopped');
  });

  it('may be links, and have a link for an original; a folder is neither', async () => {
    // The clock here says January 2026, and nobody can set a link's time.
    room.user.symlink('d/f (conflict, desk, 2027-01-01 00.00.00).txt', 'mine');
    room.user.symlink(F, 'theirs');
    room.user.mkdir('e (conflict, desk, 2027-01-01 00.00.00)');
    expect(await theOne()).toMatchObject({
      copy: { kind: 'symlink' },
      original: { kind: 'symlink', key: F },
    });
    for (const replace of [() => room.user.mkdir(F), () => room.user.fifo(F)]) {
      room.user.remove(F);
      replace();
      expect((await theOne()).original).toBeUndefined();
    }
  });

  it('wait as long as they are no newer than their name, by the two seconds that clocks may differ', async () => {
    keptTwice();
    for (const [lateMs, count] of [
      [2000, 1],
      [2001, 0],
    ] as const) {
      room.user.touch(COPY, BigInt(WRITTEN_MS + lateMs) * 1_000_000n);
      expect(await waiting()).toHaveLength(count);
    }
  });

  it('are asked about anew when either becomes another file, kind, or is gone', async () => {
    keptTwice();
    const one = await theOne();
    const { copy, original } = one;
    if (original === undefined) throw new Error('no original');
    const { fingerprint } = copy;
    const others = [
      { ...one, original: undefined },
      { ...one, original: { ...original, kind: 'symlink' as const } },
      { ...one, copy: original, original: copy },
      ...[{ inode: 99n }, { sizeBytes: 99 }, { mtimeNs: 99n }, { ctimeNs: 99n }].map((other) => ({
        ...one,
        copy: { ...copy, fingerprint: { ...fingerprint, ...other } },
      })),
      // The same digits otherwise divided.
      ...[
        { inode: 12n, sizeBytes: 3 },
        { inode: 1n, sizeBytes: 23 },
      ].map((other) => ({
        ...one,
        copy: { ...copy, fingerprint: { ...fingerprint, ...other } },
      })),
    ].map(statesOfKept);
    expect(new Set([statesOfKept(one), ...others]).size).toBe(others.length + 1);
    expect(statesOfKept(await theOne())).toBe(statesOfKept(one));
  });
});

describe('the origin of two that were kept', () => {
  /** The copy went up as it is here, with the note of what both came from. */
  async function published(changes: { readonly mtime?: string; readonly text?: string } = {}) {
    keptTwice();
    room.server.put(F, 'base');
    const [base] = room.server.history(F);
    room.server.put(F, 'original');
    const mtime = changes.mtime ?? `${WRITTEN_MS / 1000}.000000000`;
    const metadata = { mtime, 's4-ancestor': base?.versionId ?? '' };
    room.server.put(COPY, changes.text ?? 'copy', metadata);
    return theOne();
  }
  const deps = (changes: Partial<KeptContentsDeps['store']> = {}) => ({
    folder: room.folder,
    store: { ...room.store, ...changes },
  });
  const baseOf = async (one: WaitingCopy, changes: Partial<KeptContentsDeps['store']> = {}) => {
    const bytes = await keptContents(one, deps(changes)).base();
    return bytes && Buffer.from(bytes).toString();
  };

  it('is what the copy has noted in the store', async () => {
    expect(await baseOf(await published())).toBe('base');
    const one = await theOne();
    const micros = { ...one.copy.fingerprint, mtimeNs: one.copy.fingerprint.mtimeNs + 999n };
    expect(await baseOf({ ...one, copy: { ...one.copy, fingerprint: micros } })).toBe('base');
  });

  it.each([
    ['of another time', { mtime: '1.000000000' }],
    ['of another length', { text: 'copy, longer' }],
  ])('is not known where the object is %s', async (_, changes) => {
    expect(await baseOf(await published(changes))).toBeUndefined();
  });

  it('is not known where the copy was never sent, without note or time, or the version is gone', async () => {
    const one = await published();
    for (const metadata of [
      {},
      { 's4-ancestor': 'v2' },
      { mtime: `${WRITTEN_MS / 1000}.0` },
      { mtime: `${WRITTEN_MS / 1000}.0`, 's4-ancestor': 'gone' },
    ]) {
      room.server.put(COPY, 'copy', metadata);
      expect(await baseOf(one)).toBeUndefined();
    }
    room.server.remove(COPY);
    expect(await baseOf(one)).toBeUndefined();
  });

  it('is not known without the store: both can be looked at; a bug is no such thing', async () => {
    const one = await published();
    const away = async () => {
      throw new S4Error('STORE_UNREACHABLE', 'for a test');
    };
    expect(await baseOf(one, { head: away })).toBeUndefined();
    expect(await baseOf(one, { get: away })).toBeUndefined();
    const { local, remote } = keptContents(one, deps({ head: away }));
    expect([await local(), await remote()].map((bytes) => Buffer.from(bytes ?? []).toString())).toEqual([
      ...['copy', 'original'],
    ]);
    const bug = async () => {
      throw new TypeError('a bug');
    };
    await expect(baseOf(one, { head: bug })).rejects.toThrow('a bug');
  });

  it('ends with the wish to stop', async () => {
    const one = await published();
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(keptContents(one, { ...deps(), signal }).base()).rejects.toThrow('stopped');
    room.server.put(COPY, 'copy');
    await expect(keptContents(one, { ...deps(), signal }).base()).rejects.toThrow('stopped');
  });
});

describe('what a cycle is asked for', () => {
  it('is done first, and told as what it did to which path', async () => {
    const world = createWorld();
    const a = await world.machine('laptop');
    for (const text of ['one', 'two']) {
      a.user.write('v', text);
      a.user.write('same', 'same');
      a.user.write('gone', 'gone');
      await a.sync();
    }
    a.user.remove('gone');
    const step = (of: string, action: RestoreStep['action']) => ({
      kind: 'version' as const,
      step: {
        ...{ path: path(of), versionId: world.server.history(of)[0]?.versionId ?? '', action },
        ...{ modifiedMs: 0, sizeBytes: 3 },
      },
    });
    const lost = { kind: 'trashed', path: path('lost'), ref: a.disk.open().trashRef(path('lost')) } as const;
    const wishes = [step('v', 'replace'), step('same', 'replace'), step('gone', 'create'), lost];
    a.events.length = 0;
    await a.sync({ mode: 'preview', wishes });
    expect(a.user.tree()).toEqual({ v: 'two', same: 'same' });
    a.events.length = 0;
    await a.sync({ wishes });
    expect(a.user.tree()).toEqual({ v: 'one', same: 'same', gone: 'gone' });
    const told = a.events.flatMap((event) => {
      if (event.kind === 'problem') return [`${event.problem.path} ${event.problem.code}`];
      if (event.kind !== 'operation-finished') return [];
      const { kind, direction, path: of } = event.operation;
      return [`${of} ${kind} ${direction} ${event.outcome}`];
    });
    expect(told.slice(0, 3).sort()).toEqual([
      ...['gone create down done', 'lost changed-meanwhile', 'v update down done'],
    ]);
    expect(told.slice(3)).toEqual(['v update up done']);
    const ids = a.events.flatMap((event) => (event.kind === 'operation-finished' ? [event.id] : []));
    expect(new Set(ids).size).toBe(ids.length);
    const [replaced] = await a.disk.open().listTrash();
    if (replaced === undefined) throw new Error('nothing in the trash');
    a.events.length = 0;
    await a.sync({ wishes: [{ kind: 'trashed', path: replaced.path, ref: replaced.ref }] });
    const first = a.events.find((event) => event.kind === 'operation-finished');
    expect(first).toMatchObject({ operation: { kind: 'update', direction: 'down', path: 'v' } });
    expect(a.user.read('v')).toBe('two');
  });
});
