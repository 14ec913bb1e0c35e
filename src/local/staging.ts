import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { promisify } from 'node:util';
import type { StagedAs, StagedFile, Staging } from '../engine/ports/folder.ts';
import { S4Error } from '../lib/errors.ts';
import type { Digest } from '../sync/entry.ts';
import { unlinkIfThere } from './entries.ts';
import { guardLocalAsync } from './fs-errors.ts';
import type { Home } from './home.ts';
import type { Sys } from './sys.ts';

const openAsync = promisify(fs.open);
const writeAsync = promisify(fs.write);
const fsyncAsync = promisify(fs.fsync);

/** Written at once, in this thread, which is faster; more might have to wait for the disk. */
const SYNC_BYTES = 256 * 1024;
/** Longest text that Linux gives a symlink. */
const MAX_LINK_BYTES = 4095;
/** From this size on, free space is asked for before anything is written. */
const ASK_SPACE_BYTES = 1 << 20;

export interface StagingContext {
  readonly home: Home;
  readonly sys: Sys;
  readonly umask: number;
  readonly newName: () => string;
  /** Names of temp files that are being written: cleaning leaves them alone. */
  readonly live: Set<string>;
}

/**
 * Begins a temp file. Permissions are those of a new file under the umask.
 *
 * @throws S4Error LOCAL_DISK_FULL when so many bytes are not free; LOCAL_FAILED
 */
export async function stage(context: StagingContext, sizeBytes: number): Promise<Staging> {
  const { home, live } = context;
  home.ensure();
  const temp = context.newName();
  const path = `${home.temp}/${temp}`;
  const where = `.s4/tmp/${temp}`;
  // Before the file is there: cleaning may run while it is being made.
  live.add(temp);
  const fd = await makeTemp(path, where, sizeBytes).catch((error: unknown) => {
    live.delete(temp);
    throw error;
  });
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  // The start is kept, in case it is a symlink's text.
  const start: Uint8Array[] = [];
  let length = 0;
  let open = true;
  // Closing under a write could send its bytes to whatever file gets the same descriptor next.
  let writing: Promise<void> = Promise.resolve();
  const close = async () => {
    await writing.catch(() => undefined);
    if (open) fs.closeSync(fd);
    open = false;
  };

  return {
    temp,
    write: (chunk) =>
      guardLocalAsync(where, async () => {
        sha256.update(chunk);
        md5.update(chunk);
        if (length + chunk.byteLength <= MAX_LINK_BYTES) start.push(Uint8Array.from(chunk));
        writing = writeAll(fd, chunk, length + chunk.byteLength <= SYNC_BYTES);
        await writing;
        length += chunk.byteLength;
      }),
    finish: (as) =>
      guardLocalAsync(where, async (): Promise<StagedFile> => {
        try {
          if (as.kind === 'file') await finishFile(fd, as, context.umask);
          else finishLink(context.sys, path, start, length, as.mtimeNs);
        } finally {
          await close();
        }
        const digest = sha256.digest('hex') as Digest;
        return { temp, digest, md5: md5.digest('hex'), sizeBytes: length };
      }),
    discard: () =>
      guardLocalAsync(where, async () => {
        await close();
        live.delete(temp);
        unlinkIfThere(context.sys, path);
      }),
  };
}

/** Not in this thread: making a file waits while the file system commits its journal, for an fsync of anybody. */
function makeTemp(path: string, where: string, sizeBytes: number): Promise<number> {
  return guardLocalAsync(where, async () => {
    requireSpace(path.slice(0, path.lastIndexOf('/')), sizeBytes);
    return openAsync(path, 'wx', 0o600);
  });
}

function requireSpace(folder: string, sizeBytes: number): void {
  if (sizeBytes < ASK_SPACE_BYTES) return;
  const { bavail, bsize } = fs.statfsSync(folder);
  if (bavail * bsize >= sizeBytes) return;
  throw new S4Error('LOCAL_DISK_FULL', 'the disk has too little free space', {
    hint: 'Free some space; the trash is emptied by `s4 gc --older-than 1d`.',
    data: { path: folder, neededBytes: sizeBytes, freeBytes: bavail * bsize },
  });
}

async function writeAll(fd: number, chunk: Uint8Array, atOnce: boolean): Promise<void> {
  let done = 0;
  while (done < chunk.byteLength) {
    done += atOnce
      ? fs.writeSync(fd, chunk, done)
      : (await writeAsync(fd, chunk, done, chunk.byteLength - done)).bytesWritten;
  }
}

async function finishFile(fd: number, as: StagedAs & { kind: 'file' }, umask: number): Promise<void> {
  fs.fchmodSync(fd, (as.executable ? 0o777 : 0o666) & ~umask);
  const seconds = toSeconds(as.mtimeNs);
  fs.futimesSync(fd, seconds, seconds);
  await fsyncAsync(fd);
}

/** A symlink has no descriptor to sync: the fsync of the folder it is placed in makes it durable. */
function finishLink(
  sys: Sys,
  path: string,
  start: readonly Uint8Array[],
  length: number,
  mtimeNs: bigint,
): void {
  const text = Buffer.concat(start);
  if (length > MAX_LINK_BYTES || length === 0 || text.includes(0))
    throw new S4Error('LOCAL_FAILED', 'the text of the symlink is empty, too long, or holds NUL', {
      data: { path, sizeBytes: length },
    });
  sys.unlink(path);
  sys.symlink(text, path);
  const seconds = toSeconds(mtimeNs);
  fs.lutimesSync(path, seconds, seconds);
}

/**
 * A double holds whole seconds, and microseconds nearly: half of one is added, so that the nearest does not fall below.
 * Node 20 then cuts to microseconds, later ones leave some nanoseconds in it.
 */
function toSeconds(timeNs: bigint): number {
  if (timeNs % 1_000_000_000n === 0n) return Number(timeNs / 1_000_000_000n);
  return (Number(timeNs / 1000n) + 0.5) / 1e6;
}
