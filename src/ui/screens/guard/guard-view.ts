import type { OperationView } from '../../../engine/events.ts';
import type { GuardTrip } from '../../../sync/guards.ts';

/** A halted plan, as it is asked about. */
export interface HaltedPlan {
  readonly target: string;
  readonly guards: readonly GuardTrip[];
  readonly operations: readonly OperationView[];
}

export interface PlanGroup {
  readonly folder: string;
  readonly what: string;
  readonly files: number;
}

/** The plan by folder and kind, the largest first. */
export function groupPlan(operations: readonly OperationView[]): readonly PlanGroup[] {
  const groups = new Map<string, PlanGroup>();
  for (const operation of operations) {
    const folder = folderOf(operation.path);
    const what = whatOf(operation);
    const key = `${folder}\n${what}`;
    groups.set(key, { folder, what, files: (groups.get(key)?.files ?? 0) + 1 });
  }
  return [...groups.values()].sort(
    (a, b) => b.files - a.files || (a.folder < b.folder ? -1 : a.folder > b.folder ? 1 : 0),
  );
}

function folderOf(path: string): string {
  const end = path.replace(/\/$/, '').lastIndexOf('/');
  return end < 0 ? './' : path.slice(0, end + 1);
}

function whatOf({ kind, direction }: OperationView): string {
  const where = direction === 'up' ? 'in the store' : 'here';
  switch (kind) {
    case 'delete':
      return `deleted ${where}`;
    case 'delete-folder':
      return `empty folder removed ${where}`;
    case 'update':
      return `replaced ${where}`;
    default:
      return `${kind} ${where}`;
  }
}

/** What must be typed: the number of files that would be gone, or where none is, that would be replaced. */
export function approvalNumber(operations: readonly OperationView[]): {
  readonly count: number;
  readonly noun: 'deletions' | 'replacements';
} {
  const deletions = operations.filter(({ kind }) => kind === 'delete').length;
  if (deletions > 0) return { count: deletions, noun: 'deletions' };
  return { count: operations.length, noun: 'replacements' };
}
