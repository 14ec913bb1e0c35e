import type { SyncEvent } from '../../../engine/events.ts';
import { SYNC_START, type SyncView, syncStep, syncTick } from './sync-view.ts';

/** What the live screen is fed with; it looks at it a dozen times a second, however much happens in between. */
export interface SyncModel {
  emit(event: SyncEvent): void;
  /** Finished lines, with their line ends: they go above the live region. */
  say(text: string): void;
  /** Who counts the requests of the target that is synced now. */
  countRequests(requests: () => number): void;
  look(): { readonly view: SyncView; readonly requests: number; readonly isStopping: boolean };
  /** The lines since it was asked last. */
  takeLines(): string;
}

/** @param signal - aborted when the sync is to stop */
export function createSyncModel(nowMs: () => number, signal: AbortSignal): SyncModel {
  let view = SYNC_START;
  let lines = '';
  let requests = (): number => 0;
  return {
    emit: (event) => {
      view = syncStep(view, event, nowMs());
    },
    say: (text) => {
      lines += text;
    },
    countRequests: (counter) => {
      requests = counter;
    },
    look: () => {
      view = syncTick(view, nowMs());
      return { view, requests: requests(), isStopping: signal.aborted };
    },
    takeLines: () => {
      const taken = lines;
      lines = '';
      return taken;
    },
  };
}
