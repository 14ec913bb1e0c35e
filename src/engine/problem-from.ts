import { isS4Error, type S4Error, type S4ErrorCode } from '../lib/errors.ts';
import type { Problem, ProblemCode } from '../sync/problem.ts';

/** Failures that concern one path; every other failure ends the cycle. */
const PROBLEM_OF: Partial<
  Record<S4ErrorCode, { readonly code: ProblemCode; readonly side: Problem['side'] }>
> = {
  OBJECT_DENIED: { code: 'denied', side: 'remote' },
  OBJECT_ARCHIVED: { code: 'archived', side: 'remote' },
  OBJECT_KEY_REFUSED: { code: 'bad-key', side: 'remote' },
  OBJECT_TOO_LARGE: { code: 'too-large', side: 'remote' },
  OBJECT_CORRUPT: { code: 'corrupt', side: 'remote' },
  STORE_FAILED: { code: 'store-error', side: 'remote' },
  LOCAL_UNREADABLE: { code: 'unreadable', side: 'local' },
  LOCAL_DISK_FULL: { code: 'disk-full', side: 'local' },
  LOCAL_FAILED: { code: 'local-error', side: 'local' },
};

/**
 * The problem that an error means for one path.
 *
 * @throws the error itself when it is not about one path (the store as a whole, an abort, a bug)
 */
export function problemFrom(error: unknown, path: string): Problem {
  if (!isS4Error(error)) throw error;
  const known = PROBLEM_OF[error.code];
  if (known === undefined) throw error;
  return { path, ...known, message: messageOf(error), ...(error.hint !== undefined && { hint: error.hint }) };
}

function messageOf(error: S4Error): string {
  return error.message.replace(/\.$/, '');
}
