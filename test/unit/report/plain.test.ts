import { describe, expect, test } from 'vitest';
import type { CycleSummary, OperationView, SyncEvent } from '../../../src/engine/events.ts';
import { isShown, type Level } from '../../../src/report/line.ts';
import { PLAIN_START, plainEnd, plainStep } from '../../../src/report/plain.ts';

const target = 'myfolder1';
const summary: CycleSummary = {
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
  requests: { LIST: 1, PUT: 2 },
  elapsedMs: 1234,
};

function started(dryRun = false): SyncEvent {
  return {
    kind: 'cycle-started',
    target,
    local: '/home/username/myfolder1',
    remote: 's3://mybucket/folder1',
    dryRun,
  };
}

const starting = (operation: OperationView, id = 1): SyncEvent => ({
  kind: 'operation-started',
  target,
  id,
  operation,
});

function shown(events: readonly SyncEvent[], level: Level = 'info', end = false): readonly string[] {
  let state = PLAIN_START;
  const lines: string[] = [];
  const take = (step: ReturnType<typeof plainStep>): void => {
    state = step.state;
    lines.push(...step.lines.filter((line) => isShown(line.level, level)).map(({ text }) => text));
  };
  for (const event of events) take(plainStep(state, event));
  if (end) take(plainEnd(state, target));
  return lines;
}

describe('plain output', () => {
  test('has the words of Python S4', () => {
    const events: readonly SyncEvent[] = [
      started(),
      starting({ kind: 'create', direction: 'up', path: 'foobar.jpg', sizeBytes: 3 }),
      starting({ kind: 'update', direction: 'down', path: 'boarding-pass.pdf' }),
      starting({ kind: 'delete', direction: 'up', path: 'old.txt' }),
      starting({ kind: 'delete', direction: 'down', path: 'older.txt' }),
      { kind: 'index-flushed', target },
      {
        kind: 'cycle-finished',
        target,
        dryRun: false,
        summary: { ...summary, uploaded: 1, downloaded: 1, deletedLocal: 1, deletedRemote: 1, bytesUp: 3 },
      },
    ];
    expect(shown(events)).toEqual([
      'Syncing myfolder1 [/home/username/myfolder1/ <=> s3://mybucket/folder1/]',
      'Creating foobar.jpg (/home/username/myfolder1/ => s3://mybucket/folder1/)',
      'Updating boarding-pass.pdf (s3://mybucket/folder1/ => /home/username/myfolder1/)',
      'Deleting old.txt on s3://mybucket/folder1/',
      'Deleting older.txt on /home/username/myfolder1/',
      'Flushing Index to Storage',
      'myfolder1: 1 up (3 B), 1 down (0 B), 2 deleted, in 1.2 s',
    ]);
  });

  test('is short when there is nothing to do', () => {
    const flushed: SyncEvent = { kind: 'index-flushed', target };
    expect(shown([started(), flushed, { kind: 'cycle-finished', target, dryRun: false, summary }])).toEqual([
      'Syncing myfolder1 [/home/username/myfolder1/ <=> s3://mybucket/folder1/]',
      'Nothing to update',
    ]);
  });

  test('names what Python S4 did not have', () => {
    const events = [
      started(),
      starting({ kind: 'rename', direction: 'up', path: 'new', other: 'old' }),
      starting({ kind: 'mode', direction: 'up', path: 'run.sh' }),
      starting({ kind: 'keep-both', direction: 'down', path: 'a', other: 'a (conflict)' }),
      starting({ kind: 'create-folder', direction: 'down', path: 'empty' }),
      starting({ kind: 'delete-folder', direction: 'up', path: 'gone/' }),
    ];
    expect(shown(events).slice(1)).toEqual([
      'Renaming old to new on s3://mybucket/folder1/',
      'Updating mode of run.sh (/home/username/myfolder1/ => s3://mybucket/folder1/)',
      'Keeping both versions of a (the local one as a (conflict))',
      'Creating empty/ (s3://mybucket/folder1/ => /home/username/myfolder1/)',
      'Deleting gone/ on s3://mybucket/folder1/',
    ]);
  });

  test('tells problems and notes after the summary, with their hints', () => {
    const events: readonly SyncEvent[] = [
      started(),
      {
        kind: 'problem',
        target,
        problem: {
          path: 'a\u001b[2J',
          side: 'local',
          code: 'unreadable',
          message: 'no permission',
          hint: 'chmod it',
        },
      },
      { kind: 'notice', target, code: 'special-file', message: 'a FIFO is not synced', path: 'pipe' },
      { kind: 'notice', target, code: 'first-sync', message: 'first sync: both sides are united' },
      { kind: 'cycle-finished', target, dryRun: false, summary: { ...summary, problems: 1 } },
    ];
    expect(shown(events).slice(1)).toEqual([
      'Note: first sync: both sides are united',
      'myfolder1: 1 problem, in 1.2 s',
      '1 problem:',
      '  a\\x1b[2J: no permission',
      '    chmod it',
      'Note: pipe: a FIFO is not synced',
    ]);
    expect(shown(events, 'warning')).toEqual(['1 problem:', '  a\\x1b[2J: no permission', '    chmod it']);
  });

  test('tells the problems of a target that ended early', () => {
    const problem = { path: 'x', side: 'remote', code: 'denied', message: 'denied' } as const;
    expect(shown([started(), { kind: 'problem', target, problem }], 'warning', true)).toEqual([
      '1 problem:',
      '  x (in the store): denied',
    ]);
  });

  test('of a dry run shows the plan and says that nothing was changed', () => {
    const events: readonly SyncEvent[] = [
      started(true),
      {
        kind: 'planned',
        target,
        planId: 'abc',
        operations: [{ kind: 'create', direction: 'up', path: 'x' }],
        conflicts: [{ path: 'y', local: { state: 'updated' }, remote: { state: 'deleted' } }],
        bytesUp: 0,
        bytesDown: 0,
      },
      { kind: 'cycle-finished', target, dryRun: true, summary },
    ];
    expect(shown(events).slice(1)).toEqual([
      'Creating x (/home/username/myfolder1/ => s3://mybucket/folder1/)',
      'Conflict for "y" (local updated, remote deleted)',
      'Dry run: nothing was changed',
    ]);
  });

  test('of a halt shows what would be destroyed and how to approve it', () => {
    const events: readonly SyncEvent[] = [
      started(),
      {
        kind: 'guard-halted',
        target: 'my folder',
        planId: 'p1',
        guards: [{ code: 'local-emptied', message: 'the local folder is empty' }],
        operations: [{ kind: 'delete', direction: 'up', path: 'x' }],
      },
    ];
    expect(shown(events, 'error')).toEqual([
      'Halted: nothing was changed in my folder',
      '  the local folder is empty',
      "If this is what you want: s4 sync 'my folder' --approve p1",
    ]);
  });

  test('cuts the plan of a halted target where it is long', () => {
    const operations = Array.from(
      { length: 60 },
      (_, i) => ({ kind: 'delete', direction: 'up', path: `f${i}` }) as const,
    );
    const halted: SyncEvent = { kind: 'guard-halted', target, planId: 'p1', guards: [], operations };
    const deletions = (lines: readonly string[]) => lines.filter((line) => line.startsWith('  Deleting'));
    expect(deletions(shown([halted]))).toHaveLength(50);
    expect(shown([halted])).toContain('  (the first 50 of 60; --verbose shows all)');
    expect(deletions(shown([halted], 'debug'))).toHaveLength(60);
  });

  test('keeps two targets apart', () => {
    const other = { ...started(), target: 'b' } as SyncEvent;
    const problem = { path: 'x', side: 'local', code: 'unreadable', message: 'm' } as const;
    const events: readonly SyncEvent[] = [
      started(),
      other,
      { kind: 'problem', target, problem },
      { kind: 'cycle-finished', target: 'b', dryRun: false, summary },
    ];
    expect(shown(events, 'info').at(-1)).toBe('Nothing to update');
    expect(shown(events, 'info', true)).toContain('1 problem:');
  });

  test('folds many notes', () => {
    const notice = (n: number): SyncEvent => ({
      kind: 'notice',
      target,
      code: 'portability',
      message: 'm',
      path: `p${n}`,
    });
    const events = [
      started(),
      ...Array.from({ length: 13 }, (_, n) => notice(n)),
      { kind: 'cycle-finished', target, dryRun: false, summary } as const,
    ];
    expect(shown(events).slice(-1)).toEqual(['Note: 3 more notes like these (--verbose shows them)']);
    expect(shown(events, 'debug').filter((text) => text.startsWith('Note: p'))).toHaveLength(13);
  });
});
