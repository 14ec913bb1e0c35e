import type { RelPath } from '../sync/path.ts';
import { covers, type Pending } from './pending.ts';
import { doubled, type Rhythm, spread } from './rhythm.ts';

/** A path that had a problem, or changed while it was synced. */
interface Retry {
  /** Looks that found it so, in a row. */
  readonly attempts: number;
  /** Undefined: it is among what is pending or under way. */
  readonly atMs: number | undefined;
}

/** Paths that are tried again by themselves: soon at first, then less and less often. A value. */
export type Retries = ReadonlyMap<RelPath, Retry>;

export const NO_RETRIES: Retries = new Map();

/** What a cycle says of paths that it could not finish. */
export interface Unfinished {
  /** Likely to pass: tried again soon. */
  readonly again: readonly RelPath[];
  /** Stays until somebody does something about it (an unusable name, a denied object): tried again slowly. */
  readonly stuck: readonly RelPath[];
}

interface Moment {
  readonly nowMs: number;
  readonly chance: number;
  readonly rhythm: Rhythm;
}

/** What is to be tried again after a cycle that looked at `scope`; what it did not look at stays as it was. */
export function retriesAfter(
  before: Retries,
  scope: Pending,
  unfinished: Unfinished,
  moment: Moment,
): Retries {
  // A look at one side does not see what is wrong with the other.
  const isSeen = (path: RelPath): boolean => covers(scope, 'local', path) && covers(scope, 'remote', path);
  const after = new Map([...before].filter(([path]) => !isSeen(path)));
  const { rhythm } = moment;
  const put = (paths: readonly RelPath[], firstMs: number, maxMs: number): void => {
    for (const path of paths) {
      const attempts = (before.get(path)?.attempts ?? 0) + 1;
      const delayMs = spread(doubled(firstMs, attempts, maxMs), moment.chance);
      after.set(path, { attempts, atMs: moment.nowMs + delayMs });
    }
  };
  put(unfinished.again, rhythm.firstRetryPathsMs, rhythm.maxRetryPathsMs);
  put(unfinished.stuck, rhythm.firstRetryStuckMs, rhythm.maxRetryStuckMs);
  return after;
}

export interface Taken {
  readonly paths: ReadonlySet<RelPath>;
  readonly retries: Retries;
}

/** Those that are due, to be looked at now. */
export function takeDue(retries: Retries, nowMs: number): Taken {
  const due = [...retries].filter(([, { atMs }]) => atMs !== undefined && atMs <= nowMs);
  if (due.length === 0) return { paths: new Set(), retries };
  const taken = due.map(([path, { attempts }]) => [path, { attempts, atMs: undefined }] as const);
  return { paths: new Set(due.map(([path]) => path)), retries: new Map([...retries, ...taken]) };
}

/** Those of `paths` that had problems: what is found of them now is found for the first time. */
export function takeChanged(retries: Retries, paths: Iterable<RelPath>): Taken {
  const changed = new Set([...paths].filter((path) => retries.has(path)));
  if (changed.size === 0) return { paths: changed, retries };
  const fresh = [...changed].map((path) => [path, { attempts: 0, atMs: undefined }] as const);
  return { paths: changed, retries: new Map([...retries, ...fresh]) };
}

/** All of them: the machine woke, the network is back. Their delays begin anew. */
export function takeAll(retries: Retries): Taken {
  return takeChanged(retries, retries.keys());
}

/** Those of `paths` that wait are due soon, as what is likely to pass: they changed. */
export function bringForward(
  retries: Retries,
  paths: readonly RelPath[],
  { nowMs, chance, rhythm }: Moment,
): Retries {
  if (retries.size === 0) return retries;
  const sooner = paths.flatMap((path) => {
    const retry = retries.get(path);
    if (retry?.atMs === undefined) return [];
    const delayMs = doubled(rhythm.firstRetryPathsMs, retry.attempts, rhythm.maxRetryPathsMs);
    return [[path, { ...retry, atMs: Math.min(retry.atMs, nowMs + spread(delayMs, chance)) }] as const];
  });
  return sooner.length === 0 ? retries : new Map([...retries, ...sooner]);
}

/** When the first of them is due; undefined: none waits. */
export function nextRetryMs(retries: Retries): number | undefined {
  let first: number | undefined;
  for (const { atMs } of retries.values())
    if (atMs !== undefined && (first === undefined || atMs < first)) first = atMs;
  return first;
}
