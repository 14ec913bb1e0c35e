import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import path from 'node:path';

/** Where things lie below a file store's root. `docs/file-store.md` describes it. */
export interface Layout {
  readonly root: string;
  /** `.s4/store`: never listed. */
  readonly store: string;
  readonly meta: string;
  readonly versions: string;
  readonly locks: string;
  readonly temp: string;
}

/** Hash of a key, by which its records, versions and locks are named: any key fits, on any file system. */
export type KeyHash = string & { readonly __brand: 'KeyHash' };

/** What lstat says of a file, as text: equal means untouched. */
export type StatPrint = string & { readonly __brand: 'StatPrint' };

export const CONTROL_FOLDER = '.s4';
const BUCKET_DIGITS = 3;

export function layoutOf(root: string): Layout {
  const store = path.join(root, CONTROL_FOLDER, 'store');
  return {
    root,
    store,
    meta: path.join(store, 'meta'),
    versions: path.join(store, 'versions'),
    locks: path.join(store, 'locks'),
    temp: path.join(store, 'tmp'),
  };
}

export function keyHash(key: string): KeyHash {
  return createHash('sha256').update(key).digest('hex').slice(0, 40) as KeyHash;
}

/** The folder of a key's records: 4096 of them, so that each stays small. */
export function bucketOf(layout: Layout, hash: KeyHash): string {
  return path.join(layout.meta, hash.slice(0, BUCKET_DIGITS));
}

export function versionsFolder(layout: Layout, hash: KeyHash): string {
  return path.join(layout.versions, hash.slice(0, BUCKET_DIGITS), hash.slice(BUCKET_DIGITS));
}

/** s4's own objects keep no versions. */
export function isControlKey(key: string): boolean {
  return key.startsWith(`${CONTROL_FOLDER}/`);
}

/** @param stableInodes - false where a file's inode number is made up anew at each mount */
export function statPrint(stats: BigIntStats, stableInodes: boolean): StatPrint {
  const inode = stableInodes ? stats.ino : 0n;
  const numbers = [inode, stats.size, stats.mtimeNs, stats.ctimeNs];
  return numbers.map((each) => each.toString(36).replace('-', 'n')).join('-') as StatPrint;
}

/** The id of a version that another program wrote: the same for whoever looks, so nothing need be written down. */
export function externalId(print: StatPrint): string {
  return `x-${createHash('sha256').update(print).digest('hex').slice(0, 24)}`;
}

/** The id of a version that s4 wrote: when, and 48 random bits. */
export function ownId(nowMs: number, randomHex: string): string {
  return nowMs.toString(36).padStart(9, '0') + randomHex;
}

/** When a version was written: told by its id, or by the file where another program wrote it. */
export function modifiedMsOf(id: string, mtimeNs: bigint): number {
  return id.startsWith('x-') ? Number(mtimeNs / 1_000_000n) : Number.parseInt(id.slice(0, 9), 36);
}
