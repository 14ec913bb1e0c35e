import { instanceOwner } from '../../daemon/instance-lock.ts';
import { daemonStatusLines } from '../../daemon/status-lines.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { openDaemon, placesOf } from './daemon-of.ts';

/** `s4 daemon status`. Its exit code says whether it could look: a daemon that does not run is an answer. */
export async function daemonStatus(context: Context): Promise<ExitCode> {
  const { out } = context;
  const client = await openDaemon(context);
  if (client === undefined) {
    const owner = instanceOwner(placesOf(context));
    out.result(
      owner === undefined
        ? 'The daemon is not running. Start it: s4 daemon start'
        : `The daemon (process ${owner.pid} on ${owner.name}) is starting, or ending: it does not answer.`,
    );
    out.record({ kind: 'daemon', running: owner !== undefined, answers: false });
    return EXIT.done;
  }
  try {
    const status = await client.status();
    out.lines(daemonStatusLines(status, { columns: out.columns, nowMs: context.services.runtime.nowMs() }));
    out.record({ ...status, kind: 'daemon', running: true, answers: true });
    return EXIT.done;
  } finally {
    client.close();
  }
}
