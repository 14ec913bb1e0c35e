import { createHash } from 'node:crypto';
import type { ObjectKey, ObjectMetadata, WriteCondition } from '../../engine/ports/store.ts';
import { compareKeys } from '../../sync/path.ts';

/** One version of one key, or a delete marker (no bytes). */
export interface MemoryVersion {
  readonly versionId: string;
  /** When it was written (a multipart object: begun), whole seconds. */
  readonly modifiedMs: number;
  readonly content?: MemoryContent;
}

export interface MemoryContent {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly metadata: ObjectMetadata;
  readonly archived: boolean;
}

export type Versioning = 'enabled' | 'suspended' | 'off';

/** The state of a memory server: versions by key, newest last. Every method is atomic. */
export interface MemoryObjects {
  versioning: Versioning;
  current(key: string): MemoryVersion | undefined;
  find(key: string, versionId: string | undefined): MemoryVersion | undefined;
  history(key: string): readonly MemoryVersion[];
  write(key: string, version: Omit<MemoryVersion, 'versionId'>): MemoryVersion;
  /** Removes the current version, leaving a marker where versions are kept. False when there was none. */
  remove(key: string, nowMs: number): boolean;
  /** Up to `limit` keys with a current object, after `after`, in the listing's order. */
  page(prefix: string, after: string | undefined, limit: number): readonly ObjectKey[];
}

export function createMemoryObjects(versioning: Versioning, sorted: boolean): MemoryObjects {
  const histories = new Map<string, MemoryVersion[]>();
  const compare = sorted ? compareKeys : compareFolderwise;
  let order: string[] | undefined;
  let versions = 0;

  const current = (key: string): MemoryVersion | undefined => {
    const newest = histories.get(key)?.at(-1);
    return newest?.content === undefined ? undefined : newest;
  };
  const push = (key: string, version: Omit<MemoryVersion, 'versionId'>): MemoryVersion => {
    versions += 1;
    const versionId = objects.versioning === 'enabled' ? `v${versions}` : 'null';
    const kept = (histories.get(key) ?? []).filter((each) => each.versionId !== versionId);
    const added = { ...version, versionId };
    if (kept.length === 0) order = undefined;
    histories.set(key, [...kept, added]);
    return added;
  };
  const objects: MemoryObjects = {
    versioning,
    current,
    find(key, versionId) {
      if (versionId === undefined) return current(key);
      return histories.get(key)?.find((each) => each.versionId === versionId);
    },
    history: (key) => histories.get(key) ?? [],
    write: push,
    remove(key, nowMs) {
      if (!current(key)) return false;
      if (objects.versioning === 'off') {
        histories.delete(key);
        order = undefined;
      } else push(key, { modifiedMs: wholeSeconds(nowMs) });
      return true;
    },
    page(prefix, after, limit) {
      order ??= [...histories.keys()].sort(compare);
      const found: ObjectKey[] = [];
      for (let at = after === undefined ? 0 : firstAfter(order, after, compare); at < order.length; at++) {
        const key = order[at];
        if (key === undefined || !key.startsWith(prefix) || !current(key)) continue;
        found.push(key as ObjectKey);
        if (found.length === limit) break;
      }
      return found;
    },
  };
  return objects;
}

export function conditionHolds(condition: WriteCondition, current: MemoryVersion | undefined): boolean {
  if (condition.kind === 'none') return true;
  if (condition.kind === 'absent') return current === undefined;
  return current?.content?.etag === condition.etag;
}

/** MD5 of the bytes, or past one part S3's form: MD5 of the parts' MD5s, a dash, their number. */
export function memoryEtag(bytes: Uint8Array, partBytes: number): string {
  if (bytes.byteLength <= partBytes) return createHash('md5').update(bytes).digest('hex');
  const parts = Math.ceil(bytes.byteLength / partBytes);
  const whole = createHash('md5');
  for (let part = 0; part < parts; part++) {
    const range = bytes.subarray(part * partBytes, (part + 1) * partBytes);
    whole.update(createHash('md5').update(range).digest());
  }
  return `${whole.digest('hex')}-${parts}`;
}

export function wholeSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}

/** SeaweedFS' order: folder by folder, so that `a/b` comes before `a!`. */
function compareFolderwise(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareKeys(left[i] ?? '', right[i] ?? '');
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function firstAfter(
  keys: readonly string[],
  after: string,
  compare: (a: string, b: string) => number,
): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(keys[middle] ?? '', after) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
