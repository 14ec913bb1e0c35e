import { TRASH_POLICY } from '../sync/expired-trash.ts';
import { forgetHalt } from './approval.ts';
import { publishFacts } from './publish.ts';
import { notice, type Session } from './session.ts';

/** What follows the passes of a sync: the base is made durable and folded if that is due, the others are told. */
export async function finishCycle(session: Session): Promise<void> {
  const { deps, options, base } = session;
  await base.flush();
  const whole = (options.paths ?? []).length === 0 && options.direction === undefined;
  await base.fold({ force: base.trust !== 'sound' && whole });
  deps.emit({ kind: 'index-flushed', target: deps.target.name });
  if (session.approvalUsed) await forgetHalt(deps.folder.state);
  await publishFacts(session);
}

/** Walks the trash, and removes temp files that could not be removed: not for every small cycle of a daemon. */
export async function tidy(session: Session): Promise<void> {
  const { folder, runtime } = session.deps;
  const purged = await folder.purgeTrash({ ...TRASH_POLICY, nowMs: runtime.nowMs() });
  for (const path of purged)
    notice(session, 'recovered', 'it was written to after it was replaced: it is back', path);
  await folder.cleanTemp(new Set());
}
