import { closeSync, fstatSync, futimesSync, openSync, unlinkSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Fingerprint } from '../sync/entry.ts';
import { errnoOf } from './fs-errors.ts';

const TICK_NS = 20_000_000n;
const WHOLE_SECONDS_NS = 2_000_000_000n;
const SECOND_NS = 1_000_000_000n;
/** A reading is used again for so long. An older reading calls more files racy, never fewer. */
const KEEP_MS = 5;
/** How far a time may lie ahead of the clock and still count as now: `KEEP_MS`, clock steps, the granularity. */
const AHEAD_NS = 4_000_000_000n;

export interface ClockReading {
  readonly nowNs: bigint;
  readonly granularityNs: bigint;
}

/** The clock by which the file system stamps files: not this process's on NFS, and coarser everywhere. */
export interface FsClock {
  read(): ClockReading;
  close(): void;
}

/**
 * Reads the file system's clock from the ctime of a file of its own in `.s4/tmp`, which has no name for longer than it
 * takes to open it. Where none can be made (a folder that was never synced, a read-only disk), the system's clock is
 * taken with the coarsest granularity.
 *
 * @param fileName - picks a name in `.s4/tmp` that nobody else uses
 */
export function createFsClock(tempFolder: string, fileName: () => string): FsClock {
  let fd: number | undefined;
  let last: ClockReading | undefined;
  let lastAtMs = 0;

  const stamp = (): ClockReading => {
    try {
      fd ??= openNameless(`${tempFolder}/${fileName()}`);
      const seconds = Date.now() / 1000;
      futimesSync(fd, seconds, seconds);
      const { ctimeNs } = fstatSync(fd, { bigint: true });
      // Whole seconds once in a million by chance; then files are only called racy for longer.
      const coarse = ctimeNs % SECOND_NS === 0n;
      return { nowNs: ctimeNs, granularityNs: coarse ? WHOLE_SECONDS_NS : TICK_NS };
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return { nowNs: BigInt(Date.now()) * 1_000_000n, granularityNs: WHOLE_SECONDS_NS };
    }
  };

  return {
    read() {
      const atMs = performance.now();
      if (last === undefined || atMs - lastAtMs > KEEP_MS) {
        last = stamp();
        lastAtMs = atMs;
      }
      return last;
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function openNameless(path: string): number {
  const fd = openSync(path, 'wx', 0o600);
  unlinkSync(path);
  return fd;
}

/**
 * True when a later write could leave this very fingerprint: the file was changed so lately that its next change may
 * get the same time.
 *
 * @param clock - read when the fingerprint was taken, or before
 */
export function isRacy({ mtimeNs, ctimeNs }: Fingerprint, clock: ClockReading): boolean {
  return isNow(mtimeNs, clock) || ctimeNs >= clock.nowNs - clock.granularityNs;
}

/**
 * The same for a file that s4 itself just put there: its ctime is always now. Its mtime was set to the content's, so
 * that a write shows by the mtime, unless that too is now.
 */
export function isRacyPlaced({ mtimeNs }: Fingerprint, clock: ClockReading): boolean {
  return isNow(mtimeNs, clock);
}

function isNow(timeNs: bigint, { nowNs, granularityNs }: ClockReading): boolean {
  return timeNs >= nowNs - granularityNs && timeNs <= nowNs + AHEAD_NS;
}
