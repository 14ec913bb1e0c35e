import type { StateFiles } from '../../src/engine/ports/folder.ts';

/** Where in a changing call the process dies. `torn`: half of an append, or the temp file of a replacement, is written. */
export type CrashPoint = 'before' | 'torn' | 'after';

export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

export interface MemoryDisk {
  /** A process's view of the disk. `crash`: it dies in its `call`-th changing call, counted from 1. */
  open(crash?: { readonly call: number; readonly at: CrashPoint }): MemoryState;
  /** What was not synced goes, but for the first `keepBytes` of each file's tail. */
  losePower(keepBytes?: number): void;
  /** What `cp -a` or a restore makes of it: equal files with other identities. */
  copy(): MemoryDisk;
  write(name: string, bytes: Uint8Array): void;
  read(name: string): Uint8Array | undefined;
  remove(name: string): void;
}

export type MemoryState = StateFiles & {
  readonly calls: { changing: number; appends: number; syncs: number; bytesRead: number };
  /** The next changing calls fail without dying: a full disk. */
  failNext(calls: number): void;
};

interface File {
  bytes: Buffer;
  durableBytes: number;
  inode: bigint;
  ctimeNs: bigint;
}

/** `.s4` in memory, for tests: knows what power loss takes, and dies where it is told to. */
export function createMemoryDisk(from?: ReadonlyMap<string, File>): MemoryDisk {
  const files = new Map<string, File>();
  let ticks = from === undefined ? 1n : 1_000_000n;

  function put(name: string, bytes: Uint8Array): void {
    ticks += 1n;
    files.set(name, {
      bytes: Buffer.from(bytes),
      durableBytes: bytes.byteLength,
      inode: ticks,
      ctimeNs: 1_700_000_000_000_000_000n + ticks,
    });
  }

  for (const [name, file] of from ?? []) put(name, file.bytes);

  return {
    open: (crash) => openState(files, put, crash),
    losePower: (keepBytes = 0) => {
      for (const file of files.values()) {
        file.bytes = file.bytes.subarray(0, file.durableBytes + keepBytes);
        file.durableBytes = file.bytes.byteLength;
      }
    },
    copy: () => createMemoryDisk(files),
    write: put,
    read: (name) => files.get(name)?.bytes,
    remove: (name) => void files.delete(name),
  };
}

function openState(
  files: Map<string, File>,
  put: (name: string, bytes: Uint8Array) => void,
  crash: { readonly call: number; readonly at: CrashPoint } | undefined,
): MemoryState {
  const calls = { changing: 0, appends: 0, syncs: 0, bytesRead: 0 };
  let dead = false;
  let failing = 0;

  async function changing(act: () => void | Promise<void>, tear: () => void = () => {}): Promise<void> {
    await alive();
    if (failing > 0) {
      failing--;
      tear();
      throw new Error('no space left on device');
    }
    const point = ++calls.changing === crash?.call ? crash.at : undefined;
    if (point === 'torn') tear();
    if (point === undefined || point === 'after') await act();
    if (point === undefined) return;
    dead = true;
    throw new SimulatedCrash();
  }

  async function alive(): Promise<void> {
    await Promise.resolve();
    if (dead) throw new SimulatedCrash();
  }

  function append(name: string, bytes: Uint8Array, sync: boolean): void {
    if (!files.has(name)) put(name, new Uint8Array());
    const file = files.get(name);
    if (file === undefined) return;
    file.bytes = Buffer.concat([file.bytes, bytes]);
    if (sync) file.durableBytes = file.bytes.byteLength;
  }

  return {
    calls,
    failNext: (count) => {
      failing = count;
    },
    read: async (name) => {
      await alive();
      const bytes = files.get(name)?.bytes;
      calls.bytesRead += bytes?.byteLength ?? 0;
      return bytes;
    },
    readRange: async (name, startByte, endByte) => {
      await alive();
      if (startByte < 0 || endByte < startByte) throw new RangeError('no such range of a file');
      calls.bytesRead += endByte - startByte;
      return files.get(name)?.bytes.subarray(startByte, endByte) ?? new Uint8Array();
    },
    size: async (name) => {
      await alive();
      return files.get(name)?.bytes.byteLength;
    },
    replace: (name, chunks, options) =>
      changing(async () => {
        const parts: Uint8Array[] = [];
        for await (const chunk of chunks) parts.push(chunk);
        const old = files.get(name);
        if (old !== undefined && options?.keepAs !== undefined) files.set(options.keepAs, old);
        put(name, Buffer.concat(parts));
      }),
    append: (name, bytes, { sync }) => {
      calls.appends++;
      if (sync) calls.syncs++;
      return changing(
        () => append(name, bytes, sync),
        () => append(name, bytes.subarray(0, bytes.byteLength / 2), false),
      );
    },
    remove: (name) => changing(() => void files.delete(name)),
    identity: async (name) => {
      await alive();
      const file = files.get(name);
      return file && { inode: file.inode, ctimeNs: file.ctimeNs };
    },
  };
}
