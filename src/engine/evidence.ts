import type { Content } from '../sync/entry.ts';
import { sameBytes, sameContent } from '../sync/entry.ts';
import type { LocalFile } from '../sync/operations.ts';
import type { SideFact } from '../sync/reconcile.ts';
import { WHOLE_READ_BYTES } from './operations/guarded.ts';
import type { Folder, HashOutcome } from './ports/folder.ts';
import type { ObjectState, Store } from './ports/store.ts';

/** What looking at rows needs. */
export interface LookDeps {
  readonly folder: Folder;
  readonly store: Store;
  readonly distrustStat: boolean;
  readonly legacyIndex?: ReadonlyMap<string, { readonly localS: number; readonly remoteS: number }>;
  readonly signal?: AbortSignal;
}

/** What was found out about a row beyond the walk and the listing; operations and the base build on it. */
export interface Evidence {
  readonly local?: LocalEvidence;
  readonly remote?: ObjectState;
}

export interface LocalEvidence {
  readonly content: Exclude<Content, { kind: 'folder' }>;
  readonly racy: boolean;
  /** MD5 of a file small enough to be sent in one piece. */
  readonly md5?: string;
}

/** A local file as it was when it was hashed; undefined when it became a symlink since the walk, or ceased to be one. */
export function hashedAs(
  local: LocalFile,
  hashed: Extract<HashOutcome, { kind: 'hashed' }>,
): { readonly local: LocalFile; readonly evidence: LocalEvidence } | undefined {
  if (hashed.entry !== local.kind) return undefined;
  const { digest, fingerprint, executable, racy } = hashed;
  const sizeBytes = fingerprint.sizeBytes;
  const plain = hashed.etags.find((etag) => !etag.includes('-'));
  const md5 = sizeBytes <= WHOLE_READ_BYTES && plain !== undefined ? { md5: plain } : {};
  return local.kind === 'symlink'
    ? {
        local: { ...local, fingerprint },
        evidence: { content: { kind: 'symlink', digest, sizeBytes }, racy, ...md5 },
      }
    : {
        local: { ...local, fingerprint, executable },
        evidence: { content: { kind: 'file', digest, sizeBytes, executable }, racy, ...md5 },
      };
}

/** What became of a content since the base. */
export function factOf(base: Content, now: Content): SideFact {
  if (sameContent(base, now)) return 'same';
  return sameBytes(base, now) ? 'meta' : 'changed';
}
