import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type { ObjectMetadata } from '../../engine/ports/store.ts';
import { unlessMissing } from './file-errors.ts';
import { bucketOf, type KeyHash, type Layout, type StatPrint } from './layout.ts';

/**
 * What is known of one version of a key. The file's *name* tells id and stat fingerprint, `<hash>.<id>.<print>`, so
 * that a listing reads folders and no files; its content never changes, the name follows the data file.
 */
export interface VersionRecord {
  readonly key: string;
  readonly id: string;
  /** Of the data file, to tell a touched file from a changed one. */
  readonly sha256: string;
  readonly metadata: ObjectMetadata;
  /** What the file system said after the write (some say yes to everything). */
  readonly executable: boolean;
  /** Of the data file, in decimal: tells two records of equal content apart. */
  readonly inode: string;
}

export interface RecordName {
  readonly file: string;
  readonly id: string;
  /** `pending` until the data file has its name. */
  readonly print: StatPrint | 'pending';
}

const schema = z.object({
  version: z.literal(1),
  key: z.string(),
  id: z.string(),
  sha256: z.string(),
  metadata: z.record(z.string(), z.string()),
  executable: z.boolean(),
  inode: z.string(),
});

/** The records of a key: normally one; after a crash or a change by another program more, or one that is stale. */
export function findRecords(layout: Layout, hash: KeyHash): readonly RecordName[] {
  return recordsIn(layout, hash, readBucket(layout, hash));
}

/** The names in a key's bucket, for a listing to read once. */
export function readBucket(layout: Layout, hash: KeyHash): readonly string[] {
  return unlessMissing(() => readdirSync(bucketOf(layout, hash))) ?? [];
}

/** A bucket is small: looking through its names is cheaper than to take them all apart. */
export function recordsIn(layout: Layout, hash: KeyHash, names: readonly string[]): readonly RecordName[] {
  return names.flatMap((name) => {
    if (!name.startsWith(hash)) return [];
    const [, id, print, rest] = name.split('.');
    if (!id || !print || rest !== undefined) return [];
    return [{ file: path.join(bucketOf(layout, hash), name), id, print: print as RecordName['print'] }];
  });
}

/** Undefined when it is gone, or was torn by a power loss: the data file then counts as another program's. */
export function readRecord(file: string): VersionRecord | undefined {
  const text = unlessMissing(() => readFileSync(file, 'utf8'));
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Written and fsynced under its pending name, before the data file gets its own. */
export function writePending(layout: Layout, hash: KeyHash, record: VersionRecord): RecordName {
  const bucket = bucketOf(layout, hash);
  mkdirSync(bucket, { recursive: true });
  const file = path.join(bucket, `${hash}.${record.id}.pending`);
  writeDurably(file, `${JSON.stringify({ version: 1, ...record })}\n`);
  return { file, id: record.id, print: 'pending' };
}

/** Gives a record the fingerprint that its data file has now. */
export function renameRecord(record: RecordName, hash: KeyHash, print: StatPrint): RecordName {
  const file = path.join(path.dirname(record.file), `${hash}.${record.id}.${print}`);
  if (file !== record.file) renameSync(record.file, file);
  return { file, id: record.id, print };
}

export function dropRecords(records: readonly RecordName[], keep?: RecordName): void {
  for (const record of records) if (record.file !== keep?.file) unlessMissing(() => unlinkSync(record.file));
}

export function writeDurably(file: string, text: string): void {
  const handle = openSync(file, 'w');
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
