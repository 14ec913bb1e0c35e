import { describe, expect, it } from 'vitest';
import type { Base } from '../../../src/engine/ports/base.ts';
import type { Folder, WalkItem, WalkOptions } from '../../../src/engine/ports/folder.ts';
import type { ListedObject, ObjectKey, Store } from '../../../src/engine/ports/store.ts';
import { type ScanOptions, scan } from '../../../src/engine/scan.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { BaseRow } from '../../../src/sync/entry.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import type { Problem } from '../../../src/sync/problem.ts';
import { baseRow, joined, key, localRow, remoteRow } from '../sync/build.ts';

/** A look at everything: what of three streams is left, what is told, and what the folder and the store are asked. */

const here = (name: string, state = 0): WalkItem => ({ kind: 'entry', row: localRow(name, state) });
const there = (name: string, state = 0): ListedObject => ({
  key: name as ObjectKey,
  token: remoteRow(name, state).token,
});
const at = (path: string): RelPath => path as RelPath;
const trouble: Problem = { path: 'as found', side: 'local', code: 'unreadable', message: 'no' };

interface Sides {
  readonly base?: readonly (readonly BaseRow[])[];
  /** An error ends a stream; a function is called when its turn comes. */
  readonly local?: readonly (readonly WalkItem[] | Error | (() => void))[];
  readonly remote?: readonly (readonly ListedObject[] | Error)[];
  readonly prefixBytes?: number;
}

async function* stream<T>(batches: readonly (readonly T[] | Error | (() => void))[]) {
  for (const batch of batches) {
    await Promise.resolve();
    if (batch instanceof Error) throw batch;
    if (typeof batch === 'function') batch();
    else yield batch;
  }
}

async function look(sides: Sides, options: Partial<ScanOptions> = {}) {
  const asked: { walk?: WalkOptions | undefined; list?: Parameters<Store['list']>[0] } = {};
  const folder: Pick<Folder, 'walk'> = {
    walk: (how) => {
      asked.walk = how;
      return stream(sides.local ?? []);
    },
  };
  const store: Pick<Store, 'list' | 'prefixBytes'> = {
    prefixBytes: sides.prefixBytes ?? 0,
    list: (how) => {
      asked.list = how;
      return stream(sides.remote ?? []);
    },
  };
  const base: Pick<Base, 'rows'> = { rows: () => stream(sides.base ?? []) };
  const found = await scan(folder as Folder, store, base, {
    distrustStat: false,
    extraRules: new Map(),
    ...options,
  });
  return { ...found, asked, keys: found.rows.map((row) => row.key) };
}

describe('a look at everything', () => {
  it('keeps what is not equal on all three sides, and counts files', async () => {
    const found = await look({
      base: [[baseRow('changed'), baseRow('equal')], [baseRow('gone')]],
      local: [[here('changed', 1), here('equal')], [here('new')]],
      remote: [[there('changed')], [there('equal'), there('theirs')]],
    });
    expect(found.rows).toEqual([
      joined('changed', { base: 0, local: 1, remote: 0 }),
      joined('gone', { base: 0 }),
      joined('new', { local: 0 }),
      joined('theirs', { remote: 0 }),
    ]);
    expect(found.counts).toEqual({ baseFiles: 3, localFiles: 3, remoteFiles: 3 });
    expect([found.problems, found.notices, found.nowIgnored]).toEqual([[], [], []]);
    expect(found.asked).toStrictEqual({ walk: { extraRules: new Map() }, list: {} });
  });

  it('shows each file again where no stat is believed', async () => {
    const sides = { base: [[baseRow('f')]], local: [[here('f')]], remote: [[there('f')]] };
    expect((await look(sides)).keys).toEqual([]);
    expect((await look(sides, { distrustStat: true })).keys).toEqual(['f']);
  });

  it('counts the folders that the base knows, also those that it does not look at', async () => {
    const base = [[baseRow('d/'), baseRow('d/f')], [baseRow('e/'), baseRow('e/f')], [baseRow('f/')]];
    expect((await look({ base })).markers).toBe(3);
    expect((await look({ base }, { under: at('d') })).markers).toBe(3);
  });

  it('keeps to a path and what is below it, on every side', async () => {
    const names = ['d', 'd-e', 'd.f', 'd/x', 'd/y/z', 'dd/x', 'e'];
    const sides = {
      base: [names.map((name) => baseRow(name))],
      remote: [names.map((name) => there(name))],
      local: [],
    };
    const found = await look(sides, { under: at('d') });
    expect(found.rows.map(({ key, base, remote }) => [key, base && 'base', remote && 'remote'])).toEqual(
      ['d', 'd/x', 'd/y/z'].map((name) => [name, 'base', 'remote']),
    );
    expect(found.asked).toStrictEqual({
      walk: { extraRules: new Map(), under: 'd' },
      list: { under: 'd' },
    });
    const marker = await look({ base: [[baseRow('d/')]] }, { under: at('d') });
    expect(marker.keys).toEqual(['d/']);
  });

  it('takes what the walk could not read for unknown, not for gone', async () => {
    const base = [[baseRow('bad'), baseRow('bad/in'), baseRow('dark'), baseRow('dark/in'), baseRow('gone')]];
    const found = await look({
      base,
      local: [
        [
          { kind: 'problem', problem: trouble, path: at('bad'), subtree: false },
          { kind: 'problem', problem: { ...trouble, path: 'nowhere' }, path: undefined, subtree: true },
        ],
        [{ kind: 'problem', problem: { ...trouble, path: 'dark' }, path: at('dark'), subtree: true }],
      ],
    });
    expect(found.keys).toEqual(['bad/in', 'gone']);
    expect(found.problems).toEqual([trouble, { ...trouble, path: 'nowhere' }, { ...trouble, path: 'dark' }]);
  });

  it('tells the notices of the walk, and nothing of what is ignored', async () => {
    const found = await look({
      local: [
        [
          { kind: 'notice', path: 'pipe', message: 'a pipe' },
          { kind: 'ignored', path: at('x'), folder: true },
        ],
      ],
    });
    expect(found.notices).toEqual([{ path: 'pipe', message: 'a pipe' }]);
    expect([found.keys, found.problems]).toEqual([[], []]);
  });
});

describe('rules of a look at everything', () => {
  it('are those of the walk, on the other sides too', async () => {
    const found = await look({
      base: [[baseRow('a.tmp'), baseRow('d/b.log')]],
      local: [
        [{ kind: 'rules', folder: undefined, text: '*.tmp\nbuild/\n' }],
        [{ kind: 'rules', folder: at('d'), text: '*.log' }],
      ],
      remote: [[there('build'), there('c.tmp'), there('d/b.log'), there('e.log'), there('e/build/x')]],
    });
    expect(found.keys).toEqual(['build', 'e.log']);
    expect(found.nowIgnored).toEqual([
      joined('a.tmp', { base: 0 }),
      joined('d/b.log', { base: 0, remote: 0 }),
    ]);
    expect(found.counts).toEqual({ baseFiles: 0, localFiles: 0, remoteFiles: 2 });
  });

  it('are also those of the other side, while its rule file is another', async () => {
    const extraRules = new Map([
      ['', { text: '*.tmp', aloneThere: false }],
      ['d', { text: 'x', aloneThere: true }],
    ]);
    const remote = [[there('a.tmp'), there('d/x'), there('x')]];
    const found = await look({ remote }, { extraRules });
    expect(found.keys).toEqual(['x']);
    expect(found.asked.walk?.extraRules).toEqual(
      new Map([
        ['', '*.tmp'],
        ['d', 'x'],
      ]),
    );
  });

  it.each([
    ['that is here too, takes back what that one takes back', false, ['d/keep.log']],
    ['that is there alone takes nothing back: without it, what is ignored is', true, []],
  ])('of a file %s', async (_, aloneThere, kept) => {
    const found = await look(
      {
        local: [[{ kind: 'rules', folder: undefined, text: '*.log' }]],
        remote: [[there('d/keep.log'), there('d/other.log')]],
      },
      { extraRules: new Map([['d', { text: '!keep.log', aloneThere }]]) },
    );
    expect(found.keys).toEqual(kept);
  });
});

describe('a listing', () => {
  it('is put in order, and the later of two looks at a key holds', async () => {
    const remote = [[there('b'), there('a', 1)], [there('c'), there('a', 2)], [there('b', 3)]];
    expect((await look({ remote })).rows).toEqual([
      joined('a', { remote: 2 }),
      joined('b', { remote: 3 }),
      joined('c', { remote: 0 }),
    ]);
    expect((await look({ remote: [[there('b'), there('a')]] })).keys).toEqual(['a', 'b']);
    expect((await look({ remote: [[there('a')], [there('a', 1)]] })).rows).toEqual([
      joined('a', { remote: 1 }),
    ]);
    const twice = [[there('a'), there('a', 1)], [there('b')]];
    expect((await look({ remote: twice })).rows).toEqual([
      joined('a', { remote: 1 }),
      joined('b', { remote: 0 }),
    ]);
  });

  it('says which keys no folder can hold, and nothing of those of s4 and of the prefix', async () => {
    const found = await look({
      remote: [[there(''), there('.s4/heads/me.json'), there('.S4/x'), there('a//b'), there('d/.s4/x')]],
    });
    expect(found.keys).toEqual([]);
    expect(found.problems).toEqual([
      {
        path: 'a//b',
        side: 'remote',
        code: 'bad-key',
        message: 'no folder can hold a file of this name (empty-segment)',
        hint: 'Rename the object in the bucket.',
      },
      expect.objectContaining({ path: 'd/.s4/x', code: 'bad-key' }),
    ]);
  });

  it('counts the prefix with the length of a key', async () => {
    const long = 'x'.repeat(200);
    const remote = [[there(`${long}/${long}/${long}/${long}/${long}`)]];
    expect((await look({ remote, prefixBytes: 20 })).problems).toEqual([]);
    expect((await look({ remote, prefixBytes: 21 })).problems).toMatchObject([{ code: 'bad-key' }]);
  });

  it('says which objects are archived', async () => {
    const found = await look({ remote: [[{ ...there('a'), archived: true }, there('b')]] });
    expect(found.rows.map(({ remote }) => remote)).toStrictEqual([
      { ...remoteRow('a'), archived: true },
      remoteRow('b'),
    ]);
    expect(found.rows[0]?.key).toBe(key('a'));
  });
});

describe('a look that fails', () => {
  it('fails as a whole where a page of the listing does', async () => {
    const offline = new S4Error('STORE_UNREACHABLE', 'offline');
    const sides = { base: [[baseRow('f')]], local: [[here('f')]], remote: [[there('f')], offline] };
    await expect(look(sides)).rejects.toBe(offline);
  });

  it('with the walk tells that, and leaves no failure of the listing behind', async () => {
    const lost: unknown[] = [];
    const note = (error: unknown) => void lost.push(error);
    process.on('unhandledRejection', note);
    const missing = new S4Error('FOLDER_MISSING', 'gone');
    const offline = new S4Error('STORE_UNREACHABLE', 'offline');
    await expect(look({ local: [missing], remote: [[], [], [], [], offline] })).rejects.toBe(missing);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    process.off('unhandledRejection', note);
    expect(lost).toEqual([]);
  });

  it('stops when it is told to, and lets the walk and the listing know', async () => {
    const stop = new AbortController();
    const sides = { local: [[here('a')], () => stop.abort(new Error('stopped')), [here('b')]] };
    await expect(look(sides, { signal: stop.signal })).rejects.toThrow('stopped');
    const going = new AbortController();
    const { asked } = await look({}, { signal: going.signal });
    expect(asked).toEqual({
      walk: { extraRules: new Map(), signal: going.signal },
      list: { signal: going.signal },
    });
  });
});
