import type { TargetSettings } from '../config/schema.ts';
import type { Selection } from '../config/selection.ts';
import type { Fulfilled } from '../engine/history/fulfil.ts';
import { statesOfKept, type WaitingCopy, waitingCopies } from '../engine/history/waiting-copies.ts';
import type { KeepChoice, Wish } from '../engine/ports/history.ts';
import { assertNever } from '../lib/assert-never.ts';
import { escapeForTerminal } from '../report/escape.ts';
import { formatBytes, formatTime } from '../report/format.ts';
import { parentPath, type RelPath } from '../sync/path.ts';
import type { Problem } from '../sync/problem.ts';
import { type BroughtBack, bringBack } from './bring-back.ts';
import { difference, differenceLines, localSide } from './contents.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { KeptDecision, KeptDesk } from './kept-desk.ts';
import { type OpenTarget, withTarget } from './open-target.ts';
import type { Prompter } from './prompter.ts';
import { shellWord } from './versions.ts';

export interface ResolveCopies {
  readonly keep?: KeepChoice;
  readonly dryRun?: boolean;
  readonly desk: KeptDesk | undefined;
}

/** Conflicts that were kept as both: asked about on a screen, else line by line, else listed. */
export async function resolveCopies(
  context: Context,
  { target, paths }: Selection,
  options: ResolveCopies,
): Promise<ExitCode> {
  return withTarget(context, target, async (open) => {
    const [first] = paths;
    // A copy lies beside the path that it is about.
    const under = first !== undefined && paths.length === 1 ? parentPath(first) : undefined;
    const found = await waitingCopies(open.folder, { ...(under && { under }), signal: context.signal });
    const waiting = found.filter(({ copy, path }) => isChosen([copy.key, path], paths));
    let left = 0;
    let problems = 0;
    let unpublished = 0;
    for (const one of waiting) {
      const decision: KeptDecision =
        options.dryRun === true ? LATER : await choose(context, open, one, options);
      context.out.record(waitingRecord(target.name, one, decision));
      if (decision.kind === 'later') {
        left++;
        if (context.prompter === undefined || options.dryRun === true) context.out.result(waitingLine(one));
        continue;
      }
      const { problem, exit, published } = await settleCopy(context, target, open, { one, decision });
      if (problem === undefined && exit !== EXIT.done) return exit;
      if (problem === undefined) {
        context.out.say(settledLine(one, decision), { tone: 'good' });
        if (!published) unpublished++;
      } else {
        problems++;
        context.out.emit({ kind: 'problem', target: target.name, problem });
      }
    }
    context.out.endTarget(target.name);
    if (unpublished > 0) context.out.say(`To publish it: s4 sync ${shellWord(target.name)}`, { tone: 'dim' });
    return problems > 0 ? EXIT.problems : left > 0 ? EXIT.conflicts : EXIT.done;
  });
}

function isChosen(names: readonly string[], paths: readonly RelPath[]): boolean {
  if (paths.length === 0) return true;
  return names.some((name) => paths.some((path) => name === path || name.startsWith(`${path}/`)));
}

const LATER: KeptDecision = { kind: 'later' };

async function choose(
  context: Context,
  open: OpenTarget,
  one: WaitingCopy,
  { keep, desk }: ResolveCopies,
): Promise<KeptDecision> {
  // A copy whose original is gone is all that is left: it is not removed by a flag that is about the original.
  if (keep !== undefined)
    return keep === 'original' && one.original === undefined ? LATER : { kind: 'keep', keep };
  if (desk !== undefined) return desk.ask(open, one);
  const asked = context.prompter && (await ask(context, open, one, context.prompter));
  return asked === undefined ? LATER : { kind: 'keep', keep: asked };
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
        out.prompt(`${out.promptPaint(line)}\n`);
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
  target: TargetSettings,
  open: OpenTarget,
  { one, decision }: { readonly one: WaitingCopy; readonly decision: Made },
): Promise<BroughtBack & { readonly problem?: Problem }> {
  const path = one.copy.key as string as RelPath;
  const about = statesOfKept(one);
  const wish: Wish =
    decision.kind === 'text'
      ? { kind: 'copy-text', path, text: decision.text, about }
      : { kind: 'copy', path, keep: decision.keep, about };
  let problem: Problem | undefined;
  const onEnd = (fulfilled: Fulfilled): void => {
    if (fulfilled.kind === 'failed') problem = fulfilled.problem;
  };
  const ended = await bringBack(context, target, open, [wish], onEnd, { offline: true });
  return { ...ended, ...(problem === undefined ? {} : { problem }) };
}

type Made = Exclude<KeptDecision, { readonly kind: 'later' }>;

function settledLine({ path, settled }: WaitingCopy, decision: Made): string {
  if (decision.kind === 'text') return `${path} is made of both now; the two versions are in the trash`;
  switch (decision.keep) {
    case 'original':
      return `Kept ${path}; the copy is in the trash`;
    case 'copy':
      return `The copy is ${path} now; what was there is in the trash`;
    case 'both':
      return `Kept both: ${path} and ${settled}`;
    default:
      return assertNever(decision.keep);
  }
}

function waitingLine({ copy, path, host }: WaitingCopy): string {
  return `kept twice  ${path}  (the version by ${host} is "${copy.key}")`;
}

function waitingRecord(
  target: string,
  { copy, original, path, host, whenMs }: WaitingCopy,
  decision: KeptDecision,
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
    ...(decision.kind === 'later' ? {} : { choice: decision.kind === 'keep' ? decision.keep : 'text' }),
  };
}
