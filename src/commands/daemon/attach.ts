import type { DaemonEvent } from '../../daemon/contract.ts';
import { daemonStatusLines, phaseLine } from '../../daemon/status-lines.ts';
import { assertNever } from '../../lib/assert-never.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { loadTargets } from '../select.ts';
import { withDaemon } from './daemon-of.ts';

/** `s4 daemon attach`: what the daemon does, as it does it: the dashboard, or lines until Ctrl-C. */
export function daemonAttach(context: Context): Promise<ExitCode> {
  return withDaemon(context, async (client) => {
    if (context.terminal !== undefined && loadTargets(context).length > 0)
      return (await import('../dashboard/dashboard.ts')).dashboard(context, context.terminal, client);
    await client.subscribe(liveLines(context), context.signal);
    return EXIT.done;
  });
}

/** Tells events as lines, or as JSON. */
function liveLines(context: Context): (event: DaemonEvent) => void {
  const { out, services } = context;
  const phases = new Map<string, string>();
  return (event) => {
    const nowMs = services.runtime.nowMs();
    switch (event.kind) {
      case 'status':
        out.lines(daemonStatusLines(event.status, { columns: out.columns, nowMs }));
        out.record({ ...event.status, kind: 'daemon', running: true, answers: true });
        for (const { id, phase } of event.status.targets) phases.set(id, phase);
        break;
      case 'target': {
        const { id, phase } = event.target;
        // A target speaks up whenever a number of it changes.
        if (phases.get(id) !== phase) out.lines(phaseLine(event.target, nowMs));
        phases.set(id, phase);
        out.record({ ...event.target, kind: 'daemon-target' });
        break;
      }
      case 'sync':
        out.emit(event.event);
        break;
      case 'news':
        // For people, the state of the target says it.
        out.record({ ...event.news, kind: 'daemon-news', news: event.news.kind, target: event.target });
        break;
      default:
        assertNever(event);
    }
  };
}
