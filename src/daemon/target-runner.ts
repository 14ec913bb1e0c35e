import type { TargetSettings } from '../config/schema.ts';
import type { SyncEvent } from '../engine/events.ts';
import type { WatchEvent } from '../engine/ports/watcher.ts';
import { assertNever } from '../lib/assert-never.ts';
import { type Connection, createConnection } from './connection.ts';
import type { RequestedSyncResult, TargetNews, TargetStatus } from './contract.ts';
import { type CycleRunner, createCycleRunner, type SyncOptions } from './cycle-runner.ts';
import type { DaemonDeps } from './deps.ts';
import { failureOf } from './failure.ts';
import type { EarEvent } from './listen/ear.ts';
import { type Effect, step, type TargetEvent } from './machine.ts';
import type { Slots } from './slots.ts';
import { createStatusBoard, type StatusBoard } from './status-board.ts';
import { dueMs, initialState, type TargetState } from './target-state.ts';

/** Keeps one target in sync until it is stopped: carries out what the machine decides, and tells it what happened. */
export interface TargetRunner {
  readonly settings: TargetSettings;
  status(): TargetStatus;
  pause(): void;
  resume(): void;
  /** Everything is looked at, by the rules as they are now. */
  reloadRules(): Promise<void>;
  sync(
    options: SyncOptions,
    onEvent: (event: SyncEvent) => void,
    signal: AbortSignal | undefined,
  ): Promise<RequestedSyncResult>;
  /** Ends the cycle under way at a safe place, records what was finished, lets go of the folder. */
  stop(): Promise<void>;
}

export interface RunnerListener {
  readonly onSync: (event: SyncEvent) => void;
  readonly onNews: (target: string, news: TargetNews) => void;
  /** Its phase, or something else that is shown, changed. */
  readonly onStatus: (status: TargetStatus) => void;
}

export function createTargetRunner(
  deps: DaemonDeps,
  slots: Slots,
  initial: TargetSettings,
  listener: RunnerListener,
): TargetRunner {
  let settings = initial;
  let nextId = 1;
  const connection = createConnection(deps, () => settings, {
    emit: (event) => {
      listener.onSync(event);
      cycles.take(event);
    },
    onWatch: (event) => {
      if (event.kind === 'touched') connection.ear?.activity();
      if (event.kind === 'trouble') listener.onNews(settings.name, { ...event, kind: 'unwatched' });
      loop.dispatch(heardByWatch(event, settings));
    },
    onEar: (event) => {
      if (event.kind === 'heard' && event.processed !== undefined) cycles.confirmLater(event.processed);
      loop.dispatch(heardByEar(event));
    },
    onNewClient: async (clientId) => {
      settings = { ...settings, clientId };
      await deps.keepClientId(settings, clientId);
    },
  });
  const cycles = createCycleRunner(deps, () => settings.name, connection);
  const board = createStatusBoard(deps, () => settings, { connection, cycles }, listener.onStatus);
  const loop = createLoop({
    deps,
    paused: deps.pauses.has(initial.id),
    slots,
    connection,
    cycles,
    board,
    tell: (news) => listener.onNews(settings.name, news),
  });
  loop.dispatch({ kind: 'tick' });
  return {
    get settings() {
      return settings;
    },
    status: () => board.status(loop.state),
    pause: () => loop.dispatch({ kind: 'pause' }),
    resume: () => loop.dispatch({ kind: 'resume' }),
    reloadRules: async () => {
      await connection.watch?.reloadRules();
      loop.dispatch({ kind: 'full-look-needed' });
    },
    sync: (options, onEvent, signal) =>
      new Promise((resolve) => {
        const id = nextId++;
        cycles.ask(id, { options, onEvent, signal, resolve });
        loop.dispatch({ kind: 'sync-requested', request: { id, whole: isWhole(options) } });
      }),
    stop: () => loop.stop(),
  };
}

function isWhole({ mode, paths, direction }: SyncOptions): boolean {
  return mode === 'sync' && (paths ?? []).length === 0 && direction === undefined;
}

interface LoopParts {
  readonly deps: DaemonDeps;
  readonly paused: boolean;
  readonly slots: Slots;
  readonly connection: Connection;
  readonly cycles: CycleRunner;
  readonly board: StatusBoard;
  readonly tell: (news: TargetNews) => void;
}

interface Loop {
  readonly state: TargetState;
  dispatch(event: TargetEvent): void;
  stop(): Promise<void>;
}

/** The machine, with its effects and its clock. */
function createLoop({ deps, paused, slots, connection, cycles, board, tell }: LoopParts): Loop {
  const { runtime, rhythm } = deps;
  let state = initialState(runtime.nowMs(), paused);
  let stopped = false;
  let timer = new AbortController();
  let working: Promise<void> = Promise.resolve();
  let giveBackSlot = (): void => {};

  const dispatch = (event: TargetEvent): void => {
    if (stopped) return;
    const chance = Number.parseInt(runtime.randomHex(4), 16) / 2 ** 32;
    const next = step(state, event, { nowMs: runtime.nowMs(), chance, rhythm });
    state = next.state;
    for (const effect of next.effects) perform(effect);
    board.show(state);
    arm();
  };
  const perform = (effect: Effect): void => {
    switch (effect.kind) {
      case 'ask-slot':
        void slots.take().then((giveBack) => {
          giveBackSlot = giveBack;
          if (stopped) giveBack();
          else dispatch({ kind: 'slot-given' });
        });
        break;
      case 'return-slot':
        giveBackSlot();
        break;
      case 'run':
        working = cycles.run(effect.job).then((event) => {
          giveBackSlot();
          dispatch(event);
        });
        break;
      case 'interrupt':
        cycles.interrupt('interrupted');
        break;
      case 'poll':
        connection.ear?.pollNow();
        break;
      case 'tell':
        tell(effect.news);
        break;
      default:
        assertNever(effect);
    }
  };
  const arm = (): void => {
    timer.abort();
    const due = dueMs(state);
    if (due === undefined) return;
    timer = new AbortController();
    const { signal } = timer;
    runtime.sleep(Math.max(1, due - runtime.nowMs()), { signal }).then(
      () => dispatch({ kind: 'tick' }),
      // Another step came first.
      () => {},
    );
  };
  return {
    get state() {
      return state;
    },
    dispatch,
    async stop() {
      stopped = true;
      timer.abort();
      cycles.interrupt('stopped');
      await working;
      cycles.refuseAsked();
      await connection.drop('both');
    },
  };
}

function heardByWatch(event: WatchEvent, { folder }: TargetSettings): TargetEvent {
  switch (event.kind) {
    case 'touched':
      return { kind: 'heard-here', paths: event.paths };
    case 'rescan':
      return { kind: event.reason === 'wake' ? 'woke' : 'walk-needed' };
    case 'trouble':
      return { kind: 'walk-needed' };
    case 'gone': {
      const message = `the folder ${folder} is not there any more`;
      const hint = 'If its disk is not mounted, mount it: the sync goes on then.';
      return { kind: 'lost', failure: { code: 'FOLDER_MISSING', message, hint } };
    }
    default:
      return assertNever(event);
  }
}

function heardByEar(event: EarEvent): TargetEvent {
  switch (event.kind) {
    case 'heard':
      return { kind: 'heard-there', paths: event.paths };
    case 'rescan':
      return { kind: 'full-look-needed' };
    case 'trouble':
      return { kind: 'lost', failure: failureOf(event.error) };
    case 'well':
      return { kind: 'store-back' };
    default:
      return assertNever(event);
  }
}
