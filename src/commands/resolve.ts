import type { Selection } from '../config/selection.ts';
import type { ConflictChoice, ConflictView, SyncEvent } from '../engine/events.ts';
import type { KeepChoice } from '../engine/ports/history.ts';
import { emptyStatus, statusStep } from '../report/status-view.ts';
import { conflictLine } from '../report/wording.ts';
import { parseKey, type RelPath } from '../sync/path.ts';
import type { Context } from './context.ts';
import { routeThroughDaemon } from './daemon/through-daemon.ts';
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
  const waiting = { target: unruled(target), paths: pathsOf(open) };
  if (!decided && (await isKeptByDaemon(context, target))) return resolveThroughDaemon(context, waiting);
  const desk = terminal === undefined ? undefined : createSyncDesk(context, terminal);
  try {
    return await runTargets(context, [waiting], {
      options: { mode: 'sync', ...(flags.conflicts === undefined ? {} : { conflicts: flags.conflicts }) },
      emit: (_selection, opened) => desk?.emit(opened) ?? out.emit,
      ...(desk === undefined ? {} : { approve: desk.approve, onRequests: desk.requestsMade }),
      ...decideBy(context, desk),
    });
  } finally {
    await desk?.close();
  }
}

/**
 * A daemon holds the target, and can ask nobody. So the person is asked by a preview of those paths, and the daemon then
 * syncs them by what was chosen.
 */
async function resolveThroughDaemon(context: Context, waiting: Selection): Promise<ExitCode> {
  const chosen = new Map<ConflictChoice, RelPath[]>();
  const atOnce = { aside: async <T>(work: () => Promise<T>): Promise<T> => work() };
  const { decide } = decideBy(context, context.terminal && atOnce, { choicesOnly: true });
  const asked = await runTargets(context, [waiting], {
    options: { mode: 'preview' },
    here: true,
    emit: () => () => {},
    ...(decide && {
      decide: (sides) => async (conflict, contents) => {
        const decision = await decide(sides)(conflict, contents);
        const choice = typeof decision === 'string' ? decision : 'skip';
        chosen.set(choice, [...(chosen.get(choice) ?? []), ...pathsOf([conflict])]);
        return decision;
      },
    }),
  });
  if (asked !== EXIT.done && asked !== EXIT.problems) return asked;
  const codes: ExitCode[] = chosen.has('skip') ? [EXIT.conflicts] : [];
  for (const [conflicts, paths] of chosen) {
    if (conflicts === 'skip' || context.signal.aborted) continue;
    const selection = { target: waiting.target, paths };
    const run = { options: { mode: 'sync' as const, conflicts }, emit: () => context.out.emit };
    codes.push(await runTargets(context, [selection], run));
  }
  return worstExit(codes);
}

async function isKeptByDaemon(context: Context, target: Selection['target']): Promise<boolean> {
  const daemon = await routeThroughDaemon(context);
  daemon?.close();
  return daemon?.statusOf(target) !== undefined;
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
