import { closeSync, lstatSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Runtime } from '../../engine/ports/runtime.ts';
import { S4Error } from '../../lib/errors.ts';
import { unlessMissing } from './file-errors.ts';
import { type Holder, holderIn, stateOfHolder } from './holder.ts';
import type { KeyHash, Layout } from './layout.ts';

/** Locks of single keys, among the processes of any number of machines that share the disk. */
export interface Locks {
  /** Runs alone among all who ask for this key. @throws S4Error STORE_FAILED when another holds it for a minute */
  hold<T>(hash: KeyHash, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T>;
}

const PATIENCE_MS = 60_000;
/** How old a lock from before this machine's last start must be: a cloned machine may have its name and id. */
const REBOOTED_MS = 60_000;

/**
 * A lock is a file of a unique name, `<key hash>.<holder>.<nonce>`. Whoever made his own and then sees no other of the
 * key holds it; otherwise he removes his own and tries again. Two cannot both see none: the later of the two looks
 * came after both files were there. As no name is ever used twice, removing a dead process's file cannot hit a
 * successor's, however late it comes.
 */
export function createLocks(layout: Layout, self: Holder, runtime: Runtime): Locks {
  const queues = new Map<KeyHash, Promise<unknown>>();

  const take = async (hash: KeyHash, signal: AbortSignal | undefined): Promise<string> => {
    const name = `${hash}.${self}.${runtime.randomHex(8)}`;
    const file = path.join(layout.locks, name);
    const untilMs = runtime.nowMs() + PATIENCE_MS;
    for (;;) {
      signal?.throwIfAborted();
      let rival = firstRival(layout, hash, name, self);
      if (rival === undefined) {
        createLock(file);
        rival = firstRival(layout, hash, name, self);
        if (rival === undefined) return file;
        unlinkSync(file);
      }
      if (runtime.nowMs() > untilMs) throw heldTooLong(layout, rival);
      await runtime.sleep(1 + (Number.parseInt(runtime.randomHex(1), 16) % 16), signal ? { signal } : {});
    }
  };

  return {
    async hold(hash, signal, run) {
      const before = queues.get(hash) ?? Promise.resolve();
      const turn = before.then(async () => {
        const file = await take(hash, signal);
        try {
          return await run();
        } finally {
          unlessMissing(() => unlinkSync(file));
        }
      });
      const settled = turn.catch(() => undefined);
      queues.set(hash, settled);
      try {
        return await turn;
      } finally {
        if (queues.get(hash) === settled) queues.delete(hash);
      }
    },
  };
}

function createLock(file: string): void {
  const handle = openSync(file, 'wx');
  try {
    writeSync(handle, `${os.hostname()}\n`);
  } finally {
    closeSync(handle);
  }
}

/** Another's lock of the key, those of dead processes removed. */
function firstRival(layout: Layout, hash: KeyHash, own: string, self: Holder): string | undefined {
  for (const name of readdirSync(layout.locks)) {
    if (name === own || !name.startsWith(`${hash}.`)) continue;
    const holder = holderIn(name.slice(hash.length + 1));
    if (holder === undefined || !isAbandoned(path.join(layout.locks, name), holder, self)) return name;
    unlessMissing(() => unlinkSync(path.join(layout.locks, name)));
  }
  return undefined;
}

function isAbandoned(file: string, holder: Holder, self: Holder): boolean {
  const state = stateOfHolder(holder, self);
  if (state !== 'rebooted') return state === 'dead';
  const madeMs = unlessMissing(() => lstatSync(file))?.mtimeMs;
  return madeMs === undefined || Date.now() - madeMs > REBOOTED_MS;
}

function heldTooLong(layout: Layout, name: string): S4Error {
  const file = path.join(layout.locks, name);
  const host = unlessMissing(() => readFileSync(file, 'utf8').trim()) ?? 'another process';
  return new S4Error('STORE_FAILED', `${host} has held the lock of this object for a minute`, {
    hint: `If nothing works on this store there any more, remove ${file}`,
    data: { file },
  });
}
