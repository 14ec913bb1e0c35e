/** A place inside the folder: `a/b.txt`. Segments joined by `/`, no leading or trailing slash, never empty. */
export type RelPath = string & { readonly __brand: 'RelPath' };

/**
 * The name under which an entry is listed and sorted, on every side: a file or symlink is its path (`a/b.txt`),
 * a folder is its path with a slash (`a/`). Also the object key below the target's prefix.
 */
export type EntryKey = string & { readonly __brand: 'EntryKey' };

/** Why a name cannot be synced. */
export type PathFault =
  | 'empty'
  | 'absolute'
  | 'empty-segment'
  | 'dot-segment'
  | 'nul'
  | 'backslash'
  | 'not-unicode'
  | 'reserved'
  | 'segment-too-long'
  | 'too-long';

export type ParsedKey =
  | { readonly ok: true; readonly key: EntryKey; readonly path: RelPath; readonly folder: boolean }
  | { readonly ok: false; readonly fault: PathFault };

/** Longest key in bytes that S3 stores; a target's prefix shortens it further. */
export const MAX_KEY_BYTES = 1024;
/** Longest file name in bytes on the file systems we know. */
export const MAX_SEGMENT_BYTES = 255;

const encoder = new TextEncoder();

/**
 * The one parser of names that come from outside (a listing, a directory, the command line).
 *
 * @param raw - the key below the prefix; a trailing slash marks a folder
 * @param prefixBytes - bytes the target's prefix adds to the key in the store
 */
export function parseKey(raw: string, prefixBytes = 0): ParsedKey {
  const folder = raw.endsWith('/');
  const path = folder ? raw.slice(0, -1) : raw;
  const fault = pathFault(path, prefixBytes + (folder ? 1 : 0));
  return fault === undefined
    ? { ok: true, key: raw as EntryKey, path: path as RelPath, folder }
    : { ok: false, fault };
}

function pathFault(path: string, extraBytes: number): PathFault | undefined {
  if (path === '') return 'empty';
  if (path.startsWith('/')) return 'absolute';
  if (path.includes('\0')) return 'nul';
  if (path.includes('\\')) return 'backslash';
  // U+FFFD is what bytes that are not UTF-8 decode to: written back, it would be another name.
  if (path.includes('\uFFFD') || !path.isWellFormed()) return 'not-unicode';
  for (const segment of path.split('/')) {
    if (segment === '') return 'empty-segment';
    if (segment === '.' || segment === '..') return 'dot-segment';
    if (isReservedSegment(segment)) return 'reserved';
    if (segment.length > MAX_SEGMENT_BYTES / 4 && utf8Bytes(segment) > MAX_SEGMENT_BYTES)
      return 'segment-too-long';
  }
  // A UTF-16 unit is three bytes at most: nearly every path is short enough by that alone.
  if (path.length * 3 + extraBytes <= MAX_KEY_BYTES) return undefined;
  return utf8Bytes(path) + extraBytes > MAX_KEY_BYTES ? 'too-long' : undefined;
}

// Code points that HFS+ ignores in names: with them another spelling reaches the same folder.
const IGNORABLE = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

// A digit 4, or what may be one in another width: nearly every name is told apart by this alone.
const MAY_BE_RESERVED = /[4\u0080-\uffff]/;

/** True for `.s4` in every spelling that a case-folding or code-point-ignoring file system takes for it. */
export function isReservedSegment(segment: string): boolean {
  if (segment === '.s4') return true;
  if (segment.length < 3 || !MAY_BE_RESERVED.test(segment)) return false;
  return segment.replace(IGNORABLE, '').normalize('NFKC').toLowerCase() === '.s4';
}

export function utf8Bytes(text: string): number {
  return encoder.encode(text).byteLength;
}

export function fileKey(path: RelPath): EntryKey {
  return path as string as EntryKey;
}

export function folderKey(path: RelPath): EntryKey {
  return `${path}/` as EntryKey;
}

export function isFolderKey(key: EntryKey): boolean {
  return key.endsWith('/');
}

export function keyPath(key: EntryKey): RelPath {
  return (key.endsWith('/') ? key.slice(0, -1) : key) as RelPath;
}

/** The folder that holds an entry, or undefined at the top. */
export function parentPath(path: RelPath): RelPath | undefined {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? undefined : (path.slice(0, slash) as RelPath);
}

export function baseName(path: RelPath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Compares by UTF-8 bytes, the order in which S3 lists keys. JavaScript's own order is that of UTF-16 units, which
 * puts a surrogate pair (an emoji) before U+E000..U+FFFF where UTF-8 puts it after.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
