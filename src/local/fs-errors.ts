import { S4Error, type S4ErrorCode } from '../lib/errors.ts';

/** The `errno` name of a system call that failed; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  const code = errnoOf(error);
  return code !== undefined && codes.includes(code);
}

/** Nothing is there, or what is above is no folder. */
export function isAbsent(error: unknown): boolean {
  return isErrno(error, 'ENOENT', 'ENOTDIR');
}

/**
 * Maps a failed system call, once: LOCAL_DISK_FULL, LOCAL_UNREADABLE or LOCAL_FAILED, with the path in `data`.
 * What is no system call's failure is given back as it is.
 */
export function localError(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const { code, message, hint } = describeErrno(errno);
  const data = { path, errno };
  return new S4Error(
    code,
    message,
    hint === undefined ? { cause: error, data } : { cause: error, data, hint },
  );
}

/** Runs a step; failed system calls come out as S4Error. */
export function guardLocal<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw localError(error, path);
  }
}

export async function guardLocalAsync<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw localError(error, path);
  }
}

function describeErrno(errno: string): {
  readonly code: S4ErrorCode;
  readonly message: string;
  readonly hint?: string;
} {
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'LOCAL_DISK_FULL',
        message: 'the disk is full',
        hint: 'Free some space; the trash is emptied by `s4 gc --older-than 1d`.',
      };
    case 'EACCES':
    case 'EPERM':
      return { code: 'LOCAL_UNREADABLE', message: 'permission denied', hint: 'Check owner and permissions.' };
    case 'EROFS':
      return { code: 'LOCAL_FAILED', message: 'the file system is read-only' };
    case 'EMFILE':
    case 'ENFILE':
      return { code: 'LOCAL_FAILED', message: 'too many open files', hint: 'Raise the limit (ulimit -n).' };
    default:
      return { code: 'LOCAL_FAILED', message: `the file system refused (${errno})` };
  }
}
