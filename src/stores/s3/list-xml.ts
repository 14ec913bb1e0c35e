import { decodeListedKey, plainEtag } from './keys.ts';
import { scanXml, XmlError } from './xml.ts';

/** One object or version of a page, as the service says it. */
export interface ListedItem {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly storageClass: string | undefined;
  /** A temporary copy of an archived object can be read. */
  readonly restored: boolean;
  readonly versionId: string | undefined;
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
}

export interface ListedPage {
  readonly items: readonly ListedItem[];
  readonly truncated: boolean;
  /** Where the next page begins, by the names of the answer's elements. */
  readonly next: Readonly<Record<string, string>>;
}

const ITEMS: ReadonlySet<string> = new Set(['Contents', 'Version', 'DeleteMarker']);
const CURSORS: ReadonlySet<string> = new Set([
  'NextContinuationToken',
  'NextKeyMarker',
  'NextVersionIdMarker',
]);

/**
 * Reads a page of ListObjectsV2 or ListObjectVersions. Keys are decoded only where the answer says that they are
 * encoded; versions and delete markers keep the service's order.
 *
 * @throws XmlError for anything that is not a whole, sensible page
 */
export function parseListing(source: string): ListedPage {
  const items: { -readonly [K in keyof ListedItem]: ListedItem[K] }[] = [];
  const next: Record<string, string> = {};
  let fields: Record<string, string> = {};
  let root = '';
  let encoded = false;
  let truncated: boolean | undefined;
  scanXml(source, {
    open: (name, depth) => {
      if (depth === 0) root = name;
      else if (depth === 1) fields = {};
    },
    close: (name, text, depth) => {
      // Depth 3 holds the owner and the restore status; their names do not clash with an item's.
      if (depth >= 2) fields[name] = text;
      else if (depth === 1) {
        if (ITEMS.has(name)) items.push(itemOf(fields, name === 'DeleteMarker'));
        else if (name === 'EncodingType') encoded = text === 'url';
        else if (name === 'IsTruncated') truncated = text === 'true';
        else if (CURSORS.has(name)) next[name] = text;
      }
    },
  });
  if (!/^List(?:Bucket|Versions|BucketVersions)Result$/.test(root) || truncated === undefined)
    throw new XmlError('not a listing');
  if (encoded) {
    for (const item of items) item.key = decodeListedKey(item.key);
    // The key marker is encoded like the keys; the opaque tokens are not.
    if (next['NextKeyMarker'] !== undefined) next['NextKeyMarker'] = decodeListedKey(next['NextKeyMarker']);
  }
  return { items, truncated, next };
}

function itemOf(fields: Readonly<Record<string, string>>, isDeleteMarker: boolean): ListedItem {
  const { Key: key, Size: size = '', LastModified: modified = '' } = fields;
  const modifiedMs = Date.parse(modified);
  if (key === undefined || key === '' || Number.isNaN(modifiedMs))
    throw new XmlError('an item without a key or time');
  if (!isDeleteMarker && !/^\d{1,15}$/.test(size)) throw new XmlError('an item without a size');
  return {
    key,
    etag: plainEtag(fields['ETag']),
    sizeBytes: isDeleteMarker ? 0 : Number(size),
    modifiedMs,
    storageClass: fields['StorageClass'],
    restored: fields['IsRestoreInProgress'] === 'false',
    versionId: fields['VersionId'],
    isLatest: fields['IsLatest'] === 'true',
    isDeleteMarker,
  };
}
