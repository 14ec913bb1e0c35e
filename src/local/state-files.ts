import fs from 'node:fs';
import { promisify } from 'node:util';
import type { StateFiles } from '../engine/ports/folder.ts';
import { S4Error } from '../lib/errors.ts';
import { linkFree, look, unlinkIfThere } from './entries.ts';
import { guardLocal, guardLocalAsync, isAbsent } from './fs-errors.ts';
import type { Home } from './home.ts';
import type { Sys } from './sys.ts';

const fsyncAsync = promisify(fs.fsync);
const writeAsync = promisify(fs.write);

export interface StateContext {
  readonly home: Home;
  readonly sys: Sys;
  readonly newName: () => string;
  readonly live: Set<string>;
}

/** `.s4/<name>`. Names are plain: no folders, and none of the names that `.s4` uses itself. */
export function createStateFiles(context: StateContext): StateFiles {
  const { home, sys } = context;
  const pathOf = (name: string) => {
    if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return `${home.path}/${name}`;
    throw new S4Error('STATE_UNREADABLE', `not a name of a state file: ${name}`, { data: { name } });
  };
  return {
    read: async (name) => readState(pathOf(name)),
    readRange: async (name, startByte, endByte) => readRange(pathOf(name), startByte, endByte),
    replace: async (name, chunks, { keepAs } = {}) => {
      home.ensure();
      const keep = keepAs === undefined ? undefined : pathOf(keepAs);
      await guardLocalAsync(`.s4/${name}`, () => replaceState(context, pathOf(name), chunks, keep));
    },
    append: async (name, bytes, { sync }) => {
      home.ensure();
      const path = pathOf(name);
      await guardLocalAsync(`.s4/${name}`, async () => {
        const isNew = sync && look(path) === undefined;
        sys.append(path, bytes);
        if (sync) await syncPath(path);
        if (isNew) await syncPath(home.path);
      });
    },
    remove: async (name) => guardLocal(`.s4/${name}`, () => unlinkIfThere(sys, pathOf(name))),
    size: async (name) =>
      guardLocal(`.s4/${name}`, () => {
        const stats = look(pathOf(name));
        return stats && Number(stats.size);
      }),
    identity: async (name) =>
      guardLocal(`.s4/${name}`, () => {
        const stats = look(pathOf(name));
        return stats && { inode: stats.ino, ctimeNs: stats.ctimeNs };
      }),
  };
}

async function readState(path: string): Promise<Uint8Array | undefined> {
  try {
    return await fs.promises.readFile(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(path, error);
  }
}

async function readRange(path: string, startByte: number, endByte: number): Promise<Uint8Array> {
  try {
    const file = await fs.promises.open(path);
    try {
      const buffer = Buffer.alloc(endByte - startByte);
      let done = 0;
      while (done < buffer.byteLength) {
        const { bytesRead } = await file.read(buffer, done, buffer.byteLength - done, startByte + done);
        if (bytesRead === 0) throw unreadable(path, new Error('it is shorter than expected'));
        done += bytesRead;
      }
      return buffer;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof S4Error ? error : unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): S4Error {
  return new S4Error('STATE_UNREADABLE', `cannot read ${path}`, { cause, data: { path } });
}

/**
 * The old file has its name until the new one, whole and durable, takes it. `keep` is linked before: a crash in between
 * leaves the old one under both names.
 */
async function replaceState(
  { home, sys, newName, live }: StateContext,
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  keep: string | undefined,
): Promise<void> {
  const name = newName();
  const temp = `${home.temp}/${name}`;
  live.add(name);
  try {
    await writeFile(temp, chunks);
    if (keep !== undefined && look(path) !== undefined) keepOld(sys, path, `${temp}.keep`, keep);
    sys.rename(temp, path);
  } catch (error) {
    // A process that runs for months would gather one with each failure: temp files are cleaned when a target is opened.
    unlinkIfThere(sys, temp);
    throw error;
  } finally {
    live.delete(name);
  }
  await syncPath(home.path);
}

function keepOld(sys: Sys, path: string, spare: string, keep: string): void {
  if (!linkFree(sys, path, spare)) throw new Error(`the name is not free: ${spare}`);
  try {
    sys.rename(spare, keep);
  } finally {
    // It failed; or both were one file already, and the rename did nothing.
    unlinkIfThere(sys, spare);
  }
}

async function writeFile(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const fd = fs.openSync(path, 'wx', 0o600);
  try {
    for await (const chunk of chunks) {
      let done = 0;
      while (done < chunk.byteLength)
        done += (await writeAsync(fd, chunk, done, chunk.byteLength - done)).bytesWritten;
    }
    await fsyncAsync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** fsync of a file or folder by its path. */
export async function syncPath(path: string): Promise<void> {
  const fd = fs.openSync(path, fs.constants.O_RDONLY);
  try {
    await fsyncAsync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
