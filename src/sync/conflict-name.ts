import { baseName, MAX_KEY_BYTES, parentPath, type RelPath, utf8Bytes } from './path.ts';

const COPY_PARTS =
  /^(.+) \(conflict, (?=([^()/,]+), (\d{4}-\d\d-\d\d) (\d\d\.\d\d\.\d\d))([^()]+)\)(\.[^\s()]+)?$/s;

export interface ConflictCopyRequest {
  /** The path both sides changed. */
  readonly path: RelPath;
  /** Host that wrote the losing version. */
  readonly host: string;
  /** When the losing version was written: the name derives from that version, so a repeated recovery finds it again. */
  readonly whenMs: number;
  /** Bytes that the target's prefix adds to the key. */
  readonly prefixBytes?: number;
  readonly taken: (path: RelPath) => boolean;
}

/** Below the 255 of file systems: SeaweedFS keeps the versions of `x` in a folder `x.versions`, and refuses what is longer. */
const MAX_COPY_BYTES = 240;
const MAX_HOST_BYTES = 64;
const MAX_EXTENSION_LENGTH = 16;
const LAST_MS_OF_YEAR_9999 = 253_402_300_799_999;

/** Format and control characters, what Windows refuses in names, and what this format itself is made of. */
const NOT_IN_HOST = /[\p{C}\p{Zl}\p{Zp}\uFFFD/\\:*?"<>|(),]+/gu;
const EXTENSION = /(?:\.tar)?\.[^\s.]+$/i;
const COPY_NAME = /^.+ \(conflict, [^()/,]+, \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d(?:, \d+)?\)(?:\.[^\s()]+)?$/s;

/**
 * A free name beside a path for the version that does not keep the name:
 * `report (conflict, laptop, 2026-11-21 03.12.07).txt`, in UTC, then `..., 2).txt` and so on. A conflict about a copy makes
 * one more copy of the original: names do not grow.
 *
 * The name fits into 240 bytes and the key into what S3 stores, by a shorter stem; only below a folder whose own path
 * leaves no room at all the key may still be too long.
 */
export function conflictCopyPath(request: ConflictCopyRequest): RelPath {
  const folder = parentPath(request.path);
  const start = folder === undefined ? '' : `${folder}/`;
  const room = MAX_KEY_BYTES - (request.prefixBytes ?? 0) - utf8Bytes(start);
  const { stem, extension } = splitName(originalName(baseName(request.path)));
  const label = `conflict, ${cleanHost(request.host)}, ${utcTime(request.whenMs)}`;
  for (let n = 1; ; n++) {
    const tail = ` (${label}${n === 1 ? '' : `, ${n}`})${extension}`;
    const stemBytes = Math.min(MAX_COPY_BYTES, room) - utf8Bytes(tail);
    const path = `${start}${shorten(stem, stemBytes)}${tail}` as RelPath;
    if (!request.taken(path)) return path;
  }
}

/** True for the base name of a copy that `conflictCopyPath` named. */
export function isConflictCopyName(name: string): boolean {
  return COPY_NAME.test(name);
}

/** What the name of a conflict copy tells. */
export interface ConflictCopy {
  /** The path that both sides changed; only a guess where the stem was shortened. */
  readonly original: RelPath;
  readonly host: string;
  readonly whenMs: number;
  /** The same name without the word that makes it a conflict copy. */
  readonly settled: RelPath;
}

/** Undefined for any other name. */
export function parseConflictCopy(path: RelPath): ConflictCopy | undefined {
  const match = COPY_PARTS.exec(path);
  if (match === null || !isConflictCopyName(baseName(path))) return undefined;
  const [, stem = '', host = '', date = '', time = '', label = '', extension = ''] = match;
  const whenMs = Date.parse(`${date}T${time.replaceAll('.', ':')}Z`);
  if (Number.isNaN(whenMs)) return undefined;
  return {
    original: `${stem}${extension}` as RelPath,
    host,
    whenMs,
    settled: `${stem} (${label})${extension}` as RelPath,
  };
}

function originalName(name: string): string {
  const copy = parseConflictCopy(name as RelPath);
  return copy === undefined ? name : originalName(copy.original);
}

function splitName(name: string): { readonly stem: string; readonly extension: string } {
  const extension = EXTENSION.exec(name)?.[0] ?? '';
  const stem = name.slice(0, name.length - extension.length);
  // `.bashrc` has no extension; nor has what is too long to be one.
  const isName = /^\.*$/.test(stem) || extension.length > MAX_EXTENSION_LENGTH || /[()]/.test(extension);
  return isName ? { stem: name, extension: '' } : { stem, extension };
}

function cleanHost(host: string): string {
  const clean = host.replace(NOT_IN_HOST, '-').replace(/^[\s.-]+|[\s.-]+$/g, '');
  return shorten(clean, MAX_HOST_BYTES).trimEnd() || 'unknown';
}

function utcTime(whenMs: number): string {
  const ms = Number.isFinite(whenMs) ? Math.min(Math.max(whenMs, 0), LAST_MS_OF_YEAR_9999) : 0;
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.');
}

/** The longest start of whole code points within so many bytes; at least one code point. */
function shorten(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const point of text) {
    bytes += utf8Bytes(point);
    if (bytes > maxBytes && end > 0) break;
    end += point.length;
  }
  return text.slice(0, end);
}
