import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BaseRow, LocalRow, RemoteRow } from '../../../src/sync/entry.ts';
import { createJoin, type JoinedRow, type JoinResult, type LocalItem } from '../../../src/sync/join.ts';
import { compareKeys, isFolderKey, keyPath, type RelPath } from '../../../src/sync/path.ts';
import { baseRow, fingerprint, key, localRow, remoteRow } from './build.ts';

interface Unknown {
  readonly path: string;
  readonly subtree: boolean;
}

interface Streams {
  /** State by key. */
  readonly base: Readonly<Record<string, number>>;
  readonly local: Readonly<Record<string, number>>;
  readonly remote: Readonly<Record<string, number>>;
  readonly unknown?: readonly Unknown[];
  readonly ignored?: ReadonlySet<string>;
}

interface Seen {
  readonly key: string;
  readonly base: number | undefined;
  readonly local: number | undefined;
  readonly remote: number | undefined;
  /** base, local, remote, settled */
  readonly beneath: string;
  readonly under: string | undefined;
}

const sortedKeys = (side: Readonly<Record<string, number>>): string[] => Object.keys(side).sort(compareKeys);
const stateOf = (etag: string | undefined): number | undefined =>
  etag === undefined ? undefined : Number(etag.slice('etag-'.length));

function localItems({ local, unknown = [] }: Streams): LocalItem[] {
  const entries = sortedKeys(local).map((name): [string, LocalItem] => [
    name,
    { kind: 'entry', row: localRow(name, local[name]) },
  ]);
  // As the walk yields them: an unreadable folder at the place of its slash.
  const gaps = unknown.map(({ path, subtree }): [string, LocalItem] => [
    subtree ? `${path}/` : path,
    { kind: 'unknown', path: path as RelPath, subtree },
  ]);
  return [...entries, ...gaps].sort(([a], [b]) => compareKeys(a, b)).map(([, item]) => item);
}

/** Delivers the streams in batches of the given sizes, over and over, to whichever side is wanted. */
function runJoin(streams: Streams, sizes: readonly number[], distrustStat = false): JoinResult {
  const join = createJoin({ isIgnored: (k) => streams.ignored?.has(k) === true, distrustStat });
  const left = {
    base: sortedKeys(streams.base).map((name) => baseRow(name, streams.base[name])),
    local: localItems(streams),
    remote: sortedKeys(streams.remote).map((name) => remoteRow(name, streams.remote[name])),
  };
  let turn = 0;
  for (let side = join.wants(); side !== undefined; side = join.wants()) {
    const size = sizes[turn++ % sizes.length] ?? 1;
    if (left[side].length === 0) join.end(side);
    else if (side === 'base') join.pushBase(left.base.splice(0, size));
    else if (side === 'local') join.pushLocal(left.local.splice(0, size));
    else join.pushRemote(left.remote.splice(0, size));
  }
  return join.result();
}

const flags = (...bits: readonly boolean[]): string => bits.map((bit) => (bit ? '1' : '0')).join('');

function seen(row: JoinedRow): Seen {
  const { base, local, remote, settled } = row.beneath;
  const localState = row.local?.kind === 'folder' ? 0 : row.local?.fingerprint.inode;
  return {
    key: row.key,
    base: stateOf(row.base?.remote.etag),
    local: row.local?.kind === 'folder' ? 0 : localState === undefined ? undefined : Number(localState) - 1,
    remote: stateOf(row.remote?.token.etag),
    beneath: flags(base, local, remote, settled),
    under: row.under?.key,
  };
}

/** The same, slowly: look at every key of the three sides by itself. */
function model(streams: Streams): { rows: Seen[]; nowIgnored: string[]; counts: JoinResult['counts'] } {
  const { base, local, remote, unknown = [], ignored } = streams;
  const all = [...new Set([base, local, remote].flatMap(sortedKeys))].sort(compareKeys);
  const isIgnored = (k: string) => ignored?.has(k) === true;
  const isUnknown = (k: string) =>
    unknown.some(({ path, subtree }) => k === path || (subtree && k.startsWith(`${path}/`)));
  const looked = all.filter((k) => !isIgnored(k) && !isUnknown(k));
  const localAll = [...Object.keys(local), ...unknown.map(({ path }) => path)];
  const below = (names: readonly string[], prefix: string) =>
    names.some((name) => name !== prefix && name.startsWith(prefix));
  const isSettled = (k: string): boolean => {
    const [b, l, r] = [base[k], local[k], remote[k]];
    if (!isFolderKey(key(k))) return b !== undefined && b === l && b === r;
    if (b === undefined && l === undefined) return below(localAll, k) && below(Object.keys(remote), k);
    return b !== undefined && l !== undefined && r !== undefined;
  };
  const rows = looked.flatMap((k): Seen[] => {
    const children = looked.filter((child) => child.startsWith(`${k}/`));
    const folder = isFolderKey(key(k));
    if (folder ? isSettled(k) : isSettled(k) && children.length === 0) return [];
    const beneath = folder
      ? flags(below(Object.keys(base), k), below(localAll, k), below(Object.keys(remote), k), false)
      : flags(
          children.some((child) => base[child] !== undefined),
          children.some((child) => local[child] !== undefined),
          children.some((child) => remote[child] !== undefined),
          children.some(isSettled),
        );
    const under = looked.filter((file) => !isFolderKey(key(file)) && k.startsWith(`${file}/`)).at(-1);
    const localState = local[k] === undefined ? undefined : folder ? 0 : local[k];
    return [{ key: k, base: base[k], local: localState, remote: remote[k], beneath, under }];
  });
  const files = (side: Readonly<Record<string, number>>): number =>
    Object.keys(side).filter((k) => !isFolderKey(key(k)) && !isIgnored(k)).length;
  return {
    rows,
    nowIgnored: all.filter((k) => isIgnored(k) && base[k] !== undefined),
    counts: { baseFiles: files(base), localFiles: files(local), remoteFiles: files(remote) },
  };
}

const NAMES = [
  'a',
  'a!',
  'a/',
  'a/x',
  'a/x/',
  'a/x/y',
  'a/z',
  'a!/',
  'a!/b',
  'b',
  'b/',
  'é',
  '\u{1f600}',
  '\uffee',
];
const side = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(0, 1), { noNullPrototype: true });
const streams = fc
  .record({
    base: side,
    local: side,
    remote: side,
    ignored: fc.subarray(NAMES).map((names) => new Set(names.slice(0, 2))),
    unknown: fc.constantFrom<Unknown[][]>(
      [],
      [{ path: 'a/x', subtree: false }],
      [{ path: 'a/x', subtree: true }],
      [{ path: 'a', subtree: true }],
      [{ path: 'b', subtree: false }],
    ),
  })
  .map((drawn): Streams => {
    // What the walk could not look at it did not find, and a name it could not enter was a folder's.
    const hidden = (k: string) =>
      drawn.unknown.some(
        ({ path, subtree }) => k === path || k === `${path}/` || (subtree && k.startsWith(`${path}/`)),
      );
    const local = Object.fromEntries(Object.entries(drawn.local).filter(([k]) => !hidden(k)));
    const folders = drawn.unknown.flatMap(({ path, subtree }) => (subtree ? [path] : []));
    const without = (rows: Record<string, number>) =>
      Object.fromEntries(Object.entries(rows).filter(([k]) => !folders.includes(k)));
    return { ...drawn, local, base: without(drawn.base), remote: without(drawn.remote) };
  });

describe('the join of three sorted streams', () => {
  it('is a full outer join of what is not settled, whatever the batches are', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(streams, sizes, (drawn, cuts) => {
        const result = runJoin(drawn, cuts);
        const expected = model(drawn);
        expect(result.rows.map(seen)).toEqual(expected.rows);
        expect(result.nowIgnored.map((row) => row.key)).toEqual(expected.nowIgnored);
        expect(result.counts).toEqual(expected.counts);
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves nothing of rows that are equal on all sides', () => {
    const equal = { a: 1, 'a!': 2, 'b/': 0, 'c/d': 3 };
    const result = runJoin({ base: equal, local: equal, remote: equal }, [100]);
    expect(result.rows).toEqual([]);
    expect(result.counts).toEqual({ baseFiles: 3, localFiles: 3, remoteFiles: 3 });
  });

  it('reports every file of the base when stats are not to be trusted', () => {
    const equal = { a: 1, 'b/': 0 };
    const { rows } = runJoin({ base: equal, local: equal, remote: equal }, [1], true);
    expect(rows.map((row) => row.key)).toEqual(['a']);
  });

  it('sees a file that is a folder elsewhere, though other names sort in between', () => {
    const { rows } = runJoin({ base: {}, local: { a: 1, 'a!': 1, 'a!b': 1 }, remote: { 'a/x': 1 } }, [1]);
    const [file, ...others] = rows.map(seen);
    expect(file).toMatchObject({ key: 'a', beneath: flags(false, false, true, false) });
    expect(others.find((row) => row.key === 'a/x')?.under).toBe('a');
    expect(others.find((row) => row.key === 'a!')?.under).toBeUndefined();
  });

  it('reports a settled file with a settled child: the store holds both names', () => {
    const equal = { a: 1, 'a/x': 1 };
    const { rows } = runJoin({ base: equal, local: { a: 1 }, remote: equal }, [2]);
    expect(rows.map(seen).map((row) => row.key)).toEqual(['a', 'a/x']);
  });

  it('says nothing of what is unknown here, and much of what is not', () => {
    const base = { 'a/x': 1, 'a/y': 1, 'b/x': 1, c: 1 };
    const unknown = [
      { path: 'a', subtree: true },
      { path: 'c', subtree: false },
    ];
    const { rows } = runJoin({ base, local: {}, remote: base, unknown }, [1]);
    expect(rows.map((row) => row.key)).toEqual(['b/x']);
  });

  it.each<[string, Partial<BaseRow>, Partial<LocalRow>, Partial<RemoteRow>, boolean]>([
    ['nothing', {}, {}, {}, true],
    ['a racy stat', { racy: true }, {}, {}, false],
    ['another inode', {}, { fingerprint: { ...fingerprint(1), inode: 99n } }, {}, false],
    ['another ctime', {}, { fingerprint: { ...fingerprint(1), ctimeNs: 99n } }, {}, false],
    ['the executable bit', {}, { executable: true }, {}, false],
    ['its kind', {}, { kind: 'symlink' }, {}, false],
    ['another ETag', {}, {}, { token: { etag: 'other', sizeBytes: 10, modifiedMs: 1000 } }, false],
  ])('a row settles unless there is a doubt: %s', (_, b, l, r, settled) => {
    const join = createJoin({ isIgnored: () => false, distrustStat: false });
    join.pushBase([{ ...baseRow('f', 1), ...b }]);
    join.pushLocal([{ kind: 'entry', row: { ...localRow('f', 1), ...l } as LocalRow }]);
    join.pushRemote([{ ...remoteRow('f', 1), ...r }]);
    for (const each of ['base', 'local', 'remote'] as const) join.end(each);
    expect(join.wants()).toBeUndefined();
    expect(join.result().rows.map((row) => keyPath(row.key))).toEqual(settled ? [] : ['f']);
  });

  it('settles a symlink without a mode, and never a row whose stat was not recorded', () => {
    const join = createJoin({ isIgnored: () => false, distrustStat: false });
    const content = { kind: 'symlink', digest: 'd' as never, sizeBytes: 10 } as const;
    const { local: _, ...unrecorded } = baseRow('g', 1);
    join.pushBase([{ ...baseRow('f', 1), content }, unrecorded]);
    const link: LocalRow = { kind: 'symlink', key: key('f'), fingerprint: fingerprint(1) };
    join.pushLocal([link, localRow('g', 1)].map((row) => ({ kind: 'entry', row })));
    join.pushRemote([remoteRow('f', 1), remoteRow('g', 1)]);
    for (const each of ['base', 'local', 'remote'] as const) join.end(each);
    join.wants();
    expect(join.result().rows.map((row) => row.key)).toEqual(['g']);
  });
});
