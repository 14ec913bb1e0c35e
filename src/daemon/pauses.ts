import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DaemonPlaces, ensurePrivateFolder } from './places.ts';

/** Which targets are paused: remembered, so that neither a new start nor a changed setting resumes one. */
export interface Pauses {
  has(targetId: string): boolean;
  /** @throws S4Error CONFIG_INVALID when the daemon's folder is somebody else's */
  set(targetId: string, isPaused: boolean): void;
}

/**
 * One empty file for each paused target in `<config>/daemon/paused`: its name is the target's id, and there is nothing in
 * it that could be damaged.
 */
export function openPauses({ folder }: Pick<DaemonPlaces, 'folder'>): Pauses {
  const place = join(folder, 'paused');
  return {
    has: (id) => existsSync(join(place, id)),
    set: (id, isPaused) => {
      if (!isPaused) return rmSync(join(place, id), { force: true });
      for (const each of [folder, place]) ensurePrivateFolder(each);
      writeFileSync(join(place, id), '', { mode: 0o600 });
    },
  };
}
