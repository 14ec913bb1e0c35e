import type { FileVersion } from '../../src/engine/ports/history.ts';
import { emptyStatus, statusStep } from '../../src/report/status-view.ts';
import type { RelPath } from '../../src/sync/path.ts';
import type { DashboardAction } from '../../src/ui/dashboard/actions.ts';
import { Dashboard, type DashboardModel } from '../../src/ui/dashboard/Dashboard.tsx';
import { reduceDashboard, startDashboard } from '../../src/ui/dashboard/reduce.ts';
import type { DashboardState, FileRow, TargetView } from '../../src/ui/dashboard/state.ts';
import { diffRows } from '../../src/ui/text/diff-rows.ts';
import type { GalleryScreen } from './gallery-screen.ts';

/** Seen by the fake terminal as now: the epoch. */
const NOW = 0;
const TIME = Date.UTC(2026, 10, 26, 3, 0, 0);

/** A dashboard whose keys work and whose effects do nothing. */
function modelOf(start: DashboardState, actions: readonly DashboardAction[] = []): DashboardModel {
  const listeners = new Set<() => void>();
  let state = start;
  const dispatch = (action: DashboardAction): void => {
    state = reduceDashboard(state, action).state;
    for (const listener of [...listeners]) listener();
  };
  for (const action of actions) dispatch(action);
  return {
    get: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispatch,
  };
}

const KNOWN = [
  { name: 'notes', folder: '/home/ada/notes', url: 's3://ada-sync/notes' },
  { name: 'photos', folder: '/home/ada/Pictures/photos', url: 's3://ada-sync/photos' },
  { name: 'a project with a rather long name', folder: '/srv/projects/a', url: 'file:///mnt/nas/projects/a' },
  { name: 'music', folder: '/home/ada/music', url: 's3://ada-sync/music' },
  { name: 'work', folder: '/home/ada/work', url: 's3://desk/ada' },
  { name: 'usb', folder: '/home/ada/backup', url: 'file:///media/usb/backup' },
] as const;

const PLANNED = {
  kind: 'planned',
  target: 'notes',
  planId: '79d0287e3c',
  operations: [
    { kind: 'update', direction: 'up', path: 'todo.md', sizeBytes: 812 },
    { kind: 'create', direction: 'up', path: 'drafts/new idea.md', sizeBytes: 96 },
    { kind: 'update', direction: 'down', path: 'drafts/talk.md', sizeBytes: 4_400 },
    { kind: 'delete', direction: 'up', path: 'old/2019.md' },
  ],
  conflicts: [
    {
      path: 'report.txt',
      local: { state: 'updated', sizeBytes: 1_200 },
      remote: { state: 'updated', sizeBytes: 1_300 },
    },
  ],
  bytesUp: 908,
  bytesDown: 4_400,
} as const;

function targets(): readonly TargetView[] {
  const [notes, photos, project, music, work, usb] = startDashboard(KNOWN).targets as [
    TargetView,
    TargetView,
    TargetView,
    TargetView,
    TargetView,
    TargetView,
  ];
  const throughput = Array.from({ length: 60 }, (_, i) =>
    i < 20 ? 0 : Math.round(1e6 * Math.abs(Math.sin(i / 6))),
  );
  return [
    {
      ...notes,
      activity: 'seen',
      status: statusStep(emptyStatus('notes'), PLANNED),
      lastSyncMs: NOW - 5 * 60_000,
    },
    {
      ...photos,
      activity: 'syncing',
      progress: { doneBytes: 42, totalBytes: 100, doneOperations: 3, totalOperations: 9 },
      throughput,
      lastSyncMs: NOW - 3 * 3_600_000,
    },
    { ...project, activity: 'seen', status: emptyStatus('a'), lastSyncMs: NOW },
    { ...music, activity: 'paused', lastSyncMs: NOW - 72 * 3_600_000 },
    {
      ...work,
      activity: 'halted',
      problems: 2,
      trouble: {
        message: 'A guard stopped it: 412 of 520 files would be deleted in the store.',
        hint: 'If this is what you want: s4 sync work --approve 79d0287e3c',
      },
    },
    {
      ...usb,
      activity: 'offline',
      trouble: { message: 'There is no s4 store in /media/usb/backup.', hint: 'Is the disk mounted?' },
    },
  ];
}

function live(): DashboardState {
  return { ...startDashboard(KNOWN), source: 'live', targets: targets() };
}

function row(path: string, sizeBytes: number, minutes: number): FileRow {
  return { path, sizeBytes, modifiedMs: TIME - minutes * 60_000, mark: 'unknown' };
}

const TRACKED: readonly FileRow[] = [
  row('drafts/a very deep folder/with/more/of/them/final-final-2.docx', 44_000, 9_000),
  row('drafts/talk.md', 4_300, 600),
  row('old/2019.md', 9_000, 400_000),
  row('photos/夏休み/とても長い名前のファイル.jpg', 3_200_000, 4_000),
  row('report (conflict, desk, 2026-11-21 03.12.07).txt', 1_300, 7_000),
  row('report.txt', 1_200, 6_000),
  row('shopping.md', 320, 80),
  row('todo.md', 790, 30),
];

const OPEN: readonly DashboardAction[] = [
  { kind: 'open' },
  { kind: 'files', targetId: 'notes', tracked: TRACKED, ignored: ['node_modules/', 'notes.log'] },
];

function version(id: string, minutes: number, more: Partial<FileVersion>): FileVersion {
  return {
    path: 'todo.md' as RelPath,
    versionId: id,
    latest: false,
    modifiedMs: TIME - minutes * 60_000,
    state: { kind: 'file', etag: id, sizeBytes: 800 - minutes },
    ...more,
  };
}

const VERSIONS: readonly FileVersion[] = [
  version('3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY', 5, { latest: true, author: { client: 'c1', host: 'laptop' } }),
  version('MTgzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0', 90, {
    state: { kind: 'deleted' },
    author: { client: 'c2', host: 'desk' },
  }),
  version('x7Bq0mZ1kq9cYt2nS8vLpWd4eRfGhUj5', 300, { author: { client: 'c2', host: 'desk' } }),
  version('0mwx0m12jcb2b1db7372a', 700, {}),
];

const VERSIONS_OPEN: readonly DashboardAction[] = [
  ...OPEN,
  { kind: 'move', scroll: 'to-end', page: 10 },
  { kind: 'versions' },
  { kind: 'versions-read', path: 'todo.md', versions: VERSIONS },
];

const BEFORE = 'Shopping\n\n- apples\n- four pears\n\nCall the plumber.\n';
const AFTER = 'Shopping\n\n- apples\n- six pears\n- coffee\n\nCall the plumber.\n';

const fullScreen = { fullScreen: true } as const;

function screen(
  name: string,
  about: string,
  model: () => DashboardModel,
  shows: string,
  more: Partial<GalleryScreen> = {},
): GalleryScreen {
  return {
    name: `dashboard${name}`,
    about,
    element: () => <Dashboard model={model()} />,
    shows,
    options: fullScreen,
    ...more,
  };
}

export const DASHBOARD: readonly GalleryScreen[] = [
  screen('', 's4 alone: the targets', () => modelOf(live()), 'help'),
  screen('-start', 'the first frame', () => modelOf(startDashboard(KNOWN)), 'not looked'),
  screen('-trouble', 'a target that needs somebody', () => modelOf({ ...live(), cursor: 4 }), 'approve'),
  screen('-files', 'the files of a target', () => modelOf(live(), OPEN), 'todo.md'),
  screen('-files-help', 'all keys of the file browser', () => modelOf(live(), OPEN), 'todo.md', {
    steps: [{ press: ['?'], shows: 'Any key' }],
  }),
  screen('-filter', 'a filter that is typed', () => modelOf(live(), OPEN), 'todo.md', {
    steps: [
      { press: ['/'], shows: 'filter:' },
      { press: ['d', 'r'], shows: 'talk.md' },
    ],
  }),
  screen('-versions', 'the versions of a file', () => modelOf(live(), VERSIONS_OPEN), 'WRITTEN'),
  screen('-restore', 'the question before a restore', () => modelOf(live(), VERSIONS_OPEN), 'WRITTEN', {
    steps: [{ press: ['down', 'down', 'r'], shows: 'Restore this version' }],
  }),
  screen(
    '-diff',
    'the difference of two versions',
    () =>
      modelOf(live(), [
        ...VERSIONS_OPEN,
        { kind: 'diff' },
        {
          kind: 'diff-read',
          diff: { title: 'todo.md: - 2026-11-26 02:55:00, + here', rows: diffRows(BEFORE, AFTER), words: [] },
        },
      ]),
    'coffee',
  ),
];
