import type { Selection } from '../config/selection.ts';
import { planUndo, type UndoPlan, type UndoStep } from '../engine/history/plan-undo.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { count, formatBytes, formatTime } from '../report/format.ts';
import { bringBack } from './bring-back.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode, worstExit } from './exit-codes.ts';
import { parseMoment } from './moment.ts';
import { onePath } from './one-path.ts';
import { type OpenTarget, withTarget } from './open-target.ts';
import { isYes, required } from './prompter.ts';
import { select } from './select.ts';
import { shellWord } from './versions.ts';

export interface UndoFlags {
  readonly since?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/**
 * `s4 undo`: puts back what s4 replaced or deleted in the folder the last time, or since a moment, from the trash: as an
 * edit, which the next sync publishes. What stands there now goes to the trash; what was edited since stays.
 */
export async function undo(context: Context, args: readonly string[], flags: UndoFlags): Promise<ExitCode> {
  const codes: ExitCode[] = [];
  for (const selection of await chosen(context, args)) {
    codes.push(
      await withTarget(context, selection.target, (open) => undoOne(context, selection, open, flags)),
    );
    if (context.signal.aborted) break;
  }
  return worstExit(codes);
}

/** A path that s4 deleted is known to nobody but the trash. */
async function chosen(context: Context, args: readonly string[]): Promise<readonly Selection[]> {
  if (args.length === 0) return select(context, []);
  const selections: Selection[] = [];
  for (const arg of args) {
    const { target, path } = await onePath(context, arg);
    selections.push({ target, paths: path === undefined ? [] : [path] });
  }
  return selections;
}

async function undoOne(
  context: Context,
  { target, paths }: Selection,
  open: OpenTarget,
  { since, dryRun, yes }: UndoFlags,
): Promise<ExitCode> {
  const { out, services } = context;
  const { folder } = open;
  const plan = await planUndo(
    {
      files: await folder.listTrash(),
      paths,
      ...(since === undefined ? {} : { sinceMs: parseMoment(since, services.runtime.nowMs()) }),
    },
    { folder, base: await services.openBase(target, folder) },
  );
  const name = escapeForTerminal(target.name);
  if (plan === undefined || plan.steps.length + plan.edited.length === 0) {
    out.say(`Nothing to undo in ${name}: s4 replaced or deleted nothing there that is not back`);
    return EXIT.done;
  }
  tellPlan(context, target.name, plan);
  if (plan.steps.length === 0) return EXIT.done;
  if (dryRun === true) {
    out.say('Dry run: nothing was changed');
    return EXIT.done;
  }
  if (yes !== true) {
    const prompter = required(
      context.prompter,
      'A confirmation',
      '--yes, or --dry-run to see what would be done',
    );
    if (!isYes(await prompter.ask(`Put ${count(plan.steps.length, 'file')} back in ${name}? [y/N] `)))
      return EXIT.done;
  }
  return perform(context, target, open, plan);
}

function tellPlan({ out }: Context, target: string, { sinceMs, steps, edited }: UndoPlan): void {
  out.say(`What s4 replaced or deleted in ${escapeForTerminal(target)} since ${formatTime(sinceMs)}:`, {
    tone: 'strong',
  });
  for (const step of steps) {
    out.record(undoneRecord(target, step, true));
    out.result(`${step.action === 'create' ? '  deleted   ' : '  replaced  '}${words(step)}`);
  }
  for (const path of edited) {
    out.record({ kind: 'undone', target, path, action: 'edited', dryRun: true });
    out.say(`  edited     ${path}: it was changed here since, and stays`, { tone: 'dim' });
  }
}

function words({ file: { path, sizeBytes, movedMs } }: UndoStep): string {
  return `${path} (${formatBytes(sizeBytes)}, moved away at ${formatTime(movedMs)})`;
}

async function perform(
  context: Context,
  target: Selection['target'],
  open: OpenTarget,
  { steps }: UndoPlan,
): Promise<ExitCode> {
  const { out } = context;
  const byPath = new Map<string, UndoStep>(steps.map((step) => [step.file.path, step]));
  const wishes = steps.map(({ file: { path, ref } }) => ({ kind: 'trashed', path, ref }) as const);
  let done = 0;
  const { exit, published } = await bringBack(
    context,
    target,
    open,
    wishes,
    (fulfilled) => {
      if (fulfilled.kind === 'failed') {
        out.emit({ kind: 'problem', target: target.name, problem: fulfilled.problem });
        return;
      }
      const step = fulfilled.wish.kind === 'trashed' ? byPath.get(fulfilled.wish.path) : undefined;
      if (step === undefined) return;
      done++;
      out.record(undoneRecord(target.name, step, false));
    },
    { offline: true },
  );
  out.endTarget(target.name);
  if (done > 0) {
    out.say(`Put ${count(done, 'file')} back; what was there is in the trash`, { tone: 'good' });
    out.say(published ? 'The daemon has published it' : `To publish it: s4 sync ${shellWord(target.name)}`, {
      tone: 'dim',
    });
  }
  return exit;
}

function undoneRecord(
  target: string,
  { file: { path, ref, movedMs, sizeBytes }, action }: UndoStep,
  dryRun: boolean,
): { readonly kind: 'undone' } & Record<string, unknown> {
  const moved = new Date(movedMs).toISOString();
  return { kind: 'undone', target, path, action, ref, moved, sizeBytes, dryRun };
}
