import type { TargetSettings } from '../config/schema.ts';
import type { Selection } from '../config/selection.ts';
import type { TargetStatus } from '../daemon/contract.ts';
import type { CycleDeps, CycleOptions, CycleResult, DecideConflict } from '../engine/cycle.ts';
import type { Emit } from '../engine/events.ts';
import { assertNever } from '../lib/assert-never.ts';
import { isS4Error } from '../lib/errors.ts';
import { errorReport } from '../report/error-report.ts';
import { type Sides, sidesOf } from '../report/wording.ts';
import type { Context } from './context.ts';
import { type DaemonRoute, routeThroughDaemon } from './daemon/through-daemon.ts';
import { EXIT, EXIT_OF_ERROR, type ExitCode, worstExit } from './exit-codes.ts';
import { legacyEvidence, type OpenTarget, withTarget } from './open-target.ts';

export interface RunTargets {
  readonly options: Omit<CycleOptions, 'paths' | 'legacyIndex' | 'signal'>;
  /** Makes the presenter of a target's cycle. Nothing is open here where the daemon runs it. */
  readonly emit: (selection: Selection, open: OpenTarget | undefined) => Emit;
  /** Where the daemon runs the cycle: told how many requests it has made for it so far. */
  readonly onRequests?: (count: number) => void;
  /** Asks a person; `sides` are how the questions name the two places. */
  readonly decide?: (sides: Sides) => DecideConflict;
  /** Asks whether the plan that halted shall be carried out: with the id that it gives, it is run again. */
  readonly approve?: () => Promise<string | undefined>;
  /** A preview that this process makes also of a target that a daemon keeps: it needs no lock. */
  readonly here?: true;
  /** Called after a target, however it ended. */
  readonly afterTarget?: (selection: Selection, ended: EndOfTarget) => void;
}

export interface EndOfTarget {
  readonly exit: ExitCode;
  /** The cycle came to an end: neither failed nor interrupted. */
  readonly complete: boolean;
  /** The daemon that keeps the target did it. */
  readonly keptBy?: TargetStatus;
}

/**
 * Runs a cycle for each selection, one after the other: here, or by the daemon for targets that it keeps. One that halts
 * or fails does not stop the others; Ctrl-C does.
 */
export async function runTargets(
  context: Context,
  selections: readonly Selection[],
  run: RunTargets,
): Promise<ExitCode> {
  const daemon = await routeThroughDaemon(context);
  try {
    const codes: ExitCode[] = [];
    for (const selection of selections) {
      codes.push(await runOne(context, selection, run, daemon));
      if (context.signal.aborted) break;
    }
    return worstExit(codes);
  } finally {
    daemon?.close();
  }
}

async function runOne(
  context: Context,
  selection: Selection,
  run: RunTargets,
  daemon: DaemonRoute | undefined,
): Promise<ExitCode> {
  const { target } = selection;
  const keptBy = run.here === true ? undefined : daemon?.statusOf(target);
  let ended: EndOfTarget = { exit: EXIT.interrupted, complete: false };
  try {
    const once = async (asked: RunTargets): Promise<EndOfTarget> =>
      daemon === undefined || keptBy === undefined
        ? ownCycle(context, selection, asked)
        : {
            ...(await daemon.sync(
              selection,
              asked.options,
              toldEmit(context, selection, asked),
              run.onRequests,
            )),
            keptBy,
          };
    ended = await once(run);
    const approve = ended.exit === EXIT.halted ? await run.approve?.() : undefined;
    if (approve !== undefined) ended = await once({ ...run, options: { ...run.options, approve } });
  } catch (error) {
    if (!context.signal.aborted) {
      context.out.error(errorReport(error, { debug: context.flags.debug, target: target.name }));
      ended = { exit: exitOfError(error), complete: false };
    }
  } finally {
    context.out.endTarget(target.name);
    run.afterTarget?.(selection, ended);
  }
  return ended.exit;
}

/** A person who would have been asked here is told that the daemon decided. */
function toldEmit(context: Context, selection: Selection, run: RunTargets): Emit {
  const emit = run.emit(selection, undefined);
  const isAsked = run.decide !== undefined && run.options.mode === 'sync' && !isDecided(selection, run);
  return (event) => {
    emit(event);
    if (isAsked && event.kind === 'cycle-finished' && event.summary.keptBoth > 0)
      context.out.say(
        'The daemon did this sync, and asks nobody: of each conflict both versions were kept. ' +
          'To choose between them: s4 resolve. For another rule: s4 edit --conflicts POLICY.',
        { tone: 'warn', level: 'warning' },
      );
  };
}

/** A policy that was set once is an answer: nobody is asked then. */
function isDecided({ target }: Selection, { options }: RunTargets): boolean {
  return options.conflicts !== undefined || target.conflicts !== undefined;
}

function ownCycle(context: Context, selection: Selection, run: RunTargets): Promise<EndOfTarget> {
  const { target, paths } = selection;
  return withTarget(context, target, async (open) => {
    const legacyIndex = await legacyEvidence(context, target, open);
    const deps: CycleDeps = {
      target,
      ...open,
      runtime: context.services.runtime,
      emit: run.emit({ target, paths }, open),
      onNewClient: (clientId) => keepClientId(context, target, clientId),
      ...(run.decide === undefined || isDecided(selection, run)
        ? {}
        : { decide: run.decide(sidesOf(open.folder.root, open.store.url)) }),
    };
    const result = await context.services.runCycle(deps, {
      ...run.options,
      signal: context.signal,
      ...(paths.length === 0 ? {} : { paths }),
      ...(legacyIndex === undefined ? {} : { legacyIndex }),
    });
    return {
      exit: exitOfResult(result, run.options.mode),
      complete: result.kind !== 'interrupted',
    };
  });
}

/** Taken by a folder that was copied or restored: without it in the config, every cycle would take yet another one. */
export async function keepClientId(
  context: Context,
  target: TargetSettings,
  clientId: string,
): Promise<void> {
  await context.config.update((config) => ({
    ...config,
    targets: config.targets.map((other) =>
      other.id === target.id && other.folder === target.folder ? { ...other, clientId } : other,
    ),
  }));
}

export function exitOfError(error: unknown): ExitCode {
  return isS4Error(error) ? EXIT_OF_ERROR[error.code] : EXIT.bug;
}

export function exitOfResult(result: CycleResult, mode: 'sync' | 'preview'): ExitCode {
  switch (result.kind) {
    case 'halted':
      return EXIT.halted;
    case 'interrupted':
      return EXIT.interrupted;
    case 'synced':
      if (result.summary.problems > 0) return EXIT.problems;
      // A preview decides nothing: its conflicts are news, not a state.
      return result.summary.conflicts > 0 && mode === 'sync' ? EXIT.conflicts : EXIT.done;
    default:
      return assertNever(result);
  }
}
