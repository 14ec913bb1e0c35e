import { posix } from 'node:path';
import { S4Error } from '../lib/errors.ts';
import { parseKey } from '../sync/path.ts';

/** Where a target's objects lie. `prefix` has no leading or trailing slash; '' is the whole bucket. */
export type StorePlace =
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string; readonly url: string }
  | { readonly kind: 'file'; readonly root: string; readonly url: string };

const BUCKET = /^[a-z0-9][a-z0-9._-]{1,253}[a-z0-9]$/i;

/**
 * The one parser of store URLs: `s3://bucket/prefix`, `file:///folder`. Keys are taken as written, not percent-decoded,
 * as every S3 tool does.
 * @throws S4Error USAGE
 */
export function parseStoreUrl(raw: string): StorePlace {
  if (raw.startsWith('s3://')) return parseS3(raw.slice('s3://'.length), raw);
  if (raw.startsWith('file://')) return parseFile(raw.slice('file://'.length), raw);
  throw bad(raw, 'it must start with s3:// or file://');
}

function parseS3(rest: string, raw: string): StorePlace {
  const slash = rest.indexOf('/');
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  const prefix = slash < 0 ? '' : rest.slice(slash + 1).replace(/\/$/, '');
  if (bucket.includes('@')) throw bad('s3://...', 'it must not hold credentials');
  if (!BUCKET.test(bucket)) throw bad(raw, 'the bucket name is missing or not a valid one');
  if (prefix !== '') checkPath(prefix, raw);
  return { kind: 's3', bucket, prefix, url: prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}` };
}

function parseFile(rest: string, raw: string): StorePlace {
  const path = rest.startsWith('localhost/') ? rest.slice('localhost'.length) : rest;
  if (!path.startsWith('/')) throw bad(raw, 'the path must be absolute (three slashes: file:///folder)');
  if (path.includes('\0')) throw bad(raw, 'it holds a NUL character');
  const root = posix.normalize(path).replace(/(.)\/$/, '$1');
  if (root === '/') throw bad(raw, 'the root of the file system cannot be a store');
  return { kind: 'file', root, url: `file://${root}` };
}

function checkPath(prefix: string, raw: string): void {
  const parsed = parseKey(prefix);
  if (!parsed.ok) throw bad(raw, `the prefix is not usable (${parsed.fault.replaceAll('-', ' ')})`);
}

function bad(raw: string, why: string): S4Error {
  return new S4Error('USAGE', `"${raw}" is not a store URL: ${why}.`, {
    hint: 'Write s3://bucket/prefix or file:///folder.',
  });
}

/** True when one place holds the other, or they are one. `endpoint` tells equal bucket names on two services apart. */
export function placesOverlap(
  a: { readonly place: StorePlace; readonly endpoint?: string | undefined },
  b: { readonly place: StorePlace; readonly endpoint?: string | undefined },
): boolean {
  if (a.place.kind === 'file' && b.place.kind === 'file') return pathsOverlap(a.place.root, b.place.root);
  if (a.place.kind !== 's3' || b.place.kind !== 's3') return false;
  if (a.place.bucket !== b.place.bucket || (a.endpoint ?? '') !== (b.endpoint ?? '')) return false;
  return pathsOverlap(`/${a.place.prefix}`, `/${b.place.prefix}`);
}

/** True for equal absolute paths and for one inside the other. */
export function pathsOverlap(a: string, b: string): boolean {
  const x = a.endsWith('/') ? a : `${a}/`;
  const y = b.endsWith('/') ? b : `${b}/`;
  return x.startsWith(y) || y.startsWith(x);
}
