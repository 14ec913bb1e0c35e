import type { CallOptions, ListedObject, ObjectKey, ObjectVersion } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import type { StoreContext } from './context.ts';
import { Fault } from './errors.ts';
import { type ListedItem, type ListedPage, parseListing } from './list-xml.ts';
import { isArchiveClass } from './object-state.ts';
import type { S3Request, Transport } from './transport.ts';
import { XmlError } from './xml.ts';

/** `Store.list`: the next page is fetched while the caller works on this one. */
export async function* listObjects(
  context: StoreContext,
  options: CallOptions & { readonly under?: string },
): AsyncGenerator<readonly ListedObject[]> {
  const { keys, transport } = context;
  const query = {
    'list-type': '2',
    'encoding-type': 'url',
    'max-keys': '1000',
    prefix: keys.prefix + (options.under ?? ''),
  };
  // Whether an archived object is readable for now; other services refuse headers that they do not know.
  const headers = transport.session.onAws ? { 'x-amz-optional-object-attributes': 'RestoreStatus' } : {};
  const request: S3Request = { operation: 'ListObjectsV2', method: 'GET', query, headers };
  for await (const page of pages(transport, request, options.signal, (next) => {
    const token = next['NextContinuationToken'];
    return token === undefined || token === '' ? undefined : { 'continuation-token': token };
  })) {
    const rows = page.flatMap((item): readonly ListedObject[] => {
      const key = keys.relative(item.key);
      return key === undefined ? [] : [listedObject(key, item)];
    });
    if (rows.length > 0) yield rows;
  }
}

function listedObject(key: ObjectKey, item: ListedItem): ListedObject {
  const token = { etag: item.etag, sizeBytes: item.sizeBytes, modifiedMs: item.modifiedMs };
  return isArchiveClass(item.storageClass) && !item.restored
    ? { key, token, archived: true }
    : { key, token };
}

/** `Store.versions`: of exactly this key, newest first. */
export async function* listVersions(
  context: StoreContext,
  key: ObjectKey,
  options: CallOptions,
): AsyncGenerator<readonly ObjectVersion[]> {
  options.signal?.throwIfAborted();
  const { versioning, sortedListing } = context.capabilities();
  if (versioning === 'off') return;
  const full = context.keys.full(key);
  const request: S3Request = {
    operation: 'ListObjectVersions',
    method: 'GET',
    query: { versions: '', 'encoding-type': 'url', prefix: full },
  };
  const found: ListedItem[] = [];
  for await (const page of pages(context.transport, request, options.signal, (next) => {
    const marker = next['NextKeyMarker'];
    if (marker === undefined || marker === '') return undefined;
    const version = next['NextVersionIdMarker'];
    return { 'key-marker': marker, ...(version === undefined ? {} : { 'version-id-marker': version }) };
  })) {
    found.push(...page.filter((item) => item.key === full));
    // Of all keys that begin like this one it is the first, where the order is that of the bytes.
    if (sortedListing && page.at(-1)?.key !== full) break;
  }
  if (found.length > 0) yield newestFirst(found).map((item) => objectVersion(key, item));
}

/**
 * Services give versions newest first, and that order is right where times are not: a multipart object carries the
 * time at which it was begun. Only a service that puts the current version elsewhere is sorted by time.
 */
function newestFirst(items: readonly ListedItem[]): readonly ListedItem[] {
  if (items[0]?.isLatest === true || !items.some((item) => item.isLatest)) return items;
  return [...items].sort((a, b) => Number(b.isLatest) - Number(a.isLatest) || b.modifiedMs - a.modifiedMs);
}

function objectVersion(key: ObjectKey, item: ListedItem): ObjectVersion {
  const { etag, sizeBytes, modifiedMs, isLatest, versionId = 'null' } = item;
  const version = { key, versionId, isLatest, modifiedMs };
  return item.isDeleteMarker ? version : { ...version, content: { etag, sizeBytes } };
}

/**
 * All pages, or an error: a page that cannot be understood is asked for again and then throws, and a service that
 * hands out the same cursor twice is not followed round in circles.
 */
async function* pages(
  transport: Transport,
  request: S3Request,
  signal: AbortSignal | undefined,
  nextQuery: (next: ListedPage['next']) => Readonly<Record<string, string>> | undefined,
): AsyncGenerator<readonly ListedItem[]> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const fetchPage = (cursor: Readonly<Record<string, string>>): Promise<ListedPage> => {
    const page = transport.retrying(request, both, async () => {
      const reply = await transport.attempt(
        { ...request, query: { ...request.query, ...cursor } },
        { signal: both },
      );
      if (reply.refusal !== undefined) throw transport.refused(request, reply.refusal);
      return understood(reply.body.toString('utf8'));
    });
    // Not lost: it is awaited below, unless the caller leaves before.
    page.catch(() => undefined);
    return page;
  };
  const seen = new Set<string>();
  let ahead: Promise<ListedPage> | undefined = fetchPage({});
  try {
    while (ahead !== undefined) {
      const page: ListedPage = await ahead;
      ahead = undefined;
      if (page.truncated) {
        const cursor = nextQuery(page.next);
        const text = JSON.stringify(cursor);
        if (cursor === undefined || seen.has(text))
          throw new S4Error('STORE_FAILED', 'the store cuts its listing off', {
            hint: 'run it again; nothing was changed',
          });
        seen.add(text);
        ahead = fetchPage(cursor);
      }
      yield page.items;
    }
  } finally {
    stop.abort(new Error('the listing is no longer wanted'));
  }
}

function understood(text: string): ListedPage {
  try {
    return parseListing(text);
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw new Fault('the listing cannot be understood', { cause });
  }
}
