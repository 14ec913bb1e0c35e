import type { FileVersion } from '../../engine/ports/history.ts';
import type { StatusView } from '../../report/status-view.ts';
import type { DiffRow } from '../text/diff-rows.ts';

/** What a target is doing, as far as is known. */
export type TargetActivity =
  /** Nobody looked yet. */
  | 'unknown'
  | 'looking'
  /** Looked at: `status` says what a sync would do. */
  | 'seen'
  | 'syncing'
  /** The daemon heard of something. */
  | 'dirty'
  | 'backoff'
  | 'paused'
  | 'halted'
  | 'offline'
  | 'failed';

export interface TargetView {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly url: string;
  readonly activity: TargetActivity;
  /** What a sync would do, from the last look. */
  readonly status: StatusView | undefined;
  readonly lastSyncMs: number | undefined;
  /** Of the daemon: paths heard of and not yet looked at; -1: the whole folder. */
  readonly pending: number;
  /** Of the daemon; without it they are in `status`. */
  readonly conflicts: number;
  readonly problems: number;
  /** Why it failed, and what to do. */
  readonly trouble: { readonly message: string; readonly hint?: string } | undefined;
  readonly progress: Progress | undefined;
  /** Bytes moved in each of the last seconds, the newest last. */
  readonly throughput: readonly number[];
}

export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneOperations: number;
  readonly totalOperations: number;
}

/** How a path stands, as the browser marks it. */
export type Mark =
  | 'unknown'
  | 'in-sync'
  | 'here'
  | 'there'
  | 'deleted-here'
  | 'deleted-there'
  | 'conflict'
  | 'copy'
  | 'ignored'
  | 'problem';

/** A file that a target has on some side. */
export interface FileRow {
  readonly path: string;
  readonly sizeBytes: number | undefined;
  readonly modifiedMs: number | undefined;
  readonly mark: Mark;
}

/** A line of the browser. */
export type BrowserRow =
  | {
      readonly kind: 'folder';
      readonly path: string;
      readonly name: string;
      readonly files: number;
      readonly mark: Mark;
      readonly sizeBytes: number;
    }
  | { readonly kind: 'file'; readonly name: string; readonly file: FileRow };

export interface BrowserState {
  readonly targetId: string;
  /** '' is the top; else with a slash at the end. */
  readonly folder: string;
  readonly filter: string;
  /** The filter hears keys. */
  readonly typing: boolean;
  /** Tracked files, as the base knows them; undefined while they are read. */
  readonly tracked: readonly FileRow[] | undefined;
  /** What the rules exclude. */
  readonly ignored: readonly string[];
  /** Tracked, ignored and planned, by path. */
  readonly files: readonly FileRow[];
  readonly rows: readonly BrowserRow[];
  readonly cursor: number;
  readonly panel: VersionsPanel | undefined;
}

export interface VersionsPanel {
  readonly path: string;
  /** Undefined while they are read. */
  readonly versions: readonly FileVersion[] | undefined;
  readonly cursor: number;
  /** The other side of a difference; else the file here. */
  readonly marked: string | undefined;
  /** Asked whether to restore it. */
  readonly confirming: boolean;
  readonly diff: DiffPanel | undefined;
  /** Opened for its difference: what it goes back to are the files. */
  readonly isDiffOnly: boolean;
}

export interface DiffPanel {
  readonly title: string;
  /** Undefined while it is read. */
  readonly rows: readonly DiffRow[] | undefined;
  /** Instead of rows: what two binary files are. */
  readonly words: readonly string[];
}

export interface Notice {
  readonly tone: 'good' | 'warn' | 'error' | 'dim';
  readonly text: string;
}

export interface DashboardState {
  /** `live`: a daemon tells what happens. */
  readonly source: 'connecting' | 'live' | 'alone';
  readonly targets: readonly TargetView[];
  readonly cursor: number;
  readonly browser: BrowserState | undefined;
  readonly notice: Notice | undefined;
  readonly help: boolean;
}
