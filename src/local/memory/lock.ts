import type { Folder } from '../../engine/ports/folder.ts';
import type { Session } from './session.ts';

const RETRY_MS = 50;

export function createLock(session: Session): Folder['lock'] {
  const { disk } = session;
  return async ({ waitMs, signal }) => {
    const until = disk.runtime.nowMs() + waitMs;
    for (;;) {
      signal?.throwIfAborted();
      session.live();
      if (disk.owner === undefined) {
        disk.owner = session;
        return {
          kind: 'locked',
          release: async () => {
            if (disk.owner === session) disk.owner = undefined;
          },
        };
      }
      const leftMs = until - disk.runtime.nowMs();
      if (leftMs <= 0) return { kind: 'busy', owner: disk.runtime.host, foreignHost: false };
      await disk.runtime.sleep(Math.min(RETRY_MS, leftMs), signal === undefined ? {} : { signal });
    }
  };
}
