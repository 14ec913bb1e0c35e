import type { Problem } from '../../sync/problem.ts';
import type { CopyOutcome, PutOutcome } from '../ports/store.ts';

/**
 * The service refuses to make an object for the reason that there is one, and there is none: SeaweedFS does so for ever
 * where a folder of that name was, whose files are deleted and have versions. Where the store keeps versions the name is
 * then written to as if it had no conditions (H8): between an intent and a look at what was overtaken.
 */
export function isRefusedName(outcome: PutOutcome | CopyOutcome): boolean {
  return outcome.kind === 'precondition-failed' && outcome.nothingThere === true;
}

/** Without versions a write that nothing guards could lose another's: the name is left, and told. */
export function refusedName(path: string): Problem {
  return {
    path,
    side: 'remote',
    code: 'name-refused',
    message: 'the store refuses to make it as if it were there already, and it is not',
    hint: 'Sync again; if that does not help, give it another name, or enable versions in the bucket.',
  };
}
