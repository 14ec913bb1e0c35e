import type { OperationView, SyncEvent } from '../../../engine/events.ts';

/** An operation under way. */
export interface InFlight {
  readonly id: number;
  readonly operation: OperationView;
  readonly bytes: number;
}

export type SyncPhase = 'looking' | 'working' | 'finishing';

/** What the live region shows of a running sync. Its size does not grow with the number of files. */
export interface SyncView {
  readonly target: string;
  readonly phase: SyncPhase;
  readonly localEntries?: number;
  readonly remoteEntries?: number;
  readonly totalOperations: number;
  readonly totalBytes: number;
  readonly doneOperations: number;
  readonly doneBytes: number;
  readonly up: number;
  readonly down: number;
  readonly deleted: number;
  readonly conflicts: number;
  readonly problems: number;
  /** In the order they began. The engine has a few dozen under way at most. */
  readonly inFlight: readonly InFlight[];
  readonly speed: Speed;
}

/** Bytes and work of the last seconds. */
export interface Speed {
  readonly second: number;
  readonly bytesNow: number;
  readonly unitsNow: number;
  /** Bytes of each past second, the newest last. */
  readonly bytes: readonly number[];
  readonly units: readonly number[];
}

const SECONDS_KEPT = 60;
/** What a small file costs beside its bytes, in bytes: a round trip. It makes one bar of many small and few large files. */
const UNITS_AN_OPERATION = 128 * 1024;
const ETA_SECONDS = 10;

const STILL: Speed = { second: -1, bytesNow: 0, unitsNow: 0, bytes: [], units: [] };

export const SYNC_START: SyncView = {
  target: '',
  phase: 'looking',
  totalOperations: 0,
  totalBytes: 0,
  doneOperations: 0,
  doneBytes: 0,
  up: 0,
  down: 0,
  deleted: 0,
  conflicts: 0,
  problems: 0,
  inFlight: [],
  speed: STILL,
};

/** Pure: the view after an event. @param nowMs - when it happened */
export function syncStep(view: SyncView, event: SyncEvent, nowMs: number): SyncView {
  switch (event.kind) {
    case 'cycle-started':
      return { ...SYNC_START, target: event.target };
    case 'scanned':
      return event.side === 'local'
        ? { ...view, localEntries: event.entries }
        : { ...view, remoteEntries: event.entries };
    case 'planned':
      return {
        ...view,
        phase: event.operations.length === 0 ? view.phase : 'working',
        totalOperations: view.totalOperations + event.operations.length,
        totalBytes: view.totalBytes + event.bytesUp + event.bytesDown,
      };
    case 'conflict':
      return { ...view, conflicts: view.conflicts + 1 };
    case 'problem':
      return { ...view, problems: view.problems + 1 };
    case 'operation-started':
      return {
        ...view,
        phase: 'working',
        inFlight: [...view.inFlight, { id: event.id, operation: event.operation, bytes: 0 }],
      };
    case 'operation-progress':
      return progressed(view, event.id, event.bytes, nowMs);
    case 'operation-finished':
      return finished(view, event, nowMs);
    case 'index-flushed':
      return { ...view, phase: 'finishing' };
    default:
      return view;
  }
}

function progressed(view: SyncView, id: number, bytes: number, nowMs: number): SyncView {
  return {
    ...view,
    doneBytes: view.doneBytes + bytes,
    inFlight: view.inFlight.map((each) => (each.id === id ? { ...each, bytes: each.bytes + bytes } : each)),
    speed: counted(view.speed, nowMs, bytes, bytes),
  };
}

function finished(
  view: SyncView,
  event: Extract<SyncEvent, { readonly kind: 'operation-finished' }>,
  nowMs: number,
): SyncView {
  const next = {
    ...view,
    doneOperations: view.doneOperations + 1,
    inFlight: view.inFlight.filter(({ id }) => id !== event.id),
    speed: counted(view.speed, nowMs, 0, UNITS_AN_OPERATION),
  };
  const { kind, direction } = event.operation;
  if (event.outcome !== 'done') return next;
  if (kind === 'delete' || kind === 'delete-folder') return { ...next, deleted: view.deleted + 1 };
  return direction === 'up' ? { ...next, up: view.up + 1 } : { ...next, down: view.down + 1 };
}

/** The view at a later moment in which nothing happened: speed falls. */
export function syncTick(view: SyncView, nowMs: number): SyncView {
  const speed = counted(view.speed, nowMs, 0, 0);
  return speed === view.speed ? view : { ...view, speed };
}

function counted(speed: Speed, nowMs: number, bytes: number, units: number): Speed {
  const second = Math.floor(nowMs / 1000);
  if (speed.second < 0) return { ...speed, second, bytesNow: bytes, unitsNow: units };
  if (second <= speed.second) {
    if (bytes === 0 && units === 0) return speed;
    return { ...speed, bytesNow: speed.bytesNow + bytes, unitsNow: speed.unitsNow + units };
  }
  const silent = Array<number>(Math.min(SECONDS_KEPT, second - speed.second - 1)).fill(0);
  return {
    second,
    bytesNow: bytes,
    unitsNow: units,
    bytes: [...speed.bytes, Math.max(0, speed.bytesNow), ...silent].slice(-SECONDS_KEPT),
    units: [...speed.units, Math.max(0, speed.unitsNow), ...silent].slice(-SECONDS_KEPT),
  };
}

/** How much of the planned work is done, 0 to 1. */
export function syncFraction(view: SyncView): number {
  const total = view.totalBytes + view.totalOperations * UNITS_AN_OPERATION;
  return total === 0 ? 0 : Math.min(1, Math.max(0, doneUnits(view) / total));
}

function doneUnits({ doneBytes, doneOperations }: SyncView): number {
  return Math.max(0, doneBytes) + doneOperations * UNITS_AN_OPERATION;
}

/** Whole bytes a second, over the last few. */
export function syncRate({ speed }: SyncView): number {
  return Math.round(mean(speed.bytes.slice(-3)));
}

/** Milliseconds to go at the speed of the last seconds; undefined while nobody knows. */
export function syncEtaMs(view: SyncView): number | undefined {
  const speed = mean(view.speed.units.slice(-ETA_SECONDS));
  const left = view.totalBytes + view.totalOperations * UNITS_AN_OPERATION - doneUnits(view);
  if (speed <= 0 || left <= 0 || view.speed.units.length < 2) return undefined;
  return (left / speed) * 1000;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
