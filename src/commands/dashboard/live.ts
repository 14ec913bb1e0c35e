import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonEvent, TargetPhase, TargetStatus } from '../../daemon/contract.ts';
import { daemonPlaces } from '../../daemon/places.ts';
import { type DaemonClient, openDaemonClient } from '../../daemon/socket/client.ts';
import { assertNever } from '../../lib/assert-never.ts';
import { isS4Error } from '../../lib/errors.ts';
import type { DashboardAction, LiveTargetView } from '../../ui/dashboard/actions.ts';
import type { TargetActivity } from '../../ui/dashboard/state.ts';
import type { Context } from '../context.ts';

/** Undefined when no daemon runs, or none that this s4 speaks with: the dashboard then looks by itself. */
export async function connectDaemon(context: Context): Promise<DaemonClient | undefined> {
  try {
    return await openDaemonClient(daemonPlaces(dirname(context.config.path)));
  } catch (error) {
    if (isS4Error(error)) return undefined;
    throw error;
  }
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  /** Events of these are told by who began the cycle. */
  readonly isBusy: (targetId: string) => boolean;
  readonly connect: () => Promise<DaemonClient | undefined>;
  /** The daemon that is followed from now on; undefined: none. */
  readonly onClient: (client: DaemonClient | undefined) => void;
  /** No daemon runs at first. */
  readonly onNobody: () => void;
}

/** A look at a socket costs next to nothing. */
const MEET_MS = 1_000;

/**
 * Follows a daemon, and the next one when that has ended: it may be started again, or be started where none ran. Until
 * the signal aborts.
 */
export async function followDaemons(
  attached: DaemonClient | undefined,
  options: FollowOptions,
  dispatch: (action: DashboardAction) => void,
): Promise<void> {
  const { signal, connect, onClient, onNobody } = options;
  const meet = async (client: DaemonClient): Promise<void> => {
    onClient(client);
    await follow(client, options, dispatch);
    onClient(undefined);
    if (client !== attached) client.close();
  };
  const first = attached ?? (await connect());
  if (first === undefined) onNobody();
  else await meet(first);
  while (await paused(signal)) {
    const next = await connect();
    if (next === undefined) continue;
    dispatch({ kind: 'notice', notice: { tone: 'good', text: 'A daemon runs now: this is what it does.' } });
    await meet(next);
  }
}

/** False when it is over. */
async function paused(signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(MEET_MS, undefined, { signal });
    return true;
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  }
}

/** Hands on what the daemon tells, until it is gone or the signal aborts. */
async function follow(
  client: DaemonClient,
  { signal, nowMs, isBusy }: FollowOptions,
  dispatch: (action: DashboardAction) => void,
): Promise<void> {
  dispatch({ kind: 'source', source: 'live' });
  const onEvent = (event: DaemonEvent): void => {
    switch (event.kind) {
      case 'status':
        for (const target of event.status.targets) dispatch({ kind: 'live', target: viewOf(target) });
        break;
      case 'target':
        dispatch({ kind: 'live', target: viewOf(event.target) });
        break;
      case 'sync':
        if (!isBusy(event.event.target))
          dispatch({ kind: 'event', targetId: event.event.target, event: event.event, atMs: nowMs() });
        break;
      case 'news':
        break;
      default:
        assertNever(event);
    }
  };
  try {
    await client.subscribe(onEvent, signal);
  } catch (error) {
    if (!signal.aborted && !isS4Error(error)) throw error;
  }
  if (signal.aborted) return;
  dispatch({ kind: 'source', source: 'alone' });
  dispatch({ kind: 'notice', notice: { tone: 'warn', text: 'The daemon is gone. r looks again.' } });
}

function viewOf(target: TargetStatus): LiveTargetView {
  const { name, phase, lastSyncMs, pending, conflicts, problems, error } = target;
  return {
    id: name,
    activity: activityOf(phase),
    lastSyncMs,
    pending,
    conflicts,
    problems,
    trouble: error && { message: error.message, ...(error.hint !== undefined && { hint: error.hint }) },
  };
}

function activityOf(phase: TargetPhase): TargetActivity {
  return phase === 'idle' ? 'seen' : phase;
}
