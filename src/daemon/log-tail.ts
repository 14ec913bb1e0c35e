import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { createLineSplitter, type LineSplitter } from './socket/lines.ts';

/** Longer lines are cut off by starting anew: no line of a log is. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Reads the end of a log, and then what is added, across rotations: a file is read to its end before the next. */
export interface LogTail {
  /** At first the last lines, oldest first; later those since the last call. */
  read(): readonly string[];
  close(): void;
}

interface OpenLog {
  readonly fd: number;
  readonly inode: number;
  offset: number;
  splitter: LineSplitter;
}

/**
 * @param path - need not be there yet; the file rotated away before it is `<path>.1`
 * @param count - how many of the lines that are there by now are told; found from the end, however large the log is
 */
export function openLogTail(path: string, count: number): LogTail {
  let log = openLog(path);
  let last: readonly string[] = [];
  if (log !== undefined) last = seekLast(log, count);
  if (last.length < count) last = [...lastOf(`${path}.1`, count - last.length), ...last];
  const readOpen = (): readonly string[] => (log === undefined ? [] : readToEnd(log));
  return {
    read: () => {
      const lines = [...last, ...readOpen()];
      last = [];
      const now = statSync(path, { throwIfNoEntry: false });
      if (now === undefined || now.ino === log?.inode) return lines;
      // Renamed away since. What was written to it between the read and the rename is there by now.
      lines.push(...readOpen());
      if (log !== undefined) closeSync(log.fd);
      log = openLog(path);
      lines.push(...readOpen());
      return lines;
    },
    close: () => {
      if (log !== undefined) closeSync(log.fd);
      log = undefined;
    },
  };
}

function openLog(path: string): OpenLog | undefined {
  try {
    const fd = openSync(path, 'r');
    return { fd, inode: fstatSync(fd).ino, offset: 0, splitter: createLineSplitter(MAX_LINE_BYTES) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function readToEnd(log: OpenLog): readonly string[] {
  // Emptied in place, as some rotate.
  if (fstatSync(log.fd).size < log.offset) log.offset = 0;
  const lines: string[] = [];
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    const size = readSync(log.fd, buffer, 0, CHUNK_BYTES, log.offset);
    if (size === 0) return lines;
    log.offset += size;
    const more = log.splitter.push(buffer.subarray(0, size));
    if (more === undefined) log.splitter = createLineSplitter(MAX_LINE_BYTES);
    else lines.push(...more);
  }
}

function lastOf(path: string, count: number): readonly string[] {
  const log = openLog(path);
  if (log === undefined) return [];
  try {
    return seekLast(log, count);
  } finally {
    closeSync(log.fd);
  }
}

/** The last whole lines; the log is then read on from behind them. */
function seekLast(log: OpenLog, count: number): readonly string[] {
  let text = Buffer.alloc(0);
  let from = fstatSync(log.fd).size;
  const end = from;
  // One line end more than lines: the first piece may be half a line, and the last too.
  while (from > 0 && newlines(text) <= count) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, from));
    from -= chunk.byteLength;
    readSync(log.fd, chunk, 0, chunk.byteLength, from);
    text = Buffer.concat([chunk, text]);
  }
  const whole = text.subarray(0, text.lastIndexOf(NEWLINE) + 1);
  log.offset = end - (text.byteLength - whole.byteLength);
  const lines = whole.toString('utf8').split('\n');
  return lines.filter((line) => line !== '').slice(count === 0 ? lines.length : -count);
}

function newlines(bytes: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) found++;
  return found;
}
