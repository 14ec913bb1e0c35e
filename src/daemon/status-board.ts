import type { TargetSettings } from '../config/schema.ts';
import type { Connection } from './connection.ts';
import type { TargetStatus } from './contract.ts';
import type { CycleRunner } from './cycle-runner.ts';
import type { DaemonDeps } from './deps.ts';
import { countOf } from './pending.ts';
import { nextRetryMs } from './retries.ts';
import { phaseOf, type TargetState } from './target-state.ts';

/** What is shown of one target. */
export interface StatusBoard {
  status(state: TargetState): TargetStatus;
  /** Tells the listener, if anything changed that people look at; numbers that move all the time do not count. */
  show(state: TargetState): void;
}

export function createStatusBoard(
  { runtime }: DaemonDeps,
  settings: () => TargetSettings,
  { connection, cycles }: { readonly connection: Connection; readonly cycles: CycleRunner },
  onStatus: (status: TargetStatus) => void,
): StatusBoard {
  let phase: TargetStatus['phase'] = 'dirty';
  let sinceMs = runtime.nowMs();
  let shown = '';
  const status = (state: TargetState): TargetStatus => {
    const { id, name, folder, url } = settings();
    const { halt, trouble, lastSyncMs } = state;
    const nextTryMs = trouble?.nextTryMs ?? halt?.nextTryMs;
    const retryMs = nextRetryMs(state.retries);
    return {
      id,
      name,
      folder,
      url,
      phase: phaseOf(state),
      sinceMs,
      ...(lastSyncMs === undefined ? {} : { lastSyncMs }),
      ...(nextTryMs === undefined ? {} : { nextTryMs }),
      ...(retryMs === undefined || state.paused ? {} : { retryMs }),
      pending: countOf(state.pending),
      conflicts: cycles.standing.conflicts.size,
      problems: cycles.standing.problems.size,
      ...(halt === undefined ? {} : { planId: halt.planId }),
      ...(trouble === undefined ? {} : { error: trouble.failure }),
      watching: connection.watching,
      requests: connection.requests(),
      pollSeconds: connection.ear?.pollSeconds ?? 0,
    };
  };
  return {
    status,
    show(state) {
      const now = phaseOf(state);
      if (now !== phase) sinceMs = runtime.nowMs();
      phase = now;
      const full = status(state);
      const text = JSON.stringify(withoutMoving(full));
      if (text !== shown) onStatus(full);
      shown = text;
    },
  };
}

function withoutMoving({
  pending: _pending,
  requests: _requests,
  pollSeconds: _poll,
  nextTryMs: _next,
  retryMs: _retry,
  ...seen
}: TargetStatus): object {
  return seen;
}
