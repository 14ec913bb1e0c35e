import { createHash } from 'node:crypto';
import { mkdir, open, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { ContentSource, ObjectMetadata, ProgressOptions } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';
import type { FileContext } from './file-context.ts';

/** A finished, fsynced file that waits for its name. */
export interface TempFile {
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

const PART_BYTES = 4 * 1024 * 1024;

/** Writes content with the mode and time that its metadata asks for. Nothing is left behind when that fails. */
export async function writeTemp(
  context: FileContext,
  chunks: AsyncIterable<Uint8Array>,
  metadata: ObjectMetadata,
): Promise<TempFile> {
  await mkdir(context.layout.temp, { recursive: true });
  const file = path.join(context.layout.temp, context.tempName());
  const handle = await open(file, 'wx', fileMode(metadata));
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      await handle.writeFile(chunk);
      sizeBytes += chunk.byteLength;
    }
    const mtime = Number(metadata['mtime'] ?? Number.NaN);
    if (Number.isFinite(mtime)) await utimes(file, mtime, mtime);
    await handle.sync();
    context.step('temp-written');
    return { file, sha256: hash.digest('hex'), sizeBytes };
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** A source's bytes in order. @throws S4Error LOCAL_UNREADABLE when it gives others than it was asked for */
export async function* sourceChunks(
  source: ContentSource,
  options: ProgressOptions,
): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < source.sizeBytes; start += PART_BYTES) {
    options.signal?.throwIfAborted();
    const end = Math.min(start + PART_BYTES, source.sizeBytes);
    const bytes = await source.read(start, end);
    if (bytes.byteLength !== end - start)
      throw new S4Error('LOCAL_UNREADABLE', 'the source gave other bytes than it was asked for');
    options.signal?.throwIfAborted();
    options.onBytes?.(bytes.byteLength);
    yield bytes;
  }
}

export async function dropTemp(temp: TempFile): Promise<void> {
  await rm(temp.file, { force: true });
}

/** The executable bit is the only one that is kept; a symlink is kept as an ordinary file with its text. */
function fileMode(metadata: ObjectMetadata): number {
  const mode = Number.parseInt(metadata['mode'] ?? '', 8);
  const executable = (mode & 0o170000) !== 0o120000 && (mode & 0o100) !== 0;
  return executable ? 0o777 : 0o666;
}
