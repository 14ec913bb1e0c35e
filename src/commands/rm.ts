import { findTarget } from '../config/selection.ts';
import { S4Error } from '../lib/errors.ts';
import { forgetState } from '../local/forget-state.ts';
import type { Context } from './context.ts';
import { reloadDaemon } from './daemon/reload.ts';
import { routeThroughDaemon } from './daemon/through-daemon.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { loadTargets } from './select.ts';
import { targetRecord } from './targets.ts';

/** `s4 rm`: forgets a target. The files on both sides stay, and the trash of the folder too. */
export async function rm(
  context: Context,
  name: string,
  flags: { readonly forgetState?: boolean },
): Promise<ExitCode> {
  const target = findTarget(name, loadTargets(context));
  const route = await routeThroughDaemon(context);
  const isKept = route?.statusOf(target) !== undefined;
  route?.close();
  const forgets = flags.forgetState === true;
  const before = forgets && !isKept ? await forgetUnderLock(context, target.folder) : undefined;
  await context.config.update((config) => ({
    ...config,
    targets: config.targets.filter((other) => other.name !== name),
  }));
  await reloadDaemon(context);
  // The daemon has let go of the folder only now.
  const forgotten = forgets && isKept ? await forgetUnderLock(context, target.folder) : before;
  context.out.say(`Target "${name}" was removed; the files in ${target.folder} and ${target.url} stay.`);
  if (forgotten === 'trash-kept')
    context.out.say(`The trash still holds files: ${target.folder}/.s4/trash`, { tone: 'warn' });
  context.out.record({ ...targetRecord('removed', target), trashKept: forgotten === 'trash-kept' });
  return EXIT.done;
}

async function forgetUnderLock(context: Context, root: string): Promise<'removed' | 'trash-kept'> {
  const { services, signal } = context;
  const folder = await services.openFolder(root).catch((error: unknown) => {
    if (error instanceof S4Error && error.code === 'FOLDER_MISSING') return undefined;
    throw error;
  });
  // A folder that is gone has no state to forget.
  if (folder === undefined) return 'removed';
  try {
    const lock = await folder.lock({ waitMs: 5_000, signal });
    if (lock.kind === 'busy') {
      throw new S4Error('LOCKED', `Another s4 (${lock.owner}) works on ${root}.`, {
        hint: 'Stop it first; nothing was removed.',
      });
    }
    try {
      return forgetState(root);
    } finally {
      await lock.release();
    }
  } finally {
    await folder.close();
  }
}
