import type { ObjectKey } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import { utf8Bytes } from '../../sync/path.ts';

/** Maps keys below the prefix to keys in the bucket and back. */
export interface KeySpace {
  /** `''`, or the prefix with a slash. */
  readonly prefix: string;
  readonly prefixBytes: number;
  /** @throws S4Error OBJECT_KEY_REFUSED for what no service may be asked for */
  full(key: ObjectKey): string;
  /** Like `full`, for a key that will be written or removed: an empty segment is refused as well. */
  writable(key: ObjectKey): string;
  /** Undefined for the marker object of the prefix itself. */
  relative(full: string): ObjectKey | undefined;
}

export function keySpace(prefix: string): KeySpace {
  const base = prefix === '' ? '' : `${prefix}/`;
  const full = (key: ObjectKey): string => {
    // The empty key would address the bucket itself.
    if (key === '' || !key.isWellFormed() || key.includes('\0')) throw refused(key);
    // A proxy or service that resolves dots would lead out of the prefix, or break the signature.
    if (key.split('/').some((segment) => segment === '.' || segment === '..')) throw refused(key);
    return base + key;
  };
  return {
    prefix: base,
    prefixBytes: utf8Bytes(base),
    full,
    writable: (key) => {
      // Some services drop the extra slash, and would change another object.
      if (key.startsWith('/') || key.includes('//')) throw refused(key);
      return full(key);
    },
    relative: (key) => {
      if (!key.startsWith(base)) {
        throw new S4Error('STORE_FAILED', 'the listing holds a key outside the prefix that was asked for', {
          data: { key },
        });
      }
      return key.length === base.length ? undefined : (key.slice(base.length) as ObjectKey);
    },
  };
}

function refused(key: string): S4Error {
  return new S4Error('OBJECT_KEY_REFUSED', 'this key cannot be sent to a service unharmed', {
    hint: 'rename the file',
    data: { key },
  });
}

/** RFC 3986: everything but unreserved characters, as the signature wants it. Slashes are kept with `slash`. */
export function encodeUri(text: string, slash = false): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (unit) => `%${unit.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return slash ? encoded.replaceAll('%2F', '/') : encoded;
}

/**
 * A key of a listing with `encoding-type=url`. Bytes that are not UTF-8 become U+FFFD, which `parseKey` reports for
 * that path alone.
 */
export function decodeListedKey(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Latin-1 keeps each escape a byte; what stands outside of escapes is encoded first.
    const bytes = encodeURI(spaced.toWellFormed())
      .replaceAll('%25', '%')
      .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return new TextDecoder().decode(Buffer.from(bytes, 'latin1'));
  }
}

/** Of what the index and the log hold. */
const MAX_ETAG_LENGTH = 1024;

/**
 * ETags without quotes or weakness mark, so that they compare across listing, HEAD and PUT.
 * @throws S4Error STORE_FAILED for a text that is too long to be one
 */
export function plainEtag(etag: string | undefined): string {
  if (etag === undefined) return '';
  const strong = etag.startsWith('W/') ? etag.slice(2) : etag;
  // What cannot be written down as evidence must not be taken for it.
  if (strong.length > MAX_ETAG_LENGTH)
    throw new S4Error('STORE_FAILED', 'the store gives an ETag that is none', {
      data: { length: etag.length },
    });
  return strong.length >= 2 && strong.startsWith('"') && strong.endsWith('"') ? strong.slice(1, -1) : strong;
}

export function quotedEtag(etag: string): string {
  return `"${etag}"`;
}
