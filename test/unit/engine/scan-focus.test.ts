import { describe, expect, it } from 'vitest';
import type { Folder, WalkItem } from '../../../src/engine/ports/folder.ts';
import type { Scan } from '../../../src/engine/scan.ts';
import { type FocusOptions, scanFocus } from '../../../src/engine/scan-focus.ts';
import type { BaseRow } from '../../../src/sync/entry.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { baseRow, key, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** A look at some paths: what is left, what the store is asked, and where only a look at everything will do. */

interface LookOptions extends Partial<FocusOptions> {
  readonly folder?: Partial<Folder>;
  readonly signal?: AbortSignal;
  /** How many rows the base says it has. */
  readonly size?: number;
}

interface Room extends Omit<OperationRoom, 'look'> {
  /** A file, or with a slash an empty folder, that both sides have and the base knows. */
  synced(...paths: readonly string[]): Promise<void>;
  /** The look; `asked` is every request, in order, the check of the store's marker among them. */
  look(
    focus: { readonly local?: readonly string[]; readonly remote?: readonly string[] },
    options?: LookOptions,
  ): Promise<{
    readonly found: Scan | undefined;
    readonly rows: readonly string[] | undefined;
    asked: string[];
  }>;
}

const paths = (list: readonly string[] = []): RelPath[] => list.map((path) => path as RelPath);

async function* nothing(): AsyncGenerator<readonly WalkItem[]> {}

/** A room with a dozen files in it, so that a missing one does not empty a side. */
async function room(files = 12): Promise<Room> {
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
      else all.user.write(name, `content of ${name}`);
      all.server.put(name, isFolder ? '' : `content of ${name}`);
      const remote = await all.remote(name);
      rows.push(
        isFolder
          ? { key: key(name), content: { kind: 'folder' }, mtimeNs: 0n, remote: remote.token }
          : baseRow(await all.local(name), `content of ${name}`, remote),
      );
    }
    await all.base.record({ changes: rows.map((row) => ({ kind: 'set', row })) });
  };
  await synced(...Array.from({ length: files }, (_, i) => `keep/k${i}`));
  const look: Room['look'] = async (focus, options = {}) => {
    const { folder, signal, askAll = false, markers = 0, size = all.base.size } = options;
    asked.length = 0;
    const found = await scanFocus(
      { local: paths(focus.local), remote: paths(focus.remote) },
      {
        base: { ...all.base, size },
        folder: { ...all.folder, ...folder },
        store: all.store,
        storeIsOurs: async () => void asked.push('ours?'),
        ...(signal && { signal }),
      },
      { askAll, markers },
    );
    const rows = found?.rows.map(
      (row) =>
        `${row.key}:${row.base ? ' base' : ''}${row.local ? ' local' : ''}${row.remote ? ' remote' : ''}`,
    );
    return { found, rows, asked: [...asked] };
  };
  return { ...all, synced, look };
}

describe('a look at some paths', () => {
  it('asks nothing of the store where nothing is another, and counts what is outside too', async () => {
    const all = await room();
    await all.synced('d/f', 'd/e/');
    const { found, asked } = await all.look({ local: ['d/f', 'd/e', 'keep/k1'] }, { markers: 1 });
    expect(found).toEqual({
      rows: [],
      nowIgnored: [],
      counts: { baseFiles: 13, localFiles: 13, remoteFiles: 13 },
      problems: [],
      notices: [],
      goneThere: [],
    });
    expect(asked).toEqual([]);
  });

  it('takes the store for what the base says where something is new or another here', async () => {
    const all = await room();
    await all.synced('d/f');
    all.user.write('d/f', 'edited');
    all.user.write('d/new', 'new');
    all.server.put('d/f', 'by another, unheard');
    const { found, rows, asked } = await all.look({ local: ['d/f', 'd/new'] });
    expect(rows).toEqual(['d/f: base local remote', 'd/new: local']);
    expect(found?.rows[0]?.remote).toEqual({ key: 'd/f', token: found?.rows[0]?.base?.remote });
    expect(found?.counts).toEqual({ baseFiles: 13, localFiles: 14, remoteFiles: 13 });
    expect(asked).toEqual([]);
  });

  it('asks about what it is told of there, first of all whose the store is', async () => {
    const all = await room();
    await all.synced('d/f', 'd/g');
    all.server.put('d/f', 'by another');
    all.server.put('d/g', 'by another, unheard');
    all.server.put('e', 'new there');
    all.user.write('d/g', 'edited');
    const { found, rows, asked } = await all.look({ local: ['d/g'], remote: ['d/f', 'e'] });
    expect(rows).toEqual(['d/f: base local remote', 'd/g: base local remote', 'e: remote']);
    expect(found?.rows[0]?.remote).toEqual(await all.remote('d/f'));
    expect(found?.rows[1]?.remote?.token).toEqual(found?.rows[1]?.base?.remote);
    expect(asked).toEqual(['ours?', 'HEAD d/f', 'HEAD e']);
    expect(found?.counts).toEqual({ baseFiles: 14, localFiles: 14, remoteFiles: 15 });
  });

  it('asks about everything where it is told to', async () => {
    const all = await room();
    await all.synced('d/f', 'd/g');
    all.server.put('d/g', 'by another, unheard');
    const { rows, asked } = await all.look({ local: ['d/g'], remote: ['d/f'] }, { askAll: true });
    expect(rows).toEqual(['d/g: base local remote']);
    expect(asked.slice(0, 3)).toEqual(['ours?', 'HEAD d/f', 'HEAD d/g']);
  });

  it('asks before it takes a file that is gone here for deleted', async () => {
    const all = await room();
    await all.synced('d/f', 'd/g', 'd/h');
    all.user.remove('d/f');
    all.user.remove('d/g');
    all.server.put('d/f', 'by another, unheard');
    all.server.remove('d/g');
    const { found, rows, asked } = await all.look({ local: ['d/f', 'd/g'] });
    expect(rows).toEqual(['d/f: base remote', 'd/g: base']);
    expect(found?.rows[0]?.remote).toEqual(await all.remote('d/f'));
    expect(asked.slice(0, 3)).toEqual(['ours?', 'HEAD d/f', 'HEAD d/g']);
    expect(found?.counts).toEqual({ baseFiles: 15, localFiles: 13, remoteFiles: 14 });
  });

  it('asks once about a file that is gone here and named there', async () => {
    const all = await room();
    await all.synced('d/f', 'd/g', 'd/e/');
    all.user.remove('d/f');
    all.user.remove('d/e');
    const { rows, asked } = await all.look({ local: ['d/f'], remote: ['d/f', 'd/e'] });
    expect(rows).toEqual(['d/e/: base remote', 'd/f: base remote']);
    expect(asked.filter((request) => request === 'HEAD d/f')).toHaveLength(1);
    expect(asked.filter((request) => request === 'LIST d/e/')).toHaveLength(1);
  });

  it('lists a folder of which many are gone, instead of asking for each', async () => {
    const all = await room();
    await all.synced('three/1', 'three/2', 'three/3', 'three/x', 'four/1', 'four/2', 'four/3', 'four/4');
    all.server.put('four/new', 'by another, unheard');
    for (const path of ['three/1', 'three/2', 'three/3', 'four']) all.user.remove(path);
    const few = await all.look({ local: ['three'] });
    expect(few.asked.slice(0, 4)).toEqual(['ours?', 'HEAD three/1', 'HEAD three/2', 'HEAD three/3']);
    const many = await all.look({ local: ['four'] });
    expect(many.asked.slice(0, 3)).toEqual(['ours?', 'HEAD four', 'LIST four/']);
    expect(many.rows).toContain('four/new: remote');
  });

  it('puts what it found in order, also where a name begins with another', async () => {
    const all = await room();
    await all.synced('a', 'a-b', 'a.c/x');
    for (const path of ['a', 'a-b', 'a.c/x']) all.user.write(path, 'edited');
    const { rows } = await all.look({ local: ['a', 'a-b', 'a.c'] });
    expect(rows).toEqual(['a-b', 'a.c/x', 'a'].toSorted().map((path) => `${path}: base local remote`));
  });

  it('takes away the marker of a folder that holds something only where something changed in it', async () => {
    const all = await room();
    await all.synced('m/', 'm/f');
    expect((await all.look({ local: ['m/f'] })).rows).toEqual([]);
    expect((await all.look({ remote: ['m/f'] })).rows).toEqual(['m/: base remote']);
  });

  it('sees a folder that lost its last file there', async () => {
    const all = await room();
    await all.synced('d/f', 'd/g');
    all.server.remove('d/f');
    all.server.remove('d/g');
    const { rows } = await all.look({ remote: ['d/f', 'd/g'] });
    expect(rows).toEqual(['d/:', 'd/f: base local', 'd/g: base local']);
  });

  it('looks once at what is named twice, or in the folder of another', async () => {
    const all = await room();
    await all.synced('d/f');
    all.user.write('d/f', 'edited');
    const walked: unknown[] = [];
    const walk: Folder['walk'] = (options) => {
      walked.push(options);
      return all.folder.walk(options);
    };
    const going = new AbortController();
    const { rows } = await all.look(
      { local: ['d/f', 'd', 'd/f/x'] },
      { folder: { walk }, signal: going.signal },
    );
    expect(rows).toEqual(['d/f: base local remote']);
    expect(walked).toEqual([{ under: 'd', signal: going.signal }]);
  });

  it('stops when it is told to', async () => {
    const all = await room();
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(all.look({ local: ['keep'] }, { signal })).rejects.toThrow('stopped');
  });

  it('tells once what it found twice, and keeps what is unknown', async () => {
    const all = await room();
    await all.synced('d/f', 'd/g');
    const trouble = { path: 'd', side: 'local', code: 'unreadable', message: 'no' } as const;
    const items: readonly WalkItem[] = [
      { kind: 'notice', path: 'pipe', message: 'a pipe' },
      { kind: 'notice', path: 'pipe', message: 'and more of it' },
      { kind: 'problem', problem: trouble, path: 'd' as RelPath, subtree: true },
    ];
    const walk: Folder['walk'] = async function* () {
      yield items;
    };
    const { found, rows, asked } = await all.look({ local: ['d/f', 'd/g'] }, { folder: { walk } });
    expect([rows, asked]).toEqual([[], []]);
    expect(found?.notices).toEqual([
      { path: 'pipe', message: 'a pipe' },
      { path: 'pipe', message: 'and more of it' },
    ]);
    expect(found?.problems).toEqual([trouble, trouble]);
  });

  it('leaves the marker of a folder that it cannot read, whatever is in there', async () => {
    const all = await room();
    await all.synced('d/', 'x', 'z/f');
    all.user.write('x', 'edited');
    all.disk.setUnreadable('d', true);
    expect((await all.look({ local: ['d/f', 'x'] })).rows).toEqual(['x: base local remote']);
    all.disk.setUnreadable('d', false);
    all.user.write('d/f', 'new');
    all.disk.setUnreadable('z', true);
    expect((await all.look({ local: ['d/f', 'x', 'z/f'] })).rows).toEqual([
      'd/: base remote',
      'd/f: local',
      'x: base local remote',
    ]);
  });

  it('follows the rules of the folders above', async () => {
    const all = await room();
    await all.synced('d/.syncignore', 'd/old.tmp');
    all.user.write('d/.syncignore', '*.tmp');
    all.user.write('d/old.tmp', 'edited');
    all.user.write('d/new.tmp', 'new');
    const { found, rows } = await all.look({ local: ['d/old.tmp', 'd/new.tmp'] });
    expect(rows).toEqual([]);
    expect(found?.nowIgnored.map((row) => row.key)).toEqual(['d/old.tmp']);
    expect(found?.counts).toEqual({ baseFiles: 14, localFiles: 13, remoteFiles: 13 });
  });

  it('takes a folder that holds only what is not synced for there', async () => {
    const all = await room();
    await all.synced('d/f', '.syncignore');
    all.user.write('.syncignore', '*.tmp');
    all.user.rename('d/f', 'd/x.tmp');
    const ignored = await all.look({ local: ['d/f', 'd/x.tmp'] });
    expect(ignored.rows).toEqual(['d/f: base remote']);
    all.user.remove('d/x.tmp');
    all.user.fifo('d/pipe');
    const pipe = await all.look({ local: ['d/f', 'd/pipe'] });
    expect(pipe.rows).toEqual(['d/f: base remote']);
    all.user.remove('d/pipe');
    const empty = await all.look({ local: ['d/f', 'd/pipe'] });
    expect(empty.rows).toEqual(['d/: local', 'd/f: base remote']);
  });
});

describe('only a look at everything will do', () => {
  it('for rule files, also of a folder that is named', async () => {
    const all = await room();
    await all.synced('d/f');
    expect((await all.look({ local: ['d/f', '.syncignore'] })).found).toBeUndefined();
    expect((await all.look({ local: ['d/f'], remote: ['d/.syncignore'] })).found).toBeUndefined();
    expect((await all.look({ local: ['d'] })).found).toBeDefined();
    all.user.write('d/.syncignore', 'f');
    expect((await all.look({ local: ['d'] })).found).toBeUndefined();
  });

  it('for a file and a folder of one name, on whatever side', async () => {
    const all = await room();
    await all.synced('a', 'b/x', 'c/x');
    all.user.remove('a');
    all.user.write('a/x', 'inside');
    expect((await all.look({ local: ['a'] })).found).toBeUndefined();
    all.user.remove('b');
    all.user.write('b', 'a file');
    expect((await all.look({ local: ['b'] })).found).toBeUndefined();
    all.server.put('c', 'a file there');
    expect((await all.look({ local: [], remote: ['c'] })).found).toBeUndefined();
    all.server.put('d', 'both');
    all.server.put('d/x', 'both');
    expect((await all.look({ local: [], remote: ['d', 'd/x'] })).found).toBeUndefined();
    all.user.write('e/x', 'in a folder here');
    all.server.put('e', 'a file there');
    expect((await all.look({ local: ['e/x'], remote: ['e'] })).found).toBeUndefined();
    all.user.write('f', 'a file here');
    all.server.put('f/x', 'in a folder there');
    expect((await all.look({ local: ['f'], remote: ['f/x'] })).found).toBeUndefined();
    await all.synced('g/x');
    all.user.remove('g');
    all.server.remove('g/x');
    all.user.write('g', 'a file here');
    expect((await all.look({ local: ['g'], remote: ['g/x'] })).found).toBeUndefined();
  });

  it('where a folder above is a file, here or in the base', async () => {
    const all = await room();
    await all.synced('f');
    expect((await all.look({ local: ['f/x'] })).found).toBeUndefined();
    all.user.remove('f');
    all.user.write('f/x', 'inside');
    expect((await all.look({ local: ['f/x'] })).found).toBeUndefined();
  });

  it('where more is to be asked than a listing costs', async () => {
    const all = await room();
    const folder = { walk: nothing };
    const named = Array.from({ length: 111 }, (_, i) => `s${i}`);
    const few = { remote: named.slice(0, 110) };
    expect((await all.look(few, { folder, size: 1000 })).found).toBeDefined();
    expect((await all.look(few, { folder, size: 999 })).found).toBeUndefined();
    const many = await all.look({ remote: named }, { folder, size: 1000 });
    expect([many.found, many.asked]).toEqual([undefined, []]);
    expect((await all.look({ local: named }, { folder, size: 1000 })).found).toBeDefined();
    const all111 = await all.look({ local: named }, { folder, size: 1000, askAll: true });
    expect([all111.found, all111.asked]).toEqual([undefined, []]);
  });

  it('where more is gone than a listing costs', async () => {
    const all = await room(0);
    const names = Array.from({ length: 111 }, (_, i) => `f${i}`);
    await all.synced(...names);
    for (const path of names) all.user.remove(path);
    const folder = { walk: nothing };
    expect((await all.look({ local: names.slice(1) }, { folder, size: 1000 })).found).toBeDefined();
    const many = await all.look({ local: names }, { folder, size: 1000 });
    expect([many.found, many.asked]).toEqual([undefined, []]);
  });

  it('where more is named than is cheap to look at by itself', async () => {
    const all = await room();
    let walks = 0;
    const walk: Folder['walk'] = () => {
      walks++;
      return nothing();
    };
    const strangers = (count: number) => ({ local: Array.from({ length: count }, (_, i) => `s${i}`) });
    expect((await all.look(strangers(2101), { folder: { walk }, size: 1000 })).found).toBeUndefined();
    expect(walks).toBe(0);
    expect((await all.look(strangers(2100), { folder: { walk }, size: 1000 })).found).toBeDefined();
    expect(walks).toBe(2100);
  });

  it.each([
    [10, 'defined'],
    [9, 'undefined'],
  ])('where a side would be left with few files (%i: %s)', async (left, answer) => {
    for (const side of ['local', 'remote'] as const) {
      const all = await room(left);
      await all.synced('d/f');
      if (side === 'local') all.user.remove('d/f');
      else all.server.remove('d/f');
      const { found } = await all.look({ [side]: ['d/f'] });
      expect(found === undefined ? 'undefined' : 'defined').toBe(answer);
    }
  });

  it('where few files are left, one of several is gone', async () => {
    const all = await room(9);
    await all.synced('d/f');
    all.user.remove('d/f');
    all.user.write('keep/k1', 'edited');
    expect((await all.look({ local: ['d/f', 'keep/k1'] })).found).toBeUndefined();
  });

  it('where few files are left, but not for folders and edits', async () => {
    const all = await room(3);
    await all.synced('d/');
    all.user.write('keep/k1', 'edited');
    all.user.write('keep/new', 'new');
    all.user.remove('d');
    const { rows } = await all.look({ local: ['keep/k1', 'keep/new', 'd'] }, { markers: 1 });
    expect(rows).toEqual(['d/: base remote', 'keep/k1: base local remote', 'keep/new: local']);
  });
});

describe('a name that can be written in two ways', () => {
  const NFC = 'caf\u00e9';

  it('is looked at alone where the base and both sides have it', async () => {
    const all = await room();
    await all.synced(NFC);
    all.user.write(NFC, 'edited');
    expect((await all.look({ local: [NFC] })).rows).toEqual([`${NFC}: base local remote`]);
    all.user.remove(NFC);
    expect((await all.look({ local: [NFC] })).rows).toEqual([`${NFC}: base remote`]);
  });

  it('needs a look at everything where it is new, or gone there', async () => {
    const all = await room();
    all.user.write(NFC, 'new');
    expect((await all.look({ local: [NFC] })).rows).toEqual([`${NFC}: local`]);
    all.server.put('d/caf\u00e9', 'new there');
    expect((await all.look({ remote: ['d/caf\u00e9'] })).found).toBeUndefined();
    await all.synced('e/caf\u00e9', 'e/x');
    all.server.remove('e/caf\u00e9');
    expect((await all.look({ remote: ['e/caf\u00e9'] })).found).toBeUndefined();
  });

  it('is a folder where it is one here: that is looked at alone', async () => {
    const all = await room();
    all.user.mkdir(NFC);
    expect((await all.look({ local: [NFC] })).rows).toEqual([`${NFC}/: local`]);
  });

  it('is any name where the disk folds case: if another spelling of it may be here', async () => {
    const all = await room();
    await all.synced('gone');
    const stat: Folder['stat'] = (path) => all.folder.stat(path.toLowerCase() as RelPath);
    const folds = { folder: { foldsCase: true, stat } } as const;
    all.server.put('New', 'new there');
    expect((await all.look({ remote: ['New'] }, folds)).rows).toEqual(['New: remote']);
    all.user.write('new', 'here');
    expect((await all.look({ remote: ['New'] }, folds)).found).toBeUndefined();
    expect((await all.look({ remote: ['New'] })).rows).toEqual(['New: remote']);
    all.server.remove('gone');
    expect((await all.look({ remote: ['gone'] }, folds)).found).toBeUndefined();
    expect((await all.look({ remote: ['gone'] })).rows).toEqual(['gone: base local']);
  });
});
