import type { ConflictChoice, Direction } from '../engine/events.ts';
import { conflictPrompt } from './conflict-prompt.ts';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { runTargets } from './run-targets.ts';
import { select } from './select.ts';

export interface SyncFlags {
  readonly dryRun?: boolean;
  readonly conflicts?: ConflictChoice;
  readonly approve?: string;
  readonly checksum?: boolean;
  readonly deleteIgnored?: boolean;
}

/** `s4 sync`, and with a direction `s4 push` and `s4 pull`. */
export async function sync(
  context: Context,
  args: readonly string[],
  flags: SyncFlags,
  direction?: Direction,
): Promise<ExitCode> {
  const selections = await select(context, args);
  const { prompter, out } = context;
  return runTargets(context, selections, {
    options: {
      mode: flags.dryRun === true ? 'preview' : 'sync',
      ...(direction === undefined ? {} : { direction }),
      ...(flags.conflicts === undefined ? {} : { conflicts: flags.conflicts }),
      ...(flags.approve === undefined ? {} : { approve: flags.approve }),
      ...(flags.checksum === undefined ? {} : { checksum: flags.checksum }),
      ...(flags.deleteIgnored === undefined ? {} : { deleteIgnored: flags.deleteIgnored }),
    },
    emit: () => out.emit,
    ...(prompter === undefined
      ? {}
      : {
          decide: (sides) =>
            conflictPrompt({ prompter, sides, colours: out.promptColours, write: out.prompt }),
        }),
  });
}
