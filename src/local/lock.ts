import fs from 'node:fs';
import type { LockOutcome } from '../engine/ports/folder.ts';
import type { Runtime } from '../engine/ports/runtime.ts';
import { type LockOwner, ownerState, parseOwner, thisOwner } from '../lib/lock-owner.ts';
import { linkFree, look, unlinkIfThere } from './entries.ts';
import { guardLocal, isAbsent } from './fs-errors.ts';
import type { Home } from './home.ts';
import type { Sys } from './sys.ts';

export interface LockContext {
  readonly home: Home;
  readonly sys: Sys;
  readonly runtime: Runtime;
  readonly newName: () => string;
}

/** A lock file as found. */
interface FoundLock {
  readonly number: number;
  /** Undefined when it cannot be read. */
  readonly owner: LockOwner | undefined;
}

type Attempt =
  | {
      readonly kind: 'locked';
      readonly path: string;
      readonly inode: bigint | undefined;
      readonly hold: string;
    }
  | { readonly kind: 'busy'; readonly owner: string; readonly foreignHost: boolean };

/**
 * What this process holds. A folder that was let go of while it could not be reached (its disk was unplugged) still has
 * the lock file when it is back: the owner is this process then, and alive, and yet nobody holds it.
 */
const HELD = new Set<string>();

const LOCK_NAME = /^lock\.([1-9]\d{0,14})$/;
const RETRY_MS = 100;

/**
 * Locks the folder against other processes by `.s4/lock.<n>`, made by an exclusive link of a record that is whole.
 * Waits up to `waitMs`, then says who holds it.
 *
 * A dead owner's file is never removed by whoever wants the lock, since two who both judged it dead could then remove
 * each other's. Instead they compete for the next number; who gets it looks again, and steps back if any other lock
 * has an owner alive. Both of two competitors link before they look, so at least one sees the other. Only the holder
 * clears away the dead.
 *
 * @throws S4Error LOCAL_FAILED, LOCAL_UNREADABLE; the signal's reason
 */
export async function acquireLock(
  context: LockContext,
  options: { readonly waitMs: number; readonly signal?: AbortSignal },
): Promise<LockOutcome> {
  const { runtime, sys } = context;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const deadlineMs = runtime.nowMs() + options.waitMs;
  for (let tries = 0; ; tries++) {
    options.signal?.throwIfAborted();
    const attempt = guardLocal('.s4', () => tryLock(context));
    if (attempt.kind === 'locked') return { kind: 'locked', release: async () => release(sys, attempt) };
    const leftMs = deadlineMs - runtime.nowMs();
    // Two who stepped back from each other try again once, apart, whatever the wait.
    if (leftMs <= 0 && !(attempt.owner === '' && tries < MAX_STEPS_BACK)) {
      return { ...attempt, owner: attempt.owner === '' ? 'another s4' : attempt.owner };
    }
    const jitterMs = Number.parseInt(runtime.randomHex(1), 16) % RETRY_MS;
    await runtime.sleep(leftMs > 0 ? Math.min(leftMs, RETRY_MS + jitterMs) : jitterMs, signal);
  }
}

const MAX_STEPS_BACK = 10;

function tryLock(context: LockContext): Attempt {
  const { home, runtime } = context;
  home.ensure();
  const hold = runtime.randomHex(8);
  const me = { ...thisOwner(runtime.host), hold };
  for (;;) {
    const found = findLocks(home.path);
    const busy = firstBusy(found, me);
    if (busy !== undefined) return busy;
    const number = Math.max(0, ...found.map((lock) => lock.number)) + 1;
    const path = `${home.path}/lock.${number}`;
    // Lost to somebody who judged the same owner dead: look again.
    if (!linkRecord(context, path, me)) continue;
    const inode = look(path)?.ino;
    const others = findLocks(home.path).filter((lock) => lock.number !== number);
    if (firstBusy(others, me) !== undefined) {
      unlinkIfThere(context.sys, path);
      return { kind: 'busy', owner: '', foreignHost: false };
    }
    for (const lock of others) unlinkIfThere(context.sys, `${home.path}/lock.${lock.number}`);
    HELD.add(hold);
    return { kind: 'locked', path, inode, hold };
  }
}

function firstBusy(found: readonly FoundLock[], me: LockOwner): (Attempt & { kind: 'busy' }) | undefined {
  for (const { number, owner } of found) {
    if (owner === undefined)
      return { kind: 'busy', owner: `unknown (.s4/lock.${number} cannot be read)`, foreignHost: true };
    const state = isLetGo(owner, me) ? 'dead' : ownerState(owner, me);
    if (state !== 'dead')
      return {
        kind: 'busy',
        owner: `process ${owner.pid} on ${owner.name}`,
        foreignHost: state === 'foreign',
      };
  }
  return undefined;
}

function isLetGo(owner: LockOwner, me: LockOwner): boolean {
  const fields = ['host', 'machine', 'boot', 'pidNamespace', 'pid', 'processStart'] as const;
  const isMine = fields.every((field) => owner[field] === me[field]);
  return isMine && owner.hold !== undefined && owner.hold !== me.hold && !HELD.has(owner.hold);
}

function findLocks(folder: string): readonly FoundLock[] {
  return fs.readdirSync(folder).flatMap((name): readonly FoundLock[] => {
    const number = LOCK_NAME.exec(name)?.[1];
    if (number === undefined) return [];
    try {
      return [{ number: Number(number), owner: parseOwner(fs.readFileSync(`${folder}/${name}`, 'utf8')) }];
    } catch (error) {
      // Released since the folder was read.
      if (isAbsent(error)) return [];
      throw error;
    }
  });
}

/** The record is durable before it gets the lock's name, so that no crash leaves a lock without an owner. */
function linkRecord({ home, sys, newName }: LockContext, path: string, me: LockOwner): boolean {
  const temp = `${home.temp}/${newName()}`;
  const fd = fs.openSync(temp, 'wx', 0o600);
  try {
    fs.writeSync(fd, JSON.stringify(me));
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  try {
    return linkFree(sys, temp, path);
  } finally {
    unlinkIfThere(sys, temp);
  }
}

/** Removes the lock if it is the one that was taken: releasing twice does not remove another's. */
function release(sys: Sys, lock: Attempt & { kind: 'locked' }): void {
  HELD.delete(lock.hold);
  guardLocal('.s4', () => {
    if (look(lock.path)?.ino === lock.inode) unlinkIfThere(sys, lock.path);
  });
}
