import { isDeepStrictEqual } from 'node:util';
import type { TargetSettings } from '../config/schema.ts';
import { S4Error } from '../lib/errors.ts';
import type { DaemonControl, DaemonEvent, DaemonStatus } from './contract.ts';
import type { DaemonDeps } from './deps.ts';
import { createSlots } from './slots.ts';
import { createTargetRunner, type RunnerListener, type TargetRunner } from './target-runner.ts';

/** The daemon itself: keeps its targets in sync until it is stopped. */
export interface Supervisor extends DaemonControl {
  /** Resolves when it was stopped. */
  readonly stopped: Promise<void>;
}

/** @throws S4Error as `deps.loadTargets` */
export function startSupervisor(deps: DaemonDeps): Supervisor {
  const startedMs = deps.runtime.nowMs();
  const slots = createSlots(deps.concurrency);
  const subscribers = new Set<(event: DaemonEvent) => void>();
  const runners = new Map<string, TargetRunner>();
  let stopping: Promise<void> | undefined;
  let reloading: Promise<void> = Promise.resolve();
  let resolveStopped = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    resolveStopped = resolve;
  });
  const publish = (event: DaemonEvent): void => {
    for (const tell of subscribers) tell(event);
  };
  const listener: RunnerListener = {
    onSync: (event) => publish({ kind: 'sync', event }),
    onNews: (target, news) => publish({ kind: 'news', target, news }),
    onStatus: (target) => publish({ kind: 'target', target }),
  };
  const statusNow = (): DaemonStatus => ({
    pid: deps.pid,
    version: deps.version,
    startedMs,
    targets: [...runners.values()]
      .map((runner) => runner.status())
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  });
  const find = (id: string): TargetRunner => {
    const runner = runners.get(id);
    if (runner !== undefined) return runner;
    throw new S4Error('TARGET_UNKNOWN', 'The daemon does not keep this target.', {
      hint: '"s4 daemon status" shows those that it keeps.',
    });
  };
  const chosen = (ids: readonly string[]): readonly TargetRunner[] =>
    ids.length === 0 ? [...runners.values()] : ids.map(find);
  const begin = (target: TargetSettings): void =>
    void runners.set(target.id, createTargetRunner(deps, slots, target, listener));

  /** One at a time: else the later one's config, in which a target is gone, would be forgotten by the earlier. */
  const reload = async (): Promise<void> => {
    if (stopping !== undefined) return;
    const targets = new Map(deps.loadTargets().map((target) => [target.id, target]));
    for (const [id, runner] of runners) {
      const now = targets.get(id);
      if (now !== undefined && isSame(runner.settings, now)) await runner.reloadRules();
      else {
        runners.delete(id);
        await runner.stop();
        // Added again, it has the same id, that of the place in the store.
        if (now === undefined) deps.pauses.set(id, false);
      }
    }
    if (stopping !== undefined) return;
    for (const [id, target] of targets) if (!runners.has(id)) begin(target);
    publish({ kind: 'status', status: statusNow() });
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...runners.values()].map((runner) => runner.stop()));
    // A runner that it stops is no longer among them.
    await reloading;
    resolveStopped();
  };

  for (const target of deps.loadTargets()) begin(target);
  return {
    stopped,
    status: async () => statusNow(),
    sync: async (id, options, onEvent, signal) => find(id).sync(options, onEvent, signal),
    pause: async (ids) => {
      for (const runner of chosen(ids)) {
        deps.pauses.set(runner.settings.id, true);
        runner.pause();
      }
    },
    resume: async (ids) => {
      for (const runner of chosen(ids)) {
        deps.pauses.set(runner.settings.id, false);
        runner.resume();
      }
    },
    reload: () => {
      const done = reloading.then(reload);
      reloading = done.catch(() => undefined);
      return done;
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    subscribe: (onEvent, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        onEvent({ kind: 'status', status: statusNow() });
        subscribers.add(onEvent);
        signal.addEventListener('abort', () => {
          subscribers.delete(onEvent);
          resolve();
        });
      }),
  };
}

/** The client id is the daemon's own to change. */
function isSame(a: TargetSettings, b: TargetSettings): boolean {
  return isDeepStrictEqual({ ...a, clientId: '' }, { ...b, clientId: '' });
}
