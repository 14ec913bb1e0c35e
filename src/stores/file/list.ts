import { type BigIntStats, type Dirent, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { CallOptions, ListedObject, ObjectKey } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import type { RemoteToken } from '../../sync/entry.ts';
import { compareKeys } from '../../sync/path.ts';
import { currentAt } from './current.ts';
import type { FileContext } from './file-context.ts';
import { errnoOf, objectError, unlessMissing } from './file-errors.ts';
import { markerToken } from './folders.ts';
import { CONTROL_FOLDER, externalId, type KeyHash, keyHash, modifiedMsOf, statPrint } from './layout.ts';
import { checkRoot, hasRealParents, isObjectFile } from './places.ts';
import { type RecordName, readBucket, recordsIn } from './records.ts';

/** Objects on a page, and between two turns of the event loop. */
const PAGE = 500;
/** A file this young may be the new name of a record that was not there yet when its bucket was read. */
const YOUNG_MS = 10_000;

interface Walk {
  readonly context: FileContext;
  readonly under: string;
  readonly startMs: number;
  readonly device: bigint;
  readonly buckets: Map<string, readonly string[]>;
}

/** Something found, and what must be looked at more closely before it can be told. */
type Found = ListedObject | { readonly kind: 'unsettled'; readonly key: ObjectKey };

/**
 * Lists folder by folder with synchronous calls (an asynchronous lstat costs six times as much), in key order, giving
 * way to others after each page.
 */
export async function* listFiles(
  context: FileContext,
  options: CallOptions & { readonly under?: string } = {},
): AsyncGenerator<readonly ListedObject[]> {
  const { layout } = context;
  const identity = checkRoot(layout);
  const under = options.under ?? '';
  const folder = under.slice(0, under.lastIndexOf('/') + 1);
  if (folder.split('/').includes('..') || folder.includes('\0') || !hasRealParents(layout, `${folder}x`))
    return;
  const walk: Walk = {
    context,
    under,
    startMs: Date.now(),
    device: lstatSync(layout.store, { bigint: true }).dev,
    buckets: new Map(),
  };
  let page: ListedObject[] = [];
  for (const found of walkFolder(walk, folder)) {
    const object = 'kind' in found ? await settled(context, found.key, options.signal) : found;
    if (object) page.push(object);
    if (page.length < PAGE) continue;
    options.signal?.throwIfAborted();
    yield page;
    page = [];
    await setImmediate();
  }
  options.signal?.throwIfAborted();
  // A disk that was unmounted half-way looks like one whose files are gone.
  if (checkRoot(layout) !== identity)
    throw new S4Error('STORE_UNREACHABLE', 'the disk of the store was changed while it was listed');
  if (page.length > 0) yield page;
}

function* walkFolder(walk: Walk, folder: string): Generator<Found> {
  const absolute = path.join(walk.context.layout.root, folder);
  const entries = readFolder(absolute, folder);
  if (!entries) return;
  const isControl = folder === `${CONTROL_FOLDER}/` || folder.startsWith(`${CONTROL_FOLDER}/`);
  if (folder !== '' && !isControl && folder.startsWith(walk.under)) {
    const record = recordsOf(walk, keyHash(folder))[0];
    if (entries.length === 0 || record) yield { key: folder as ObjectKey, token: markerToken(record) };
  }
  const keys = entries.map((each) => ({
    key: folder + (each.isDirectory() ? `${each.name}/` : each.name),
    name: each.name,
  }));
  for (const { key, name } of keys.sort((a, b) => compareKeys(a.key, b.key))) {
    if (key.endsWith('/')) {
      if (key === `${CONTROL_FOLDER}/store/`) continue;
      if (!key.startsWith(walk.under) && !walk.under.startsWith(key)) continue;
      checkDevice(walk, path.join(absolute, name), key);
      yield* walkFolder(walk, key);
    } else if (key.startsWith(walk.under)) {
      const found = lookAt(walk, key, path.join(absolute, name));
      if (found) yield found;
    }
  }
}

function readFolder(absolute: string, folder: string): readonly Dirent[] | undefined {
  return orDenied(folder, () => unlessMissing(() => readdirSync(absolute, { withFileTypes: true })));
}

function orDenied<T>(folder: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) throw objectError(error, folder);
    throw new S4Error('STORE_DENIED', `a place in the store cannot be read: ${JSON.stringify(folder)}`, {
      cause: error,
      hint: 'A listing must be whole: give s4 the right to read this folder.',
      data: { folder, errno: errnoOf(error) ?? 'unknown' },
    });
  }
}

function lookAt(walk: Walk, key: string, file: string): Found | undefined {
  const stats = orDenied(key, () => unlessMissing(() => lstatSync(file, { bigint: true })));
  // Not UTF-8: its real name is lost, but that there is something must not be.
  if (!stats && key.includes('\uFFFD'))
    return { key: key as ObjectKey, token: { etag: 'unreadable-name', sizeBytes: 0, modifiedMs: 0 } };
  if (!stats || !isObjectFile(stats)) return undefined;
  const print = statPrint(stats, walk.context.stableInodes);
  const records = recordsOf(walk, keyHash(key));
  const record = records.find((each) => each.print === print);
  if (record) return { key: key as ObjectKey, token: tokenOf(record.id, stats) };
  const young = Number(stats.ctimeNs / 1_000_000n) > walk.startMs - YOUNG_MS;
  if (records.length > 0 || young) return { kind: 'unsettled', key: key as ObjectKey };
  return { key: key as ObjectKey, token: tokenOf(externalId(print), stats) };
}

function recordsOf({ context, buckets }: Walk, hash: KeyHash): readonly RecordName[] {
  const name = hash.slice(0, 3);
  let bucket = buckets.get(name);
  if (!bucket) {
    bucket = readBucket(context.layout, hash);
    buckets.set(name, bucket);
  }
  return recordsIn(context.layout, hash, bucket);
}

async function settled(
  context: FileContext,
  key: ObjectKey,
  signal: AbortSignal | undefined,
): Promise<ListedObject | undefined> {
  signal?.throwIfAborted();
  const current = await currentAt(context, key, signal).catch((error: unknown) => {
    throw objectError(error, key);
  });
  return current && { key, token: tokenOf(current.id, current.stats) };
}

/** A store is one file system: what is mounted inside could go away by itself and look deleted. */
function checkDevice(walk: Walk, absolute: string, key: string): void {
  const stats = unlessMissing(() => lstatSync(absolute, { bigint: true }));
  if (stats && stats.dev !== walk.device)
    throw new S4Error('STORE_DENIED', `another disk is mounted inside the store: ${JSON.stringify(key)}`, {
      hint: 'Make that disk a store of its own.',
      data: { folder: key },
    });
}

/** The id is the ETag: it changes with every write, and with content, metadata or permissions. */
export function tokenOf(id: string, stats: BigIntStats): RemoteToken {
  return {
    etag: id,
    versionId: id,
    sizeBytes: Number(stats.size),
    modifiedMs: modifiedMsOf(id, stats.mtimeNs),
  };
}
