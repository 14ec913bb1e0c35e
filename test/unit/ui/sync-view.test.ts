import { describe, expect, it } from 'vitest';
import type { OperationView, SyncEvent } from '../../../src/engine/events.ts';
import {
  SYNC_START,
  type SyncView,
  syncEtaMs,
  syncFraction,
  syncRate,
  syncStep,
  syncTick,
} from '../../../src/ui/screens/sync/sync-view.ts';

const target = 'a';
const file = (path: string, sizeBytes = 1000): OperationView => ({
  kind: 'create',
  direction: 'up',
  path,
  sizeBytes,
});

function planned(operations: readonly OperationView[]): SyncEvent {
  const bytesUp = operations.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  return { kind: 'planned', target, planId: 'x', operations, conflicts: [], bytesUp, bytesDown: 0 };
}

function viewAfter(events: readonly SyncEvent[], msApart = 0): SyncView {
  return events.reduce((view, event, i) => syncStep(view, event, i * msApart), SYNC_START);
}

describe('the view of a running sync', () => {
  it('counts what is done by its kind', () => {
    const gone: OperationView = { kind: 'delete', direction: 'down', path: 'gone' };
    const view = viewAfter([
      planned([file('x'), gone]),
      { kind: 'operation-started', target, id: 1, operation: file('x') },
      { kind: 'operation-progress', target, id: 1, bytes: 1000 },
      { kind: 'operation-finished', target, id: 1, operation: file('x'), outcome: 'done' },
      { kind: 'operation-started', target, id: 2, operation: gone },
      { kind: 'operation-finished', target, id: 2, operation: gone, outcome: 'done' },
    ]);
    expect(view).toMatchObject({
      up: 1,
      down: 0,
      deleted: 1,
      doneOperations: 2,
      doneBytes: 1000,
      inFlight: [],
    });
    expect(syncFraction(view)).toBe(1);
  });

  it('does not count what failed as moved', () => {
    const view = viewAfter([
      planned([file('x')]),
      { kind: 'operation-started', target, id: 1, operation: file('x') },
      { kind: 'operation-finished', target, id: 1, operation: file('x'), outcome: 'failed' },
    ]);
    expect(view).toMatchObject({ up: 0, doneOperations: 1 });
  });

  it('knows the speed and the time to go from the last seconds', () => {
    const mib = 1024 * 1024;
    const started: SyncEvent = { kind: 'operation-started', target, id: 1, operation: file('x', 10 * mib) };
    const progress: SyncEvent = { kind: 'operation-progress', target, id: 1, bytes: mib };
    const view = syncTick(
      viewAfter([planned([file('x', 10 * mib)]), started, progress, progress, progress], 1000),
      5000,
    );
    expect(syncRate(view)).toBe(mib);
    expect(syncRate({ ...view, speed: { ...view.speed, bytes: [900, 900, 940] } })).toBe(913);
    const eta = syncEtaMs(view) ?? 0;
    expect(eta).toBeGreaterThan(7_000);
    expect(eta).toBeLessThan(20_000);
    // Nothing for a minute: nobody knows any more.
    expect(syncEtaMs(syncTick(view, 120_000))).toBeUndefined();
  });

  it('takes back what a repeated transfer had sent', () => {
    const view = viewAfter([
      planned([file('x')]),
      { kind: 'operation-progress', target, id: 1, bytes: 800 },
      { kind: 'operation-progress', target, id: 1, bytes: -800 },
    ]);
    expect(view.doneBytes).toBe(0);
    expect(syncFraction(view)).toBe(0);
  });

  it('starts anew with the next target', () => {
    const view = viewAfter([
      planned([file('x')]),
      { kind: 'cycle-started', target: 'b', local: '', remote: '', dryRun: false },
    ]);
    expect(view).toEqual({ ...SYNC_START, target: 'b' });
  });

  it('is of the same size after a hundred thousand files', () => {
    let view = SYNC_START;
    for (let id = 0; id < 100_000; id++) {
      const operation = file(`folder/${id}`);
      view = syncStep(view, { kind: 'operation-started', target, id, operation }, id);
      view = syncStep(view, { kind: 'operation-progress', target, id, bytes: 1000 }, id);
      view = syncStep(view, { kind: 'operation-finished', target, id, operation, outcome: 'done' }, id);
    }
    expect(view.up).toBe(100_000);
    expect(JSON.stringify(view).length).toBeLessThan(2_000);
  });
});
