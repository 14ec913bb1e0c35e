import fs from 'node:fs';
import { promisify } from 'node:util';
import type { LocalSource, LocalStat } from '../engine/ports/folder.ts';
import { S4Error } from '../lib/errors.ts';
import { type Fingerprint, sameFingerprint } from '../sync/entry.ts';
import type { RelPath } from '../sync/path.ts';
import { type AnchorContext, withParent } from './anchor.ts';
import { look } from './entries.ts';
import { fingerprintFrom, localStatFrom } from './fingerprint.ts';
import { errnoOf, isErrno } from './fs-errors.ts';
import { READ_FLAGS, readNoFollow } from './read-no-follow.ts';

const readAsync = promisify(fs.read);
const fsyncAsync = promisify(fs.fsync);

/** Read at once, in this thread, which is faster: it was hashed a moment ago. More might have to wait for the disk. */
const SYNC_BYTES = 256 * 1024;

/** What is at a path, reached without following a symlink; undefined when nothing is. */
export function statPath(context: AnchorContext, path: RelPath): LocalStat | undefined {
  const outcome = withParent(context, path, { create: false }, (parent, name) => look(parent.at(name)));
  if (outcome.kind !== 'done' || outcome.value === undefined) return undefined;
  return localStatFrom(outcome.value);
}

export function readSmall(context: AnchorContext, path: RelPath, maxBytes: number): Uint8Array | undefined {
  const outcome = withParent(context, path, { create: false }, (parent, name) => {
    const target = parent.at(name);
    if (look(target)?.isSymbolicLink() !== true) return readNoFollow(target, maxBytes);
    const text = readLink(target);
    return text === undefined || text.byteLength > maxBytes ? undefined : text;
  });
  return outcome.kind === 'done' ? outcome.value : undefined;
}

/** Undefined when it is no symlink any more. */
export function readLink(path: string): Buffer | undefined {
  try {
    return fs.readlinkSync(path, { encoding: 'buffer' });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * Opens a file for upload, without following a symlink, if it has exactly the fingerprint expected and lies on the
 * folder's own file system.
 */
export function openSource(
  context: AnchorContext,
  path: RelPath,
  expected: Fingerprint,
): LocalSource | undefined {
  const outcome = withParent(context, path, { create: false }, (parent, name) => {
    const target = parent.at(name);
    const stats = look(target);
    if (stats === undefined || !sameFingerprint(fingerprintFrom(stats), expected)) return undefined;
    if (stats.isSymbolicLink()) return linkSource(context, path, expected, readLink(target));
    return stats.isFile() ? fileSource(context, path, expected, target) : undefined;
  });
  return outcome.kind === 'done' ? outcome.value : undefined;
}

function isStill(context: AnchorContext, path: RelPath, expected: Fingerprint): boolean {
  const stat = statPath(context, path);
  return (stat?.kind === 'file' || stat?.kind === 'symlink') && sameFingerprint(stat.fingerprint, expected);
}

function linkSource(
  context: AnchorContext,
  path: RelPath,
  expected: Fingerprint,
  text: Buffer | undefined,
): LocalSource | undefined {
  if (text === undefined || !isStill(context, path, expected)) return undefined;
  return {
    sizeBytes: text.byteLength,
    read: async (startByte, endByte) => {
      if (endByte > text.byteLength) throw tooShort(path);
      return text.subarray(startByte, endByte);
    },
    unchanged: async () => isStill(context, path, expected),
    // A symlink's text is part of its name's record.
    makeDurable: async () => undefined,
    close: async () => undefined,
  };
}

function fileSource(
  context: AnchorContext,
  path: RelPath,
  expected: Fingerprint,
  target: string,
): LocalSource | undefined {
  let fd: number;
  try {
    fd = fs.openSync(target, READ_FLAGS);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ELOOP', 'ENXIO')) return undefined;
    throw error;
  }
  const isOpened = () => {
    const stats = fs.fstatSync(fd, { bigint: true });
    return stats.dev === context.identity.dev && sameFingerprint(fingerprintFrom(stats), expected);
  };
  if (!isOpened()) {
    fs.closeSync(fd);
    return undefined;
  }
  let open = true;
  // Closing under a read could let it go on in whatever file gets the same descriptor next.
  const reads = new Set<Promise<Uint8Array>>();
  return {
    sizeBytes: expected.sizeBytes,
    read: async (startByte, endByte) => {
      if (!open) throw new S4Error('LOCAL_UNREADABLE', 'it is closed', { data: { path } });
      const read = readExactly(fd, path, startByte, endByte);
      reads.add(read);
      try {
        return await read;
      } finally {
        reads.delete(read);
      }
    },
    unchanged: async () => open && isOpened() && isStill(context, path, expected),
    makeDurable: () => syncContent(fd, path),
    close: async () => {
      if (!open) return;
      open = false;
      await Promise.allSettled(reads);
      fs.closeSync(fd);
    },
  };
}

async function syncContent(fd: number, path: RelPath): Promise<void> {
  try {
    await fsyncAsync(fd);
  } catch (error) {
    // What cannot be written cannot be lost by a write that is still to come.
    if (isErrno(error, 'EINVAL', 'EROFS', 'ENOTSUP')) return;
    throw new S4Error('LOCAL_FAILED', 'it cannot be made durable', { cause: error, data: { path } });
  }
}

async function readExactly(
  fd: number,
  path: RelPath,
  startByte: number,
  endByte: number,
): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(endByte - startByte);
  let done = 0;
  while (done < buffer.byteLength) {
    try {
      const wanted = buffer.byteLength - done;
      const bytesRead =
        buffer.byteLength <= SYNC_BYTES
          ? fs.readSync(fd, buffer, done, wanted, startByte + done)
          : (await readAsync(fd, buffer, done, wanted, startByte + done)).bytesRead;
      if (bytesRead === 0) throw tooShort(path);
      done += bytesRead;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      throw new S4Error('LOCAL_UNREADABLE', 'it cannot be read', { cause: error, data: { path } });
    }
  }
  return buffer;
}

function tooShort(path: RelPath): S4Error {
  return new S4Error('LOCAL_UNREADABLE', 'it is shorter than it was', { data: { path } });
}
