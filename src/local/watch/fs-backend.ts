import { type FSWatcher, lstatSync, opendirSync, watch as watchFolder } from 'node:fs';
import { basename } from 'node:path';
import { IGNORE_FILE } from '../../sync/ignore.ts';
import { parentPath, type RelPath } from '../../sync/path.ts';
import { errnoOf, isErrno } from '../fs-errors.ts';
import { isNameless, nameFault } from '../walk-names.ts';
import { type BackendHost, type WatchBackend, WatchLimit } from './backend.ts';
import { childPath, closeTree, findFolder, pathOf, type WatchedFolder } from './folder-tree.ts';
import { inSlices } from './slices.ts';

/** Names of a folder that are read in one go. */
const LISTED_AT_ONCE = 256;

/** `fs.watch` as it is used here; a test puts one in that fails. */
export type WatchCall = (
  path: string,
  onEvent: (type: string, name: string | null) => void,
  onError: (error: Error) => void,
) => Pick<FSWatcher, 'close'>;

const nodeWatch: WatchCall = (path, onEvent, onError) =>
  watchFolder(path, { persistent: false }, onEvent).on('error', onError);

/** What an event asks to look at: `changed` says nothing of a name that is gone by then. */
type Doubt = 'came-or-went' | 'changed';

interface State {
  readonly host: BackendHost;
  readonly watch: WatchCall;
  readonly doubts: Map<string, Doubt>;
  /** Folders whose rules are to be read again. */
  readonly newRules: Set<string>;
  root: WatchedFolder | undefined;
  watches: number;
  isClosed: boolean;
  /** Ends when all work so far is done: one thing after the other. */
  work: Promise<void>;
}

/**
 * One `fs.watch` a folder (inotify). Node tells names, not what happened: what came or went is looked at, in slices.
 *
 * A new folder is watched first and scanned then, and told after its whole tree is watched: what its first look misses
 * makes an event. A folder that went takes the watches below with it; one that was renamed is watched anew under its
 * new name.
 */
export function createFsBackend(host: BackendHost, watch: WatchCall = nodeWatch): WatchBackend {
  const state: State = {
    host,
    watch,
    doubts: new Map(),
    newRules: new Set(),
    root: undefined,
    watches: 0,
    isClosed: false,
    work: Promise.resolve(),
  };
  return {
    get watches() {
      return state.watches;
    },
    start: () => {
      state.root = openFolder(state, undefined, basename(host.root));
      return inTurn(state, scan(state, state.root, 'quiet'));
    },
    renew: (why) =>
      state.root === undefined
        ? Promise.resolve()
        : inTurn(state, scan(state, state.root, why === 'lost' ? 'anew' : 'tell')),
    close: async () => {
      state.isClosed = true;
      state.doubts.clear();
      if (state.root !== undefined) state.watches -= closeTree(state.root);
    },
  };
}

function inTurn(state: State, steps: Iterator<void>): Promise<void> {
  const done = state.work.then(() => inSlices(steps, () => state.isClosed));
  state.work = done.catch(() => undefined);
  return done;
}

/** @throws WatchLimit; what else the system says of this folder */
function openFolder(state: State, parent: WatchedFolder | undefined, name: string): WatchedFolder {
  const folder: WatchedFolder = {
    name,
    parent,
    children: undefined,
    blocked: undefined,
    handle: { close: () => undefined },
    isClosed: false,
  };
  folder.handle = openHandle(state, folder);
  if (parent !== undefined) {
    parent.children ??= new Map();
    parent.children.set(name, folder);
  }
  state.watches++;
  return folder;
}

function openHandle(state: State, folder: WatchedFolder): { close(): void } {
  const { host } = state;
  const path = pathOf(folder);
  try {
    return state.watch(
      path === '' ? host.root : `${host.root}/${path}`,
      (type, name) => onEvent(state, folder, type, name),
      () => (path === '' ? host.suspectRoot() : suspect(state, path, 'came-or-went')),
    );
  } catch (error) {
    if (isErrno(error, 'ENOSPC', 'EMFILE', 'ENFILE')) throw new WatchLimit(errnoOf(error) ?? '', error);
    throw error;
  }
}

/** Undefined where it went away again, or cannot be read: then its parent hears when that changes. */
function watchChild(state: State, parent: WatchedFolder, name: string): WatchedFolder | undefined {
  try {
    return openFolder(state, parent, name);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) {
      parent.blocked ??= new Set();
      parent.blocked.add(name);
    }
    return undefined;
  }
}

function drop(state: State, folder: WatchedFolder): void {
  state.host.rules.forget(pathOf(folder));
  folder.parent?.children?.delete(folder.name);
  state.watches -= closeTree(folder);
}

function onEvent(state: State, folder: WatchedFolder, type: string, name: string | null): void {
  state.host.count();
  if (name === null) touchNameless(state, folder);
  else onNamed(state, folder, type, name);
}

function onNamed(state: State, folder: WatchedFolder, type: string, name: string): void {
  const path = childPath(folder, name);
  if (type === 'rename' && isNameless(path, name)) state.host.doubt('nameless');
  if (nameFault(path, name) !== undefined) return;
  // An event of the folder itself bears its own name: nobody can tell it from a child of the same name.
  const mayBeSelf = name === folder.name;
  const isRoot = folder.parent === undefined;
  if (mayBeSelf && isRoot) state.host.suspectRoot();
  if (type === 'rename') suspect(state, path, mayBeSelf && isRoot ? 'changed' : 'came-or-went');
  else if (folder.children?.has(name)) return;
  else if (mayBeSelf || folder.blocked?.has(name)) suspect(state, path, 'changed');
  else touchFile(state, path);
}

/** The system did not say which one of a folder's names. */
function touchNameless(state: State, folder: WatchedFolder): void {
  if (folder.parent === undefined) state.host.doubt('restarted');
  else suspect(state, pathOf(folder), 'came-or-went');
}

function touchFile(state: State, path: string): void {
  const { host } = state;
  if (path === IGNORE_FILE || path.endsWith(`/${IGNORE_FILE}`)) rulesChanged(state, path);
  if (!host.rules.ignores(path, false)) host.touch(path as RelPath);
}

function rulesChanged(state: State, path: string): void {
  const folder = parentPath(path as RelPath) ?? '';
  if (state.newRules.has(folder)) return;
  state.newRules.add(folder);
  report(state, inTurn(state, applyRules(state, folder)));
}

function* applyRules(state: State, path: string): Generator<void, void> {
  // Before the look: rules that change during it are read again.
  state.newRules.delete(path);
  const folder = state.root && findFolder(state.root, path);
  if (folder !== undefined) yield* scan(state, folder, 'tell');
}

function suspect(state: State, path: string, doubt: Doubt): void {
  const { doubts } = state;
  if (doubts.get(path) === 'came-or-went') return;
  const isFirst = doubts.size === 0;
  doubts.set(path, doubt);
  if (isFirst) report(state, inTurn(state, lookAtDoubts(state)));
}

function report(state: State, work: Promise<void>): void {
  work.catch((error: unknown) => {
    if (!state.isClosed) state.host.failed(error);
  });
}

function* lookAtDoubts(state: State): Generator<void, void> {
  for (const [path, doubt] of state.doubts) {
    // Before the look: what happens during it is doubted again.
    state.doubts.delete(path);
    yield* lookAt(state, path, doubt);
    yield;
  }
}

function* lookAt(state: State, path: string, doubt: Doubt): Generator<void, void> {
  const { host, root } = state;
  const parent = root && findFolder(root, parentPath(path as RelPath) ?? '');
  // The parent went too, and whoever hears of that looks below it.
  if (parent === undefined || parent.isClosed) return;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const known = parent.children?.get(name);
  const found = typeAt(`${host.root}/${path}`);
  if (found === 'absent' && doubt === 'changed' && known === undefined) return;
  parent.blocked?.delete(name);
  // It may be another folder under the same name by now: its watch would follow the old one.
  if (known !== undefined) drop(state, known);
  if (found !== 'folder') return known === undefined ? touchFile(state, path) : host.touch(path as RelPath);
  if (!host.rules.isWatched(path)) {
    if (known !== undefined) host.touch(path as RelPath);
    return;
  }
  const folder = watchChild(state, parent, name);
  if (folder !== undefined) yield* scan(state, folder, 'quiet');
  host.touch(path as RelPath);
}

function typeAt(path: string): 'folder' | 'absent' | 'other' {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return 'absent';
    return stats.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return isErrno(error, 'ENOTDIR') ? 'absent' : 'other';
  }
}

/**
 * Brings the watches at and below a watched folder in line with what is there.
 *
 * @param mode - `quiet`: all of it is new; `tell`: folders that were not watched are touched; `anew`: also each watch is
 * replaced, as the folder may be another one under the same name
 */
function* scan(state: State, start: WatchedFolder, mode: 'quiet' | 'tell' | 'anew'): Generator<void, void> {
  const added: string[] = [];
  const open = [start];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    if (folder.isClosed) continue;
    if (mode === 'anew' && !renewHandle(state, folder)) continue;
    const names = yield* folderNames(state, folder);
    const wanted = new Set<string>();
    for (const name of names) {
      const path = childPath(folder, name);
      if (!state.host.rules.isWatched(path)) continue;
      wanted.add(name);
      const known = folder.children?.get(name);
      const child = known ?? watchChild(state, folder, name);
      if (child !== undefined) open.push(child);
      if (known === undefined && child !== undefined && mode !== 'quiet') added.push(path);
      yield;
    }
    for (const child of [...(folder.children?.values() ?? [])])
      if (!wanted.has(child.name)) drop(state, child);
    yield;
  }
  for (const path of added) state.host.touch(path as RelPath);
}

/** The new watch is there before the old one goes: on the same folder nothing is missed. */
function renewHandle(state: State, folder: WatchedFolder): boolean {
  const old = folder.handle;
  try {
    folder.handle = openHandle(state, folder);
    old.close();
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    if (folder.parent === undefined) state.host.suspectRoot();
    else drop(state, folder);
    return false;
  }
}

/** Names of the folders in a folder, whose rules are read along the way. */
function* folderNames(state: State, folder: WatchedFolder): Generator<void, readonly string[]> {
  const { host } = state;
  const path = pathOf(folder);
  const names: string[] = [];
  let hasRules = false;
  let read = 0;
  try {
    const listing = opendirSync(path === '' ? host.root : `${host.root}/${path}`, {
      bufferSize: LISTED_AT_ONCE,
    });
    try {
      for (let found = listing.readSync(); found !== null; found = listing.readSync()) {
        if (found.isDirectory()) names.push(found.name);
        hasRules ||= found.name === IGNORE_FILE;
        if (++read % LISTED_AT_ONCE === 0) yield;
      }
    } finally {
      listing.closeSync();
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    if (folder.parent === undefined) host.suspectRoot();
    return [];
  }
  host.rules.read(path, hasRules);
  return names;
}
