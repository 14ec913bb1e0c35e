import fs from 'node:fs';
import type { Folder } from '../engine/ports/folder.ts';
import type { Runtime } from '../engine/ports/runtime.ts';
import { parentPath } from '../sync/path.ts';
import { type AnchorContext, canAnchor, rootMissing } from './anchor.ts';
import { makeFolder, remove, removeFolder, rename, setExecutable } from './change.ts';
import type { ChangeContext } from './change-context.ts';
import { look } from './entries.ts';
import { localStatFrom } from './fingerprint.ts';
import { detectFolding } from './folding.ts';
import { createFsClock } from './fs-clock.ts';
import { guardLocal, guardLocalAsync, isAbsent } from './fs-errors.ts';
import { createLocalHasher, createThreadHasher } from './hasher.ts';
import { createHome } from './home.ts';
import { listTrash, readTrash } from './list-trash.ts';
import { acquireLock } from './lock.ts';
import { place } from './place.ts';
import { purgeTrash } from './purge.ts';
import { openSource, readSmall, statPath } from './reading.ts';
import { restoreFromTrash } from './restore.ts';
import { stage } from './staging.ts';
import { createStateFiles } from './state-files.ts';
import { createSys, type Sys } from './sys.ts';
import { cleanTemp } from './temp-files.ts';
import { createTouched } from './touched.ts';
import { createTrash } from './trash.ts';
import type { FolderIdentity } from './walk-list.ts';
import { createWalker } from './walker.ts';
import { workerFile } from './workers.ts';

export interface OpenFolderOptions {
  readonly root: string;
  readonly runtime: Runtime;
  /** The folder with the built workers, as a URL with a trailing slash; default: beside this module. */
  readonly workerUrl?: URL;
  /** For tests: told each changing system call before it is made; throwing stands for a crash right there. */
  readonly beforeStep?: (name: string) => void;
  /** For tests: replaces system calls. */
  readonly sys?: Partial<Sys>;
  /** For tests: false works as on systems without /proc/self/fd. */
  readonly anchored?: boolean;
}

/**
 * Opens a real folder. Nothing is written: `.s4` is made with the first thing that has to be kept there.
 *
 * @throws S4Error FOLDER_MISSING when the root is no folder, then or at any later call
 */
export async function openFolder(options: OpenFolderOptions): Promise<Folder> {
  const { runtime } = options;
  const { root, identity } = identifyRoot(options.root);
  const home = createHome(root);
  const sys = createSys(options.sys, options.beforeStep);
  const foldsCase = guardLocal(root, () => detectFolding(root));
  const touched = createTouched(root);
  const newName = () => runtime.randomHex(12);
  const clock = createFsClock(home.temp, () => `clock-${newName()}`);
  const trash = createTrash(home, sys, runtime);
  const anchored = options.anchored ?? canAnchor();
  const anchor: AnchorContext = { root, identity, sys, anchored, touch: touched.add };
  const change: ChangeContext = {
    ...anchor,
    trash,
    clock,
    foldsCase,
    temp: (name) => `${home.temp}/${name}`,
  };
  const umask = process.umask();
  const live = new Set<string>();
  const walker = createWalker(workerFile('walk-worker', options.workerUrl));
  const hashFile = workerFile('hash-worker', options.workerUrl);
  const hasher =
    hashFile === undefined
      ? createLocalHasher({ ...anchor, clock })
      : createThreadHasher(
          hashFile,
          { root, identity, anchored, tempFolder: home.temp },
          () => `clock-${newName()}`,
        );

  return {
    root: options.root,
    foldsCase,
    state: createStateFiles({ home, sys, newName, live }),
    lock: (lockOptions) => acquireLock({ home, sys, runtime, newName }, lockOptions),
    walk: ({ signal, extraRules, under } = {}) =>
      walker.walk({ root, identity, under, extraRules, exactNames: foldsCase }, signal),
    stat: async (path) => guardLocal(path, () => statPath(anchor, path)),
    hash: (request) => hasher.hash(request),
    readSmall: async (path, maxBytes) => guardLocal(path, () => readSmall(anchor, path, maxBytes)),
    open: async (path, expected) => guardLocal(path, () => openSource(anchor, path, expected)),
    stage: (sizeBytes) => stage({ home, sys, umask, newName, live }, sizeBytes),
    trashRef: (path) => trash.ref(path),
    place: async (placement) =>
      guardLocal(placement.path, () => {
        const outcome = place(change, placement);
        if (outcome.kind === 'placed' || outcome.kind === 'displaced') live.delete(placement.temp);
        return outcome;
      }),
    remove: async (path, expected, ref) => guardLocal(path, () => remove(change, path, expected, ref)),
    rename: async (from, to, expected) => guardLocal(from, () => rename(change, from, to, expected)),
    setExecutable: async (path, executable, expected) =>
      guardLocal(path, () => setExecutable(change, path, executable, expected)),
    makeFolder: async (path) => guardLocal(path, () => makeFolder(change, path)),
    removeFolder: async (path) => guardLocal(path, () => removeFolder(change, path)),
    touch: (path) => {
      for (let above = parentPath(path); above !== undefined; above = parentPath(above)) touched.add(above);
      touched.add('');
    },
    sync: () => guardLocalAsync(root, () => touched.sync()),
    restoreFromTrash: async (ref, path, copyPath) =>
      guardLocal(path, () => restoreFromTrash(change, ref, path, copyPath).kind),
    trashStat: async (ref) =>
      guardLocal(ref, () => {
        const stats = look(trash.locate(ref));
        return stats && localStatFrom(stats);
      }),
    listTrash: async () => guardLocal('.s4/trash', () => listTrash(change, home.trash)),
    readTrash: (ref) => readTrash(change, ref),
    cleanTemp: async (keep) => guardLocal('.s4/tmp', () => cleanTemp(home.temp, sys, keep, live)),
    purgeTrash: async (purge) =>
      guardLocal('.s4/trash', () => purgeTrash(change, home.trash, { ...purge, host: runtime.host })),
    close: async () => {
      clock.close();
      await Promise.all([walker.close(), hasher.close()]);
    },
  };
}

/** The root may itself be reached through a symlink; from here on its real path is meant. */
function identifyRoot(path: string): { readonly root: string; readonly identity: FolderIdentity } {
  try {
    const root = fs.realpathSync(path);
    const stats = fs.lstatSync(root, { bigint: true });
    if (!stats.isDirectory()) throw rootMissing(path);
    return { root, identity: { dev: stats.dev, ino: stats.ino } };
  } catch (error) {
    if (isAbsent(error)) throw rootMissing(path);
    throw error;
  }
}
