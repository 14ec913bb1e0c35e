import { keptLines } from '../daemon/status-lines.ts';
import type { SyncEvent } from '../engine/events.ts';
import { emptyStatus, type StatusView, statusLines, statusStep, statusWords } from '../report/status-view.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { fitOf, lineFit } from './fit.ts';
import { runTargets } from './run-targets.ts';
import { select } from './select.ts';

/**
 * `s4 status`: what a sync would do. Writes nothing. Its exit code says whether it could look, not what it saw: 0 unless
 * 2, 6, 1 or 130.
 */
export async function status(context: Context, args: readonly string[]): Promise<ExitCode> {
  const selections = await select(context, args);
  let view: StatusView = emptyStatus('');
  const code = await runTargets(context, selections, {
    options: { mode: 'preview' },
    emit: ({ target }) => {
      view = emptyStatus(target.name);
      return (event: SyncEvent) => {
        view = statusStep(view, event);
        if (context.out.json) context.out.emit(event);
        else if (event.kind === 'notice' && event.path === undefined) context.out.emit(event);
      };
    },
    afterTarget: (_selection, { complete, keptBy }) => {
      if (!complete) return;
      context.out.lines(statusLines(view, lineFit(fitOf(context))));
      if (keptBy !== undefined) context.out.lines(keptLines(keptBy, context.services.runtime.nowMs()));
      context.out.record({
        ...statusRecord(view),
        ...(keptBy === undefined ? {} : { daemon: keptBy.phase }),
      });
    },
  });
  return code === EXIT.problems || code === EXIT.conflicts || code === EXIT.halted ? EXIT.done : code;
}

/** The counts of `--json`; the paths are in the `planned` event before it. */
function statusRecord(view: StatusView): { readonly kind: 'status' } & Record<string, unknown> {
  const { target, up, down, deleted, conflicts, problems, planId } = view;
  return {
    kind: 'status',
    target,
    inSync: statusWords(view) === 'in sync',
    up,
    down,
    deleted,
    conflicts,
    problems,
    halted: view.guards.length > 0,
    ...(planId === undefined ? {} : { planId }),
  };
}
