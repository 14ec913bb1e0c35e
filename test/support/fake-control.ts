import type {
  DaemonControl,
  DaemonEvent,
  DaemonStatus,
  RequestedSyncResult,
  TargetStatus,
} from '../../src/daemon/contract.ts';
import type { SyncEvent } from '../../src/engine/events.ts';

/** A supervisor that a test owns: it remembers what it was asked, and says what it is told to say. */
export interface FakeControl extends DaemonControl {
  readonly asked: string[];
  /** To every subscriber. */
  tell(event: DaemonEvent): void;
  subscribers(): number;
  /** What a sync does. */
  sync: DaemonControl['sync'];
  state: DaemonStatus;
  readonly stopped: Promise<void>;
}

export function targetStatus(name: string, more: Partial<TargetStatus> = {}): TargetStatus {
  return {
    id: `id-${name}`,
    name,
    folder: `/home/u/${name}`,
    url: `s3://bucket/${name}`,
    phase: 'idle',
    sinceMs: 1_000,
    lastSyncMs: 1_000,
    pending: 0,
    conflicts: 0,
    problems: 0,
    watching: 'events',
    requests: { get: 12 },
    pollSeconds: 30,
    ...more,
  };
}

export function createFakeControl(targets: readonly TargetStatus[] = [targetStatus('notes')]): FakeControl {
  const asked: string[] = [];
  const listeners = new Set<(event: DaemonEvent) => void>();
  let stopped: () => void = () => undefined;
  const control: FakeControl = {
    asked,
    state: { pid: process.pid, version: '1.2.3', startedMs: 500, targets },
    stopped: new Promise((resolve) => {
      stopped = resolve;
    }),
    tell: (event) => {
      for (const listener of listeners) listener(event);
    },
    subscribers: () => listeners.size,
    status: async () => control.state,
    sync: async (target, options) => {
      asked.push(`sync ${target} ${JSON.stringify(options)}`);
      return { target, exit: 0 };
    },
    pause: async (ids) => void asked.push(`pause ${ids.join()}`),
    resume: async (ids) => void asked.push(`resume ${ids.join()}`),
    reload: async () => void asked.push('reload'),
    stop: async () => {
      asked.push('stop');
      stopped();
    },
    subscribe: (onEvent, signal) => {
      listeners.add(onEvent);
      onEvent({ kind: 'status', status: control.state });
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          listeners.delete(onEvent);
          resolve();
        });
      });
    },
  };
  return control;
}

/** A sync that says `events`, then waits to be aborted. */
export function endlessSync(
  events: readonly SyncEvent[],
  onAbort: (reason: unknown) => void,
): DaemonControl['sync'] {
  return (target, _options, onEvent, signal) =>
    new Promise<RequestedSyncResult>((resolve) => {
      signal?.addEventListener('abort', () => {
        onAbort(signal.reason);
        resolve({ target, exit: 130 });
      });
      for (const event of events) onEvent(event);
    });
}
