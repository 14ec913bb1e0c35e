import type { Selection } from '../config/selection.ts';
import type { SyncEvent } from '../engine/events.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { formatBytes } from '../report/format.ts';
import type { Line } from '../report/line.ts';
import { emptyStatus, type StatusView, statusStep, statusWords } from '../report/status-view.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { runTargets } from './run-targets.ts';

/**
 * Tells what the first sync would do, in counts; nothing is transferred. Problems, conflicts and guards in the preview
 * are no failure of `add`.
 */
export async function previewFirstSync(context: Context, selection: Selection): Promise<ExitCode> {
  let view: StatusView = emptyStatus(selection.target.name);
  let bytes = { up: 0, down: 0 };
  const code = await runTargets(context, [selection], {
    options: { mode: 'preview' },
    emit: () => (event: SyncEvent) => {
      view = statusStep(view, event);
      if (event.kind === 'planned') bytes = { up: event.bytesUp, down: event.bytesDown };
      if (context.out.json) context.out.emit(event);
    },
    afterTarget: (_selection, { complete }) => {
      if (complete) context.out.lines(previewLines(view, bytes));
    },
  });
  return code === EXIT.problems || code === EXIT.conflicts || code === EXIT.halted ? EXIT.done : code;
}

/** The same in words, for a preview that was made already. */
export function previewLines(
  view: StatusView,
  bytes: { readonly up: number; readonly down: number },
): readonly Line[] {
  const words = statusWords(view);
  const sizes = [
    ...(bytes.up > 0 ? [`${formatBytes(bytes.up)} up`] : []),
    ...(bytes.down > 0 ? [`${formatBytes(bytes.down)} down`] : []),
  ].join(', ');
  const first =
    words === 'in sync'
      ? 'Both sides are equal already.'
      : `The first sync would do: ${words}${sizes === '' ? '' : ` (${sizes})`}. Both sides are united, nothing is deleted.`;
  const name = /^[\w.-]+$/.test(view.target) ? view.target : `"${view.target}"`;
  return [
    first,
    `Start syncing with "s4 sync ${escapeForTerminal(name)}"; "s4 edit" changes what was entered.`,
  ].map((text) => ({ text, tone: 'plain', level: 'info' }));
}
