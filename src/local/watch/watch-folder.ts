import { lstatSync, realpathSync } from 'node:fs';
import type { RunningWatch, Watcher, WatchOptions } from '../../engine/ports/watcher.ts';
import { S4Error } from '../../lib/errors.ts';
import { errnoOf } from '../fs-errors.ts';
import type { FolderIdentity } from '../walk-list.ts';
import { type Announcer, createAnnouncer } from './announcer.ts';
import { type BackendHost, type WatchBackend, WatchLimit } from './backend.ts';
import { createChokidarBackend } from './chokidar-backend.ts';
import { systemWatchClock, type WatchClock } from './clock.ts';
import { CAUTIOUS_LIMITS, INOTIFY_LIMITS } from './debounce.ts';
import { createFsBackend } from './fs-backend.ts';
import { createRuleBook } from './rule-book.ts';
import { troubleOf } from './trouble.ts';

export type WatcherKind = 'fs' | 'chokidar';

export interface WatcherOptions {
  readonly root: string;
  /** Default: `fs` on Linux, where chokidar needs a watch and much memory a file; `chokidar` elsewhere. */
  readonly kind?: WatcherKind;
  /** For tests. */
  readonly clock?: WatchClock;
  /** For tests: replaces the kind. */
  readonly backend?: (host: BackendHost) => WatchBackend;
}

const HEARTBEAT_MS = 15_000;
/** A heartbeat that is off by so much: the machine slept, or its clock was set. */
const JUMP_MS = 10_000;
const RETRY_MS = 10 * 60_000;

/** What watches one folder; nothing happens before `watch` is called. */
export function createWatcher(options: WatcherOptions): Watcher {
  return { watch: (told) => startWatch(options, told) };
}

interface State {
  readonly told: WatchOptions;
  readonly clock: WatchClock;
  readonly host: BackendHost;
  readonly announcer: Announcer;
  readonly open: (host: BackendHost) => WatchBackend;
  backend: WatchBackend | undefined;
  phase: 'hearing' | 'deaf' | 'gone' | 'closed';
  cancelBeat: () => void;
  cancelRetry: () => void;
}

/** @throws S4Error FOLDER_MISSING */
async function startWatch(options: WatcherOptions, told: WatchOptions): Promise<RunningWatch> {
  told.signal?.throwIfAborted();
  const { root, identity } = identify(options.root);
  const kind = options.kind ?? (process.platform === 'linux' ? 'fs' : 'chokidar');
  const clock = options.clock ?? systemWatchClock();
  const announcer = createAnnouncer({
    clock,
    timing: told,
    limits: kind === 'fs' ? INOTIFY_LIMITS : CAUTIOUS_LIMITS,
    onEvent: told.onEvent,
    beforeRescan: async (reason) => {
      if (reason === 'burst' || reason === 'stall') await renew(state, 'lost');
    },
  });
  const host: BackendHost = {
    root,
    identity,
    rules: createRuleBook(root, identity),
    count: announcer.count,
    touch: announcer.touch,
    doubt: announcer.doubt,
    suspectRoot: () => checkRoot(state),
    failed: (error) => void goDeaf(state, error),
  };
  const state: State = {
    told,
    clock,
    host,
    announcer,
    open:
      options.backend ?? (kind === 'fs' ? (to) => createFsBackend(to) : (to) => createChokidarBackend(to)),
    backend: undefined,
    phase: 'hearing',
    cancelBeat: () => undefined,
    cancelRetry: () => undefined,
  };
  const close = (): Promise<void> => end(state, 'closed', options.clock === undefined);
  told.signal?.addEventListener('abort', () => void close(), { once: true });
  await startHearing(state);
  // What the start itself took is no stall that events were lost in.
  clock.takeStallMs();
  beat(state, clock.wallMs());
  return {
    get watches() {
      return state.backend?.watches ?? 0;
    },
    reloadRules: () => renew(state, 'rules'),
    close,
  };
}

function identify(path: string): { readonly root: string; readonly identity: FolderIdentity } {
  try {
    const root = realpathSync(path);
    const stats = lstatSync(root, { bigint: true });
    if (stats.isDirectory()) return { root, identity: { dev: stats.dev, ino: stats.ino } };
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
  throw new S4Error('FOLDER_MISSING', `the folder is not there: ${path}`, {
    hint: 'If it lies on a disk that is not mounted, mount it.',
    data: { path },
  });
}

async function startHearing(state: State): Promise<boolean> {
  const backend = state.open(state.host);
  state.backend = backend;
  try {
    await backend.start();
    return true;
  } catch (error) {
    await goDeaf(state, error);
    return false;
  }
}

async function renew(state: State, why: 'rules' | 'lost'): Promise<void> {
  if (state.phase !== 'hearing') return;
  try {
    await state.backend?.renew(why);
  } catch (error) {
    await goDeaf(state, error);
  }
}

/** The watches that there are go back to the system: half a hearing is none, and others need them too. */
async function goDeaf(state: State, error: unknown): Promise<void> {
  if (state.phase !== 'hearing') return;
  state.phase = 'deaf';
  const { backend } = state;
  state.backend = undefined;
  await backend?.close();
  checkRoot(state);
  if (!isOver(state)) {
    state.told.onEvent({ kind: 'trouble', ...troubleOf(error) });
    state.announcer.doubt('unwatched');
    scheduleRetry(state);
  }
}

function scheduleRetry(state: State): void {
  state.cancelRetry = state.clock.after(RETRY_MS, () => void retry(state));
}

/** Quietly: that it cannot hear was told when it began. */
async function retry(state: State): Promise<void> {
  const backend = state.open(state.host);
  try {
    await backend.start();
  } catch (error) {
    await backend.close();
    if (!(error instanceof WatchLimit) && errnoOf(error) === undefined) throw error;
    if (!isOver(state)) scheduleRetry(state);
    return;
  }
  if (isOver(state)) return void (await backend.close());
  state.backend = backend;
  state.phase = 'hearing';
  state.announcer.doubt('restarted');
}

function isOver({ phase }: State): boolean {
  return phase === 'gone' || phase === 'closed';
}

function checkRoot(state: State): void {
  if (isOver(state)) return;
  const { root, identity } = state.host;
  let isThere = false;
  try {
    const stats = lstatSync(root, { bigint: true, throwIfNoEntry: false });
    isThere = stats?.isDirectory() === true && stats.dev === identity.dev && stats.ino === identity.ino;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
  if (isThere) return;
  void end(state, 'gone', false);
  state.told.onEvent({ kind: 'gone' });
}

/** Looks from time to time for what makes no event: a root that was moved away, a machine that slept. */
function beat(state: State, lastMs: number): void {
  state.cancelBeat = state.clock.after(HEARTBEAT_MS, () => {
    checkRoot(state);
    if (isOver(state)) return;
    // Of long ago, when nothing was heard.
    state.clock.takeStallMs();
    const nowMs = state.clock.wallMs();
    if (Math.abs(nowMs - lastMs - HEARTBEAT_MS) > JUMP_MS) state.announcer.doubt('wake');
    beat(state, nowMs);
  });
}

async function end(state: State, phase: 'gone' | 'closed', closeClock: boolean): Promise<void> {
  if (state.phase === 'closed') return;
  state.phase = phase;
  state.cancelBeat();
  state.cancelRetry();
  state.announcer.close();
  if (closeClock) state.clock.close();
  const { backend } = state;
  state.backend = undefined;
  await backend?.close();
}
