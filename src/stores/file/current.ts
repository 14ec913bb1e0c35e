import { createHash } from 'node:crypto';
import { type BigIntStats, constants, readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ObjectMetadata } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import type { Digest } from '../../sync/entry.ts';
import type { FileContext } from './file-context.ts';
import { isMissing, unlessMissing } from './file-errors.ts';
import { externalId, type KeyHash, keyHash, type StatPrint, statPrint } from './layout.ts';
import { dataPath, isObjectFile, statData } from './places.ts';
import {
  dropRecords,
  findRecords,
  type RecordName,
  readRecord,
  renameRecord,
  type VersionRecord,
  writePending,
} from './records.ts';

/** The object at a key, with the identity of its version. */
export interface Current {
  readonly key: string;
  readonly hash: KeyHash;
  readonly file: string;
  readonly id: string;
  readonly stats: BigIntStats;
  readonly print: StatPrint;
  /** Absent for another program's file that was never looked at closely. */
  readonly record?: RecordName;
}

/** Another program's file may change while it is looked at; that often and it is given up. */
const ATTEMPTS = 5;
const READ_BYTES = 1024 * 1024;

/**
 * What is current at a key. Where the stat fingerprint is not the recorded one, the content decides: equal means that
 * the file was only touched, moved to another disk or caught in a crash, and keeps its version; otherwise another
 * program wrote it.
 */
export async function currentAt(
  context: FileContext,
  key: string,
  signal?: AbortSignal,
): Promise<Current | undefined> {
  const seen = look(context, key);
  if (seen.kind !== 'unsettled') return seen.current;
  // With the lock held nobody is half-way through a write of this key.
  return context.locks.hold(keyHash(key), signal, () => currentLocked(context, key));
}

/** The same for a caller who holds the key's lock. */
export async function currentLocked(context: FileContext, key: string): Promise<Current | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const seen = look(context, key);
    if (seen.kind === 'settled') return seen.current;
    const settled = await settle(context, seen.current, seen.records);
    if (settled) return settled;
  }
  throw new S4Error('STORE_FAILED', 'another program keeps writing this file of the store', {
    data: { key },
  });
}

type Look =
  | { readonly kind: 'settled'; readonly current: Current | undefined }
  | { readonly kind: 'unsettled'; readonly current: Current; readonly records: readonly RecordName[] };

function look(context: FileContext, key: string): Look {
  const stats = statData(context.layout, key);
  if (!stats || !isObjectFile(stats)) return { kind: 'settled', current: undefined };
  const hash = keyHash(key);
  const print = statPrint(stats, context.stableInodes);
  const records = findRecords(context.layout, hash);
  const file = dataPath(context.layout, key);
  const record = records.find((each) => each.print === print);
  const current = { key, hash, file, stats, print, id: record?.id ?? externalId(print) };
  if (record) return { kind: 'settled', current: { ...current, record } };
  return records.length === 0 ? { kind: 'settled', current } : { kind: 'unsettled', current, records };
}

async function settle(
  context: FileContext,
  seen: Current,
  names: readonly RecordName[],
): Promise<Current | undefined> {
  const sha256 = await hashFile(seen);
  const again = statData(context.layout, seen.key);
  if (sha256 === undefined || !again || statPrint(again, context.stableInodes) !== seen.print)
    return undefined;
  const match = matchingRecord(names, seen, sha256);
  try {
    if (match) {
      const record = renameRecord(match, seen.hash, seen.print);
      dropRecords(names, record);
      return { ...seen, id: record.id, record };
    }
    const pending = writePending(context.layout, seen.hash, externalRecord(seen, sha256));
    const record = renameRecord(pending, seen.hash, seen.print);
    dropRecords(names, record);
    return { ...seen, record };
  } catch (error) {
    // On a disk that may only be read nothing can be noted down; the answer is the same each time.
    if (!isReadOnly(error)) throw error;
    return match ? { ...seen, id: match.id, record: match } : seen;
  }
}

function matchingRecord(names: readonly RecordName[], seen: Current, sha256: string): RecordName | undefined {
  const executable = isExecutable(seen.stats);
  const same = names.flatMap((name) => {
    const record = readRecord(name.file);
    if (!record || record.key !== seen.key || record.sha256 !== sha256) return [];
    return record.executable === executable ? [{ name, record }] : [];
  });
  // A crash in a rewrite of equal content leaves two: the inode tells which of them has its place.
  const byInode = same.find(({ record }) => record.inode === seen.stats.ino.toString());
  return (byInode ?? same.find(({ name }) => name.print !== 'pending') ?? same[0])?.name;
}

function externalRecord(seen: Current, sha256: string): VersionRecord {
  return {
    key: seen.key,
    id: externalId(seen.print),
    sha256,
    metadata: externalMetadata(seen.stats),
    executable: isExecutable(seen.stats),
    inode: seen.stats.ino.toString(),
  };
}

/** What a file says of itself, in the words of object metadata. */
export function externalMetadata(stats: BigIntStats): ObjectMetadata {
  const seconds = stats.mtimeNs / 1_000_000_000n;
  const fraction = (stats.mtimeNs % 1_000_000_000n).toString().replace('-', '').padStart(9, '0');
  const permissions = stats.isSymbolicLink() ? 0o120777n : 0o100000n | (stats.mode & 0o777n);
  return { mtime: `${seconds}.${fraction}`, mode: `0${permissions.toString(8)}` };
}

/** What is said of a version; the digest is that of the bytes which this store itself wrote or read. */
export interface Description {
  readonly metadata: ObjectMetadata;
  readonly digest?: Digest;
}

export function describe(current: Current): Description {
  const record = current.record && readRecord(current.record.file);
  if (record === undefined) return { metadata: externalMetadata(current.stats) };
  return { metadata: record.metadata, digest: record.sha256 as Digest };
}

export function isExecutable(stats: BigIntStats): boolean {
  return stats.isFile() && (stats.mode & 0o100n) !== 0n;
}

/** SHA-256 of a file, or of a symlink's text; undefined when it is gone. */
async function hashFile(seen: Current): Promise<string | undefined> {
  const hash = createHash('sha256');
  if (seen.stats.isSymbolicLink()) {
    const text = unlessMissing(() => readlinkSync(seen.file, 'buffer'));
    return text && hash.update(text).digest('hex');
  }
  try {
    const handle = await open(seen.file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const buffer = new Uint8Array(READ_BYTES);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength);
        if (bytesRead === 0) return hash.digest('hex');
        hash.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isReadOnly(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['EROFS', 'EACCES', 'EPERM'].includes(String(error.code))
  );
}
