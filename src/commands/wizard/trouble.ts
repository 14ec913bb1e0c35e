import { isS4Error } from '../../lib/errors.ts';
import { sentence } from '../../report/format.ts';
import type { Trouble } from '../../ui/add/facts.ts';

/** An error as a sentence and a way out. */
export function troubleOf(error: unknown): Trouble {
  const message = sentence(error instanceof Error ? error.message : String(error));
  return isS4Error(error) && error.hint !== undefined ? { message, hint: sentence(error.hint) } : { message };
}

/** What a check throws, or undefined. */
export function troubleIn(check: () => unknown): Trouble | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return troubleOf(error);
  }
}
