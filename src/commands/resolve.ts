import type { Selection } from '../config/selection.ts';
import type { ConflictChoice, ConflictView, SyncEvent } from '../engine/events.ts';
import type { Fulfilled } from '../engine/history/fulfil.ts';
import { type WaitingCopy, waitingCopies } from '../engine/history/waiting-copies.ts';
import type { KeepChoice } from '../engine/ports/history.ts';
import { assertNever } from '../lib/assert-never.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { formatBytes, formatTime } from '../report/format.ts';
import { paint } from '../report/line.ts';
import { emptyStatus, statusStep } from '../report/status-view.ts';
import { conflictLine } from '../report/wording.ts';
import { parseKey, type RelPath } from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import { bringBack } from './bring-back.ts';
import { conflictPrompt } from './conflict-prompt.ts';
import { difference, differenceLines, localSide } from './contents.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode, worstExit } from './exit-codes.ts';
import { type OpenTarget, withTarget } from './open-target.ts';
import type { Prompter } from './prompter.ts';
import { runTargets } from './run-targets.ts';
import { select } from './select.ts';

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
  const codes: ExitCode[] = [];
  for (const selection of await select(context, args)) {
    codes.push(await resolveCopies(context, selection, flags));
    codes.push(await resolveOpen(context, selection, flags));
    if (context.signal.aborted) break;
  }
  const worst = worstExit(codes);
  if (worst === EXIT.done) context.out.say('Nothing waits for a decision');
  return worst;
}

async function resolveCopies(
  context: Context,
  { target, paths }: Selection,
  flags: ResolveFlags,
): Promise<ExitCode> {
  return withTarget(context, target, async (open) => {
    const under = paths.length === 1 ? paths[0] : undefined;
    const found = await waitingCopies(open.folder, { ...(under && { under }), signal: context.signal });
    const waiting = found.filter(({ copy, path }) => isChosen([copy.key, path], paths));
    let left = 0;
    let problems = 0;
    for (const one of waiting) {
      const choice = flags.dryRun === true ? undefined : await choose(context, open, one, flags.keep);
      context.out.record(waitingRecord(target.name, one, choice));
      if (choice === undefined) {
        left++;
        if (context.prompter === undefined || flags.dryRun === true) context.out.result(waitingLine(one));
        continue;
      }
      const problem = await settleCopy(context, target, open, one, choice);
      if (problem === undefined) context.out.say(settledLine(one, choice), { tone: 'good' });
      else if (typeof problem === 'number') return problem;
      else {
        problems++;
        context.out.emit({ kind: 'problem', target: target.name, problem });
      }
    }
    context.out.endTarget(target.name);
    return problems > 0 ? EXIT.problems : left > 0 ? EXIT.conflicts : EXIT.done;
  });
}

function isChosen(names: readonly string[], paths: readonly RelPath[]): boolean {
  if (paths.length === 0) return true;
  return names.some((name) => paths.some((path) => name === path || name.startsWith(`${path}/`)));
}

async function choose(
  context: Context,
  open: OpenTarget,
  one: WaitingCopy,
  keep: KeepChoice | undefined,
): Promise<KeepChoice | undefined> {
  // A copy whose original is gone is all that is left: it is not removed by a flag that is about the original.
  if (keep !== undefined) return keep === 'original' && one.original === undefined ? undefined : keep;
  return context.prompter === undefined ? undefined : ask(context, open, one, context.prompter);
}

async function ask(
  { out }: Context,
  { folder }: OpenTarget,
  one: WaitingCopy,
  prompter: Prompter,
): Promise<KeepChoice | undefined> {
  const copyPath = one.copy.key as string as RelPath;
  out.prompt(`${question(one).join('\n')}\n`);
  for (;;) {
    const answer = (await prompter.ask('Choice (default=later): ')).toLowerCase();
    out.prompt('\n');
    if (answer === '1' && one.original !== undefined) return 'original';
    if (answer === '2') return 'copy';
    if (answer === 'b') return 'both';
    if (answer === '' || answer === 'x') return undefined;
    if (answer === 'd') {
      const before = await localSide(folder, one.path, one.path);
      const after = await localSide(folder, copyPath, copyPath);
      for (const line of differenceLines(await difference(before, after), before, after))
        out.prompt(`${paint(line, out.promptColours)}\n`);
    } else out.prompt(`"${escapeForTerminal(answer)}" is not a choice.\n`);
  }
}

function question({ copy, original, path, host }: WaitingCopy): readonly string[] {
  const name = escapeForTerminal(path);
  const keepOriginal = original === undefined ? `${name} is gone` : `${name} ${sideWords(original)}`;
  return [
    '',
    `Both versions of "${name}" were kept. Which one would you like to keep?`,
    ...(original === undefined ? [`       ${keepOriginal}`] : [`   (1) ${keepOriginal}`]),
    `   (2) the copy ${sideWords(copy)}, by ${escapeForTerminal(host)}`,
    '   (b) Both: the copy gets an ordinary name',
    '   (d) View difference',
    '   (X) Later',
    '',
  ];
}

function sideWords({ fingerprint }: WaitingCopy['copy']): string {
  const when = formatTime(Number(fingerprint.mtimeNs / 1_000_000n));
  return `of ${when} (${formatBytes(fingerprint.sizeBytes)})`;
}

async function settleCopy(
  context: Context,
  target: Selection['target'],
  open: OpenTarget,
  { copy }: WaitingCopy,
  keep: KeepChoice,
): Promise<Problem | ExitCode | undefined> {
  const wish = { kind: 'copy', path: copy.key as string as RelPath, keep } as const;
  let problem: Problem | undefined;
  const onEnd = (fulfilled: Fulfilled): void => {
    if (fulfilled.kind === 'failed') problem = fulfilled.problem;
  };
  const { exit } = await bringBack(context, target, open, [wish], onEnd, { offline: true });
  return problem ?? (exit === EXIT.done ? undefined : exit);
}

function settledLine({ path, settled }: WaitingCopy, choice: KeepChoice): string {
  switch (choice) {
    case 'original':
      return `Kept ${path}; the copy is in the trash`;
    case 'copy':
      return `The copy is ${path} now; what was there is in the trash`;
    case 'both':
      return `Kept both: ${path} and ${settled}`;
    default:
      return assertNever(choice);
  }
}

function waitingLine({ copy, path, host }: WaitingCopy): string {
  return `kept twice  ${path}  (the version by ${host} is "${copy.key}")`;
}

function waitingRecord(
  target: string,
  { copy, original, path, host, whenMs }: WaitingCopy,
  choice: KeepChoice | undefined,
): { readonly kind: 'waiting' } & Record<string, unknown> {
  return {
    kind: 'waiting',
    target,
    reason: 'kept-both',
    path,
    copy: copy.key,
    host,
    written: new Date(whenMs).toISOString(),
    originalThere: original !== undefined,
    ...(choice === undefined ? {} : { choice }),
  };
}

/** Paths that both sides changed: listed by a preview, decided by a sync of those paths. */
async function resolveOpen(context: Context, selection: Selection, flags: ResolveFlags): Promise<ExitCode> {
  const { out, prompter } = context;
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
  return runTargets(context, [{ target: unruled(target), paths: pathsOf(open) }], {
    options: { mode: 'sync', ...(flags.conflicts === undefined ? {} : { conflicts: flags.conflicts }) },
    emit: () => out.emit,
    ...(prompter === undefined
      ? {}
      : {
          decide: (sides) =>
            conflictPrompt({ prompter, sides, colours: out.promptColours, write: out.prompt }),
        }),
  });
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
