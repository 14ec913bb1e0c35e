import type { SyncEvent } from '../engine/events.ts';
import { assertNever } from '../lib/assert-never.ts';
import { parseKey, type RelPath } from '../sync/path.ts';
import type { Problem, ProblemCode } from '../sync/problem.ts';
import type { Failure } from './contract.ts';
import type { Unfinished } from './retries.ts';

/** What one cycle said of single paths. */
export interface CycleFindings {
  readonly problems: ReadonlyMap<string, Pick<Problem, 'code' | 'side'>>;
  /** Conflicts that were skipped: they wait for a decision. */
  readonly conflicts: ReadonlySet<string>;
  /** Changed while it was synced: left to a further look. */
  readonly postponed: ReadonlySet<string>;
  readonly diskFull: Failure | undefined;
}

export const NO_FINDINGS: CycleFindings = {
  problems: new Map(),
  conflicts: new Set(),
  postponed: new Set(),
  diskFull: undefined,
};

/** Pure: what is known after one more event of the cycle. */
export function findingsStep(found: CycleFindings, event: SyncEvent): CycleFindings {
  switch (event.kind) {
    case 'problem': {
      const { path, code, side, message, hint } = event.problem;
      const problems = new Map(found.problems).set(path, { code, side });
      if (code !== 'disk-full') return { ...found, problems };
      const diskFull = { code: 'LOCAL_DISK_FULL', message, ...(hint === undefined ? {} : { hint }) };
      return { ...found, problems, diskFull };
    }
    case 'conflict':
      if (event.choice !== 'skip') return found;
      return { ...found, conflicts: new Set(found.conflicts).add(event.conflict.path) };
    case 'operation-finished': {
      const postponed = new Set(found.postponed);
      if (event.outcome === 'postponed') postponed.add(event.operation.path);
      // A later pass did it.
      else if (!postponed.delete(event.operation.path)) return found;
      return { ...found, postponed };
    }
    default:
      return found;
  }
}

/** Paths to look at again, where they are paths at all (a key that cannot be one has a problem too). */
export function unfinishedOf({ problems, postponed }: CycleFindings): Unfinished {
  const again = [...postponed].flatMap(toPath);
  const stuck: RelPath[] = [];
  for (const [text, { code }] of problems) (isStuck(code) ? stuck : again).push(...toPath(text));
  return { again, stuck };
}

function toPath(text: string): readonly RelPath[] {
  const parsed = parseKey(text);
  return parsed.ok ? [parsed.path] : [];
}

/** Whether it stays until somebody does something about it; the rest passes by itself, as a rule. */
function isStuck(code: ProblemCode): boolean {
  switch (code) {
    case 'listing-lags':
    case 'changed-meanwhile':
    case 'corrupt':
    case 'disk-full':
    case 'store-error':
    case 'local-error':
      return false;
    case 'unreadable':
    case 'other-device':
    case 'symlink-loop':
    case 'bad-name':
    case 'bad-key':
    case 'file-and-folder':
    case 'name-twins':
    case 'archived':
    case 'denied':
    case 'too-large':
    case 'blocked-folder':
    case 'name-refused':
      return true;
    default:
      return assertNever(code);
  }
}
