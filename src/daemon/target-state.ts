import type { Failure, TargetPhase } from './contract.ts';
import { EVERYTHING, isNothing, type Pending } from './pending.ts';
import { NO_RETRIES, nextRetryMs, type Retries } from './retries.ts';

/** A sync that somebody asked for. `whole`: it looks at everything, and goes both ways. */
export interface SyncRequest {
  readonly id: number;
  readonly whole: boolean;
}

export type Job =
  | { readonly kind: 'look'; readonly scope: Pending }
  /** `scope`: what was pending and is looked at along. */
  | { readonly kind: 'requested'; readonly request: SyncRequest; readonly scope: Pending };

type Work =
  | { readonly kind: 'none' }
  /** Waits for a slot: only so many targets are synced at once. */
  | { readonly kind: 'queued' }
  | { readonly kind: 'running'; readonly job: Job };

interface Halt {
  readonly planId: string;
  readonly checkedMs: number;
  readonly nextTryMs: number;
}

export interface Trouble {
  readonly failure: Failure;
  /** Resumes by itself when the network, the disk or the folder is back. */
  readonly offline: boolean;
  readonly attempts: number;
  readonly nextTryMs: number;
}

/**
 * All that is known of one target. Its phase is derived (`phaseOf`): what is pending, a halt and trouble are kept
 * beside each other, so that a network cut forgets no halt and a pause no hint.
 */
export interface TargetState {
  readonly pending: Pending;
  readonly work: Work;
  readonly paused: boolean;
  readonly requests: readonly SyncRequest[];
  readonly halt: Halt | undefined;
  readonly trouble: Trouble | undefined;
  /** Paths that had problems. */
  readonly retries: Retries;
  readonly nextFullMs: number;
  readonly nextWalkMs: number;
  readonly lastSyncMs: number | undefined;
}

/** At start everything is looked at; of a target that was paused, when it is resumed. */
export function initialState(nowMs: number, paused = false): TargetState {
  return {
    pending: EVERYTHING,
    work: { kind: 'none' },
    paused,
    requests: [],
    halt: undefined,
    trouble: undefined,
    retries: NO_RETRIES,
    nextFullMs: nowMs,
    nextWalkMs: nowMs,
    lastSyncMs: undefined,
  };
}

export function phaseOf(state: TargetState): TargetPhase {
  if (state.work.kind === 'running') return 'syncing';
  if (state.paused) return 'paused';
  if (state.trouble !== undefined) return state.trouble.offline ? 'offline' : 'backoff';
  if (state.halt !== undefined) return 'halted';
  return state.work.kind === 'queued' || hasWork(state) ? 'dirty' : 'idle';
}

export function hasWork({ pending }: TargetState): boolean {
  return !isNothing(pending);
}

/** When the next automatic step is due; undefined: nothing is until an event comes. */
export function dueMs(state: TargetState): number | undefined {
  if (state.work.kind !== 'none' || state.paused) return undefined;
  // Trouble without work is polled for.
  const looksMs =
    hasWork(state) || state.trouble !== undefined
      ? 0
      : Math.min(state.nextFullMs, state.nextWalkMs, nextRetryMs(state.retries) ?? Number.POSITIVE_INFINITY);
  return Math.max(looksMs, holdMs(state));
}

/** Until when nothing is tried of its own accord. */
export function holdMs({ trouble, halt }: TargetState): number {
  return trouble?.nextTryMs ?? halt?.nextTryMs ?? 0;
}
