import type { Runtime } from '../../engine/ports/runtime.ts';
import type { Layout } from './layout.ts';
import type { Locks } from './locks.ts';

/** Moments at which a crash is tried by tests. */
export type FileStep =
  | 'temp-written'
  | 'record-pending'
  | 'archived'
  | 'replaced'
  | 'recorded'
  | 'moved-to-versions'
  | 'marked-deleted'
  | 'record-dropped';

/** What the parts of a file store share. */
export interface FileContext {
  readonly layout: Layout;
  readonly locks: Locks;
  readonly runtime: Runtime;
  /** False where the file system makes up inode numbers anew at each mount. */
  readonly stableInodes: boolean;
  /** Name for this process' temp files; the rest of it is unique. */
  tempName(): string;
  /** Called at each step; a test's way to crash there. */
  step(step: FileStep): void;
}
