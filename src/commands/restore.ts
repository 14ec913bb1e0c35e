import { storedVersions } from '../engine/history/file-versions.ts';
import { planRestore, type RestoreRequest } from '../engine/history/plan-restore.ts';
import type { RestorePlan, RestoreStep } from '../engine/ports/history.ts';
import { S4Error } from '../lib/errors.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { count } from '../report/format.ts';
import { restoreLine, versionTable } from '../report/history-view.ts';
import type { RelPath } from '../sync/path.ts';
import { bringBack } from './bring-back.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { parseMoment } from './moment.ts';
import { type OnePath, onePath } from './one-path.ts';
import { type OpenTarget, withTarget } from './open-target.ts';
import { isYes, type Prompter, required } from './prompter.ts';
import { shellWord, versionsIn } from './versions.ts';

export interface RestoreFlags {
  readonly version?: string;
  readonly at?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/**
 * `s4 restore PATH`: puts an earlier version, or a folder as it was at a moment, into the folder, as if the user had
 * saved it: the next sync publishes it. What stood there goes to the trash.
 */
export async function restore(context: Context, arg: string, flags: RestoreFlags): Promise<ExitCode> {
  if (flags.version !== undefined && flags.at !== undefined)
    throw new S4Error('USAGE', 'Give --version or --at, not both.');
  const found = await onePath(context, arg);
  return withTarget(context, found.target, async (open) => {
    const request = await requestOf(context, found, open, flags);
    if (request === undefined) return EXIT.done;
    const plan = await planFor(context, found, open, request);
    const todo = plan.steps.filter(({ action }) => action !== 'same');
    if (flags.dryRun === true || todo.length === 0) {
      tellPlan(context, found.target.name, plan, true);
      if (flags.dryRun === true) context.out.say('Dry run: nothing was changed');
      else context.out.say('Nothing to restore: all of it is here as it was');
      return EXIT.done;
    }
    if (plan.steps.length > 1 && !(await isWanted(context, found, plan, todo, flags))) return EXIT.done;
    return perform(context, found, open, plan, todo);
  });
}

async function requestOf(
  context: Context,
  { target, path }: OnePath,
  { store }: OpenTarget,
  { version, at }: RestoreFlags,
): Promise<RestoreRequest | undefined> {
  if (at !== undefined)
    return { kind: 'moment', path, atMs: parseMoment(at, context.services.runtime.nowMs()) };
  if (path === undefined)
    throw new S4Error('USAGE', 'A whole target can be restored to a moment only.', {
      hint: 'Give --at TIME.',
    });
  if (version !== undefined) return { kind: 'version', path, versionId: version };
  const prompter = required(context.prompter, 'A version', '--version ID or --at TIME');
  const stored = await storedVersions(store, path, { signal: context.signal });
  if (stored.length === 0)
    throw new S4Error('USAGE', `the store keeps no version of ${path}`, {
      hint: 'For a folder, give --at TIME.',
    });
  const versionId = await chooseFrom(context, target, store, path, prompter);
  return versionId === undefined ? undefined : { kind: 'version', path, versionId };
}

async function chooseFrom(
  context: Context,
  target: OnePath['target'],
  store: OpenTarget['store'],
  path: RelPath,
  prompter: Prompter,
): Promise<string | undefined> {
  const versions = (await versionsIn(context, target, store, path)).filter(
    ({ state }) => state.kind !== 'deleted',
  );
  const [head, rule, ...rows] = versionTable(versions);
  const width = String(rows.length).length + 2;
  const pad = ' '.repeat(width + 1);
  context.out.prompt(`${pad}${head ?? ''}\n${pad}${rule ?? ''}\n`);
  for (const [i, row] of rows.entries()) context.out.prompt(`${`(${i + 1})`.padStart(width)} ${row}\n`);
  for (;;) {
    const answer = await prompter.ask('Which version (default=none): ');
    if (answer === '') return undefined;
    const version = versions[Number(answer) - 1];
    if (version !== undefined) return version.versionId;
    context.out.prompt(`"${escapeForTerminal(answer)}" is not one of 1 to ${versions.length}.\n`);
  }
}

async function planFor(
  context: Context,
  { target }: OnePath,
  { store, folder }: OpenTarget,
  request: RestoreRequest,
): Promise<RestorePlan> {
  const base = await context.services.openBase(target, folder);
  return planRestore(request, { store, folder, base, signal: context.signal });
}

function tellPlan({ out }: Context, target: string, { steps, later }: RestorePlan, planned: boolean): void {
  for (const step of steps) {
    out.record(stepRecord(target, step, planned));
    out.lines([{ ...restoreLine(step, planned), level: step.action === 'same' ? 'debug' : 'error' }]);
  }
  if (later.length > 0) out.say(`${count(later.length, 'file')} that came later would stay`, { tone: 'dim' });
}

async function isWanted(
  context: Context,
  { target }: OnePath,
  plan: RestorePlan,
  todo: readonly RestoreStep[],
  { yes }: RestoreFlags,
): Promise<boolean> {
  if (yes === true) return true;
  const prompter = required(
    context.prompter,
    'A confirmation',
    '--yes, or --dry-run to see what would be done',
  );
  tellPlan(context, target.name, plan, true);
  return isYes(await prompter.ask(`Restore ${count(todo.length, 'file')}? [y/N] `));
}

async function perform(
  context: Context,
  { target }: OnePath,
  open: OpenTarget,
  { later }: RestorePlan,
  todo: readonly RestoreStep[],
): Promise<ExitCode> {
  const { out } = context;
  let changed = 0;
  const wishes = todo.map((step) => ({ kind: 'version', step }) as const);
  const { exit, published } = await bringBack(context, target, open, wishes, (fulfilled) => {
    if (fulfilled.wish.kind !== 'version') return;
    if (fulfilled.kind === 'failed') {
      out.emit({ kind: 'problem', target: target.name, problem: fulfilled.problem });
      return;
    }
    const step = { ...fulfilled.wish.step, action: fulfilled.action };
    if (step.action !== 'same') changed++;
    out.record(stepRecord(target.name, step, false));
    out.lines([{ ...restoreLine(step, false), level: 'error' }]);
  });
  out.endTarget(target.name);
  if (later.length > 0) out.say(`${count(later.length, 'file')} that came later stayed`, { tone: 'dim' });
  if (changed > 0)
    out.say(published ? 'The daemon has published it' : `To publish it: s4 sync ${shellWord(target.name)}`, {
      tone: 'dim',
    });
  return exit;
}

function stepRecord(
  target: string,
  { path, action, versionId, modifiedMs, sizeBytes }: RestoreStep,
  dryRun: boolean,
): { readonly kind: 'restored' } & Record<string, unknown> {
  const modified = new Date(modifiedMs).toISOString();
  return { kind: 'restored', target, path, action, versionId, modified, sizeBytes, dryRun };
}
