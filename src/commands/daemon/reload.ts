import { sentence } from '../../report/format.ts';
import type { Context } from '../context.ts';
import { openDaemon } from './daemon-of.ts';

/**
 * Lets a running daemon know that the config has changed. The change is made already: a daemon that cannot be told is a
 * warning, no failure.
 */
export async function reloadDaemon(context: Context): Promise<void> {
  try {
    const client = await openDaemon(context);
    if (client === undefined) return;
    try {
      await client.reload();
      context.out.say('The daemon took it over.', { tone: 'dim' });
    } finally {
      client.close();
    }
  } catch (error) {
    context.out.say(
      `The daemon does not know of it yet: ${messageOf(error)} Restart it, or send it SIGHUP.`,
      {
        tone: 'warn',
        level: 'warning',
      },
    );
  }
}

function messageOf(error: unknown): string {
  return sentence(error instanceof Error ? error.message : String(error));
}
