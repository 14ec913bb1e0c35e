import { describe, expect, it } from 'vitest';
import { planUndo, type UndoRequest } from '../../../src/engine/history/plan-undo.ts';
import type { LocalStat, TrashRef } from '../../../src/engine/ports/folder.ts';
import type { TrashedFile } from '../../../src/engine/ports/history.ts';
import type { BaseRow, Fingerprint } from '../../../src/sync/entry.ts';
import type { RelPath } from '../../../src/sync/path.ts';

/** What an undo would put back, and what it leaves: by times alone, and by what the base says of what is there. */

const NOW = 1_767_000_000_000;
const MINUTE = 60_000;

function trashed(path: string, movedMs: number, changes: Partial<TrashedFile> & { run?: string } = {}) {
  const { run = 'run', ...others } = changes;
  return {
    ref: `${run}/${path}` as TrashRef,
    path: path as RelPath,
    ...{ movedMs, sizeBytes: 3, kind: 'file', executable: false, mtimeNs: 1_000_000_000n },
    ...others,
  } as const satisfies TrashedFile;
}

const print = (changes: Partial<Fingerprint> = {}): Fingerprint => ({
  ...{ inode: 1n, sizeBytes: 9, mtimeNs: 2_000_000_000n, ctimeNs: BigInt(NOW) * 1_000_000n },
  ...changes,
});
const file = (changes: Partial<Fingerprint> = {}): LocalStat => ({
  ...{ kind: 'file', executable: false, fingerprint: print(changes) },
});
const row = (local: Fingerprint | undefined, changes: Partial<BaseRow> = {}) =>
  ({ ...(local && { local }), ...changes }) as BaseRow;

interface There {
  readonly stats?: Readonly<Record<string, LocalStat>>;
  readonly rows?: Readonly<Record<string, BaseRow>>;
}

function plan(files: readonly TrashedFile[], request: Partial<UndoRequest> = {}, there: There = {}) {
  return planUndo(
    { files, paths: [], ...request },
    {
      folder: { stat: async (path) => there.stats?.[path] },
      base: { get: async (key) => there.rows?.[key] },
    },
  );
}

const paths = (found: Awaited<ReturnType<typeof plan>>) =>
  found?.steps.map(({ file: { path, movedMs } }) => `${path} ${movedMs - NOW}`);

describe('what an undo reaches back to', () => {
  it('is nothing where nothing was moved, or nothing of what was named', async () => {
    expect(await plan([])).toBeUndefined();
    expect(await plan([trashed('f', NOW)], { paths: ['d' as RelPath] })).toBeUndefined();
    expect(await plan([], { sinceMs: 1 })).toEqual({ sinceMs: 1, steps: [], edited: [] });
  });

  it('is a path and what is below it, and no name that only begins as it does', async () => {
    const files = ['d', 'd/e/f', 'd2', 'dd/f', 'x/d'].map((path) => trashed(path, NOW));
    expect(paths(await plan(files, { paths: ['d' as RelPath] }))).toEqual(['d 0', 'd/e/f 0']);
    const both = { paths: ['d2', 'x'] as RelPath[] };
    expect(paths(await plan(files, both))).toEqual(['d2 0', 'x/d 0']);
  });

  it('is the newest run, up to a pause of ten minutes, in whatever order it is listed', async () => {
    const files = [
      trashed('c', NOW - 20 * MINUTE),
      trashed('e', NOW - 30 * MINUTE - 1),
      trashed('a', NOW),
      trashed('d', NOW - 20 * MINUTE),
      trashed('b', NOW - 10 * MINUTE),
    ];
    for (const listed of [files, files.toReversed()]) {
      const found = await plan(listed);
      expect(found?.sinceMs).toBe(NOW - 20 * MINUTE);
      expect(found?.steps.map((step) => step.file.path)).toEqual(['a', 'b', 'c', 'd']);
    }
  });

  it('is not another run, and what that moved meanwhile goes along', async () => {
    const other = { run: 'other' };
    const files = [
      trashed('a', NOW),
      trashed('b', NOW - 2),
      trashed('c', NOW - 1, other),
      trashed('d', NOW - 3, other),
    ];
    for (const listed of [files, files.toReversed()])
      expect((await plan(listed))?.steps.map((step) => step.file.path)).toEqual(['a', 'b', 'c']);
  });

  it('is a moment, where one is named', async () => {
    const files = [trashed('a', NOW), trashed('b', NOW - 1), trashed('c', NOW - 60 * MINUTE)];
    const found = await plan(files, { sinceMs: NOW });
    expect([found?.sinceMs, paths(found)]).toEqual([NOW, ['a 0']]);
    expect(paths(await plan(files, { sinceMs: 0 }))).toHaveLength(3);
  });

  it('is the oldest of several changes of a path', async () => {
    const files = [trashed('f', NOW - 2), trashed('f', NOW), trashed('f', NOW - 3), trashed('f', NOW - 1)];
    expect(paths(await plan(files))).toEqual(['f -3']);
  });
});

describe('what is there now', () => {
  const MOVED = [trashed('f', NOW - 5), trashed('f', NOW)];
  const at = (ms: number) => ({ ctimeNs: BigInt(NOW + ms) * 1_000_000n });
  const later = at(2001);
  const decided = async (there: There, files: readonly TrashedFile[] = MOVED) => {
    const found = await plan(files, {}, there);
    return found?.steps[0]?.action ?? (found?.edited.length === 1 ? 'edited' : 'nothing');
  };

  it('is nothing: the file is made', async () => {
    expect(await decided({})).toBe('create');
  });

  it('is a folder, or no file at all: it stays', async () => {
    expect(await decided({ stats: { f: { kind: 'folder' } } })).toBe('edited');
    expect(await decided({ stats: { f: { kind: 'other' } } })).toBe('edited');
  });

  it('is what was brought back already: times are kept to the microsecond', async () => {
    const same = { sizeBytes: 3, mtimeNs: 1_000_000_999n, ...later };
    expect(await decided({ stats: { f: file(same) } })).toBe('nothing');
    expect(await decided({ stats: { f: file({ ...same, mtimeNs: 1_000_001_000n }) } })).toBe('edited');
    expect(await decided({ stats: { f: file({ ...same, sizeBytes: 4 }) } })).toBe('edited');
  });

  it('is what s4 put there, by the time of the last move, and two seconds', async () => {
    expect(await decided({ stats: { f: file(at(2000)) } })).toBe('replace');
    expect(await decided({ stats: { f: file(later) } })).toBe('edited');
    const listedOtherwise = { stats: { f: file(at(2000)) } };
    expect(await decided(listedOtherwise, MOVED.toReversed())).toBe('replace');
    const link: LocalStat = { kind: 'symlink', fingerprint: print(at(0)) };
    expect(await decided({ stats: { f: link } })).toBe('replace');
  });

  it('is what the base says both sides agree on: it is in the store', async () => {
    const stats = { f: file(later) };
    const replaced = (found: BaseRow) => decided({ stats, rows: { f: found } });
    expect(await replaced(row(print(later)))).toBe('replace');
    expect(await replaced(row(print(later), { racy: true }))).toBe('edited');
    expect(await replaced(row(print({ ...later, inode: 2n })))).toBe('edited');
    expect(await replaced(row(undefined))).toBe('edited');
  });
});

it('all is told in the order of paths', async () => {
  const edited = { kind: 'folder' } as const;
  const files = ['b', 'd', 'a', 'c'].map((path) => trashed(path, NOW));
  const found = await plan(files, {}, { stats: { d: edited, c: edited } });
  expect([found?.steps.map((step) => step.file.path), found?.edited]).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
});
