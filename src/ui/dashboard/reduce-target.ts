import type { SyncEvent } from '../../engine/events.ts';
import { emptyStatus, statusStep } from '../../report/status-view.ts';
import type { DashboardAction, LiveTargetView } from './actions.ts';
import type { TargetView } from './state.ts';

/** Seconds of throughput that are kept. */
const SECONDS = 60;

type TargetAction = Extract<
  DashboardAction,
  { readonly kind: 'live' | 'started' | 'event' | 'ended' | 'tick' }
>;

/** What becomes of one target. Pure; times come with the actions. */
export function reduceTarget(target: TargetView, action: TargetAction): TargetView {
  switch (action.kind) {
    case 'live':
      return { ...target, ...liveParts(target, action.target) };
    case 'started':
      return { ...target, activity: action.what, trouble: undefined, progress: undefined };
    case 'event':
      return reduceEvent(target, action.event);
    case 'ended':
      return ended(target, action);
    case 'tick':
      // Quiet for as long as is remembered: nothing to shift.
      return target.throughput.every((bytes) => bytes === 0)
        ? target
        : { ...target, throughput: [...target.throughput.slice(-(SECONDS - 1)), 0] };
  }
}

/** While a person looks or syncs from here, that is what is shown. */
function liveParts(target: TargetView, live: LiveTargetView): Partial<TargetView> {
  const { id: _, activity, ...rest } = live;
  const looking = target.activity === 'looking' && activity === 'seen';
  return {
    ...rest,
    ...(looking ? {} : { activity }),
    ...(activity === 'syncing' ? {} : { progress: undefined }),
  };
}

function reduceEvent(target: TargetView, event: SyncEvent): TargetView {
  switch (event.kind) {
    case 'cycle-started':
      // Nothing is known of the present until there is a plan.
      return { ...target, status: undefined };
    case 'planned': {
      const status = statusStep(target.status ?? emptyStatus(target.name), event);
      if (target.activity === 'looking') return { ...target, status };
      const progress = {
        doneBytes: 0,
        totalBytes: event.bytesUp + event.bytesDown,
        doneOperations: 0,
        totalOperations: event.operations.length,
      };
      return { ...target, status, progress };
    }
    case 'operation-progress':
      return moved(target, event.bytes);
    case 'operation-finished':
      return target.progress === undefined
        ? target
        : {
            ...target,
            progress: { ...target.progress, doneOperations: target.progress.doneOperations + 1 },
          };
    case 'cycle-finished':
      // What was done is done; a preview did nothing.
      return event.dryRun ? target : { ...target, status: afterSync(target) };
    case 'problem':
    case 'guard-halted':
      return { ...target, status: statusStep(target.status ?? emptyStatus(target.name), event) };
    default:
      return target;
  }
}

function moved(target: TargetView, bytes: number): TargetView {
  const { throughput, progress } = target;
  const last = Math.max(0, (throughput.at(-1) ?? 0) + bytes);
  return {
    ...target,
    throughput: [...throughput.slice(0, -1), last],
    progress: progress && { ...progress, doneBytes: Math.max(0, progress.doneBytes + bytes) },
  };
}

function ended(target: TargetView, action: Extract<TargetAction, { readonly kind: 'ended' }>): TargetView {
  const calm = { ...target, progress: undefined };
  if (action.trouble !== undefined) return { ...calm, activity: 'failed', trouble: action.trouble };
  const halted = target.status !== undefined && target.status.guards.length > 0;
  if (action.what === 'looking') return { ...calm, activity: halted ? 'halted' : 'seen' };
  if (halted) return { ...calm, activity: 'halted' };
  return { ...calm, activity: 'seen', lastSyncMs: action.atMs };
}

/** What was done is done; conflicts and problems that are left are still there. */
function afterSync({ name, status }: TargetView): TargetView['status'] {
  const problems = (status?.problemViews ?? []).map(
    (problem) => ({ kind: 'problem', target: name, problem }) as const,
  );
  return problems.reduce(statusStep, emptyStatus(name));
}
