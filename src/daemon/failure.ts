import { isS4Error } from '../lib/errors.ts';
import type { Failure } from './contract.ts';

export function failureOf(error: unknown): Failure {
  if (isS4Error(error)) {
    const { code, message, hint } = error;
    return { code, message, ...(hint === undefined ? {} : { hint }) };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'BUG', message: `This is a bug in s4: ${message}`, hint: 'Please report it.' };
}

/** What is open may be broken by it. `store`: that side alone. */
export function brokenBy({ code }: Failure): 'nothing' | 'store' | 'both' {
  if (code === 'STORE_UNREACHABLE' || code === 'STORE_FAILED' || code === 'LOCAL_DISK_FULL') return 'nothing';
  // Credentials, certificates and the bucket's region are read when a store is opened.
  if (code.startsWith('STORE_') || code === 'LOCKED') return 'store';
  return 'both';
}
