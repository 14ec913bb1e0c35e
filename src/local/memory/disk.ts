import type { Folder } from '../../engine/ports/folder.ts';
import type { Runtime } from '../../engine/ports/runtime.ts';
import { createChanger } from './change.ts';
import { createFileSystem } from './file-system.ts';
import { createLock } from './lock.ts';
import { createReader } from './read.ts';
import { createSession, type DiskState, type Session, type StepName } from './session.ts';
import { createStager } from './staging.ts';
import { createStateFiles } from './state.ts';
import { createTrash } from './trash.ts';
import { createUser, type MemoryUser } from './user.ts';
import { walk } from './walk.ts';

export interface MemoryDiskOptions {
  readonly runtime: Runtime;
  /** The disk takes `A` and `a`, and all normal forms, for one name. */
  readonly foldsCase?: boolean;
  /** Resolution of file times, 1 by default. */
  readonly granularityMs?: number;
}

/** A disk in memory with one folder on it, for tests and simulations. */
export interface MemoryDisk {
  readonly user: MemoryUser;
  /** Starts a process that uses the folder. */
  open(): Folder;
  /** Every process dies where it is. What they wrote stays. */
  crash(): void;
  /** A crash that also takes what was not made durable: file content and names in folders. */
  powerLoss(): void;
  /**
   * Called before each change that a process makes, with its path from the root. It may use `user` (a race), throw an
   * S4Error (the call fails) or throw anything else (the process crashes there).
   */
  beforeStep(hook: ((step: StepName, path: string) => void) | undefined): void;
  /** Room left for what processes write; undefined: endless. */
  setFreeBytes(bytes: number | undefined): void;
  /** Takes from processes the permission to look into a folder, or to read a file. */
  setUnreadable(path: string, unreadable: boolean): void;
}

export function createMemoryDisk(options: MemoryDiskOptions): MemoryDisk {
  const { runtime, foldsCase = false, granularityMs = 1 } = options;
  const tick = () => Math.floor(runtime.nowMs() / granularityMs) * granularityMs;
  const fs = createFileSystem({ nowNs: () => BigInt(Math.floor(tick())) * 1_000_000n, foldsCase });
  const unreadable = new Set<string>();
  const sessions = new Set<Session>();
  const crash = () => {
    for (const session of sessions) session.kill();
    sessions.clear();
    disk.owner = undefined;
  };
  const disk: DiskState = {
    fs,
    runtime,
    foldsCase,
    unreadable,
    granularityMs,
    beforeStep: undefined,
    freeBytes: undefined,
    owner: undefined,
    crash,
  };
  return {
    user: createUser(fs),
    open() {
      const session = createSession(disk);
      sessions.add(session);
      return openFolder(session);
    },
    crash,
    powerLoss() {
      crash();
      fs.revert();
    },
    beforeStep: (hook) => {
      disk.beforeStep = hook;
    },
    setFreeBytes: (bytes) => {
      disk.freeBytes = bytes;
    },
    setUnreadable: (path, denied) => void (denied ? unreadable.add(path) : unreadable.delete(path)),
  };
}

function openFolder(session: Session): Folder {
  const trash = createTrash(session);
  return {
    root: '/memory',
    foldsCase: session.disk.foldsCase,
    state: createStateFiles(session),
    lock: createLock(session),
    walk: (walkOptions) => walk(session, walkOptions),
    ...createReader(session),
    ...createStager(session),
    ...createChanger(session, trash),
    trashRef: trash.trashRef,
    restoreFromTrash: trash.restoreFromTrash,
    trashStat: trash.trashStat,
    purgeTrash: trash.purgeTrash,
    listTrash: trash.listTrash,
    readTrash: trash.readTrash,
    close: async () => session.kill(),
  };
}
