import type { Digest } from '../sync/entry.ts';
import type { EntryKey } from '../sync/path.ts';

/** What one client did to one object. A claim: believed only together with the object's own state. */
export interface LogFact {
  /** A trailing slash means a folder. */
  readonly path: EntryKey;
  /** `mode`: the executable bit alone was changed. */
  readonly op: 'put' | 'delete' | 'mode';
  /** Of the object as it was written; for `delete`, as it was before. Likewise all that follows. */
  readonly etag: string;
  readonly versionId?: string;
  readonly digest?: Digest;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  /** As in the object's metadata: `0100644` (`formatMode`). */
  readonly mode: string;
  /** The `s4-write` token of the object. */
  readonly write?: string;
  /** Version id or ETag of what was there before. */
  readonly replaced?: string;
  /** By this client's clock: for people, never for order. */
  readonly atMs: number;
}

/** A fact in its place: a client numbers its facts 1, 2, 3; a number that is missing is a fact that got lost. */
export interface LogEntry extends LogFact {
  readonly sequence: number;
}
