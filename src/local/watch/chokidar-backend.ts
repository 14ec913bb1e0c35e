import { lstatSync, type Stats } from 'node:fs';
import { basename } from 'node:path';
import type { ChokidarOptions } from 'chokidar';
import { IGNORE_FILE } from '../../sync/ignore.ts';
import { parseKey, type RelPath } from '../../sync/path.ts';
import { errnoOf, isErrno } from '../fs-errors.ts';
import { isNameless } from '../walk-names.ts';
import { type BackendHost, type WatchBackend, WatchLimit } from './backend.ts';
import { readRuleTree } from './rule-tree.ts';
import { inSlices } from './slices.ts';

/** What is used of chokidar's watcher; a test gives its own. */
export interface ChokidarLike {
  on(event: 'all', listener: (event: string, path: string) => void): unknown;
  on(
    event: 'raw',
    listener: (type: string, name: string | null, details: { readonly watchedPath?: string }) => void,
  ): unknown;
  on(event: 'ready', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  close(): Promise<void>;
}

export type OpenChokidar = (root: string, options: ChokidarOptions) => Promise<ChokidarLike>;

const openChokidar: OpenChokidar = async (root, options) => {
  const { watch } = await import('chokidar');
  return watch(root, options);
};

interface State {
  readonly host: BackendHost;
  readonly open: OpenChokidar;
  /** Which folder it was that chokidar watches at a path. */
  readonly folders: Map<string, string>;
  current: ChokidarLike | undefined;
  isClosed: boolean;
  isRestarting: boolean;
  work: Promise<void>;
}

/**
 * chokidar, for systems whose `fs.watch` needs its care: it keeps the watches. What happened is taken from the raw
 * events as well, as it does not tell of a changed mode, or of a folder that took the place of another. For that, for
 * changed rules and for lost events it is started anew, and everything is looked at.
 */
export function createChokidarBackend(host: BackendHost, open: OpenChokidar = openChokidar): WatchBackend {
  const state: State = {
    host,
    open,
    folders: new Map(),
    current: undefined,
    isClosed: false,
    isRestarting: false,
    work: Promise.resolve(),
  };
  return {
    get watches() {
      // Not what chokidar itself counts: with Node 24 it keeps names of folders that went away.
      return state.current === undefined ? 0 : 1 + state.folders.size;
    },
    start: () => startAnew(state),
    renew: async (why) => {
      await startAnew(state);
      if (why === 'rules') host.doubt('restarted');
    },
    close: async () => {
      state.isClosed = true;
      await state.current?.close();
    },
  };
}

function startAnew(state: State): Promise<void> {
  const done = state.work.then(() => startOne(state));
  state.work = done.catch(() => undefined);
  return done;
}

async function startOne(state: State): Promise<void> {
  const { host, folders } = state;
  // Closed first: instances of one process share their watches, those that went stale too.
  await state.current?.close();
  state.current = undefined;
  folders.clear();
  await inSlices(readRuleTree(host.root, host.rules), () => state.isClosed);
  if (state.isClosed) return;
  const started = await state.open(host.root, optionsFor(state));
  state.current = started;
  await listen(started, state);
  if (state.isClosed) await started.close();
}

function restart(state: State): void {
  if (state.isRestarting) return;
  state.isRestarting = true;
  startAnew(state).then(
    () => {
      state.isRestarting = false;
      state.host.doubt('restarted');
    },
    (error: unknown) => {
      if (!state.isClosed) state.host.failed(error);
    },
  );
}

function optionsFor({ host, folders }: State): ChokidarOptions {
  const { root, rules } = host;
  return {
    ignoreInitial: true,
    followSymlinks: false,
    ignorePermissionErrors: true,
    // Asked without stats too: a name that may be a file's or a folder's is let through then, and asked for again.
    ignored: (path: string, stats?: Stats) => {
      if (path === root) return false;
      const relative = path.slice(root.length + 1);
      if (!parseKey(relative).ok) return true;
      if (stats === undefined) return false;
      if (!stats.isDirectory()) return rules.ignores(relative, false);
      if (BigInt(stats.dev) !== host.identity.dev || rules.ignores(relative, true)) return true;
      folders.set(relative, identityOf(stats));
      return false;
    },
  };
}

function identityOf(stats: Stats): string {
  return `${stats.ino} ${stats.birthtimeMs}`;
}

/** Resolves when all folders are watched. @throws WatchLimit */
function listen(watcher: ChokidarLike, state: State): Promise<void> {
  const { host } = state;
  return new Promise((resolve, reject) => {
    let isReady = false;
    watcher.on('raw', (type, name, { watchedPath }) => onRaw(state, type, name, watchedPath ?? host.root));
    watcher.on('all', (event, path) => {
      const relative = path.slice(host.root.length + 1);
      if (event === 'unlinkDir') state.folders.delete(relative);
      if (event !== 'change' && isNameless(relative, basename(path))) host.doubt('nameless');
      onPath(state, path);
    });
    watcher.on('error', (error) => {
      const isLimit = isErrno(error, 'ENOSPC', 'EMFILE', 'ENFILE');
      const failure = isLimit ? new WatchLimit(errnoOf(error) ?? '', error) : error;
      if (isReady) host.failed(failure);
      else reject(failure);
    });
    watcher.on('ready', () => {
      isReady = true;
      resolve();
    });
  });
}

function onRaw(state: State, type: string, name: string | null, watched: string): void {
  state.host.count();
  // A watched file bears its own name.
  if (name === null || watched.endsWith(`/${name}`)) onPath(state, watched);
  if (name === null) return;
  const path = `${watched}/${name}`;
  onPath(state, path);
  if (type === 'rename' && wasReplaced(state, path)) restart(state);
}

/** Another folder is there than the one that is watched. */
function wasReplaced({ host, folders }: State, path: string): boolean {
  const known = folders.get(path.slice(host.root.length + 1));
  if (known === undefined) return false;
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isDirectory() === true && identityOf(stats) !== known;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

function onPath(state: State, path: string): void {
  const { host } = state;
  if (path === host.root) {
    host.suspectRoot();
    return;
  }
  const relative = path.slice(host.root.length + 1);
  if (!parseKey(relative).ok || host.rules.ignores(relative, state.folders.has(relative))) return;
  host.touch(relative as RelPath);
  if (relative === IGNORE_FILE || relative.endsWith(`/${IGNORE_FILE}`)) restart(state);
}
