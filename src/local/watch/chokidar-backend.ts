import type { Stats } from 'node:fs';
import type { ChokidarOptions } from 'chokidar';
import { IGNORE_FILE } from '../../sync/ignore.ts';
import type { RelPath } from '../../sync/path.ts';
import { errnoOf, isErrno } from '../fs-errors.ts';
import { nameFault } from '../walk-names.ts';
import { type BackendHost, type WatchBackend, WatchLimit } from './backend.ts';
import { readRuleTree } from './rule-tree.ts';
import { inSlices } from './slices.ts';

/** What is used of chokidar's watcher; a test gives its own. */
export interface ChokidarLike {
  on(event: 'all', listener: (event: string, path: string) => void): unknown;
  on(event: 'raw', listener: () => void): unknown;
  on(event: 'ready', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  getWatched(): Readonly<Record<string, readonly string[]>>;
  close(): Promise<void>;
}

export type OpenChokidar = (root: string, options: ChokidarOptions) => Promise<ChokidarLike>;

const openChokidar: OpenChokidar = async (root, options) => {
  const { watch } = await import('chokidar');
  return watch(root, options);
};

/** chokidar, for systems whose `fs.watch` needs its care. Rules that change, and lost events, start it anew. */
export function createChokidarBackend(host: BackendHost, open: OpenChokidar = openChokidar): WatchBackend {
  let current: ChokidarLike | undefined;
  let isClosed = false;
  let work: Promise<void> = Promise.resolve();

  const startOne = async (): Promise<void> => {
    await inSlices(readRuleTree(host.root, host.rules), () => isClosed);
    if (isClosed) return;
    const before = current;
    const started = await open(host.root, optionsFor(host));
    current = started;
    await listen(started, host, () => restart());
    await before?.close();
    if (isClosed) await started.close();
  };

  const inTurn = (): Promise<void> => {
    const done = work.then(startOne);
    work = done.catch(() => undefined);
    return done;
  };

  const restart = (): void => {
    inTurn().then(
      () => host.doubt('restarted'),
      (error: unknown) => {
        if (!isClosed) host.failed(error);
      },
    );
  };

  return {
    get watches() {
      return current === undefined ? 0 : Object.keys(current.getWatched()).length;
    },
    start: inTurn,
    renew: async (why) => {
      await inTurn();
      // Which folders it had not watched before is not known.
      if (why === 'rules') host.doubt('restarted');
    },
    close: async () => {
      isClosed = true;
      await current?.close();
    },
  };
}

function optionsFor(host: BackendHost): ChokidarOptions {
  const { root, rules } = host;
  return {
    ignoreInitial: true,
    followSymlinks: false,
    persistent: true,
    ignorePermissionErrors: true,
    ignored: (path: string, stats?: Stats) => {
      const relative = relativeTo(root, path);
      if (relative === '') return false;
      if (nameFault(relative, relative.slice(relative.lastIndexOf('/') + 1)) !== undefined) return true;
      // Asked first without stats: then only what is certain of a file and a folder alike is ignored.
      if (stats === undefined) return false;
      if (stats.isDirectory())
        return BigInt(stats.dev) !== host.identity.dev || rules.ignores(relative, true);
      return rules.ignores(relative, false);
    },
  };
}

/** Resolves when all folders are watched. @throws WatchLimit */
function listen(watcher: ChokidarLike, host: BackendHost, rulesChanged: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let isReady = false;
    watcher.on('raw', () => host.count());
    watcher.on('all', (event, path) => {
      const relative = relativeTo(host.root, path);
      if (relative === '') {
        if (event === 'unlinkDir') host.suspectRoot();
        return;
      }
      host.touch(relative as RelPath);
      if (relative === IGNORE_FILE || relative.endsWith(`/${IGNORE_FILE}`)) rulesChanged();
    });
    watcher.on('error', (error) => {
      const isLimit = isErrno(error, 'ENOSPC', 'EMFILE', 'ENFILE');
      const failure = isLimit ? new WatchLimit(errnoOf(error) ?? '', error) : error;
      if (!isReady) reject(failure);
      else host.failed(failure);
    });
    watcher.on('ready', () => {
      isReady = true;
      resolve();
    });
  });
}

function relativeTo(root: string, path: string): string {
  return path === root ? '' : path.slice(root.length + 1);
}
