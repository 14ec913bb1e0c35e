import type { Selection } from '../config/selection.ts';
import type { ConflictChoice, ConflictView, SyncEvent } from '../engine/events.ts';
import type { KeepChoice } from '../engine/ports/history.ts';
import { emptyStatus, statusStep } from '../report/status-view.ts';
import { conflictLine } from '../report/wording.ts';
import { parseKey, type RelPath } from '../sync/path.ts';
import type { Context } from './context.ts';
import { decideBy } from './decide-by.ts';
import { EXIT, type ExitCode, worstExit } from './exit-codes.ts';
import { createKeptDesk } from './kept-desk.ts';
import { resolveCopies } from './resolve-copies.ts';
import { runTargets } from './run-targets.ts';
import { select } from './select.ts';
import { createSyncDesk } from './sync-desk.ts';

export interface ResolveFlags {
  readonly keep?: KeepChoice;
  readonly conflicts?: ConflictChoice;
  readonly dryRun?: boolean;
}

/**
 * `s4 resolve`: what waits for a decision. Conflict copies, until they are edited, removed or given an ordinary name;
 * and paths that both sides changed. A person at a terminal is asked about each; flags decide all.
 */
export async function resolve(
  context: Context,
  args: readonly string[],
  flags: ResolveFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  const { keep, dryRun } = flags;
  const copies = {
    ...(keep === undefined ? {} : { keep }),
    ...(dryRun === undefined ? {} : { dryRun }),
    desk: terminal === undefined ? undefined : createKeptDesk(context, terminal),
  };
  const codes: ExitCode[] = [];
  for (const selection of await select(context, args)) {
    codes.push(await resolveCopies(context, selection, copies));
    codes.push(await resolveOpen(context, selection, flags));
    if (context.signal.aborted) break;
  }
  const worst = worstExit(codes);
  if (worst === EXIT.done) context.out.say('Nothing waits for a decision');
  return worst;
}

/** Paths that both sides changed: listed by a preview, decided by a sync of those paths. */
async function resolveOpen(context: Context, selection: Selection, flags: ResolveFlags): Promise<ExitCode> {
  const { out, prompter, terminal } = context;
  const { target } = selection;
  let view = emptyStatus(target.name);
  const looked = await runTargets(context, [selection], {
    options: { mode: 'preview' },
    emit: () => (event: SyncEvent) => {
      view = statusStep(view, event);
    },
  });
  if (looked !== EXIT.done && looked !== EXIT.problems && looked !== EXIT.conflicts && looked !== EXIT.halted)
    return looked;
  const open = view.conflictViews;
  if (open.length === 0) return EXIT.done;
  const decided = flags.conflicts !== undefined && flags.conflicts !== 'skip';
  if (flags.dryRun === true || (!decided && prompter === undefined)) {
    for (const conflict of open) tellOpen(context, target.name, conflict);
    return EXIT.conflicts;
  }
  const desk = terminal === undefined ? undefined : createSyncDesk(context, terminal);
  try {
    return await runTargets(context, [{ target: unruled(target), paths: pathsOf(open) }], {
      options: { mode: 'sync', ...(flags.conflicts === undefined ? {} : { conflicts: flags.conflicts }) },
      emit: (_selection, opened) => desk?.emit(opened) ?? out.emit,
      ...(desk === undefined ? {} : { approve: desk.approve, onRequests: desk.requestsMade }),
      ...decideBy(context, desk),
    });
  } finally {
    await desk?.close();
  }
}

/** Asked to resolve, a person is asked, whatever the policy is for when nobody is there. */
function unruled({ conflicts: _, ...target }: Selection['target']): Selection['target'] {
  return target;
}

function pathsOf(conflicts: readonly ConflictView[]): readonly RelPath[] {
  return conflicts.flatMap(({ path }) => {
    const parsed = parseKey(path);
    return parsed.ok ? [parsed.path] : [];
  });
}

function tellOpen({ out }: Context, target: string, conflict: ConflictView): void {
  out.record({ kind: 'waiting', target, reason: 'both-changed', path: conflict.path, conflict });
  out.result(`both changed  ${conflictLine(conflict)}`);
}
