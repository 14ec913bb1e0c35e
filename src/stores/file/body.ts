import { type BigIntStats, constants, readlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ProgressOptions } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import { archivedVersions } from './archive.ts';
import type { FileContext } from './file-context.ts';
import { isMissing, objectError } from './file-errors.ts';
import type { KeyHash } from './layout.ts';

/** A version's bytes on disk: where they were, and by what they are known again. */
export interface StoredBytes {
  readonly key: string;
  readonly hash: KeyHash;
  readonly id: string;
  readonly file: string;
  readonly stats: BigIntStats;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of a version, opened when the first is asked for. One that was replaced since is read from the archive.
 *
 * @throws S4Error OBJECT_CORRUPT when another program wrote to the file meanwhile
 */
export async function* readBytes(
  context: FileContext,
  stored: StoredBytes,
  options: ProgressOptions,
): AsyncGenerator<Uint8Array> {
  options.signal?.throwIfAborted();
  try {
    if (stored.stats.isSymbolicLink()) {
      const text = new Uint8Array(readlinkSync(stored.file, 'buffer'));
      options.onBytes?.(text.byteLength);
      yield text;
      return;
    }
    const handle = await openVersion(context, stored);
    try {
      yield* readHandle(handle, stored, options);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw objectError(error, stored.key);
  }
}

async function* readHandle(
  handle: FileHandle,
  stored: StoredBytes,
  options: ProgressOptions,
): AsyncGenerator<Uint8Array> {
  const before = await handle.stat({ bigint: true });
  let left = Number(before.size);
  while (left > 0) {
    options.signal?.throwIfAborted();
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, left));
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength);
    if (bytesRead === 0) throw changedMeanwhile(stored);
    left -= bytesRead;
    options.onBytes?.(bytesRead);
    yield buffer.subarray(0, bytesRead);
  }
  // Not by ctime: archiving moves it.
  const after = await handle.stat({ bigint: true });
  if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw changedMeanwhile(stored);
}

async function openVersion(context: FileContext, stored: StoredBytes): Promise<FileHandle> {
  const { ino, mtimeNs, size } = stored.stats;
  const current = await openIf(
    stored.file,
    (stats) => stats.ino === ino && stats.mtimeNs === mtimeNs && stats.size === size,
  );
  if (current) return current;
  for (const version of archivedVersions(context.layout, stored.hash)) {
    if (version.id !== stored.id || !version.data) continue;
    // Known by its id; where the archive had to copy, inode and the time's last digits are others.
    const archived = await openIf(version.data.file, (stats) => stats.size === size);
    if (archived) return archived;
  }
  throw changedMeanwhile(stored);
}

async function openIf(
  file: string,
  expected: (stats: BigIntStats) => boolean,
): Promise<FileHandle | undefined> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile() && expected(stats)) return handle;
    await handle.close();
    return undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function changedMeanwhile(stored: StoredBytes): S4Error {
  return new S4Error('OBJECT_CORRUPT', 'another program changed the file while it was read', {
    hint: 'Sync again when it is done.',
    data: { key: stored.key },
  });
}
