import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Judged, Resolution } from '../../../src/sync/judged.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { makePlan, type Plan, type PlanInput } from '../../../src/sync/plan.ts';
import type { Decision } from '../../../src/sync/reconcile.ts';
import { DOWN, entry, folder, joined, key, type Sides, UP } from './build.ts';

const DELETE_LOCAL = { kind: 'delete-local' } as const;
const DELETE_REMOTE = { kind: 'delete-remote' } as const;
const CONFLICT = { kind: 'conflict' } as const;

function plan(judged: readonly Judged[], more: Partial<PlanInput> = {}): Plan {
  return makePlan({
    judged,
    remoteRenames: [],
    localRenames: [],
    resolutions: new Map(),
    copyPath: (row) => `${row.key} (copy)` as RelPath,
    ...more,
  });
}

/** `step kind key`, in the order of the plan. */
function lines(made: Plan): string[] {
  return made.operations.map(({ step, operation }) => `${step}: ${operation.kind} ${operation.key}`);
}

const rename = (from: string, to: string) => ({ from: key(from), to: key(to) });

describe('a plan', () => {
  it('has one operation for each decision', () => {
    const judged = [
      entry('a-none', { base: 0, local: 0, remote: 0 }, { kind: 'none' }),
      entry('b-adopt', { local: 0, remote: 0 }, { kind: 'adopt' }),
      entry('c-forget', { base: 0 }, { kind: 'forget' }),
      entry('d-up', { local: 0 }, UP),
      entry('e-down', { remote: 0 }, DOWN),
      entry('f-mode-up', { base: 0, local: 0, remote: 0 }, { kind: 'mode-up' }),
      entry('g-mode-down', { base: 0, local: 0, remote: 0 }, { kind: 'mode-down' }),
      entry('h-gone-there', { base: 0, local: 0 }, DELETE_LOCAL),
      entry('i-gone-here', { base: 0, remote: 0 }, DELETE_REMOTE),
      entry('j-new-mode', { local: 0, remote: 1 }, { kind: 'mode-up' }),
      folder('k/', { remote: 0 }, 'make-local'),
      folder('l/', { local: 0 }, 'make-remote'),
      folder('m/', { base: 0, local: 0 }, 'remove-local'),
      folder('n/', { base: 0, remote: 0 }, 'remove-remote'),
      folder('o/', { base: 0, local: 0, remote: 0 }, 'adopt'),
      folder('p/', { base: 0 }, 'forget'),
      folder('q/', {}, 'none'),
    ];
    expect(lines(plan(judged))).toEqual([
      'transfer: upload d-up',
      'transfer: download e-down',
      'transfer: mode-up f-mode-up',
      'transfer: mode-down g-mode-down',
      'transfer: mode-up j-new-mode',
      'transfer: make-local-folder k/',
      'transfer: make-remote-folder l/',
      'delete: delete-local h-gone-there',
      'delete: delete-remote i-gone-here',
      'remove-folder: remove-remote-folder n/',
      'remove-folder: remove-local-folder m/',
    ]);
  });

  it('carries the states that each operation expects', () => {
    const row = { base: 1, local: 2, remote: 3 };
    const made = plan([
      { ...entry('down', row, DOWN), executable: true },
      { ...entry('up', row, UP), executable: false },
    ]);
    expect(made.operations.map(({ operation }) => operation)).toMatchObject([
      {
        kind: 'download',
        executable: true,
        replaces: { key: 'down' },
        remote: { token: { etag: 'etag-3' } },
        base: { key: 'down' },
      },
      { kind: 'upload', executable: false, replaces: { token: { etag: 'etag-3' } }, base: { key: 'up' } },
    ]);
    const fresh = plan([entry('down', { remote: 1 }, DOWN), entry('up', { local: 1 }, UP)]);
    for (const { operation } of fresh.operations) {
      for (const absent of ['replaces', 'base', 'executable']) expect(operation).not.toHaveProperty(absent);
    }
  });

  it('carries the base of a mode that goes up, where there is one', () => {
    const known = entry('known', { base: 1, local: 1, remote: 1 }, { kind: 'mode-up' });
    const unknown = entry('unknown', { local: 1, remote: 1 }, { kind: 'mode-up' });
    const [first, second] = plan([known, unknown]).operations.map(({ operation }) => operation);
    expect(first).toHaveProperty('base', known.row.base);
    expect(second).not.toHaveProperty('base');
  });

  it.each<[Decision['kind'], Sides]>([
    ['delete-remote', { remote: 0 }],
    ['delete-remote', { base: 0 }],
    ['delete-local', { local: 0 }],
    ['delete-local', { base: 0 }],
    ['download', { base: 0, local: 0 }],
    ['mode-up', { base: 0, local: 0 }],
    ['mode-up', { base: 0, remote: 0 }],
    ['mode-down', { local: 0, remote: 0 }],
    ['mode-down', { base: 0, remote: 0 }],
    ['mode-down', { base: 0, local: 0 }],
    ['conflict', { base: 0, local: 0 }],
    ['conflict', { base: 0, remote: 0 }],
  ])('does nothing without the states that it would check: %s, %o', (kind, sides) => {
    const judged = [entry('f', sides, { kind, editBeatsDelete: false } as Decision)];
    const resolutions = new Map([[key('f'), { kind: 'both' } as const]]);
    expect(lines(plan(judged, { resolutions }))).toEqual([]);
  });

  it('vacates a name before it is taken', () => {
    const file = joined('f', { base: 0, local: 0, beneath: { remote: true } });
    const becameFolder: Judged[] = [
      { kind: 'entry', row: file, decision: DELETE_LOCAL },
      entry('f/child', { remote: 1, under: file }, DOWN),
    ];
    expect(lines(plan(becameFolder))).toEqual(['vacate: delete-local f', 'transfer: download f/child']);
    const here = joined('f', { base: 0, remote: 0, beneath: { local: true } });
    const becameFolderHere: Judged[] = [
      { kind: 'entry', row: here, decision: DELETE_REMOTE },
      entry('f/child', { local: 1, under: here }, UP),
    ];
    expect(lines(plan(becameFolderHere))).toEqual(['vacate: delete-remote f', 'transfer: upload f/child']);
    const swapped = joined('d', { remote: 1, beneath: { base: true, local: true } });
    const becameFile: Judged[] = [
      { kind: 'entry', row: swapped, decision: DOWN },
      entry('d/x', { base: 0, local: 0, under: swapped }, DELETE_LOCAL),
      entry('d/e/y', { base: 0, local: 0, under: swapped }, DELETE_LOCAL),
      folder('d/e/', { beneath: { local: true, base: true }, under: swapped }, 'none'),
    ];
    expect(lines(plan(becameFile))).toEqual([
      'vacate: delete-local d/e/y',
      'vacate: delete-local d/x',
      'vacate-folder: remove-local-folder d/e/',
      'vacate-folder: remove-local-folder d/',
      'transfer: download d',
    ]);
  });

  it('leaves a file its name where the folder of that name goes', () => {
    const arriving = joined('d', { remote: 1, beneath: { base: true, local: true } });
    const emptiedThere: Judged[] = [
      { kind: 'entry', row: arriving, decision: DOWN },
      folder('d/e/', { base: 0, local: 0, under: arriving }, 'remove-local'),
    ];
    expect(lines(plan(emptiedThere))).toContain('transfer: download d');
    const leaving = joined('d', { local: 1, beneath: { base: true, remote: true } });
    const emptiedHere: Judged[] = [
      { kind: 'entry', row: leaving, decision: UP },
      folder('d/e/', { base: 0, remote: 0, under: leaving }, 'remove-remote'),
    ];
    expect(lines(plan(emptiedHere))).toContain('transfer: upload d');
  });

  it('deletes last, and folders deepest first', () => {
    const judged = [
      folder('a/', { base: 0, local: 0 }, 'remove-local'),
      folder('a/b/', { base: 0, local: 0 }, 'remove-local'),
      folder('a/b/c/', { base: 0, local: 0 }, 'remove-local'),
      entry('b', { local: 1 }, UP),
      entry('a/f', { base: 0, local: 0 }, DELETE_LOCAL),
    ];
    expect(lines(plan(judged))).toEqual([
      'transfer: upload b',
      'delete: delete-local a/f',
      'remove-folder: remove-local-folder a/b/c/',
      'remove-folder: remove-local-folder a/b/',
      'remove-folder: remove-local-folder a/',
    ]);
  });

  it('makes one move of a creation and a deletion', () => {
    const judged = [
      entry('old', { base: 0, remote: 0 }, DELETE_REMOTE),
      entry('new', { local: 0 }, UP),
      entry('old2', { base: 0, local: 0 }, DELETE_LOCAL),
      entry('new2', { remote: 0 }, DOWN),
    ];
    const made = plan(judged, {
      remoteRenames: [rename('old', 'new')],
      localRenames: [rename('old2', 'new2')],
    });
    expect(lines(made)).toEqual(['rename: rename-remote new', 'rename: rename-local new2']);
  });

  it('keeps creation and deletion apart where a move lacks a side', () => {
    const judged = [entry('old', { base: 0, remote: 0 }, DELETE_REMOTE), entry('new', { local: 0 }, UP)];
    for (const renames of [[rename('old', 'gone')], [rename('gone', 'new')], [rename('new', 'old')]]) {
      const made = plan(judged, { remoteRenames: renames, localRenames: renames });
      expect(lines(made)).toEqual(['transfer: upload new', 'delete: delete-remote old']);
    }
  });

  it.each([
    ['no base', [], [rename('new2', 'new')]],
    ['nothing here to move', [rename('old', 'new2')], []],
    ['nothing there to move to', [rename('old2', 'new')], []],
  ])('makes no move where there is %s', (_, localRenames, remoteRenames) => {
    const judged = [
      entry('old', { base: 0, remote: 0 }, DELETE_REMOTE),
      entry('new', { local: 0 }, UP),
      entry('old2', { base: 0, local: 0 }, DELETE_LOCAL),
      entry('new2', { remote: 0 }, DOWN),
    ];
    expect(plan(judged, { localRenames, remoteRenames })).toEqual(plan(judged));
  });

  it('leaves moves to and from clashing names alone', () => {
    const file = joined('f', { local: 1, beneath: { remote: true, settled: true } });
    const judged: Judged[] = [
      { kind: 'entry', row: file, decision: UP },
      entry('old', { base: 1, remote: 1 }, DELETE_REMOTE),
      entry('old2', { base: 1, local: 1 }, DELETE_LOCAL),
    ];
    const made = plan(judged, {
      remoteRenames: [rename('old', 'f')],
      localRenames: [rename('old2', 'f')],
    });
    expect(lines(made)).toEqual([
      'vacate: local-aside f',
      'delete: delete-remote old',
      'delete: delete-local old2',
    ]);
  });

  it.each<[Resolution, string[]]>([
    [{ kind: 'skip' }, []],
    [{ kind: 'local' }, ['transfer: upload f']],
    [{ kind: 'remote' }, ['transfer: download f']],
    [{ kind: 'both' }, ['transfer: keep-both f']],
    [{ kind: 'merged', text: new Uint8Array() }, ['transfer: merge f']],
  ])('ends a conflict as it was decided: %o', (resolution, expected) => {
    const judged = [entry('f', { base: 0, local: 1, remote: 2 }, CONFLICT)];
    expect(lines(plan(judged, { resolutions: new Map([[key('f'), resolution]]) }))).toEqual(expected);
  });

  it('leaves an undecided conflict as it is', () => {
    expect(lines(plan([entry('f', { local: 1, remote: 2 }, CONFLICT)]))).toEqual([]);
    expect(lines(plan([entry('f', { remote: 2 }, CONFLICT)]))).toEqual([]);
  });

  it('moves a file aside when a folder of its name remains on the other side', () => {
    const here = joined('f', { local: 1, beneath: { remote: true } });
    expect(
      lines(
        plan([{ kind: 'entry', row: here, decision: UP }, entry('f/x', { remote: 1, under: here }, DOWN)]),
      ),
    ).toEqual(['vacate: local-aside f', 'transfer: download f/x']);
    const there = joined('f', { remote: 1, beneath: { local: true } });
    expect(
      lines(
        plan([{ kind: 'entry', row: there, decision: DOWN }, entry('f/x', { local: 1, under: there }, UP)]),
      ),
    ).toEqual(['vacate: remote-aside f', 'transfer: upload f/x']);
  });

  it('moves a file aside for a single child that remains', () => {
    const file = joined('f', { local: 1, beneath: { base: true, remote: true } });
    const judged: Judged[] = [
      { kind: 'entry', row: file, decision: UP },
      entry('f/stays', { remote: 1, under: file }, DOWN),
      entry('f/goes', { base: 0, remote: 0, under: file }, DELETE_REMOTE),
    ];
    expect(lines(plan(judged))).toContain('vacate: local-aside f');
  });

  it('tells of a file and a folder of one name in the store whose contents are settled', () => {
    const file = entry(
      'f',
      { base: 1, local: 1, remote: 1, beneath: { base: true, remote: true, settled: true } },
      { kind: 'none' },
    );
    const made = plan([file]);
    expect(made.operations).toEqual([]);
    expect(made.problems).toMatchObject([{ path: 'f', side: 'remote', code: 'file-and-folder' }]);
  });

  it('touches nothing where the store holds a file and a folder of one name', () => {
    const file = joined('f', { remote: 1, beneath: { remote: true } });
    const inner = joined('f/x', { remote: 1, under: file, beneath: { remote: true } });
    const judged: Judged[] = [
      { kind: 'entry', row: file, decision: DOWN },
      { kind: 'entry', row: inner, decision: DOWN },
      entry('f/x/y', { remote: 1, under: inner }, DOWN),
    ];
    const made = plan(judged);
    expect(made.operations).toEqual([]);
    expect(made.problems.map(({ code, path }) => [code, path])).toEqual([
      ['file-and-folder', 'f'],
      ['file-and-folder', 'f/x'],
    ]);
  });

  it('removes a folder that lost its last child with it, and marks one that the user kept', () => {
    const leaving = entry('d/x', { base: 0, local: 0 }, DELETE_LOCAL);
    expect(lines(plan([leaving]))).toEqual([
      'delete: delete-local d/x',
      'remove-folder: remove-local-folder d/',
    ]);
    const arriving = entry('d/new', { remote: 1 }, DOWN);
    expect(lines(plan([leaving, arriving]))).toEqual([
      'transfer: download d/new',
      'delete: delete-local d/x',
    ]);
    const marked = folder('d/', { remote: 0, beneath: { local: true } }, 'none');
    expect(lines(plan([leaving, marked]))).toEqual(['delete: delete-local d/x']);
    const removed = folder('d/', { base: 0, local: 0 }, 'remove-local');
    expect(lines(plan([leaving, removed]))).toEqual([
      'delete: delete-local d/x',
      'remove-folder: remove-local-folder d/',
    ]);
    const kept = folder('d/', { local: 0, beneath: { base: true, remote: true } }, 'none');
    const deletion = entry('d/x', { base: 0, remote: 0 }, DELETE_REMOTE);
    expect(lines(plan([kept, deletion]))).toEqual([
      'transfer: make-remote-folder d/',
      'delete: delete-remote d/x',
    ]);
    expect(lines(plan([kept, deletion, arriving]))).toEqual([
      'transfer: download d/new',
      'delete: delete-remote d/x',
    ]);
  });

  it('removes a folder whose last child moves away, and keeps the one that it moves to', () => {
    const judged = [
      entry('old/x', { base: 0, local: 0 }, DELETE_LOCAL),
      entry('new/x', { remote: 0 }, DOWN),
      entry('new/gone', { base: 1, local: 1 }, DELETE_LOCAL),
    ];
    expect(lines(plan(judged, { localRenames: [rename('old/x', 'new/x')] }))).toEqual([
      'rename: rename-local new/x',
      'delete: delete-local new/gone',
      'remove-folder: remove-local-folder old/',
    ]);
    const there = [
      entry('d/x', { base: 0, remote: 0 }, DELETE_REMOTE),
      entry('e/x', { local: 0 }, UP),
      folder('d/', { local: 0, beneath: { base: true, remote: true } }, 'none'),
    ];
    expect(lines(plan(there, { remoteRenames: [rename('d/x', 'e/x')] }))).toEqual([
      'rename: rename-remote e/x',
      'transfer: make-remote-folder d/',
    ]);
  });

  it('is the same whatever the order it was judged in, and ordered by steps', () => {
    const file = joined('s', { base: 0, local: 0, beneath: { remote: true } });
    const judged: Judged[] = [
      { kind: 'entry', row: file, decision: DELETE_LOCAL },
      entry('s/child', { remote: 1, under: file }, DOWN),
      entry('a/gone', { base: 0, local: 0 }, DELETE_LOCAL),
      entry('a/b/gone', { base: 0, remote: 0 }, DELETE_REMOTE),
      entry('old', { base: 1, remote: 1 }, DELETE_REMOTE),
      entry('new', { local: 1 }, UP),
      entry('c', { base: 0, local: 1, remote: 2 }, CONFLICT),
      folder('e/', { local: 0 }, 'make-remote'),
      folder('g/', { base: 0, local: 0 }, 'remove-local'),
      folder('g/h/', { base: 0, local: 0 }, 'remove-local'),
    ];
    const more = {
      remoteRenames: [rename('old', 'new')],
      resolutions: new Map([[key('c'), { kind: 'both' } as const]]),
    };
    const expected = plan(judged, more);
    const order = ['vacate', 'vacate-folder', 'rename', 'transfer', 'delete', 'remove-folder'];
    const steps = expected.operations.map(({ step }) => order.indexOf(step));
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    const shuffled = fc.shuffledSubarray(judged, { minLength: judged.length });
    fc.assert(
      fc.property(shuffled, (other) => {
        expect(plan(other, more)).toEqual(expected);
      }),
    );
  });
});
