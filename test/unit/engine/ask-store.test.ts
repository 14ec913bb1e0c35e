import { describe, expect, it } from 'vitest';
import { askFolder, askStore } from '../../../src/engine/ask-store.ts';
import type { HeadOutcome, ListedObject, ObjectKey, Store } from '../../../src/engine/ports/store.ts';
import { changedHere } from '../../../src/engine/walk-focus.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import type { Problem } from '../../../src/sync/problem.ts';
import { baseRow, key, operationRoom } from '../../support/operation-room.ts';
import { remoteRow } from '../sync/build.ts';

/** Questions about single names, instead of a listing of all; and a walk that asks the store nothing. */

const at = (path: string): RelPath => path as RelPath;
const object = (name: string): ListedObject => ({ key: name as ObjectKey, token: remoteRow(name).token });

interface There {
  readonly objects: readonly (ListedObject | S4Error)[];
  readonly signal?: AbortSignal;
  readonly pages?: readonly (readonly ListedObject[])[];
}

function store({ objects, signal, pages }: There) {
  const asked: unknown[] = [];
  const options = signal === undefined ? {} : { signal };
  const made: Pick<Store, 'head' | 'list' | 'prefixBytes'> = {
    prefixBytes: 0,
    head: async (name, how): Promise<HeadOutcome> => {
      asked.push(`HEAD ${name}`);
      expect(how).toEqual(options);
      const found = objects.find((each) => !(each instanceof S4Error) && each.key === name);
      if (found === undefined || found instanceof S4Error) return { kind: 'absent' };
      return { kind: 'found', state: { ...found, metadata: {} } };
    },
    async *list(how) {
      asked.push(`LIST ${how?.under}`);
      expect(how).toEqual({ ...options, under: how?.under });
      const below = objects.flatMap((each) => {
        if (each instanceof S4Error) throw each;
        return each.key.startsWith(how?.under ?? '') ? [each] : [];
      });
      yield* pages ?? [below];
    },
  };
  return { deps: { store: made as Store, ...options }, asked };
}

async function ask(there: There, ...questions: readonly (readonly [string, boolean])[]) {
  const { deps, asked } = store(there);
  const problems: Problem[] = [];
  const list = questions.map(([path, below]) => ({ path: at(path), below }));
  const rows = await askStore(list, deps, problems);
  return { rows, names: rows.map((row) => row.key), asked, problems };
}

describe('what the store has under a name', () => {
  const { signal } = new AbortController();
  const objects = [object('f'), object('d/'), object('d/x'), object('f/under'), object('fx')];

  it('is asked by a HEAD, and by a listing where no file is found', async () => {
    const found = await ask({ objects, signal }, ['f', false], ['d', false], ['gone', false]);
    expect(found.rows).toEqual([remoteRow('d/'), remoteRow('d/x'), remoteRow('f')]);
    expect(found.asked.toSorted()).toEqual(['HEAD d', 'HEAD f', 'HEAD gone', 'LIST d/', 'LIST gone/']);
  });

  it('is asked by both where what is below is wanted', async () => {
    const found = await ask({ objects }, ['f', true]);
    expect(found.names).toEqual(['f', 'f/under']);
    expect(found.asked).toEqual(['HEAD f', 'LIST f/']);
  });

  it('says that it is archived, and which keys below it no folder can hold', async () => {
    const archived = { ...object('f'), archived: true } as const;
    const found = await ask({ objects: [archived, object('g'), object('f//x')] }, ['f', true], ['g', false]);
    expect(found.rows).toStrictEqual([{ ...remoteRow('f'), archived: true }, remoteRow('g')]);
    expect(found.problems).toMatchObject([{ path: 'f//x', code: 'bad-key' }]);
  });

  it('is not known where the store does not answer, or nobody waits for it', async () => {
    const denied = new S4Error('OBJECT_DENIED', 'no');
    await expect(ask({ objects: [denied] }, ['gone', false])).rejects.toBe(denied);
    const stopped = AbortSignal.abort(new Error('stopped'));
    await expect(ask({ objects, signal: stopped }, ['f', false])).rejects.toThrow('stopped');
  });
});

describe('what the store has of a folder', () => {
  const look = async (...pages: readonly (readonly string[])[]) => {
    const { signal } = new AbortController();
    let read = 0;
    const { deps } = store({ objects: [], signal, pages: pages.map((page) => page.map(object)) });
    const list: Store['list'] = async function* (how) {
      for await (const page of deps.store.list(how)) {
        read++;
        yield page;
      }
    };
    const found = await askFolder(at('d'), { ...deps, store: { ...deps.store, list } });
    return { ...found, read };
  };
  const marker = remoteRow('d/');

  it('is a marker, children, both or nothing', async () => {
    expect(await look(['d/'])).toEqual({ marker, children: false, read: 1 });
    expect(await look(['d/', 'd/x'])).toEqual({ marker, children: true, read: 1 });
    expect(await look(['d/x'])).toEqual({ marker: undefined, children: true, read: 1 });
    expect(await look()).toEqual({ marker: undefined, children: false, read: 0 });
  });

  it('is known by the first page that has anything', async () => {
    expect(await look([], ['d/x'], ['d/y'])).toEqual({ marker: undefined, children: true, read: 2 });
  });
});

describe('a walk beside a focus', () => {
  it('finds where the folder is not what the base says', async () => {
    const all = await operationRoom();
    for (const name of ['changed', 'd/gone', 'equal']) {
      all.user.write(name, name);
      all.server.put(name, name);
      const row = baseRow(await all.local(name), name, await all.remote(name));
      await all.base.record({ changes: [{ kind: 'set', row }] });
    }
    const marker = { key: key('e/'), content: { kind: 'folder' }, mtimeNs: 0n } as const;
    all.server.put('e/', '');
    const remote = await all.remote('e/');
    await all.base.record({ changes: [{ kind: 'set', row: { ...marker, remote: remote.token } }] });
    all.user.write('changed', 'edited');
    all.user.remove('d/gone');
    all.user.write('n/new', 'new');
    all.user.write('back\\slash', 'x');
    const walked: unknown[] = [];
    const walk: typeof all.folder.walk = async function* (options) {
      walked.push(options?.signal);
      yield* all.folder.walk(options);
      const problem = { path: 'e', side: 'local', code: 'unreadable', message: 'no' } as const;
      yield [{ kind: 'problem', problem, path: at('n/later'), subtree: true }];
    };
    const { signal } = new AbortController();
    const store = { prefixBytes: 0 };
    const found = await changedHere({ folder: { ...all.folder, walk }, base: all.base, store, signal });
    expect(found.paths.toSorted()).toEqual(['changed', 'd', 'd/gone', 'e', 'n/new']);
    expect(found.nameless).toMatchObject([{ path: 'back\\slash', code: 'bad-name' }]);
    expect(walked).toEqual([signal]);
    await changedHere({ folder: { ...all.folder, walk }, base: all.base, store });
    expect(walked).toEqual([signal, undefined]);
  });
});
