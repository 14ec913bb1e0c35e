import type { Digest } from './entry.ts';
import { baseName, compareKeys, type EntryKey, keyPath, parentPath } from './path.ts';

/** A file that appeared on one side, or was there in the base and is gone. */
export interface RenameCandidate {
  readonly key: EntryKey;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Absent where inodes say nothing: the store's side. */
  readonly inode?: bigint;
}

export interface Rename {
  readonly from: EntryKey;
  readonly to: EntryKey;
}

/** A trait that both ends of a rename share; undefined: the candidate has none. */
type Trait = (candidate: RenameCandidate) => string | undefined;

/** What tells apart several files of one content, best evidence first; at last, any two are taken in key order. */
const TRAITS: readonly Trait[] = [
  (candidate) => candidate.inode?.toString(),
  (candidate) => baseName(keyPath(candidate.key)),
  (candidate) => parentPath(keyPath(candidate.key)) ?? '',
  () => '',
];

/**
 * Pairs what was created with what was deleted where the content is the same: exact hash, one to one, sorted by the new
 * key, and independent of input order. Empty files all look alike and are left out.
 */
export function findRenames(
  created: readonly RenameCandidate[],
  deleted: readonly RenameCandidate[],
): readonly Rename[] {
  const gone = groupByDigest(deleted);
  const groups = [...groupByDigest(created)];
  const renames = groups.flatMap(([digest, targets]) => pairGroup(targets, gone.get(digest) ?? []));
  return renames.sort((a, b) => compareKeys(a.to, b.to));
}

function groupByDigest(
  candidates: readonly RenameCandidate[],
): ReadonlyMap<Digest, readonly RenameCandidate[]> {
  const groups = new Map<Digest, RenameCandidate[]>();
  for (const candidate of candidates) {
    if (candidate.sizeBytes === 0) continue;
    const group = groups.get(candidate.digest);
    if (group === undefined) groups.set(candidate.digest, [candidate]);
    else group.push(candidate);
  }
  for (const group of groups.values()) group.sort((a, b) => compareKeys(a.key, b.key));
  return groups;
}

function pairGroup(
  created: readonly RenameCandidate[],
  deleted: readonly RenameCandidate[],
): readonly Rename[] {
  const renames: Rename[] = [];
  let targets = created;
  let sources = deleted;
  for (const trait of TRAITS) {
    if (targets.length === 0 || sources.length === 0) break;
    const waiting = queuesByTrait(sources, trait);
    const taken = new Set<RenameCandidate>();
    targets = targets.filter((target) => {
      const value = trait(target);
      const source = value === undefined ? undefined : waiting.get(value)?.pop();
      if (source === undefined) return true;
      taken.add(source);
      renames.push({ from: source.key, to: target.key });
      return false;
    });
    sources = sources.filter((source) => !taken.has(source));
  }
  return renames;
}

/** The sources of each value, the first in key order last, where `pop` takes it. */
function queuesByTrait(sources: readonly RenameCandidate[], trait: Trait): Map<string, RenameCandidate[]> {
  const queues = new Map<string, RenameCandidate[]>();
  for (const source of sources.toReversed()) {
    const value = trait(source);
    if (value === undefined) continue;
    const queue = queues.get(value);
    if (queue === undefined) queues.set(value, [source]);
    else queue.push(source);
  }
  return queues;
}
