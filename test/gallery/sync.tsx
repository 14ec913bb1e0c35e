import type { OperationView, SyncEvent } from '../../src/engine/events.ts';
import { SyncLive } from '../../src/ui/screens/sync/SyncLive.tsx';
import { SYNC_START, type SyncView, syncStep, syncTick } from '../../src/ui/screens/sync/sync-view.ts';
import type { GalleryScreen } from './gallery-screen.ts';

const MIB = 1024 * 1024;

/** A sync in the middle: told by events, as the engine would. */
function midway(): SyncView {
  const target = 'photos';
  const files = [
    { path: 'summer/夏休み/とても長い名前のビデオファイル.mov', direction: 'up', sizeBytes: 812 * MIB },
    {
      path: 'a/very/deep/folder/in/a/folder/in/a/folder/report-final-final-2.docx',
      direction: 'down',
      sizeBytes: 44_000,
    },
    { path: 'notes/todo.md', direction: 'up', sizeBytes: 900 },
  ] as const;
  const operations = files.map((file): OperationView => ({ kind: 'create', ...file }));
  const small: OperationView = { kind: 'create', direction: 'up', path: 'notes/todo.md', sizeBytes: 900 };
  const gone: OperationView = { kind: 'delete', direction: 'up', path: 'old' };
  let view = SYNC_START;
  const say = (event: SyncEvent, second: number): void => {
    view = syncStep(view, event, second * 1000);
  };
  say({ kind: 'cycle-started', target, local: '/a', remote: 's3://b/a', dryRun: false }, 0);
  const many = Array.from({ length: 1240 }, () => small);
  say(
    {
      kind: 'planned',
      target,
      planId: 'x',
      operations: many,
      conflicts: [],
      bytesUp: 900 * MIB,
      bytesDown: 44_000,
    },
    0,
  );
  for (let i = 0; i < 320; i++) {
    const operation = i % 40 === 0 ? gone : small;
    say({ kind: 'operation-started', target, id: i, operation }, 1 + i / 40);
    say({ kind: 'operation-finished', target, id: i, operation, outcome: 'done' }, 1 + i / 40);
  }
  for (const [i, operation] of operations.entries())
    say({ kind: 'operation-started', target, id: 1000 + i, operation }, 9);
  for (let second = 1; second < 30; second++) {
    const bytes = Math.round((2 + Math.sin(second / 2)) * 4 * MIB);
    say({ kind: 'operation-progress', target, id: 1000, bytes }, 9 + second);
  }
  say(
    {
      kind: 'problem',
      target,
      problem: { side: 'local', code: 'denied', path: 'x', message: 'x' },
    },
    39,
  );
  return syncTick(view, 39_000);
}

const LOOKING: SyncView = { ...SYNC_START, target: 'photos', localEntries: 12_345 };

export const SYNC: readonly GalleryScreen[] = [
  {
    name: 'sync-looking',
    about: 's4 sync, while it looks at both sides',
    element: () => <SyncLive view={LOOKING} requests={13} isStopping={false} frame={0} />,
    shows: 'Looking',
  },
  {
    name: 'sync-working',
    about: 's4 sync, under the lines that are done',
    element: () => <SyncLive view={midway()} requests={1402} isStopping={false} frame={0} />,
    shows: 'Ctrl-C',
  },
  {
    name: 'sync-stopping',
    about: 's4 sync after Ctrl-C',
    element: () => <SyncLive view={midway()} requests={1402} isStopping frame={0} />,
    shows: 'Stopping',
    rows: 10,
  },
];
