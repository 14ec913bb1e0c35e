import type { ConflictChoice, Direction } from '../engine/events.ts';
import type { Context } from './context.ts';
import { decideBy } from './decide-by.ts';
import type { ExitCode } from './exit-codes.ts';
import { runTargets } from './run-targets.ts';
import { select } from './select.ts';
import { createSyncDesk } from './sync-desk.ts';

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
  const { out, terminal } = context;
  const mode = flags.dryRun === true ? 'preview' : 'sync';
  // A dry run is lines to read: nothing moves meanwhile.
  const desk = terminal === undefined || mode === 'preview' ? undefined : createSyncDesk(context, terminal);
  try {
    await desk?.open();
    const selections = await select(context, args);
    return await runTargets(context, selections, {
      options: {
        mode,
        ...(direction === undefined ? {} : { direction }),
        ...(flags.conflicts === undefined ? {} : { conflicts: flags.conflicts }),
        ...(flags.approve === undefined ? {} : { approve: flags.approve }),
        ...(flags.checksum === undefined ? {} : { checksum: flags.checksum }),
        ...(flags.deleteIgnored === undefined ? {} : { deleteIgnored: flags.deleteIgnored }),
      },
      emit: (_selection, open) => desk?.emit(open) ?? out.emit,
      ...(desk === undefined ? {} : { approve: desk.approve, onRequests: desk.requestsMade }),
      ...(mode === 'preview' ? {} : decideBy(context, desk)),
    });
  } finally {
    await desk?.close();
  }
}
