import type { DaemonEvent } from '../../daemon/contract.ts';
import { daemonStatusLines } from '../../daemon/status-lines.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadTargets } from '../select.ts';
import { withDaemon } from './daemon-of.ts';
import { daemonOutput } from './output.ts';

/** `s4 daemon attach`: what the daemon does, as it does it: the dashboard, or lines until Ctrl-C. */
export function daemonAttach(context: Context): Promise<ExitCode> {
  return withDaemon(context, async (client) => {
    if (context.terminal !== undefined && loadTargets(context).length > 0)
      return (await import('../dashboard/dashboard.ts')).dashboard(context, context.terminal, client);
    await client.subscribe(liveLines(context), context.signal);
    return EXIT.done;
  });
}

/** The state, then what the daemon does, as it says it itself in the foreground. */
function liveLines({ out, services }: Context): (event: DaemonEvent) => void {
  const say = daemonOutput(out);
  return (event) => {
    if (event.kind === 'status') {
      const nowMs = services.runtime.nowMs();
      out.lines(daemonStatusLines(event.status, { columns: out.columns, nowMs }));
    }
    say(event);
  };
}
