import { describe, expect, test } from 'vitest';
import type { CycleSummary, OperationView, SyncEvent } from '../../../src/engine/events.ts';
import type { FileVersion } from '../../../src/engine/ports/history.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import type { DashboardAction, Effect } from '../../../src/ui/dashboard/actions.ts';
import { browserRows } from '../../../src/ui/dashboard/files.ts';
import { reduceDashboard, startDashboard } from '../../../src/ui/dashboard/reduce.ts';
import type { DashboardState, FileRow, Mark } from '../../../src/ui/dashboard/state.ts';

const KNOWN = ['notes', 'photos'].map((name) => ({ name, folder: `/home/${name}`, url: `file:///${name}` }));

function having(...actions: readonly DashboardAction[]): {
  readonly state: DashboardState;
  readonly effects: readonly Effect[];
} {
  let state = startDashboard(KNOWN);
  let effects: readonly Effect[] = [];
  for (const action of actions) ({ state, effects } = reduceDashboard(state, action));
  return { state, effects };
}

const file = (path: string): FileRow => ({ path, sizeBytes: 1, modifiedMs: 0, mark: 'unknown' });
const files = (...paths: readonly string[]): DashboardAction => ({
  kind: 'files',
  targetId: 'notes',
  tracked: paths.map(file),
  ignored: [],
});
const tell = (event: SyncEvent): DashboardAction => ({ kind: 'event', targetId: 'notes', event, atMs: 0 });
const planned = (operations: readonly OperationView[]): DashboardAction =>
  tell({
    kind: 'planned',
    target: 'notes',
    planId: 'p',
    operations,
    conflicts: [],
    bytesUp: 10,
    bytesDown: 0,
  });
const ended = (what: 'looking' | 'syncing'): DashboardAction => ({
  kind: 'ended',
  targetId: 'notes',
  what,
  atMs: 7,
});
const started = (what: 'looking' | 'syncing'): DashboardAction => ({
  kind: 'started',
  targetId: 'notes',
  what,
});
const NOTHING: CycleSummary = {
  uploaded: 0,
  downloaded: 0,
  deletedLocal: 0,
  deletedRemote: 0,
  renamed: 0,
  conflicts: 0,
  keptBoth: 0,
  problems: 0,
  bytesUp: 0,
  bytesDown: 0,
  requests: {},
  elapsedMs: 0,
};
const down: DashboardAction = { kind: 'move', scroll: 'line-down', page: 10 };

function version(versionId: string, kind: 'file' | 'deleted' = 'file'): FileVersion {
  const state = kind === 'deleted' ? ({ kind } as const) : ({ kind, etag: versionId, sizeBytes: 1 } as const);
  return { path: 'f' as RelPath, versionId, latest: false, modifiedMs: 0, state };
}

describe('the targets', () => {
  test('a look says what a sync would do, a sync that it is done and when', () => {
    const op = { kind: 'create', direction: 'up', path: 'f', sizeBytes: 10 } as const;
    const looked = having(started('looking'), planned([op]), ended('looking')).state.targets[0];
    expect(looked).toMatchObject({ activity: 'seen', status: { up: 1 } });
    const done = tell({ kind: 'cycle-finished', target: 'notes', dryRun: false, summary: NOTHING });
    const synced = having(started('syncing'), planned([op]), done, ended('syncing')).state.targets[0];
    expect(synced).toMatchObject({ activity: 'seen', status: { up: 0 }, lastSyncMs: 7, progress: undefined });
  });

  test('bytes are counted into the present second, and seconds move on', () => {
    const moved = tell({ kind: 'operation-progress', target: 'notes', id: 1, bytes: 5 });
    const { state } = having(started('syncing'), planned([]), moved, { kind: 'tick', atMs: 1 }, moved, moved);
    expect(state.targets[0]?.throughput.slice(-2)).toEqual([5, 10]);
    expect(state.targets[0]?.throughput).toHaveLength(60);
    expect(state.targets[0]?.progress).toMatchObject({ doneBytes: 15, totalBytes: 10 });
  });

  test('a guard halts it, a failure is kept with its hint', () => {
    const halt = tell({
      kind: 'guard-halted',
      target: 'notes',
      planId: 'p',
      guards: [{ code: 'emptied', message: 'm' }],
      operations: [],
    } as never);
    expect(having(started('syncing'), halt, ended('syncing')).state.targets[0]?.activity).toBe('halted');
    const failed = having(started('looking'), {
      ...ended('looking'),
      trouble: { message: 'no', hint: 'do' },
    } as DashboardAction);
    expect(failed.state.targets[0]).toMatchObject({ activity: 'failed', trouble: { hint: 'do' } });
  });

  test('keys: sync the one under the cursor, look at all, quit; pausing needs a daemon', () => {
    expect(having(down, { kind: 'sync' }).effects).toEqual([{ kind: 'sync', targetId: 'photos' }]);
    expect(having({ kind: 'refresh' }).effects).toHaveLength(2);
    expect(having({ kind: 'back' }).effects).toEqual([{ kind: 'quit' }]);
    expect(having({ kind: 'pause' }).effects).toEqual([]);
    expect(having({ kind: 'source', source: 'live' }, { kind: 'pause' }).effects).toEqual([
      { kind: 'pause', targetId: 'notes', paused: true },
    ]);
    expect(having(started('syncing'), { kind: 'sync' }).effects).toEqual([]);
  });

  test('a notice goes with the next key', () => {
    const notice = { kind: 'notice', notice: { tone: 'good', text: 'done' } } as const;
    expect(having(notice).state.notice?.text).toBe('done');
    expect(having(notice, down).state.notice).toBeUndefined();
  });
});

describe('the files of a target', () => {
  const open = [{ kind: 'open' } as const, files('a/deep/x', 'a/y', 'f', 'z')];

  test('opening reads them, and looks unless that was done', () => {
    expect(having({ kind: 'open' }).effects.map(({ kind }) => kind)).toEqual(['read-files', 'look']);
    const looked = having(started('looking'), planned([]), ended('looking'), { kind: 'open' });
    expect(looked.effects.map(({ kind }) => kind)).toEqual(['read-files']);
  });

  test('folders come first, with what is in them; going up puts the cursor where one came from', () => {
    const top = having(...open).state.browser;
    expect(top?.rows.map((row) => row.name)).toEqual(['a/', 'f', 'z']);
    const inside = having(...open, { kind: 'open' }).state.browser;
    expect(inside).toMatchObject({ folder: 'a/' });
    expect(inside?.rows.map((row) => row.name)).toEqual(['deep/', 'y']);
    const up = having(...open, { kind: 'open' }, { kind: 'open' }, { kind: 'back' }).state.browser;
    expect(up).toMatchObject({ folder: 'a/', cursor: 0 });
    expect(having(...open, { kind: 'back' }).state.browser).toBeUndefined();
  });

  test('a filter finds all words anywhere below; Esc takes it away first', () => {
    const filtered = having(...open, { kind: 'typing', isOn: true }, { kind: 'filter', text: 'X Deep' });
    expect(filtered.state.browser?.rows.map((row) => row.name)).toEqual(['a/deep/x']);
    const cleared = reduceDashboard(filtered.state, { kind: 'back' }).state.browser;
    expect(cleared).toMatchObject({ filter: '', typing: false });
    expect(cleared?.rows).toHaveLength(3);
  });

  test('marks follow the plan, and folders their worst file', () => {
    const ops = [
      { kind: 'update', direction: 'up', path: 'a/y' },
      { kind: 'create', direction: 'down', path: 'new' },
      { kind: 'delete', direction: 'up', path: 'f' },
      { kind: 'rename', direction: 'down', path: 'renamed', other: 'z' },
    ] as const;
    const { state } = having(...open, started('looking'), planned(ops), ended('looking'));
    const marks = Object.fromEntries(
      (state.browser?.rows ?? []).map((row): [string, Mark] => [
        row.name,
        row.kind === 'file' ? row.file.mark : row.mark,
      ]),
    );
    expect(marks).toEqual({
      'a/': 'here',
      f: 'deleted-here',
      new: 'there',
      renamed: 'there',
      z: 'deleted-there',
    });
  });

  test('a sync that changed something has the files read again, whoever began it', () => {
    const finished = (uploaded: number, dryRun: boolean): DashboardAction =>
      tell({ kind: 'cycle-finished', target: 'notes', dryRun, summary: { ...NOTHING, uploaded } });
    expect(having(...open, finished(1, false)).effects).toEqual([{ kind: 'read-files', targetId: 'notes' }]);
    expect(having(...open, finished(0, false)).effects).toEqual([]);
    expect(having(...open, finished(1, true)).effects).toEqual([]);
  });

  test('a hundred thousand files are filtered and listed without being copied for each step', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => file(`d${i % 100}/f${i}`));
    expect(browserRows(many, '', '')).toHaveLength(100);
    expect(browserRows(many, 'd7/', '')).toHaveLength(1000);
    expect(browserRows(many, '', 'd7 f99907').map((row) => row.name)).toEqual(['d7/f99907']);
  });
});

describe('the versions of a file', () => {
  const opened: readonly DashboardAction[] = [
    { kind: 'open' },
    files('f'),
    { kind: 'versions' },
    { kind: 'versions-read', path: 'f', versions: [version('v3'), version('v2', 'deleted'), version('v1')] },
  ];

  test('Enter on a file asks for them', () => {
    expect(having({ kind: 'open' }, files('f'), { kind: 'open' }).effects).toEqual([
      { kind: 'read-versions', targetId: 'notes', path: 'f' },
    ]);
  });

  test('one is compared with the file here, two with each other, the older first', () => {
    expect(having(...opened, { kind: 'diff' }).effects).toMatchObject([{ from: 'v3', to: undefined }]);
    const two = [{ kind: 'mark' } as const, down, down, { kind: 'diff' } as const];
    expect(having(...opened, ...two).effects).toMatchObject([{ from: 'v1', to: 'v3' }]);
  });

  test('a restore is asked about first, and a deletion cannot be restored', () => {
    const asked = having(...opened, { kind: 'restore' });
    expect(asked.effects).toEqual([]);
    expect(asked.state.browser?.panel?.confirming).toBe(true);
    expect(having(...opened, { kind: 'restore' }, { kind: 'confirm', yes: false }).effects).toEqual([]);
    expect(having(...opened, { kind: 'restore' }, { kind: 'confirm', yes: true }).effects).toEqual([
      { kind: 'restore', targetId: 'notes', path: 'f', versionId: 'v3' },
    ]);
    expect(having(...opened, down, { kind: 'restore' }).state.browser?.panel?.confirming).toBe(false);
    expect(having(...opened, { kind: 'confirm', yes: true }).effects).toEqual([]);
  });

  test('Esc goes back by one: difference, versions, files', () => {
    const diff = having(...opened, { kind: 'diff' });
    const versions = reduceDashboard(diff.state, { kind: 'back' }).state;
    expect(versions.browser?.panel).toMatchObject({ diff: undefined, path: 'f' });
    expect(reduceDashboard(versions, { kind: 'back' }).state.browser?.panel).toBeUndefined();
  });

  test('Esc from a difference that was asked for in the files goes back to the files', () => {
    const diff = having({ kind: 'open' }, files('f'), { kind: 'diff' });
    expect(diff.state.browser?.panel?.diff).toBeDefined();
    expect(reduceDashboard(diff.state, { kind: 'back' }).state.browser?.panel).toBeUndefined();
  });

  test('an answer that comes too late changes nothing', () => {
    const late = { kind: 'versions-read', path: 'other', versions: [] } as const;
    expect(having(...opened, late).state.browser?.panel?.versions).toHaveLength(3);
    expect(having({ kind: 'open' }, late).state.browser?.panel).toBeUndefined();
  });
});
