import { describe, expect, it } from 'vitest';
import { type FolderDeps, foldersAbove } from '../../../src/engine/focus-folders.ts';
import type { Folder } from '../../../src/engine/ports/folder.ts';
import type { BaseRow } from '../../../src/sync/entry.ts';
import type { JoinedRow } from '../../../src/sync/join.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { baseRow, key, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** Folders above a focus: which of them need a row, and what it says of the three sides. */

interface Focus {
  readonly regions: readonly string[];
  readonly present?: readonly string[];
  readonly asked?: readonly string[];
  readonly goneThere?: readonly string[];
}

interface Room extends OperationRoom {
  synced(...paths: readonly string[]): Promise<void>;
  above(
    seen: Focus,
    more?: { readonly folder?: Partial<Folder>; readonly signal?: AbortSignal },
  ): Promise<{
    readonly rows: readonly string[] | undefined;
    readonly found: readonly JoinedRow[] | undefined;
    asked: string[];
  }>;
}

function told({ key: name, base, local, remote, beneath }: JoinedRow): string {
  const own = [base && 'base', local && 'local', remote && 'remote'].filter(Boolean);
  const below = Object.entries(beneath).flatMap(([side, holds]) => (holds ? [side] : []));
  return `${name}: ${own.join(' ')}; beneath: ${below.join(' ')}`;
}

async function room(): Promise<Room> {
  const all = await operationRoom();
  const asked: string[] = [];
  all.gate(async (at, request, name) => {
    if (at === 'request') asked.push(`${request} ${name}`);
  });
  const synced: Room['synced'] = async (...names) => {
    const rows: BaseRow[] = [];
    for (const name of names) {
      const isFolder = name.endsWith('/');
      if (isFolder) all.user.mkdir(name.slice(0, -1));
      else all.user.write(name, name);
      all.server.put(name, isFolder ? '' : name);
      const remote = await all.remote(name);
      const marker = { key: key(name), content: { kind: 'folder' }, mtimeNs: 0n } as const;
      rows.push(
        isFolder ? { ...marker, remote: remote.token } : baseRow(await all.local(name), name, remote),
      );
    }
    await all.base.record({ changes: rows.map((row) => ({ kind: 'set', row })) });
  };
  const above: Room['above'] = async (seen, { folder, signal } = {}) => {
    asked.length = 0;
    const deps: FolderDeps = {
      base: all.base,
      folder: { ...all.folder, ...folder },
      store: all.store,
      storeIsOurs: async () => void asked.push('ours?'),
      ...(signal && { signal }),
    };
    const list = (paths: readonly string[] = []) => paths as readonly RelPath[];
    const found = await foldersAbove(
      {
        regions: list(seen.regions),
        present: new Set(list(seen.present)),
        asked: list(seen.asked),
        goneThere: list(seen.goneThere),
      },
      deps,
    );
    return { rows: found?.map(told), found, asked: [...asked] };
  };
  return { ...all, synced, above };
}

describe('a folder above a focus', () => {
  it('has no row where it has no marker, and what is in it is here', async () => {
    const all = await room();
    await all.synced('d/f', 'd/g');
    const stat: Folder['stat'] = async () => {
      throw new Error('nobody need look');
    };
    const seen = { regions: ['d/f'], present: ['d/f'] };
    expect(await all.above(seen, { folder: { stat } })).toMatchObject({ rows: [], asked: [] });
  });

  it('has one where its marker is known: it holds something now', async () => {
    const all = await room();
    await all.synced('d/', 'd/e/');
    all.user.write('d/e/f', 'new');
    const { rows, found, asked } = await all.above({ regions: ['d/e/f'], present: ['d/e/f'] });
    expect(rows).toEqual([
      'd/: base remote; beneath: base local remote',
      'd/e/: base remote; beneath: local',
    ]);
    expect(found?.[1]?.remote).toEqual({ key: 'd/e/', token: found?.[1]?.base?.remote });
    expect(asked).toEqual([]);
  });

  it('has one where it lost what was in it, and is empty', async () => {
    const all = await room();
    await all.synced('d/e/f');
    all.user.remove('d/e/f');
    expect((await all.above({ regions: ['d/e/f'] })).rows).toEqual(['d/e/: local; beneath: base remote']);
    all.user.remove('d/e');
    expect((await all.above({ regions: ['d/e/f'] })).rows).toEqual(['d/: local; beneath: base remote']);
    all.user.remove('d');
    expect((await all.above({ regions: ['d/e/f'] })).rows).toEqual([]);
  });

  it('has none where something else is in it', async () => {
    const all = await room();
    await all.synced('d/f', 'd/g', 'e/f');
    all.user.remove('d/f');
    all.user.remove('e/f');
    all.user.write('e/unheard', 'x');
    expect((await all.above({ regions: ['d/f', 'e/f'] })).rows).toEqual([]);
  });

  it('has one where the store has nothing in it any more, if that was all in it: the store is asked', async () => {
    const all = await room();
    await all.synced('d/f', 'd/g', 'e/f', 'e/g');
    for (const name of ['d/f', 'e/f', 'e/g']) all.server.remove(name);
    const regions = ['d/f', 'e/f', 'e/g'];
    const seen = { regions, present: regions, asked: regions, goneThere: regions };
    const { rows, asked } = await all.above(seen);
    expect(rows).toEqual(['e/: ; beneath: base local']);
    expect(asked).toEqual(['ours?', 'LIST e/']);
    const some = await all.above({ ...seen, goneThere: ['d/f'] });
    expect(some.rows).toEqual([]);
    all.server.put('e/', '');
    all.server.put('e/new', 'unheard');
    expect((await all.above(seen)).rows).toEqual(['e/: remote; beneath: base local remote']);
  });

  it('has what the store says where it was asked about something in it', async () => {
    const all = await room();
    await all.synced('d/', 'e/', 'x');
    all.server.remove('d/');
    const { rows, asked } = await all.above({
      regions: ['d/f', 'e/f', 'x'],
      present: ['d/f', 'e/f'],
      asked: ['x', 'd/f'],
      goneThere: ['d/f'],
    });
    expect(rows).toEqual(['d/: base; beneath: local', 'e/: base remote; beneath: local']);
    expect(asked).toEqual(['ours?', 'LIST d/']);
  });

  it('has one where it is gone, with its marker', async () => {
    const all = await room();
    await all.synced('d/');
    all.user.remove('d');
    expect((await all.above({ regions: ['d/f'] })).rows).toEqual(['d/: base remote; beneath: ']);
    expect((await all.above({ regions: ['d/f/g/h'] })).rows).toEqual(['d/: base remote; beneath: ']);
  });

  it('is looked at once for many in it, from the inside out', async () => {
    const all = await room();
    await all.synced('d/e/1', 'd/e/2', 'd/x/3', 'd/e.f');
    for (const name of ['d/e/1', 'd/e/2', 'd/x/3', 'd/e.f']) all.user.remove(name);
    all.user.remove('d/x');
    const looked: string[] = [];
    const stat: Folder['stat'] = (path) => {
      looked.push(path);
      return all.folder.stat(path);
    };
    const seen = { regions: ['d/e.f', 'd/e/1', 'd/e/2', 'd/x/3', 'd/x/4'] };
    const { rows } = await all.above(seen, { folder: { stat } });
    expect(rows).toEqual(['d/e/: local; beneath: base remote']);
    expect(looked).toEqual(['d', 'd/e', 'd/x']);
    looked.length = 0;
    await all.above({ ...seen, present: ['d/e.f'] }, { folder: { stat } });
    expect(looked).toEqual(['d/e', 'd/x']);
  });

  it('comes in the order of keys', async () => {
    const all = await room();
    await all.synced('a/', 'a.b/', 'z/');
    const seen = { regions: ['z/f', 'a/f', 'a.b/f'], present: ['z/f', 'a/f', 'a.b/f'] };
    const { found } = await all.above(seen);
    expect(found?.map((row) => row.key)).toEqual(['a/', 'a.b/', 'z/']);
  });

  it('cannot be judged where it is a file, here or in the base', async () => {
    const all = await room();
    await all.synced('f', 'x');
    expect((await all.above({ regions: ['f/x'] })).rows).toBeUndefined();
    expect((await all.above({ regions: ['f/x/y'], present: ['f/x/y'] })).rows).toBeUndefined();
    all.user.remove('f');
    expect((await all.above({ regions: ['f/x'] })).rows).toBeUndefined();
    all.user.write('new', 'a file');
    expect((await all.above({ regions: ['new/x', 'x'] })).rows).toBeUndefined();
  });

  it('is left alone where it cannot be looked into', async () => {
    const all = await room();
    await all.synced('d/');
    const { signal } = new AbortController();
    const walked: unknown[] = [];
    const told = { path: 'd', side: 'local', code: 'unreadable', message: 'no' } as const;
    const walkOf = (at: string | undefined): Folder['walk'] =>
      async function* (options) {
        walked.push(options);
        yield [{ kind: 'rules', folder: undefined, text: '' }];
        yield [{ kind: 'problem', problem: told, path: at as RelPath | undefined, subtree: true }];
      };
    const seen = { regions: ['d/f'] };
    expect((await all.above(seen, { folder: { walk: walkOf('d') }, signal })).rows).toEqual([]);
    expect(walked).toEqual([{ under: 'd', signal }]);
    expect((await all.above(seen, { folder: { walk: walkOf('') } })).rows).toEqual([
      'd/: base remote; beneath: ',
    ]);
    expect(walked[1]).toEqual({ under: 'd' });
    // A name that cannot be synced says nothing of the folder.
    const other = await all.above(seen, { folder: { walk: walkOf(undefined) } });
    expect(other.rows).toEqual(['d/: base remote; beneath: ']);
  });
});
