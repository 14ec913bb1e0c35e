import type { LogFact } from '../formats/head-codec.ts';
import type { OperationContext, OperationResult } from './operations/context.ts';
import type { BaseChange } from './ports/base.ts';

/** Advances the base by what was done. */
export interface Committer {
  add(result: OperationResult): Promise<void>;
  /** Makes everything added so far durable. */
  commit(): Promise<void>;
}

// One round of fsyncs for this many results, so that a crash loses little evidence and small files stay fast.
const RESULTS_PER_COMMIT = 256;

/**
 * Collects results and records them in groups: first the folder is made durable, then the journal says so (H9). A crash
 * in between costs only the evidence: the next run finds both sides equal and adopts them.
 */
export function createCommitter(
  context: Pick<OperationContext, 'folder' | 'base' | 'runtime' | 'publish'>,
): Committer {
  let changes: BaseChange[] = [];
  let finished: number[] = [];
  let facts: LogFact[] = [];
  let deletedLocal = 0;
  let deletedRemote = 0;
  let added = 0;
  let committing: Promise<void> = Promise.resolve();

  const commitNow = async (): Promise<void> => {
    if (added === 0) return;
    const entry = { changes, finished };
    const counts = { local: deletedLocal, remote: deletedRemote };
    const published = facts;
    changes = [];
    finished = [];
    facts = [];
    deletedLocal = 0;
    deletedRemote = 0;
    added = 0;
    await context.folder.sync();
    const { cursor } = context.base;
    const counted =
      published.length === 0
        ? {}
        : { cursor: { ...cursor, unpublished: cursor.unpublished + published.length } };
    await context.base.record({ ...entry, ...counted });
    const atMs = context.runtime.nowMs();
    for (const side of ['local', 'remote'] as const) {
      if (counts[side] > 0) await context.base.record({ deletions: { atMs, side, count: counts[side] } });
    }
    await context.base.flush();
    context.publish(published);
  };

  const commit = (): Promise<void> => {
    committing = committing.then(commitNow);
    return committing;
  };

  return {
    commit,
    add: async (result) => {
      finished.push(...(result.finished ?? []));
      if (result.kind === 'done') {
        changes.push(...result.changes);
        facts.push(...(result.facts ?? []));
        if (result.deleted === 'local') deletedLocal++;
        if (result.deleted === 'remote') deletedRemote++;
      }
      added++;
      if (added >= RESULTS_PER_COMMIT) await commit();
    },
  };
}
