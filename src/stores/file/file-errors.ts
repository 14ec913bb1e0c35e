import { isS4Error, S4Error } from '../../lib/errors.ts';
import { keyRefused } from '../object-key.ts';

/** The `code` of a system error, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** True for what is simply not there (a file where a folder should be counts). */
export function isMissing(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Runs a system call; undefined when what it is about is not there. */
export function unlessMissing<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Maps a system error about one object, once, at the edge of the store. */
export function objectError(error: unknown, key: string): unknown {
  const code = errnoOf(error);
  if (code === undefined || isS4Error(error)) return error;
  const data = { key, errno: code };
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new S4Error('OBJECT_DENIED', `the store's file may not be read or written (${code})`, {
        cause: error,
        data,
        hint: 'Check who owns the folder of the store and its permissions.',
      });
    case 'ENAMETOOLONG':
    case 'EILSEQ':
    case 'EINVAL':
      return keyRefused(key, `the file system refuses the name (${code})`, error);
    case 'ENOTDIR':
    case 'EISDIR':
      return keyRefused(key, 'a file and a folder cannot have one name', error);
    case 'ENOSPC':
    case 'EDQUOT':
      return new S4Error('STORE_FAILED', 'the disk of the store is full', {
        cause: error,
        data,
        hint: 'Free some space there; s4 removes no earlier versions (.s4/store/versions).',
      });
    case 'EIO':
    case 'ESTALE':
    case 'ENOTCONN':
    case 'ENODEV':
    case 'EHOSTDOWN':
    case 'ETIMEDOUT':
      return new S4Error('STORE_UNREACHABLE', `the disk of the store does not answer (${code})`, {
        cause: error,
        data,
      });
    default:
      return new S4Error('STORE_FAILED', `the store's file system failed (${code})`, { cause: error, data });
  }
}
