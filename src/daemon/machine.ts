import { assertNever } from '../lib/assert-never.ts';
import type { RelPath } from '../sync/path.ts';
import type { Failure, TargetNews } from './contract.ts';
import { EVERYTHING, heardHere, heardThere, joined, NOTHING, type Pending, WALK } from './pending.ts';
import { bringForward, retriesAfter, type Taken, takeAll, takeChanged, takeDue } from './retries.ts';
import { patienceWith, type Rhythm, retryDelayMs } from './rhythm.ts';
import {
  hasWork,
  holdMs,
  type Job,
  type SyncRequest,
  type TargetState,
  type Trouble,
} from './target-state.ts';

export type TargetEvent =
  | { readonly kind: 'heard-here'; readonly paths: readonly RelPath[] }
  | { readonly kind: 'heard-there'; readonly paths: readonly RelPath[] }
  /** The watcher may have missed something. */
  | { readonly kind: 'walk-needed' }
  /** Others changed something that cannot be named, or the rules of what is synced changed. */
  | { readonly kind: 'full-look-needed' }
  /** The machine slept: nothing that was heard or waited for before is worth much. */
  | { readonly kind: 'woke' }
  | { readonly kind: 'slot-given' }
  /**
   * `again`: paths that had problems, or changed while they were synced. `stuck`: those whose problem stays until
   * somebody acts. `hindrance`: what hinders all of `again` (a full disk), so that they are tried when it is gone.
   */
  | {
      readonly kind: 'cycle-synced';
      readonly again: readonly RelPath[];
      readonly stuck?: readonly RelPath[];
      readonly hindrance?: Failure;
    }
  | { readonly kind: 'cycle-halted'; readonly planId: string }
  | { readonly kind: 'cycle-failed'; readonly failure: Failure }
  | { readonly kind: 'cycle-interrupted' }
  | { readonly kind: 'sync-requested'; readonly request: SyncRequest }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** The folder is gone, or the store does not answer a poll. */
  | { readonly kind: 'lost'; readonly failure: Failure }
  /** The store answers again. */
  | { readonly kind: 'store-back' }
  | { readonly kind: 'tick' };

export type Effect =
  | { readonly kind: 'ask-slot' }
  /** Nothing is to be done any more. */
  | { readonly kind: 'return-slot' }
  | { readonly kind: 'run'; readonly job: Job }
  /** The cycle under way is to end at a safe place. */
  | { readonly kind: 'interrupt' }
  /** Ask the bell at once. */
  | { readonly kind: 'poll' }
  | { readonly kind: 'tell'; readonly news: TargetNews };

export interface Step {
  readonly state: TargetState;
  readonly effects: readonly Effect[];
}

/** The rest of what a step depends on. `chance`: from 0 to 1, for jitter. */
export interface Moment {
  readonly nowMs: number;
  readonly chance: number;
  readonly rhythm: Rhythm;
}

/** What one target does next. Pure: the same state, event and moment give the same step. */
export function step(state: TargetState, event: TargetEvent, moment: Moment): Step {
  const heard = react(state, event, moment);
  const next = absorbDue(heard.state, moment);
  if (next.work.kind !== 'none') return { ...heard, state: next };
  if (isAllowed(next, moment.nowMs)) {
    const effects: readonly Effect[] = [...heard.effects, { kind: 'ask-slot' }];
    return { state: { ...next, work: { kind: 'queued' } }, effects };
  }
  return next.trouble !== undefined && moment.nowMs >= next.trouble.nextTryMs && !next.paused
    ? { state: postponed(next, next.trouble, moment), effects: [...heard.effects, { kind: 'poll' }] }
    : { ...heard, state: next };
}

/** Nothing waits for a try: the poll is the try. */
function postponed(state: TargetState, before: Trouble, moment: Moment): TargetState {
  return { ...state, trouble: nextTrouble(before.failure, before.attempts + 1, moment) };
}

/** Requests are served also where nothing would be done of its own accord. */
function isAllowed(state: TargetState, nowMs: number): boolean {
  if (state.requests.length > 0) return true;
  return !state.paused && hasWork(state) && nowMs >= holdMs(state);
}

function react(state: TargetState, event: TargetEvent, moment: Moment): Step {
  switch (event.kind) {
    case 'heard-here':
      return just(heardHereOf(state, event.paths, moment));
    case 'heard-there':
      return just(heardThereOf(state, event.paths, moment));
    case 'walk-needed':
      return just(hear(state, WALK, moment));
    case 'full-look-needed':
      return just(hear(state, EVERYTHING, moment));
    case 'woke':
      return { state: retryNow(hear(state, WALK, moment), moment), effects: [{ kind: 'poll' }] };
    case 'slot-given':
      return begin(state, moment);
    case 'cycle-synced':
      return synced(state, event, moment);
    case 'cycle-halted':
      return halted(state, event.planId, moment);
    case 'cycle-failed':
      return cycleFailed(state, event.failure, moment);
    case 'cycle-interrupted':
      return just(isWholeJob(state) ? giveBackWhole(state) : giveBack(state));
    case 'sync-requested':
      return just({ ...state, requests: [...state.requests, event.request] });
    case 'pause':
      return { state: { ...state, paused: true }, effects: isLooking(state) ? [{ kind: 'interrupt' }] : [] };
    case 'resume':
      return { state: retryNow({ ...state, paused: false }, moment), effects: [{ kind: 'poll' }] };
    case 'lost':
      return lost(state, event.failure, moment);
    case 'store-back':
      return storeBack(state, moment);
    case 'tick':
      return just(state);
    default:
      return assertNever(event);
  }
}

function just(state: TargetState): Step {
  return { state, effects: [] };
}

/** A halted plan may differ now: it is looked at again soon, and not at every keystroke. */
function hear(state: TargetState, more: Pending, { nowMs, rhythm }: Moment): TargetState {
  const pending = joined(state.pending, more);
  const { halt } = state;
  if (halt === undefined) return { ...state, pending };
  const soonMs = Math.max(nowMs, halt.checkedMs + rhythm.recheckChangedHaltMs);
  return { ...state, pending, halt: { ...halt, nextTryMs: Math.min(halt.nextTryMs, soonMs) } };
}

/** This side is looked at now. The other, of paths that had problems, soon: a try that fails may itself be heard here. */
function heardHereOf(state: TargetState, paths: readonly RelPath[], moment: Moment): TargetState {
  const sooner = { ...state, retries: bringForward(state.retries, paths, moment) };
  return hear(sooner, heardHere(paths), moment);
}

/** Of paths that had problems both sides are looked at now. */
function heardThereOf(state: TargetState, paths: readonly RelPath[], moment: Moment): TargetState {
  return hear(tryPaths(state, takeChanged(state.retries, paths)), heardThere(paths), moment);
}

/** Looks that are due by the clock. */
function absorbDue(before: TargetState, { nowMs }: Moment): TargetState {
  if (before.work.kind === 'running') return before;
  const state = tryPaths(before, takeDue(before.retries, nowMs));
  let { pending } = state;
  if (nowMs >= state.nextWalkMs) pending = joined(pending, WALK);
  if (nowMs >= state.nextFullMs) pending = joined(pending, EVERYTHING);
  return pending === state.pending ? state : { ...state, pending };
}

function tryPaths(state: TargetState, { paths, retries }: Taken): TargetState {
  return paths.size === 0 ? state : { ...state, retries, pending: onBothSides(state.pending, paths) };
}

/** Whichever side had the problem: both are looked at. */
function onBothSides(pending: Pending, paths: ReadonlySet<RelPath>): Pending {
  return joined(pending, { ...NOTHING, local: paths, remote: paths });
}

function begin(state: TargetState, { nowMs }: Moment): Step {
  const [request, ...requests] = state.requests;
  if (request !== undefined) {
    const scope = request.whole ? state.pending : NOTHING;
    const job: Job = { kind: 'requested', request, scope };
    const pending = request.whole ? NOTHING : state.pending;
    return { state: { ...state, requests, pending, work: { kind: 'running', job } }, effects: [run(job)] };
  }
  // Paused, or put off by trouble, while it waited.
  if (state.paused || !hasWork(state) || nowMs < holdMs(state))
    return { state: { ...state, work: { kind: 'none' } }, effects: [{ kind: 'return-slot' }] };
  const job: Job = { kind: 'look', scope: state.pending };
  return { state: { ...state, pending: NOTHING, work: { kind: 'running', job } }, effects: [run(job)] };
}

function run(job: Job): Effect {
  return { kind: 'run', job };
}

function synced(
  state: TargetState,
  { again, stuck = [], hindrance }: Extract<TargetEvent, { readonly kind: 'cycle-synced' }>,
  moment: Moment,
): Step {
  const job = jobOf(state);
  // A part that was asked for says nothing of what was halted, nor of what else is to be done.
  if (job.kind === 'requested' && !job.request.whole) return trouble(giveBack(state), undefined, moment);
  const { nowMs, chance, rhythm } = moment;
  const full = job.kind === 'requested' || job.scope.breadth === 'everything';
  const scope = full ? EVERYTHING : job.scope;
  // Where all of them are hindered, the end of that is what they wait for.
  const unfinished = { again: hindrance === undefined ? again : [], stuck };
  // Machines that were started together do not list together.
  const later = (ms: number): number => nowMs + Math.round(ms * (0.9 + chance / 5));
  const next: TargetState = {
    ...state,
    work: { kind: 'none' },
    halt: undefined,
    retries: retriesAfter(state.retries, scope, unfinished, moment),
    lastSyncMs: nowMs,
    nextFullMs: full ? later(rhythm.fullEveryMs) : state.nextFullMs,
    nextWalkMs: full || job.scope.breadth === 'walk' ? later(rhythm.walkEveryMs) : state.nextWalkMs,
  };
  const hindered =
    hindrance === undefined ? next : { ...next, pending: onBothSides(next.pending, new Set(again)) };
  const told = trouble(hindered, hindrance, moment);
  const ended: readonly Effect[] = state.halt === undefined ? [] : [tell({ kind: 'halt-ended' })];
  return { state: told.state, effects: [...ended, ...told.effects] };
}

function halted(state: TargetState, planId: string, moment: Moment): Step {
  const job = jobOf(state);
  // Told to who asked for it; the target as a whole is as it was.
  if (job.kind === 'requested' && !job.request.whole) return just(giveBack(state));
  const back = trouble(giveBackWhole(state), undefined, moment);
  const isNew = state.halt?.planId !== planId;
  const { nowMs, rhythm } = moment;
  return {
    state: { ...back.state, halt: { planId, checkedMs: nowMs, nextTryMs: nowMs + rhythm.recheckHaltMs } },
    effects: isNew ? [...back.effects, tell({ kind: 'halt-began', planId })] : back.effects,
  };
}

function cycleFailed(state: TargetState, failure: Failure, moment: Moment): Step {
  const job = jobOf(state);
  // Its trouble may be of its own making, as a path that is none; the daemon finds out by itself what concerns it.
  if (job.kind === 'requested' && !job.request.whole) return just(giveBack(state));
  return trouble(giveBackWhole(state), failure, moment);
}

/** What a cycle did not finish is to be looked at again. */
function giveBack(state: TargetState): TargetState {
  return { ...state, work: { kind: 'none' }, pending: joined(jobOf(state).scope, state.pending) };
}

/** A whole sync that was asked for looked at everything: so does the next try. */
function giveBackWhole(state: TargetState): TargetState {
  const back = giveBack(state);
  return jobOf(state).kind === 'requested' ? { ...back, pending: EVERYTHING } : back;
}

function jobOf({ work }: TargetState): Job {
  if (work.kind !== 'running') throw new Error(`a cycle ended that was not begun (${work.kind})`);
  return work.job;
}

/** Interrupted, it may have begun what only a look at everything finds. */
function isWholeJob(state: TargetState): boolean {
  const job = jobOf(state);
  return job.kind === 'requested' && job.request.whole;
}

function isLooking({ work }: TargetState): boolean {
  return work.kind === 'running' && work.job.kind === 'look';
}

/**
 * Trouble begins, goes on or (undefined) ends. Told when it begins, when it turns out to be another, and when all is well:
 * what was not synced for hours is not back because the reason changed.
 */
function trouble(state: TargetState, failure: Failure | undefined, moment: Moment): Step {
  const before = state.trouble;
  if (failure === undefined)
    return {
      state: { ...state, trouble: undefined },
      effects:
        before === undefined
          ? []
          : [tell({ kind: 'trouble-ended', offline: before.offline }), { kind: 'poll' }],
    };
  const isSame = before?.failure.code === failure.code;
  const now = nextTrouble(failure, isSame ? before.attempts + 1 : 1, moment);
  // Nothing is watched of a folder that is gone: when it is back, all of it is new.
  const pending = isGone(failure) ? EVERYTHING : state.pending;
  return {
    state: { ...state, pending, trouble: now },
    effects: isSame ? [] : [tell({ kind: 'trouble-began', offline: now.offline, failure })],
  };
}

function nextTrouble(failure: Failure, attempts: number, { nowMs, chance, rhythm }: Moment): Trouble {
  const { offline, maxRetryMs } = patienceWith(failure, rhythm);
  return {
    failure,
    offline,
    attempts,
    nextTryMs: nowMs + retryDelayMs(attempts, maxRetryMs, chance, rhythm),
  };
}

function isGone({ code }: Failure): boolean {
  return code === 'FOLDER_MISSING' || code === 'MARKER_MISSING';
}

/**
 * A cycle under way finds out by itself; trouble that is known goes on. Nothing is watched any more of a folder that was
 * gone, also where the cycle ended well and the folder is back: what follows opens it anew.
 */
function lost(state: TargetState, failure: Failure, moment: Moment): Step {
  if (state.work.kind !== 'running' && state.trouble === undefined) return trouble(state, failure, moment);
  return just(isGone(failure) ? { ...state, pending: EVERYTHING } : state);
}

/** An answer to a poll does not prove that a cycle succeeds: where one is due, it decides. */
function storeBack(state: TargetState, moment: Moment): Step {
  if (state.trouble?.failure.code !== 'STORE_UNREACHABLE' || state.work.kind === 'running')
    return just(state);
  const tried = retryNow(state, moment);
  return hasWork(tried) ? just(tried) : trouble(state, undefined, moment);
}

function retryNow(before: TargetState, { nowMs }: Moment): TargetState {
  const state = tryPaths(before, takeAll(before.retries));
  if (state.trouble !== undefined) return { ...state, trouble: { ...state.trouble, nextTryMs: nowMs } };
  return state.halt === undefined ? state : { ...state, halt: { ...state.halt, nextTryMs: nowMs } };
}

function tell(news: TargetNews): Effect {
  return { kind: 'tell', news };
}
