import type { RescanReason } from '../../engine/ports/watcher.ts';

/** What was heard and is not yet told, without the paths: since when, how much, and whether it can be the whole truth. */
export interface Unrest {
  readonly firstMs: number;
  /** Of the last path that was heard of; quiet is measured from here. */
  readonly lastMs: number;
  /** All events of the system, those of ignored paths too: they filled the same queue. */
  readonly events: number;
  /** Set: the paths do not matter any more, everything is looked at. */
  readonly rescan: RescanReason | undefined;
}

export type Heard =
  /** The system told something, of whatever path. It counts, and ends no quiet. */
  | { readonly kind: 'event'; readonly atMs: number }
  /** It was of a path that matters. */
  | { readonly kind: 'path'; readonly atMs: number }
  /** The event loop stood still for so long while events came in. */
  | { readonly kind: 'stall'; readonly atMs: number; readonly stallMs: number }
  | { readonly kind: 'doubt'; readonly atMs: number; readonly reason: RescanReason };

/** From where on a system is not trusted to have delivered everything (H13). */
export interface TrustLimits {
  readonly burstEvents: number;
  readonly stallMs: number;
  /** A stall counts when at least so many events came with it. */
  readonly stallEvents: number;
}

/**
 * Linux queues 16,384 events (`fs.inotify.max_queued_events`) and drops further ones; what was queued is delivered. So
 * events were lost only where thousands arrive at once: a stall with a handful of them lost nothing, and asks for no
 * walk.
 */
export const INOTIFY_LIMITS: TrustLimits = { burstEvents: 4000, stallMs: 100, stallEvents: 500 };

/** Of other systems' queues nothing is known. */
export const CAUTIOUS_LIMITS: TrustLimits = { burstEvents: 4000, stallMs: 100, stallEvents: 1 };

export interface DebounceTiming {
  readonly debounceMs: number;
  readonly maxDelayMs: number;
}

/** A full look costs more than a few paths: it waits longer for quiet, so many times `maxDelayMs`. */
const RESCAN_PATIENCE = 10;

/** The next state of unrest; undefined is calm. */
export function hear(before: Unrest | undefined, heard: Heard, limits: TrustLimits): Unrest {
  const { atMs } = heard;
  const at = before ?? { firstMs: atMs, lastMs: atMs, events: 0, rescan: undefined };
  switch (heard.kind) {
    case 'event':
      return counted(at, limits);
    case 'path':
      return { ...at, lastMs: atMs };
    case 'stall': {
      const isLoss = heard.stallMs > limits.stallMs && at.events >= limits.stallEvents;
      return isLoss ? { ...at, rescan: at.rescan ?? 'stall' } : at;
    }
    case 'doubt':
      return { ...at, lastMs: atMs, rescan: at.rescan ?? heard.reason };
  }
}

function counted(at: Unrest, limits: TrustLimits): Unrest {
  const events = at.events + 1;
  const isBurst = at.rescan === undefined && events > limits.burstEvents;
  return { ...at, events, rescan: isBurst ? 'burst' : at.rescan };
}

/** When to tell: quiet for `debounceMs`, or at the latest so long after the first event. */
export function dueMs(unrest: Unrest, timing: DebounceTiming): number {
  const patience = unrest.rescan === undefined ? 1 : RESCAN_PATIENCE;
  return Math.min(unrest.lastMs + timing.debounceMs, unrest.firstMs + patience * timing.maxDelayMs);
}
