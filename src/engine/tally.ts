import { assertNever } from '../lib/assert-never.ts';
import type { Problem } from '../sync/problem.ts';
import type { CycleSummary, OperationView } from './events.ts';

/** Counts what a cycle did, for its summary and its exit code. */
export interface Tally {
  operation(view: OperationView): void;
  /** Counted once for a path, however many passes meet it. */
  problem(problem: Problem): boolean;
  conflicts(count: number): void;
  bytes(direction: 'up' | 'down', count: number): void;
  summary(requests: Readonly<Record<string, number>>, elapsedMs: number): CycleSummary;
}

export function createTally(): Tally {
  const counts = {
    uploaded: 0,
    downloaded: 0,
    deletedLocal: 0,
    deletedRemote: 0,
    renamed: 0,
    keptBoth: 0,
    bytesUp: 0,
    bytesDown: 0,
    conflicts: 0,
  };
  const problems = new Set<string>();
  return {
    operation: (view) => {
      const up = view.direction === 'up';
      switch (view.kind) {
        case 'create':
        case 'update':
        case 'merge':
        case 'mode':
        case 'create-folder':
          if (up) counts.uploaded++;
          else counts.downloaded++;
          return;
        case 'delete':
        case 'delete-folder':
          if (up) counts.deletedRemote++;
          else counts.deletedLocal++;
          return;
        case 'rename':
          counts.renamed++;
          return;
        case 'keep-both':
          counts.keptBoth++;
          return;
        default:
          assertNever(view.kind);
      }
    },
    problem: ({ side, code, path }) => {
      const key = `${side} ${code} ${path}`;
      const fresh = !problems.has(key);
      problems.add(key);
      return fresh;
    },
    conflicts: (count) => {
      counts.conflicts = count;
    },
    bytes: (direction, count) => {
      if (direction === 'up') counts.bytesUp += count;
      else counts.bytesDown += count;
    },
    summary: (requests, elapsedMs) => ({ ...counts, problems: problems.size, requests, elapsedMs }),
  };
}
