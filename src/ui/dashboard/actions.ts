import type { SyncEvent } from '../../engine/events.ts';
import type { FileVersion } from '../../engine/ports/history.ts';
import type { ScrollAction } from '../text/scroll.ts';
import type { DiffPanel, FileRow, Notice, TargetActivity } from './state.ts';

/** What a daemon says of one target. */
export interface LiveTargetView {
  readonly id: string;
  readonly activity: TargetActivity;
  readonly lastSyncMs: number | undefined;
  readonly pending: number;
  readonly conflicts: number;
  readonly problems: number;
  readonly trouble: { readonly message: string; readonly hint?: string } | undefined;
}

export type DashboardAction =
  // a person
  | { readonly kind: 'move'; readonly scroll: ScrollAction; readonly page: number }
  | { readonly kind: 'open' }
  | { readonly kind: 'back' }
  | { readonly kind: 'help'; readonly isOpen: boolean }
  | { readonly kind: 'sync' }
  | { readonly kind: 'refresh' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'filter'; readonly text: string }
  | { readonly kind: 'typing'; readonly isOn: boolean }
  | { readonly kind: 'versions' }
  | { readonly kind: 'diff' }
  | { readonly kind: 'mark' }
  | { readonly kind: 'restore' }
  | { readonly kind: 'confirm'; readonly yes: boolean }
  // what was found out
  | { readonly kind: 'source'; readonly source: 'live' | 'alone' }
  | { readonly kind: 'live'; readonly target: LiveTargetView }
  | { readonly kind: 'started'; readonly targetId: string; readonly what: 'looking' | 'syncing' }
  | { readonly kind: 'event'; readonly targetId: string; readonly event: SyncEvent; readonly atMs: number }
  | {
      readonly kind: 'ended';
      readonly targetId: string;
      readonly what: 'looking' | 'syncing';
      readonly atMs: number;
      readonly trouble?: { readonly message: string; readonly hint?: string };
    }
  | { readonly kind: 'tick'; readonly atMs: number }
  | {
      readonly kind: 'files';
      readonly targetId: string;
      readonly tracked: readonly FileRow[];
      readonly ignored: readonly string[];
    }
  | { readonly kind: 'versions-read'; readonly path: string; readonly versions: readonly FileVersion[] }
  | { readonly kind: 'diff-read'; readonly diff: DiffPanel }
  | { readonly kind: 'notice'; readonly notice: Notice | undefined };

/** What the program has to do: reducers only say so. */
export type Effect =
  | { readonly kind: 'quit' }
  | { readonly kind: 'look'; readonly targetId: string }
  | { readonly kind: 'sync'; readonly targetId: string }
  | { readonly kind: 'pause'; readonly targetId: string; readonly paused: boolean }
  | { readonly kind: 'read-files'; readonly targetId: string }
  | { readonly kind: 'read-versions'; readonly targetId: string; readonly path: string }
  /** `to` undefined: the file here; `from` undefined: the store's current version. */
  | {
      readonly kind: 'read-diff';
      readonly targetId: string;
      readonly path: string;
      readonly from: string | undefined;
      readonly to: string | undefined;
    }
  | {
      readonly kind: 'restore';
      readonly targetId: string;
      readonly path: string;
      readonly versionId: string;
    };

export interface Step<State> {
  readonly state: State;
  readonly effects: readonly Effect[];
}
