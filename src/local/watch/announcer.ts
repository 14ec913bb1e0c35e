import type { RescanReason, WatchEvent } from '../../engine/ports/watcher.ts';
import { compareKeys, parentPath, type RelPath } from '../../sync/path.ts';
import type { WatchClock } from './clock.ts';
import { type DebounceTiming, dueMs, type Heard, hear, type TrustLimits, type Unrest } from './debounce.ts';

/** Collects what is heard, and tells it when it is quiet. */
export interface Announcer {
  /** The system told something: counted, for bursts. What of it matters is said by `touch`. */
  count(): void;
  touch(path: RelPath): void;
  /** Everything has to be looked at. */
  doubt(reason: RescanReason): void;
  /** Nothing is told any more. */
  close(): void;
}

export interface AnnouncerOptions {
  readonly clock: WatchClock;
  readonly timing: DebounceTiming;
  readonly limits: TrustLimits;
  readonly onEvent: (event: WatchEvent) => void;
  /** Before a rescan is told: what is watched is made sound again, so that what comes after the walk is heard. */
  readonly beforeRescan: (reason: RescanReason) => Promise<void>;
}

export function createAnnouncer(options: AnnouncerOptions): Announcer {
  const { clock, timing, limits, onEvent } = options;
  const paths = new Set<RelPath>();
  let unrest: Unrest | undefined;
  let cancel: (() => void) | undefined;
  let closed = false;

  // Not moved with each event: when it rings too early, it is set again.
  const ring = (): void => {
    cancel = undefined;
    if (unrest === undefined) return;
    const stallMs = clock.takeStallMs();
    unrest = hear(unrest, { kind: 'stall', atMs: clock.nowMs(), stallMs }, limits);
    const waitMs = dueMs(unrest, timing) - clock.nowMs();
    if (waitMs > 0) cancel = clock.after(waitMs, ring);
    else tell(unrest);
  };

  const tell = ({ rescan }: Unrest): void => {
    unrest = undefined;
    const told = outermost(paths);
    paths.clear();
    if (rescan === undefined) {
      if (told.length > 0) onEvent({ kind: 'touched', paths: told });
      return;
    }
    void options.beforeRescan(rescan).then(() => {
      if (!closed) onEvent({ kind: 'rescan', reason: rescan });
    });
  };

  const take = (heard: Heard): void => {
    if (closed) return;
    unrest = hear(unrest, heard, limits);
    cancel ??= clock.after(Math.max(0, dueMs(unrest, timing) - clock.nowMs()), ring);
  };

  return {
    count: () => take({ kind: 'event', atMs: clock.nowMs() }),
    touch: (path) => {
      take({ kind: 'path', atMs: clock.nowMs() });
      if (unrest?.rescan === undefined) paths.add(path);
    },
    doubt: (reason) => take({ kind: 'doubt', atMs: clock.nowMs(), reason }),
    close: () => {
      closed = true;
      cancel?.();
      paths.clear();
    },
  };
}

/** Sorted, and without those that lie below another one: whoever looks at that looks at them too. */
function outermost(paths: ReadonlySet<RelPath>): readonly RelPath[] {
  const isBelowAnother = (path: RelPath): boolean => {
    for (let above = parentPath(path); above !== undefined; above = parentPath(above))
      if (paths.has(above)) return true;
    return false;
  };
  return [...paths].filter((path) => !isBelowAnother(path)).sort(compareKeys);
}
