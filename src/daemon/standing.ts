import type { CycleFindings } from './findings.ts';
import { covers } from './pending.ts';
import type { Job } from './target-state.ts';

/** Problems and conflicts that are open, over all cycles. */
export interface Standing {
  readonly problems: CycleFindings['problems'];
  readonly conflicts: ReadonlySet<string>;
}

export const NOTHING_STANDS: Standing = { problems: new Map(), conflicts: new Set() };

/** A look at everything says all that stands; a look at some paths, what stands of those. */
export function standingAfter(standing: Standing, job: Job, found: CycleFindings): Standing {
  const { problems, conflicts } = found;
  const full = job.kind === 'requested' ? job.request.whole : job.scope.breadth === 'everything';
  if (full) return { problems, conflicts };
  const { scope } = job;
  return {
    // A look at one side does not see what is wrong with the other.
    problems: new Map([
      ...[...standing.problems].filter(([path, { side }]) => !covers(scope, side, path)),
      ...problems,
    ]),
    conflicts: new Set([
      ...[...standing.conflicts].filter(
        (path) => !covers(scope, 'local', path) && !covers(scope, 'remote', path),
      ),
      ...conflicts,
    ]),
  };
}
