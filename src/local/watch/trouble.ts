import { WatchLimit } from './backend.ts';

const MEANWHILE = 'Until then changes here are found by walking the folder from time to time.';

/** Why a folder cannot be watched, for people, and what to do about it. */
export function troubleOf(error: unknown): { readonly message: string; readonly hint: string } {
  if (!(error instanceof WatchLimit)) {
    const why = error instanceof Error ? error.message : String(error);
    return { message: `the folder cannot be watched: ${why}`, hint: MEANWHILE };
  }
  return error.errno === 'ENOSPC'
    ? {
        message: 'the folder cannot be watched: the system gives no more watches (ENOSPC)',
        hint: `Raise the limit, with a watch for each folder: sudo sysctl fs.inotify.max_user_watches=524288. ${MEANWHILE}`,
      }
    : {
        message: `the folder cannot be watched: too many open files or watchers (${error.errno})`,
        hint: `Raise the limits: ulimit -n 8192, and on Linux sudo sysctl fs.inotify.max_user_instances=512. ${MEANWHILE}`,
      };
}
