import { S4Error, type S4ErrorCode } from '../lib/errors.ts';

/** What crosses threads of an error. */
export interface WorkerFailure {
  readonly code: S4ErrorCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  readonly data: S4Error['data'];
  readonly stack: string | undefined;
}

export function packError(error: unknown): WorkerFailure {
  if (error instanceof S4Error) {
    const { code, message, hint, data, stack } = error;
    return { code, message, hint, data, stack };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: undefined, message, hint: undefined, data: {}, stack };
}

export function unpackError({ code, message, hint, data, stack }: WorkerFailure): Error {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  if (code === undefined) return cause;
  return new S4Error(code, message, hint === undefined ? { data, cause } : { data, cause, hint });
}
