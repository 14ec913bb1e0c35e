import type { TargetSettings } from '../config/schema.ts';
import type { Selection } from '../config/selection.ts';
import type { CycleDeps, CycleOptions, CycleResult, DecideConflict } from '../engine/cycle.ts';
import type { Emit } from '../engine/events.ts';
import { assertNever } from '../lib/assert-never.ts';
import { isS4Error } from '../lib/errors.ts';
import { errorReport } from '../report/error-report.ts';
import { type Sides, sidesOf } from '../report/wording.ts';
import type { Context } from './context.ts';
import { EXIT, EXIT_OF_ERROR, type ExitCode, worstExit } from './exit-codes.ts';
import { legacyEvidence, type OpenTarget, withTarget } from './open-target.ts';

export interface RunTargets {
  readonly options: Omit<CycleOptions, 'paths' | 'legacyIndex' | 'signal'>;
  /** Makes the presenter of a target's cycle. */
  readonly emit: (selection: Selection, open: OpenTarget) => Emit;
  /** Asks a person; `sides` are how the questions name the two places. */
  readonly decide?: (sides: Sides) => DecideConflict;
  /** Called after a target, however it ended. */
  readonly afterTarget?: (selection: Selection, result: CycleResult | undefined) => void;
}

/**
 * Runs a cycle for each selection, one after the other. One that halts or fails does not stop the others; Ctrl-C does.
 */
export async function runTargets(
  context: Context,
  selections: readonly Selection[],
  run: RunTargets,
): Promise<ExitCode> {
  const codes: ExitCode[] = [];
  for (const selection of selections) {
    codes.push(await runOne(context, selection, run));
    if (context.signal.aborted) break;
  }
  return worstExit(codes);
}

async function runOne(context: Context, selection: Selection, run: RunTargets): Promise<ExitCode> {
  const { target } = selection;
  let result: CycleResult | undefined;
  try {
    result = await cycle(context, selection, run);
    return exitOfResult(result, run.options.mode);
  } catch (error) {
    if (context.signal.aborted) return EXIT.interrupted;
    context.out.error(errorReport(error, { debug: context.flags.debug, target: target.name }));
    return exitOfError(error);
  } finally {
    context.out.endTarget(target.name);
    run.afterTarget?.(selection, result);
  }
}

function cycle(context: Context, { target, paths }: Selection, run: RunTargets): Promise<CycleResult> {
  return withTarget(context, target, async (open) => {
    const legacyIndex = await legacyEvidence(context, target, open);
    const deps: CycleDeps = {
      target,
      ...open,
      runtime: context.services.runtime,
      emit: run.emit({ target, paths }, open),
      onNewClient: (clientId) => keepClientId(context, target, clientId),
      // A policy that was set once is an answer: nobody is asked then.
      ...(run.decide === undefined || run.options.conflicts !== undefined || target.conflicts !== undefined
        ? {}
        : { decide: run.decide(sidesOf(open.folder.root, open.store.url)) }),
    };
    return context.services.runCycle(deps, {
      ...run.options,
      signal: context.signal,
      ...(paths.length === 0 ? {} : { paths }),
      ...(legacyIndex === undefined ? {} : { legacyIndex }),
    });
  });
}

/** Taken by a folder that was copied or restored: without it in the config, every cycle would take yet another one. */
async function keepClientId(context: Context, target: TargetSettings, clientId: string): Promise<void> {
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

function exitOfResult(result: CycleResult, mode: 'sync' | 'preview'): ExitCode {
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
