import { beforeEach, describe, expect, it } from 'vitest';
import {
  chooseVersion,
  type PlanRestoreDeps,
  planRestore,
  type RestoreRequest,
} from '../../../src/engine/history/plan-restore.ts';
import type { ObjectKey, ObjectVersion } from '../../../src/engine/ports/store.ts';
import type { BaseRow } from '../../../src/sync/entry.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { baseRow, key, type OperationRoom, operationRoom } from '../../support/operation-room.ts';
import { tell } from './told.ts';

/** What restoring would do: which version of which file, and what is here already. */

const F = 'f' as RelPath;
const ME = 'a'.repeat(16);

let room: OperationRoom;
let asked: string[];
beforeEach(async () => {
  room = await operationRoom();
  asked = [];
});

/** A minute later the store has this; null: it is deleted. @returns when */
function put(path: string, text: string | null): number {
  room.runtime.advance(60_000);
  if (text === null) room.server.remove(path);
  else room.server.put(path, text);
  return room.runtime.nowMs();
}

/** It is here as the store has it, and the base says so. */
async function synced(path: string, text: string, changes: Partial<BaseRow> = {}): Promise<void> {
  room.user.write(path, text);
  const row = { ...baseRow(await room.local(path), text, await room.remote(path)), ...changes };
  await room.base.record({ changes: [{ kind: 'set', row }] });
}

function plan(request: RestoreRequest, changes: Partial<PlanRestoreDeps> = {}) {
  const { base, folder, store } = room;
  const versions: typeof store.versions = (of, options) => {
    asked.push(of);
    return store.versions(of, options);
  };
  return planRestore(request, { base, folder, store: { ...store, versions }, ...changes });
}

const at = (atMs: number, path?: string) => plan({ kind: 'moment', path: path as RelPath | undefined, atMs });
const told = ({ steps, later }: Awaited<ReturnType<typeof plan>>) => [
  steps.map(({ action, path, versionId }) => `${action} ${path} ${versionId}`),
  later,
];
const idOf = (path: string, nth: number): string => room.server.history(path).at(nth)?.versionId ?? '';
const versionAction = async (nth: number) =>
  (await plan({ kind: 'version', path: F, versionId: idOf('f', nth) })).steps[0]?.action;
const usage = (words: string) => expect.objectContaining({ code: 'USAGE', message: words });

describe('a version', () => {
  const version = (versionId: string, deleted = false): ObjectVersion => ({
    ...{ key: 'f' as ObjectKey, versionId, isLatest: false, modifiedMs: 0 },
    ...(!deleted && { content: { etag: versionId, sizeBytes: 1 } }),
  });

  it('is chosen by its id, or by a beginning that only one has', () => {
    const versions = [version('abcd'), version('abc'), version('b'), version('c', true)];
    const chosen = (id: string) => chooseVersion(versions, id, F).versionId;
    expect([chosen('abc'), chosen('abcd'), chosen('b')]).toEqual(['abc', 'abcd', 'b']);
    expect(() => chosen('ab')).toThrow(usage('several versions of f begin with ab'));
    expect(() => chosen('bcd')).toThrow(usage('there is no version bcd of f'));
    expect(() => chosen('c')).toThrow(usage('that version of f is its deletion'));
  });

  it('is told with its size and time, and made where nothing is', async () => {
    const then = put('f', 'four');
    put('f', 'five5');
    const { steps, later } = await plan({ kind: 'version', path: F, versionId: idOf('f', 0) });
    const modifiedMs = Math.floor(then / 1000) * 1000;
    expect([steps, later]).toEqual([
      [{ path: 'f', versionId: idOf('f', 0), modifiedMs, sizeBytes: 4, action: 'create' }],
      [],
    ]);
  });

  it('is here already where the base says so, and the file is untouched', async () => {
    put('f', 'one');
    put('f', 'two');
    await synced('f', 'two');
    expect([await versionAction(0), await versionAction(1)]).toEqual(['replace', 'same']);
    room.user.write('f', 'edited');
    expect(await versionAction(1)).toBe('replace');
    room.user.remove('f');
    room.user.mkdir('f');
    expect(await versionAction(1)).toBe('replace');
  });

  it('is looked at again where the base is not sure of it', async () => {
    put('f', 'one');
    await synced('f', 'one', { racy: true });
    expect(await versionAction(0)).toBe('replace');
    await room.base.record({ changes: [{ kind: 'drop', key: key('f') }] });
    expect(await versionAction(0)).toBe('replace');
  });

  it('is known by its ETag where the base has no lasting id, and only the latest', async () => {
    put('f', 'one');
    put('f', 'two');
    put('f', 'one');
    const token = { ...(await room.remote('f')).token, versionId: 'null' };
    await synced('f', 'one', { remote: token });
    expect([await versionAction(0), await versionAction(1), await versionAction(2)]).toEqual([
      ...['replace', 'replace', 'same'],
    ]);
    await synced('f', 'one', { remote: { ...token, etag: 'another' } });
    expect(await versionAction(2)).toBe('replace');
  });
});

describe('a moment of a file', () => {
  it('is the newest version that was there', async () => {
    const [one, two] = [put('f', 'one'), put('f', 'two')];
    put('f', 'three');
    expect(told(await at(one, 'f'))).toEqual([[`create f ${idOf('f', 0)}`], []]);
    expect(told(await at(two, 'f'))).toEqual([[`create f ${idOf('f', 1)}`], []]);
    expect(told(await at(two - 1, 'f'))).toEqual([[`create f ${idOf('f', 0)}`], []]);
  });

  it('is refused where it was deleted then, or not there yet', async () => {
    const one = put('f', 'one');
    const gone = put('f', null);
    put('f', 'two');
    await expect(at(gone, 'f')).rejects.toThrow('the store had no f at 2026-01-02 03:06:05 UTC');
    await expect(at(one - 60_000, 'f')).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('is that of a folder where it is one here, or has no versions', async () => {
    const then = put('d', 'once a file');
    put('d', null);
    put('d/f', 'f');
    const now = put('d/g', 'g');
    expect(told(await at(then, 'd'))[0]).toEqual([`create d ${idOf('d', 0)}`]);
    room.user.mkdir('d');
    expect(told(await at(now, 'd'))[0]).toEqual([
      ...[`create d/f ${idOf('d/f', 0)}`, `create d/g ${idOf('d/g', 0)}`],
    ]);
    put('e/f', 'f');
    expect(told(await at(put('x', 'x'), 'e'))[0]).toEqual([`create e/f ${idOf('e/f', 0)}`]);
  });
});

describe('a moment of a folder', () => {
  it('asks for no versions of what is here and as it was then', async () => {
    const then = put('d/f', 'f');
    await synced('d/f', 'f');
    const found = await at(then, 'd');
    expect([told(found), asked]).toEqual([[[`same d/f ${idOf('d/f', 0)}`], []], ['d']]);
    expect(found.steps[0]).toMatchObject({ sizeBytes: 1, modifiedMs: Math.floor(then / 1000) * 1000 });
  });

  it('asks for them where it was edited here or there, or is not known', async () => {
    const then = put('d/f', 'f');
    const id = idOf('d/f', 0);
    expect(told(await at(then, 'd'))[0]).toEqual([`create d/f ${id}`]);
    await synced('d/f', 'f', { racy: true });
    expect(told(await at(then, 'd'))[0]).toEqual([`replace d/f ${id}`]);
    await synced('d/f', 'f');
    put('d/f', 'g');
    expect(told(await at(then, 'd'))[0]).toEqual([`same d/f ${id}`]);
    expect(told(await at(room.runtime.nowMs(), 'd'))[0]).toEqual([`replace d/f ${idOf('d/f', 1)}`]);
    expect(asked.filter((of) => of === 'd/f')).toHaveLength(4);
    await synced('d/f', 'g');
    expect(told(await at(then, 'd'))[0]).toEqual([`replace d/f ${id}`]);
    room.user.remove('d/f');
    expect(told(await at(room.runtime.nowMs(), 'd'))[0]).toEqual([`create d/f ${idOf('d/f', 1)}`]);
  });

  it('names no version where the store has none', async () => {
    room = await operationRoom({ versioning: 'off' });
    const then = put('d/f', 'f');
    const { versionId: _, ...token } = (await room.remote('d/f')).token;
    await synced('d/f', 'f', { remote: token });
    expect(told(await at(then, 'd'))[0]).toEqual(['same d/f ']);
  });

  it('brings back what is gone, as far as a log tells of it, and leaves what came later', async () => {
    put('d/gone', 'gone');
    put('d/untold', 'gone');
    put('other/old', 'was there');
    const then = put('d/kept', 'kept');
    for (const path of ['d/gone', 'd/untold', 'other/old']) put(path, null);
    put('d/later', 'later');
    put('d/short', 'made and deleted');
    put('d/short', null);
    put('other/f', 'f');
    put('d/', '');
    await tell(
      room.server,
      ME,
      ['d/gone', 'd/short', 'd/folder/', 'other/f', 'other/old', 'd', 'd/kept'].map((path) => ({ path })),
    );
    expect(told(await at(then, 'd'))).toEqual([
      [`create d/gone ${idOf('d/gone', 0)}`, `create d/kept ${idOf('d/kept', 0)}`],
      ['d/later'],
    ]);
    expect(told(await at(then))).toEqual([
      [
        ...[`create d/gone ${idOf('d/gone', 0)}`, `create d/kept ${idOf('d/kept', 0)}`],
        `create other/old ${idOf('other/old', 0)}`,
      ],
      ['d/later', 'other/f'],
    ]);
  });

  it('is told in the order of keys, of however many files', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `d/${(i * 7) % 40}`);
    for (const name of names) put(name, name);
    const then = put('d/x', 'x');
    const later = names.map((name) => name.replace('d/', 'd/later '));
    for (const name of later) put(name, name);
    const slow: typeof room.store.versions = async function* (of, options) {
      for (let turns = Number(of.replace(/\D/g, '')) % 5; turns > 0; turns--) await Promise.resolve();
      yield* room.store.versions(of, options);
    };
    const found = await plan(
      { kind: 'moment', path: 'd' as RelPath, atMs: then },
      { store: { ...room.store, versions: slow } },
    );
    expect(found.steps.map(({ path }) => path)).toEqual([...names, 'd/x'].sort());
    expect(found.later).toEqual(later.sort());
  });

  it('is refused where there was nothing then, or never', async () => {
    const before = room.runtime.nowMs() - 1000;
    await expect(at(before, 'd')).rejects.toThrow(usage('the store never had "d", as far as its log tells'));
    await expect(at(before)).rejects.toThrow('the store never had "files"');
    put('d/f', 'f');
    await expect(at(before, 'd')).rejects.toThrow(usage('the store had no d at 2026-01-02 03:04:04 UTC'));
    await expect(at(before)).rejects.toThrow(usage('the store had no files at 2026-01-02 03:04:04 UTC'));
  });

  it('ends with the wish to stop', async () => {
    put('d/f', 'f');
    const signal = AbortSignal.abort(new Error('stopped'));
    const request = { kind: 'moment', path: undefined, atMs: room.runtime.nowMs() } as const;
    await expect(plan(request, { signal })).rejects.toThrow('stopped');
    await expect(plan({ ...request, path: F }, { signal })).rejects.toThrow('stopped');
    const signals: unknown[] = [];
    const list: typeof room.store.list = (options) => {
      signals.push(options?.signal);
      return room.store.list({ ...options, signal: new AbortController().signal });
    };
    const versions: typeof room.store.versions = (of) => room.store.versions(of);
    await plan(request, { signal, store: { ...room.store, list, versions } });
    expect(signals).toEqual([signal, signal]);
    signals.length = 0;
    await plan(request, { store: { ...room.store, list } });
    expect(signals).toEqual([undefined, undefined]);
  });
});
