import type { EntryKey } from './path.ts';

/** SHA-256 of content, 64 lower-case hex digits. */
export type Digest = string & { readonly __brand: 'Digest' };

/** What two sides are compared by. A symlink's digest is that of its link text. */
export type Content =
  | {
      readonly kind: 'file';
      readonly digest: Digest;
      readonly sizeBytes: number;
      readonly executable: boolean;
    }
  | { readonly kind: 'symlink'; readonly digest: Digest; readonly sizeBytes: number }
  | { readonly kind: 'folder' };

/** What lstat said of a local entry: equal fingerprints mean untouched content, unless it was taken "racy". */
export interface Fingerprint {
  readonly inode: bigint;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** An object's state in the store: for equality only, never for order. */
export interface RemoteToken {
  readonly etag: string;
  readonly sizeBytes: number;
  /** Whole-second precision on most services. */
  readonly modifiedMs: number;
  /** True where the time is the Date header of our own write, and the service's own may differ by a second or two. */
  readonly modifiedIsEstimate?: true;
  readonly versionId?: string;
}

/** An entry that both sides were observed to agree on, with the evidence of it. */
export interface BaseRow {
  readonly key: EntryKey;
  readonly content: Content;
  /** The modification time that travels with the content; 0n for folders. */
  readonly mtimeNs: bigint;
  /** Absent for folders. */
  readonly local?: Fingerprint;
  /** The file may have been touched within the clock's granularity after it was hashed: hash it again next time. */
  readonly racy?: true;
  readonly remote: RemoteToken;
}

/** An entry found by the walk. */
export type LocalRow =
  | {
      readonly kind: 'file';
      readonly key: EntryKey;
      readonly fingerprint: Fingerprint;
      readonly executable: boolean;
    }
  | { readonly kind: 'symlink'; readonly key: EntryKey; readonly fingerprint: Fingerprint }
  /** A folder without synced children. `occupied`: it holds something that is not synced (ignored, unreadable, special). */
  | { readonly kind: 'folder'; readonly key: EntryKey; readonly occupied: boolean };

/** An entry found in the listing. Its kind beyond file or folder is known only from its metadata. */
export interface RemoteRow {
  readonly key: EntryKey;
  readonly token: RemoteToken;
  /** The storage class needs a restore before the object can be read. */
  readonly archived?: true;
}

export function sameContent(a: Content, b: Content): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'folder' || b.kind === 'folder') return true;
  if (a.digest !== b.digest || a.sizeBytes !== b.sizeBytes) return false;
  return a.kind === 'symlink' || b.kind === 'symlink' || a.executable === b.executable;
}

/** Equal but for the executable bit. */
export function sameBytes(a: Content, b: Content): boolean {
  if (a.kind === 'folder' || b.kind === 'folder') return a.kind === b.kind;
  return a.kind === b.kind && a.digest === b.digest && a.sizeBytes === b.sizeBytes;
}

export function sameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  return (
    a.inode === b.inode && a.sizeBytes === b.sizeBytes && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
  );
}

/** For a file that s4 itself renamed, linked or unlinked: that moves ctime, and nothing else. */
export function sameMovedFile(a: Fingerprint, b: Fingerprint): boolean {
  return a.inode === b.inode && a.sizeBytes === b.sizeBytes && a.mtimeNs === b.mtimeNs;
}
