import type { RelPath } from '../sync/path.ts';

/** What was heard of and is not looked at yet. A value: operations return a new one. */
export interface Pending {
  readonly local: ReadonlySet<RelPath>;
  readonly remote: ReadonlySet<RelPath>;
  /** `walk`: the whole folder too; `everything`: the whole folder and the whole listing. */
  readonly breadth: 'paths' | 'walk' | 'everything';
}

// Beyond this a listing (a thousand keys a request) and a walk cost less than a request for each path.
const MAX_PATHS = 2_000;

export const NOTHING: Pending = { local: new Set(), remote: new Set(), breadth: 'paths' };
export const EVERYTHING: Pending = { ...NOTHING, breadth: 'everything' };
export const WALK: Pending = { ...NOTHING, breadth: 'walk' };

export function heardHere(paths: Iterable<RelPath>): Pending {
  return { ...NOTHING, local: new Set(paths) };
}

export function heardThere(paths: Iterable<RelPath>): Pending {
  return { ...NOTHING, remote: new Set(paths) };
}

export function isNothing(pending: Pending): boolean {
  return pending.breadth === 'paths' && pending.local.size === 0 && pending.remote.size === 0;
}

const BREADTHS = ['paths', 'walk', 'everything'] as const;

/** All that either means. Where everything is looked at, no path needs to be remembered. */
export function joined(a: Pending, b: Pending): Pending {
  if (isNothing(b)) return a;
  const breadth =
    BREADTHS[Math.max(BREADTHS.indexOf(a.breadth), BREADTHS.indexOf(b.breadth))] ?? 'everything';
  if (breadth === 'everything') return EVERYTHING;
  const remote = union(a.remote, b.remote);
  // A walk finds again what was heard here.
  const local = breadth === 'walk' ? NOTHING.local : union(a.local, b.local);
  return local.size + remote.size > MAX_PATHS ? EVERYTHING : { local, remote, breadth };
}

/** Whether a cycle over it looks at that side of a path: named itself, or below a folder that is. */
export function covers({ local, remote, breadth }: Pending, side: 'local' | 'remote', path: string): boolean {
  if (breadth === 'everything' || (breadth === 'walk' && side === 'local')) return true;
  return isUnder(path, side === 'local' ? local : remote);
}

function isUnder(path: string, paths: ReadonlySet<RelPath>): boolean {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
    if (paths.has(at as RelPath)) return true;
    if (!at.includes('/')) return false;
  }
}

/** As `TargetStatus.pending`. */
export function countOf(pending: Pending): number {
  return pending.breadth === 'paths' ? union(pending.local, pending.remote).size : -1;
}

function union<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): ReadonlySet<T> {
  if (b.size === 0) return a;
  if (a.size === 0) return b;
  return new Set([...a, ...b]);
}
