import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync } from 'node:fs';
import { S4Error } from '../lib/errors.ts';
import { isErrno } from './fs-errors.ts';
import type { Sys } from './sys.ts';
import type { FolderIdentity } from './walk-list.ts';

/** What every operation on a path of the folder needs. */
export interface AnchorContext {
  readonly root: string;
  readonly identity: FolderIdentity;
  readonly sys: Sys;
  /** Told each folder (by path, '' is the top) in which a name was made, moved or removed. */
  readonly touch: (folder: string) => void;
  /** Whether /proc/self/fd leads into open folders: see `canAnchor`. */
  readonly anchored: boolean;
}

/** A parent folder that is held: `at(name)` is a path into it, wherever its own path leads by now. */
export interface Parent {
  readonly at: (name: string) => string;
}

export type Within<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** A folder above is not there. */
  | { readonly kind: 'absent' }
  /** A folder above is a file or a symlink, or lies on another file system. */
  | { readonly kind: 'blocked' };

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export function canAnchor(): boolean {
  return process.platform === 'linux' && existsSync('/proc/self/fd');
}

/**
 * Calls `step` with the parent folder of a path, reached from the root folder by folder without following a symlink;
 * synchronous throughout. On Linux the parent is held open, so that swapping a folder above for a symlink has no
 * effect on where the step works; elsewhere the parent's identity is compared before and after.
 *
 * @param create - make the folders that are missing
 * @throws S4Error FOLDER_MISSING when the root is not the folder that was opened; LOCAL_FAILED when, without anchors,
 * a folder above was swapped during the step
 */
export function withParent<T>(
  context: AnchorContext,
  path: string,
  options: { readonly create: boolean },
  step: (parent: Parent, name: string) => T,
): Within<T> {
  const segments = path.split('/');
  const name = segments.pop() ?? '';
  return context.anchored
    ? withOpenParent(context, segments, options.create, (parent) => step(parent, name))
    : withComparedParent(context, segments, options.create, (parent) => step(parent, name));
}

function withOpenParent<T>(
  context: AnchorContext,
  segments: readonly string[],
  create: boolean,
  step: (parent: Parent) => T,
): Within<T> {
  let fd = openRoot(context);
  try {
    const walked: string[] = [];
    for (const segment of segments) {
      const next = openBelow(context, fd, segment, create ? walked.join('/') : undefined);
      if (typeof next !== 'number') return { kind: next };
      closeSync(fd);
      fd = next;
      walked.push(segment);
    }
    if (segments.length > 0 && fstatSync(fd, { bigint: true }).dev !== context.identity.dev)
      return { kind: 'blocked' };
    const folder = `/proc/self/fd/${fd}/`;
    return { kind: 'done', value: step({ at: (name) => folder + name }) };
  } finally {
    closeSync(fd);
  }
}

function openRoot({ root, identity }: AnchorContext): number {
  let fd: number;
  try {
    fd = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw rootMissing(root);
    throw error;
  }
  const stats = fstatSync(fd, { bigint: true });
  if (stats.dev === identity.dev && stats.ino === identity.ino) return fd;
  closeSync(fd);
  throw rootMissing(root);
}

export function rootMissing(root: string): S4Error {
  return new S4Error('FOLDER_MISSING', `the folder is gone or was replaced: ${root}`, {
    hint: 'If it lies on a disk that is not mounted, mount it and sync again.',
    data: { path: root },
  });
}

/** @param createIn - path of the folder behind `fd`, when what is missing is to be made */
function openBelow(
  { sys, touch }: AnchorContext,
  fd: number,
  segment: string,
  createIn: string | undefined,
): number | 'absent' | 'blocked' {
  const path = `/proc/self/fd/${fd}/${segment}`;
  for (let attempt = 0; ; attempt++) {
    try {
      return openSync(path, FOLDER_FLAGS);
    } catch (error) {
      if (isErrno(error, 'ENOTDIR', 'ELOOP')) return 'blocked';
      if (!isErrno(error, 'ENOENT')) throw error;
      if (createIn === undefined || attempt > 0) return 'absent';
    }
    makeMissing(sys, path);
    touch(createIn);
  }
}

function makeMissing(sys: Sys, path: string): void {
  try {
    sys.mkdir(path, 0o777);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

function withComparedParent<T>(
  context: AnchorContext,
  segments: readonly string[],
  create: boolean,
  step: (parent: Parent) => T,
): Within<T> {
  const { root, identity, sys, touch } = context;
  const top = lstatSync(root, { bigint: true, throwIfNoEntry: false });
  if (top === undefined || top.dev !== identity.dev || top.ino !== identity.ino) throw rootMissing(root);
  let path = root;
  const chain = [{ path: root, inode: top.ino }];
  for (const [depth, segment] of segments.entries()) {
    path = `${path}/${segment}`;
    if (create && lstatSync(path, { throwIfNoEntry: false }) === undefined) {
      makeMissing(sys, path);
      touch(segments.slice(0, depth).join('/'));
    }
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return { kind: 'absent' };
    if (!stats.isDirectory() || stats.dev !== identity.dev) return { kind: 'blocked' };
    chain.push({ path, inode: stats.ino });
  }
  const value = step({ at: (name) => `${path}/${name}` });
  for (const link of chain) {
    const stats = lstatSync(link.path, { bigint: true, throwIfNoEntry: false });
    if (stats?.isDirectory() && stats.ino === link.inode) continue;
    throw new S4Error('LOCAL_FAILED', 'a folder above was replaced in that moment', {
      data: { path: segments.join('/') },
    });
  }
  return { kind: 'done', value };
}
