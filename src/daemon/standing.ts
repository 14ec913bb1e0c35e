import type { CycleFindings } from './findings.ts';
import type { Job } from './target-state.ts';

/** Problems and conflicts that are open, over all cycles. */
export interface Standing {
  readonly problems: ReadonlySet<string>;
  readonly conflicts: ReadonlySet<string>;
}

export const NOTHING_STANDS: Standing = { problems: new Set(), conflicts: new Set() };

/** A look at everything says all that stands; a look at some paths, what stands of those. */
export function standingAfter(standing: Standing, job: Job, found: CycleFindings): Standing {
  const { problems, conflicts } = found;
  const full = job.kind === 'requested' ? job.request.whole : job.scope.breadth === 'everything';
  if (full) return { problems: new Set(problems.keys()), conflicts };
  const { local, remote } = job.scope;
  const looked = [...local, ...remote];
  const stays = (path: string): boolean =>
    !looked.some((at) => path === (at as string) || path.startsWith(`${at}/`));
  return {
    problems: new Set([...[...standing.problems].filter(stays), ...problems.keys()]),
    conflicts: new Set([...[...standing.conflicts].filter(stays), ...conflicts]),
  };
}
