import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { secretsOf } from '../../config/schema.ts';
import { type DaemonPlaces, daemonPlaces } from '../../daemon/places.ts';
import type { DaemonClient } from '../../daemon/socket/client.ts';
import { isS4Error, S4Error } from '../../lib/errors.ts';
import type { Context } from '../context.ts';

/** Where the daemon of this configuration is found. */
export function placesOf(context: Context): DaemonPlaces {
  return daemonPlaces(dirname(context.config.path));
}

/** The daemon of this configuration; undefined when none runs. @throws S4Error as `openDaemonClient` */
export async function openDaemon(context: Context): Promise<DaemonClient | undefined> {
  const { socket } = placesOf(context);
  // Mostly there is none, and the protocol takes longer to load than this.
  if (!existsSync(socket)) return undefined;
  const { openDaemonClient } = await import('../../daemon/socket/client.ts');
  hideSecrets(context);
  const onDropped = (events: number): void =>
    context.out.say(`Left out ${events} events: they came faster than they could be shown.`, {
      tone: 'warn',
      level: 'warning',
    });
  return openDaemonClient({ socket }, { onDropped });
}

/** A daemon passes on what a service said, and a service may say what it was told. */
function hideSecrets(context: Context): void {
  try {
    context.hide(secretsOf(context.config.read()));
  } catch (error) {
    // A daemon must be reached, and stopped, also while the configuration cannot be read.
    if (!isS4Error(error)) throw error;
  }
}

/** Runs `work` with the daemon, and lets go of it whatever happens. @throws S4Error DAEMON_ABSENT, or as `work` */
export async function withDaemon<T>(
  context: Context,
  work: (client: DaemonClient) => Promise<T>,
): Promise<T> {
  const client = await openDaemon(context);
  if (client === undefined) {
    throw new S4Error('DAEMON_ABSENT', 'No daemon runs for this configuration.', {
      hint: 'Start it: s4 daemon start',
      data: { config: context.config.path },
    });
  }
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
