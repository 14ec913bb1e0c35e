import type { Digest, RemoteToken } from '../../sync/entry.ts';

/**
 * A key below the target's prefix, as the store has it: not yet known to be a name that a folder can hold
 * (`sync/path.ts` parses it). `.s4/...` are s4's own objects.
 */
export type ObjectKey = string & { readonly __brand: 'ObjectKey' };

/** User metadata, names in lower case without `x-amz-meta-`. Values are printable ASCII. */
export type ObjectMetadata = Readonly<Record<string, string>>;

export interface ListedObject {
  readonly key: ObjectKey;
  readonly token: RemoteToken;
  readonly archived?: true;
}

export interface ObjectState {
  readonly token: RemoteToken;
  readonly metadata: ObjectMetadata;
  /** SHA-256 that the store itself computed over the bytes; a claim in the metadata is not one. */
  readonly digest?: Digest;
  readonly archived?: true;
}

export interface ObjectVersion {
  readonly key: ObjectKey;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly modifiedMs: number;
  /** Absent for a delete marker. */
  readonly content?: { readonly etag: string; readonly sizeBytes: number };
}

/** What must hold at the moment of the write. `none` is for stores and keys where nothing can be asked. */
export type WriteCondition =
  | { readonly kind: 'none' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'matches'; readonly etag: string };

/** What a read expects to find; a mismatch is an outcome, not an error. */
export interface ReadExpectation {
  readonly etag?: string;
  readonly versionId?: string;
}

/**
 * Content to send. The store asks for ranges, in order or again after a failed attempt, and holds at most a few
 * parts at once.
 */
export interface ContentSource {
  readonly sizeBytes: number;
  /**
   * Exactly the bytes of [startByte, endByte).
   * @throws S4Error LOCAL_UNREADABLE when the file is shorter by now or cannot be read
   */
  read(startByte: number, endByte: number): Promise<Uint8Array>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ProgressOptions extends CallOptions {
  /** Called with the bytes moved since the last call; negative when an attempt is started over. */
  readonly onBytes?: (bytes: number) => void;
}

/** How a write's condition is kept. */
export interface ConditionOptions {
  readonly condition: WriteCondition;
  /**
   * Do not leave the condition to the service: look just before, as where it was not proved. For a name that the
   * service refuses though nothing is there; the caller looks for what such a write overtook.
   */
  readonly byLooking?: true;
}

/** Another state was found (412, or 404 for a condition on an object that is gone). Nothing was written. */
export interface PreconditionFailed {
  readonly kind: 'precondition-failed';
  /**
   * Absence was expected, refused, and then seen: it was deleted in between, or the service takes the remains of a
   * folder for an object (SeaweedFS: a folder whose files were all deleted, and have versions).
   */
  readonly nothingThere?: true;
}

export interface PutOptions extends ProgressOptions, ConditionOptions {
  /**
   * `s4-write` in it must be fresh for this write: by it a store recognises its own write behind a lost response.
   */
  readonly metadata: ObjectMetadata;
  readonly contentType?: string;
  /** Asked just before the write becomes visible (the PUT, or completing a multipart upload); false abandons it. */
  readonly confirm?: () => Promise<boolean>;
}

export type PutOutcome =
  | { readonly kind: 'stored'; readonly token: RemoteToken }
  | PreconditionFailed
  /** `confirm` said no. Nothing was written by this attempt; an earlier one whose answer was lost may have landed. */
  | { readonly kind: 'abandoned' };

export interface CopyOptions extends CallOptions, ConditionOptions {
  /** The exact source state; where the service does not check it, the store does by HEAD. */
  readonly source: ReadExpectation;
  /** Replaces the metadata. */
  readonly metadata: ObjectMetadata;
}

export type CopyOutcome =
  | { readonly kind: 'stored'; readonly token: RemoteToken }
  | PreconditionFailed
  /** The source is gone, or is not in the expected state. */
  | { readonly kind: 'source-changed' };

export type DeleteOutcome =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'precondition-failed' };

export type GetOutcome =
  | {
      readonly kind: 'found';
      readonly state: ObjectState;
      /**
       * The bytes, once. Reconnects inside where the service allows it (ranges pinned to the same ETag).
       * Throws S4Error OBJECT_CORRUPT when fewer or more bytes arrive than announced.
       */
      readonly body: AsyncIterable<Uint8Array>;
    }
  | { readonly kind: 'absent' }
  /** It is there, but not in the expected state. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'archived' };

export type HeadOutcome =
  | { readonly kind: 'found'; readonly state: ObjectState }
  | { readonly kind: 'absent' };

/** Conditional GET of a small object, for polling. */
export type PollOutcome =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'changed'; readonly etag: string; readonly bytes: Uint8Array };

/**
 * What was proved, per operation, against the service itself in the bucket's present versioning state. A copy's
 * conditions are not a put's.
 */
export interface StoreCapabilities {
  readonly putIfAbsent: boolean;
  readonly putIfMatch: boolean;
  readonly multipartIfAbsent: boolean;
  readonly multipartIfMatch: boolean;
  readonly copyIfAbsent: boolean;
  readonly copyIfMatch: boolean;
  readonly deleteIfMatch: boolean;
  readonly versioning: 'enabled' | 'suspended' | 'off' | 'unknown';
  /** A write is seen by the very next listing. */
  readonly listAfterWrite: boolean;
  /** The listing comes in UTF-8 byte order of the whole key. */
  readonly sortedListing: boolean;
}

/**
 * Every backend is this, and passes `test/contract/store-contract.ts`.
 *
 * All calls: honour `signal` (they reject with its reason, having settled what they started); retry what may be
 * retried; throw S4Error with a STORE_* code when the store as a whole fails and OBJECT_* when only this key does.
 */
export interface Store {
  /** For people and logs: `s3://bucket/prefix` or `file:///path`. Never holds a secret. */
  readonly url: string;
  /** Bytes that the prefix adds to every key. */
  readonly prefixBytes: number;
  /** Requests made so far, by kind: what the user pays for. */
  readonly requests: ReadonlyMap<string, number>;

  /**
   * Every object below the prefix and `under`, page by page in the service's own order, `.s4/` included. A failed page
   * throws: a listing is whole or it is an error.
   */
  list(options?: CallOptions & { readonly under?: string }): AsyncIterable<readonly ListedObject[]>;
  head(key: ObjectKey, options?: CallOptions & ReadExpectation): Promise<HeadOutcome>;
  get(key: ObjectKey, options?: ProgressOptions & ReadExpectation): Promise<GetOutcome>;
  poll(key: ObjectKey, etag: string | undefined, options?: CallOptions): Promise<PollOutcome>;
  put(key: ObjectKey, source: ContentSource, options: PutOptions): Promise<PutOutcome>;
  copy(from: ObjectKey, to: ObjectKey, options: CopyOptions): Promise<CopyOutcome>;
  /** Removes the current version; earlier versions stay where the store keeps versions. */
  delete(
    key: ObjectKey,
    options: CallOptions & { readonly condition: WriteCondition },
  ): Promise<DeleteOutcome>;
  /** Versions of exactly this key, newest first. Empty where the store keeps none. */
  versions(key: ObjectKey, options?: CallOptions): AsyncIterable<readonly ObjectVersion[]>;
  /**
   * Finds out what the service honours by trying what must fail: writes under `.s4/probe/` and removes it again.
   * Probing is by whoever adds a target, not by every sync.
   */
  probe(options?: CallOptions): Promise<StoreCapabilities>;
  /** Releases connections. */
  close(): Promise<void>;
}
