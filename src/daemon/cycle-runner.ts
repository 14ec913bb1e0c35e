import { setMaxListeners } from 'node:events';
import type { CycleOptions, CycleResult } from '../engine/cycle.ts';
import type { SyncEvent } from '../engine/events.ts';
import type { Focus } from '../engine/live-target.ts';
import type { Connection } from './connection.ts';
import type { RequestedSyncResult } from './contract.ts';
import type { DaemonDeps } from './deps.ts';
import { brokenBy, failureOf } from './failure.ts';
import { type CycleFindings, findingsStep, NO_FINDINGS, unfinishedOf } from './findings.ts';
import type { TargetEvent } from './machine.ts';
import type { Pending } from './pending.ts';
import { NOTHING_STANDS, type Standing, standingAfter } from './standing.ts';
import type { Job } from './target-state.ts';

export type SyncOptions = Omit<CycleOptions, 'signal' | 'legacyIndex'>;

/** A sync that somebody waits for. */
export interface AskedSync {
  readonly options: SyncOptions;
  readonly onEvent: (event: SyncEvent) => void;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: RequestedSyncResult) => void;
}

/** Runs the cycles of one target, one at a time. */
export interface CycleRunner {
  /** Never rejects: how it ended, for the machine. */
  run(job: Job): Promise<TargetEvent>;
  ask(id: number, sync: AskedSync): void;
  /** The cycle under way ends at a safe place. */
  interrupt(reason: string): void;
  /** Nobody is served any more. */
  refuseAsked(): void;
  /** Called once a cycle that began after this has succeeded. */
  confirmLater(processed: () => void): void;
  /** An event of the cycle under way. */
  take(event: SyncEvent): void;
  readonly standing: Standing;
}

interface Ran {
  readonly result: CycleResult;
  readonly found: CycleFindings;
}

export function createCycleRunner(deps: DaemonDeps, name: () => string, connection: Connection): CycleRunner {
  const asked = new Map<number, AskedSync>();
  let unconfirmed: readonly (() => void)[] = [];
  let standing = NOTHING_STANDS;
  let abort = new AbortController();
  let take: (event: SyncEvent) => void = () => {};

  const runCycle = async (
    job: Job,
    options: SyncOptions,
    onEvent: (event: SyncEvent) => void,
  ): Promise<Ran> => {
    const { signal } = abort;
    let found = NO_FINDINGS;
    take = (event) => {
      found = findingsStep(found, event);
      onEvent(event);
    };
    const { live, fresh, legacyIndex } = await connection.open(signal);
    const focus = job.kind === 'look' && !fresh ? focusOf(job.scope) : undefined;
    const result = await live.cycle({
      ...options,
      signal,
      ...(focus === undefined ? {} : { focus }),
      ...(legacyIndex === undefined ? {} : { legacyIndex }),
    });
    if (result.kind === 'synced') {
      if (options.mode === 'sync') standing = standingAfter(standing, job, found);
      if (hasChanged(result)) connection.ear?.activity();
    }
    return { result, found };
  };
  const failed = async (error: unknown): Promise<TargetEvent> => {
    const failure = failureOf(error);
    const broken = brokenBy(failure);
    if (broken !== 'nothing' && !abort.signal.aborted) await connection.drop(broken);
    return abort.signal.aborted ? { kind: 'cycle-interrupted' } : { kind: 'cycle-failed', failure };
  };
  const runAsked = async (job: Job, wish: AskedSync): Promise<TargetEvent> => {
    const target = name();
    const interrupt = (): void => abort.abort(wish.signal?.reason);
    wish.signal?.addEventListener('abort', interrupt);
    if (wish.signal?.aborted === true) interrupt();
    try {
      const ran = await runCycle(job, wish.options, wish.onEvent);
      wish.resolve({ target, exit: deps.exitOfResult(ran.result, wish.options.mode) });
      return outcome(ran);
    } catch (error) {
      wish.resolve(
        abort.signal.aborted
          ? { target, exit: deps.exitInterrupted }
          : { target, exit: deps.exitOfError(error), error: failureOf(error) },
      );
      return failed(error);
    } finally {
      wish.signal?.removeEventListener('abort', interrupt);
    }
  };
  const runJob = async (job: Job): Promise<TargetEvent> => {
    try {
      if (job.kind === 'look') return outcome(await runCycle(job, { mode: 'sync' }, () => {}));
      const wish = asked.get(job.request.id);
      asked.delete(job.request.id);
      return wish === undefined ? { kind: 'cycle-interrupted' } : await runAsked(job, wish);
    } catch (error) {
      return failed(error);
    }
  };
  return {
    get standing() {
      return standing;
    },
    async run(job) {
      abort = new AbortController();
      // One listener an operation under way: many are no leak.
      setMaxListeners(0, abort.signal);
      // What was heard so far is in the scope of this job, if it is one for all of that.
      const confirms = job.kind === 'look' || job.request.whole ? unconfirmed : [];
      unconfirmed = confirms.length > 0 ? [] : unconfirmed;
      const event = await runJob(job);
      take = () => {};
      if (event.kind === 'cycle-synced') for (const processed of confirms) processed();
      else unconfirmed = [...confirms, ...unconfirmed];
      return event;
    },
    confirmLater: (processed) => {
      unconfirmed = [...unconfirmed, processed];
    },
    ask: (id, sync) => void asked.set(id, sync),
    interrupt: (reason) => abort.abort(new Error(reason)),
    refuseAsked() {
      for (const { resolve } of asked.values()) resolve({ target: name(), exit: deps.exitInterrupted });
      asked.clear();
    },
    take: (event) => take(event),
  };
}

function outcome({ result, found }: Ran): TargetEvent {
  switch (result.kind) {
    case 'synced':
      return {
        kind: 'cycle-synced',
        ...unfinishedOf(found),
        ...(found.diskFull === undefined ? {} : { hindrance: found.diskFull }),
      };
    case 'halted':
      return { kind: 'cycle-halted', planId: result.planId };
    case 'interrupted':
      return { kind: 'cycle-interrupted' };
  }
}

/** Undefined: everything. */
function focusOf({ local, remote, breadth }: Pending): Focus | undefined {
  if (breadth === 'everything') return undefined;
  return { local: [...local], remote: [...remote], ...(breadth === 'walk' && { walk: true }) };
}

function hasChanged({ summary }: Extract<CycleResult, { readonly kind: 'synced' }>): boolean {
  const { uploaded, downloaded, deletedLocal, deletedRemote, renamed, keptBoth } = summary;
  return uploaded + downloaded + deletedLocal + deletedRemote + renamed + keptBoth > 0;
}
