import { S4Error } from '../../lib/errors.ts';
import type { EarEvent } from './ear.ts';

/** Says once that listening fails, and once that it works again. */
export interface Health {
  /** Failures in a row. */
  readonly failures: number;
  failed(error: unknown): void;
  succeeded(): void;
}

export function createHealth(onEvent: (event: EarEvent) => void): Health {
  let failures = 0;
  return {
    get failures() {
      return failures;
    },
    failed: (error) => {
      failures++;
      if (failures === 1) onEvent({ kind: 'trouble', error: asS4Error(error) });
    },
    succeeded: () => {
      if (failures > 0) onEvent({ kind: 'well' });
      failures = 0;
    },
  };
}

/** The daemon goes on whatever it was: only this ear is hard of hearing, and it says so. */
function asS4Error(error: unknown): S4Error {
  if (error instanceof S4Error) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new S4Error('STORE_FAILED', `listening failed: ${message}`, { cause: error });
}
