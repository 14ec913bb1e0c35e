import type { ObjectMetadata } from '../engine/ports/store.ts';
import type { Digest } from '../sync/entry.ts';
import { parseDigest } from './fields.ts';

/** What an object's user metadata says: claims of whoever wrote it, each absent where it is missing or unusable. */
export interface ObjectFacts {
  readonly mtimeNs?: bigint;
  readonly kind?: 'file' | 'symlink' | 'folder';
  /** Only for files. */
  readonly executable?: boolean;
  readonly digest?: Digest;
  /** MD5 of the content as its writer computed it: what ties `digest` to the bytes, see `boundDigest`. */
  readonly md5?: string;
  /** `<client id>.<random hex>`, fresh for each write. */
  readonly write?: string;
  /** Version id, write token or ETag of what this write replaced. */
  readonly parent?: string;
  /** Of a conflict copy: version id or ETag, under the original's name, of the state that both versions came from. */
  readonly ancestor?: string;
}

const NS_PER_S = 1_000_000_000n;
const MAX_TIME_NS = 2n ** 63n - 1n;
const MTIME = /^([+-]?)(\d{1,12})(?:\.(\d*))?$/;
const MD5 = /^[0-9a-f]{32}$/;
const PLAIN_VALUE = /^[\x21-\x7e]{1,1024}$/;

const TYPE_BITS = 0o170000;
const KINDS: ReadonlyMap<number, 'file' | 'symlink' | 'folder'> = new Map([
  [0o100000, 'file'],
  [0o120000, 'symlink'],
  [0o040000, 'folder'],
]);

/**
 * The metadata of an object that s4 writes. Names and values are those that rclone and s3fs read too.
 *
 * @param facts - `write` must be printable ASCII; a `parent` that is not (a foreign ETag) is left out
 */
export function encodeMetadata(facts: ObjectFacts): ObjectMetadata {
  return {
    ...(facts.mtimeNs === undefined ? {} : { mtime: formatMtime(facts.mtimeNs) }),
    ...(facts.kind === undefined ? {} : { mode: formatMode(facts.kind, facts.executable === true) }),
    ...(facts.digest === undefined ? {} : { 's4-sha256': facts.digest }),
    ...(facts.md5 === undefined ? {} : { 's4-md5': facts.md5 }),
    ...(facts.write === undefined ? {} : { 's4-write': facts.write }),
    ...plain('s4-parent', facts.parent),
    ...plain('s4-ancestor', facts.ancestor),
  };
}

function plain(name: string, value: string | undefined): ObjectMetadata {
  return value === undefined || !PLAIN_VALUE.test(value) ? {} : { [name]: value };
}

/** Never throws: what any tool may have written there is read as far as it can be understood. */
export function decodeMetadata(metadata: ObjectMetadata): ObjectFacts {
  const mtimeNs = parseMtime(metadata['mtime']);
  const mode = parseMode(metadata['mode']);
  const digest = parseDigest(metadata['s4-sha256'] ?? '');
  const md5 = metadata['s4-md5'];
  const write = metadata['s4-write'];
  const parent = metadata['s4-parent'];
  const ancestor = metadata['s4-ancestor'];
  return {
    ...(mtimeNs === undefined ? {} : { mtimeNs }),
    ...mode,
    ...(digest === undefined ? {} : { digest }),
    ...(md5 !== undefined && MD5.test(md5) ? { md5 } : {}),
    ...(write !== undefined && PLAIN_VALUE.test(write) ? { write } : {}),
    ...(parent !== undefined && PLAIN_VALUE.test(parent) ? { parent } : {}),
    ...(ancestor !== undefined && PLAIN_VALUE.test(ancestor) ? { ancestor } : {}),
  };
}

/**
 * The claimed SHA-256, if it is tied to the bytes: the MD5 recorded with it is the object's ETag. Other tools rewrite
 * an object and keep its old metadata; then the ETag has moved on, and the claim counts for nothing.
 */
export function boundDigest(facts: ObjectFacts, etag: string): Digest | undefined {
  if (facts.digest === undefined || facts.md5 === undefined) return undefined;
  return facts.md5 === etag.replaceAll('"', '').toLowerCase() ? facts.digest : undefined;
}

/** Seconds with nine decimals: s3fs takes the fraction for a whole number of nanoseconds. */
export function formatMtime(mtimeNs: bigint): string {
  const whole = mtimeNs < 0n ? -mtimeNs : mtimeNs;
  const fraction = String(whole % NS_PER_S).padStart(9, '0');
  return `${mtimeNs < 0n ? '-' : ''}${whole / NS_PER_S}.${fraction}`;
}

/** Seconds with any number of decimals, as rclone (which drops zeros at the end) and s3fs write them. */
export function parseMtime(text: string | undefined): bigint | undefined {
  const match = MTIME.exec(text ?? '');
  if (match === null) return undefined;
  const fraction = (match[3] ?? '').slice(0, 9).padEnd(9, '0');
  const whole = BigInt(match[2] ?? '') * NS_PER_S + BigInt(fraction);
  // Beyond 64 bits neither disks nor other tools can hold it, nor could the base write it down.
  if (whole > MAX_TIME_NS) return undefined;
  return match[1] === '-' ? -whole : whole;
}

/** Octal with a leading 0: the one spelling that s3fs (C's base 0) and rclone (base 8) both read. */
export function formatMode(kind: 'file' | 'symlink' | 'folder', executable: boolean): string {
  if (kind === 'symlink') return '0120777';
  if (kind === 'folder') return '040755';
  return executable ? '0100755' : '0100644';
}

/**
 * A leading 0 means octal. Without it the value may be decimal (s3fs) or octal (rclone): it is read as decimal where
 * that names a file, symlink or folder, else as octal. Every mode of a file or symlink is told apart by this; of
 * folders only octal `41xxx` and `42xxx` without the 0 (sticky, setgid) could be taken for a decimal symlink, and
 * folders are known by their key.
 */
export function parseMode(text: string | undefined): Pick<ObjectFacts, 'kind' | 'executable'> {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return {};
  const octal = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
  const decimal = Number(text);
  const mode = text.startsWith('0') || !KINDS.has(typeBits(decimal)) ? octal : decimal;
  if (mode === undefined) return {};
  const kind = typeBits(mode) === 0 ? 'file' : KINDS.get(typeBits(mode));
  if (kind === undefined) return {};
  return kind === 'file' ? { kind, executable: (mode & 0o100) !== 0 } : { kind };
}

/** -1 for what is no mode at all. */
function typeBits(mode: number): number {
  return mode > 0o177777 ? -1 : mode & TYPE_BITS;
}
