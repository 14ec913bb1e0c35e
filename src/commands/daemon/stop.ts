import process from 'node:process';
import { instanceOwner } from '../../daemon/instance-lock.ts';
import { isS4Error, S4Error } from '../../lib/errors.ts';
import { type LockOwner, ownerState, thisOwner } from '../../lib/lock-owner.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { openDaemon, placesOf } from './daemon-of.ts';

const WAIT_MS = 10_000;
const LOOK_MS = 50;

/**
 * `s4 daemon stop`: asks it over the socket to finish or abort what is under way, commit, and end; a daemon that does
 * not answer there gets SIGTERM, which means the same.
 *
 * @throws S4Error DAEMON_GONE when it has not ended after ten seconds
 */
export async function daemonStop(
  context: Context,
  kill: (pid: number) => void = (pid) => void process.kill(pid, 'SIGTERM'),
): Promise<ExitCode> {
  const { out, services, signal } = context;
  const places = placesOf(context);
  // Asked first: one that ends at once is gone before anybody could ask who it was.
  const owner = instanceOwner(places);
  const told = await tellOverSocket(context);
  if (owner === undefined) {
    out.say(told ? 'The daemon has stopped.' : 'The daemon is not running.');
    out.record({ kind: 'daemon-stopped', wasRunning: told });
    return EXIT.done;
  }
  if (!told) tellBySignal(owner, kill);
  const deadlineMs = services.runtime.nowMs() + WAIT_MS;
  while (instanceOwner(places) !== undefined) {
    if (services.runtime.nowMs() >= deadlineMs) throw stubborn(owner);
    await services.runtime.sleep(LOOK_MS, { signal });
  }
  out.say(`The daemon (process ${owner.pid}) has stopped.`);
  out.record({ kind: 'daemon-stopped', wasRunning: true, pid: owner.pid });
  return EXIT.done;
}

/** False when nobody answers there, or nobody who understands. */
async function tellOverSocket(context: Context): Promise<boolean> {
  try {
    const client = await openDaemon(context);
    if (client === undefined) return false;
    try {
      await client.stop();
    } finally {
      client.close();
    }
    return true;
  } catch (error) {
    if (isS4Error(error, 'DAEMON_GONE', 'DAEMON_PROTOCOL')) return false;
    throw error;
  }
}

function tellBySignal(owner: LockOwner, kill: (pid: number) => void): void {
  if (ownerState(owner, thisOwner('')) !== 'alive') {
    throw new S4Error(
      'LOCKED',
      `The daemon is process ${owner.pid} on ${owner.name}, which is not this machine.`,
      {
        hint: 'Stop it there. If that machine is gone, remove the lock file in the folder "daemon" of the configuration.',
      },
    );
  }
  kill(owner.pid);
}

function stubborn(owner: LockOwner): S4Error {
  return new S4Error(
    'DAEMON_GONE',
    `The daemon (process ${owner.pid}) has not ended after ${WAIT_MS / 1000} s.`,
    {
      hint: `See "s4 daemon logs". To end it at once: kill -9 ${owner.pid} (what was finished is recorded).`,
      data: { pid: owner.pid },
    },
  );
}
