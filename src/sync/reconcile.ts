import { assertNever } from '../lib/assert-never.ts';

/**
 * What became of a file or symlink on one side since the base. Without a base row there is only `absent` and `changed`.
 * `meta`: the bytes are the base's, the executable bit is not.
 */
export type SideFact = 'absent' | 'same' | 'meta' | 'changed';

/** How two present sides compare to each other. */
export type Equality = 'equal' | 'bytes' | 'different';

export interface Facts {
  readonly base: boolean;
  readonly local: SideFact;
  readonly remote: SideFact;
  /** Asked only when both sides are present and neither is `same`. */
  readonly equality: Equality;
}

export type Decision =
  /** Nothing to do, the base row stands. */
  | { readonly kind: 'none' }
  /** The sides agree: record it, with the evidence of now. */
  | { readonly kind: 'adopt' }
  /** Gone on both sides. */
  | { readonly kind: 'forget' }
  | { readonly kind: 'upload'; readonly editBeatsDelete: boolean }
  | { readonly kind: 'download'; readonly editBeatsDelete: boolean }
  | { readonly kind: 'delete-local' }
  | { readonly kind: 'delete-remote' }
  /** Same bytes: the executable bit goes up. */
  | { readonly kind: 'mode-up' }
  | { readonly kind: 'mode-down' }
  | { readonly kind: 'conflict' };

const NONE: Decision = { kind: 'none' };
const ADOPT: Decision = { kind: 'adopt' };

/**
 * The truth table for one file or symlink, documented row by row in `docs/sync-rules.md`. Pure and total: every
 * combination has exactly one decision, and swapping the sides swaps the decision (mirror symmetry), except that two
 * equal contents which differ in mode only, without a base to say who changed it, take the local bit.
 */
export function reconcile(facts: Facts): Decision {
  return facts.base ? reconcileKnown(facts) : reconcileNew(facts);
}

function reconcileNew({ local, remote, equality }: Facts): Decision {
  if (local === 'absent') {
    return remote === 'absent' ? NONE : { kind: 'download', editBeatsDelete: false };
  }
  if (remote === 'absent') return { kind: 'upload', editBeatsDelete: false };
  switch (equality) {
    case 'equal':
      return ADOPT;
    case 'bytes':
      return { kind: 'mode-up' };
    case 'different':
      return { kind: 'conflict' };
    default:
      return assertNever(equality);
  }
}

function reconcileKnown({ local, remote, equality }: Facts): Decision {
  if (local === 'absent' && remote === 'absent') return { kind: 'forget' };
  // An edit, even of the mode alone, outlives a deletion: the deleter saw the old state.
  if (local === 'absent') {
    return remote === 'same' ? { kind: 'delete-remote' } : { kind: 'download', editBeatsDelete: true };
  }
  if (remote === 'absent') {
    return local === 'same' ? { kind: 'delete-local' } : { kind: 'upload', editBeatsDelete: true };
  }
  if (local === 'same') return oneSided(remote, 'down');
  if (remote === 'same') return oneSided(local, 'up');
  // Both moved away from the base. There is one executable bit, so two changes of it agree.
  if (local === 'meta' && remote === 'meta') return ADOPT;
  if (local === 'meta') return { kind: 'download', editBeatsDelete: false };
  if (remote === 'meta') return { kind: 'upload', editBeatsDelete: false };
  switch (equality) {
    case 'equal':
      return ADOPT;
    case 'bytes':
      return { kind: 'mode-up' };
    case 'different':
      return { kind: 'conflict' };
    default:
      return assertNever(equality);
  }
}

/** Only one side moved: `fact` is what it did, `direction` the way its change travels. */
function oneSided(fact: Exclude<SideFact, 'absent'>, direction: 'up' | 'down'): Decision {
  switch (fact) {
    case 'same':
      return NONE;
    case 'meta':
      return { kind: direction === 'up' ? 'mode-up' : 'mode-down' };
    case 'changed':
      return { kind: direction === 'up' ? 'upload' : 'download', editBeatsDelete: false };
    default:
      return assertNever(fact);
  }
}

/** A folder on one side: `marker` is an empty folder (an object `dir/`), `implied` one that holds something. */
export type FolderFact = 'absent' | 'implied' | 'marker';

export interface FolderFacts {
  readonly base: FolderFact;
  readonly baseRow: boolean;
  readonly local: FolderFact;
  readonly remote: FolderFact;
  /** A marker object that lies beside children, as some tools leave them. */
  readonly remoteMarker: boolean;
}

export type FolderDecision =
  | { readonly kind: 'none' }
  | { readonly kind: 'adopt' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'make-local' }
  | { readonly kind: 'make-remote' }
  | { readonly kind: 'remove-local' }
  | { readonly kind: 'remove-remote' };

/**
 * Folders exist by their children; only an empty one has a row of its own. Removing a folder never removes children:
 * those are decided by rows of their own, and rmdir refuses a folder that is not empty.
 */
export function reconcileFolder({ base, baseRow, local, remote, remoteMarker }: FolderFacts): FolderDecision {
  const forgetOrNone: FolderDecision = { kind: baseRow ? 'forget' : 'none' };
  if (local === 'absent') {
    if (!remoteMarker) return forgetOrNone;
    if (base !== 'absent') return { kind: 'remove-remote' };
    return remote === 'marker' ? { kind: 'make-local' } : { kind: 'none' };
  }
  if (local === 'implied') {
    // Gained a child: the marker that we made for the empty folder has done its work.
    return remoteMarker && baseRow ? { kind: 'remove-remote' } : forgetOrNone;
  }
  if (remote === 'implied' && !remoteMarker) return forgetOrNone;
  if (remoteMarker) return { kind: 'adopt' };
  return base === 'absent' ? { kind: 'make-remote' } : { kind: 'remove-local' };
}
