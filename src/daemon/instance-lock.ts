import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { S4Error } from '../lib/errors.ts';
import { type LockOwner, ownerState, parseOwner, thisOwner } from '../lib/lock-owner.ts';
import type { DaemonPlaces } from './places.ts';
import { ensurePrivateFolder } from './places.ts';

/** This process is the daemon of its configuration, until it lets go. */
export interface InstanceLock {
  release(): void;
}

interface FoundLock {
  readonly path: string;
  readonly number: number;
  /** Undefined when it cannot be read. */
  readonly owner: LockOwner | undefined;
}

const NAME = /^lock\.([1-9]\d{0,14})$/;

/**
 * Makes this process the only daemon of its configuration, by the protocol of the folder's lock (`local/lock.ts`): an
 * exclusive link of a whole record under the next number, then a second look. A dead owner's file is never removed by
 * who wants the lock, only by who holds it.
 *
 * @throws S4Error LOCKED with the owner's `pid` in `data`; CONFIG_INVALID when the folder is somebody else's
 */
export function lockInstance({ folder }: Pick<DaemonPlaces, 'folder'>, name: string): InstanceLock {
  ensurePrivateFolder(folder);
  const me = thisOwner(name);
  for (;;) {
    const found = findLocks(folder);
    const busy = found.find(({ owner }) => isHeld(owner, me));
    if (busy !== undefined) throw locked(busy);
    const path = tryLink(folder, Math.max(0, ...found.map(({ number }) => number)) + 1, me);
    // Lost to somebody who judged the same owner dead: look again.
    if (path === undefined) continue;
    const others = findLocks(folder).filter((lock) => lock.path !== path);
    if (!others.some(({ owner }) => isHeld(owner, me))) {
      for (const dead of others) rmSync(dead.path, { force: true });
      return { release: () => release(path, me) };
    }
    // Steps back. Of two who see each other, the one that lets go last finds nobody at its next look.
    rmSync(path, { force: true });
  }
}

/** The process that is the daemon, if any lives: for when its socket does not answer. */
export function instanceOwner({ folder }: Pick<DaemonPlaces, 'folder'>): LockOwner | undefined {
  const me = thisOwner('');
  return findLocks(folder).find(({ owner }) => owner !== undefined && isHeld(owner, me))?.owner;
}

function isHeld(owner: LockOwner | undefined, me: LockOwner): boolean {
  return owner === undefined || ownerState(owner, me) !== 'dead';
}

function findLocks(folder: string): readonly FoundLock[] {
  return names(folder).flatMap((name): readonly FoundLock[] => {
    const number = NAME.exec(name)?.[1];
    if (number === undefined) return [];
    const path = join(folder, name);
    const text = readText(path);
    return text === undefined ? [] : [{ path, number: Number(number), owner: parseOwner(text) }];
  });
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // Released since the folder was read.
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Undefined when somebody else got the number. The record is durable before it has the lock's name. */
function tryLink(folder: string, number: number, me: LockOwner): string | undefined {
  const path = join(folder, `lock.${number}`);
  const temp = join(folder, `.lock.${me.pid}.${randomBytes(6).toString('hex')}`);
  const fd = openSync(temp, 'wx', 0o600);
  try {
    writeSync(fd, JSON.stringify(me));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    linkSync(temp, path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  } finally {
    rmSync(temp, { force: true });
  }
}

/** Only its own record: after a second release the name may be another's. */
function release(path: string, me: LockOwner): void {
  const text = readText(path);
  if (text === JSON.stringify(me)) rmSync(path, { force: true });
}

function locked({ path, owner }: FoundLock): S4Error {
  if (owner === undefined) {
    return new S4Error('LOCKED', `The daemon's lock ${path} cannot be read.`, {
      hint: 'If no daemon runs, remove that file.',
    });
  }
  return new S4Error('LOCKED', `A daemon runs already: process ${owner.pid} on ${owner.name}.`, {
    hint: 'See "s4 daemon status"; "s4 daemon stop" ends it.',
    data: { pid: owner.pid, host: owner.host },
  });
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}
