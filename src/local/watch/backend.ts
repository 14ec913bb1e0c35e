import type { RescanReason } from '../../engine/ports/watcher.ts';
import type { RelPath } from '../../sync/path.ts';
import type { FolderIdentity } from '../walk-list.ts';
import type { RuleBook } from './rule-book.ts';

/** What a way of watching is given: where, what not, and whom to tell. */
export interface BackendHost {
  /** Absolute, without symlinks. */
  readonly root: string;
  readonly identity: FolderIdentity;
  readonly rules: RuleBook;
  /** The system told something: said of each event, ignored paths too. */
  count(): void;
  /** Something may have happened at a path, or below it. */
  touch(path: RelPath): void;
  /** What was heard is not the whole truth. */
  doubt(reason: RescanReason): void;
  /** The root may be gone: it is looked at. */
  suspectRoot(): void;
  /** The system gives no more watches, or the watcher broke: only walking is left. */
  failed(error: unknown): void;
}

/** One way of hearing changes. */
export interface WatchBackend {
  /** System watches held. */
  readonly watches: number;
  /** Watches all folders; what happens after it resolves is told. @throws WatchLimit, or what the system says */
  start(): Promise<void>;
  /** Decides anew what is watched after rules changed or events were lost, and touches folders that are new to it. */
  renew(why: 'rules' | 'lost'): Promise<void>;
  close(): Promise<void>;
}

/** The system refuses further watches. */
export class WatchLimit extends Error {
  override readonly name = 'WatchLimit';
  readonly errno: string;

  constructor(errno: string, cause: unknown) {
    super(`no more watches (${errno})`, { cause });
    this.errno = errno;
  }
}
