import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** A text file that lines are appended to, of a bounded size: `<path>.1` is the one before, and so on. */
export interface LogFile {
  /** In one system call, so that a crash loses no line that was written. */
  write(line: string): void;
  close(): void;
}

export interface LogFileOptions {
  readonly path: string;
  /** A file is rotated away before it grows beyond this. */
  readonly maxBytes?: number;
  /** Rotated files that are kept. */
  readonly keep?: number;
}

const MAX_BYTES = 5 * 1024 * 1024;
const KEEP = 4;

/** Mode 0600: names of files are nobody else's business. @throws the error of the file system */
export function openLogFile({ path, maxBytes = MAX_BYTES, keep = KEEP }: LogFileOptions): LogFile {
  let fd = openSync(path, 'a', 0o600);
  let sizeBytes = fstatSync(fd).size;
  const rotate = (): void => {
    closeSync(fd);
    rmSync(`${path}.${keep}`, { force: true });
    for (let n = keep - 1; n >= 1; n--) move(`${path}.${n}`, `${path}.${n + 1}`);
    move(path, `${path}.1`);
    fd = openSync(path, 'a', 0o600);
    sizeBytes = 0;
  };
  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (sizeBytes > 0 && sizeBytes + bytes.byteLength > maxBytes) rotate();
      writeSync(fd, bytes);
      sizeBytes += bytes.byteLength;
    },
    close: () => closeSync(fd),
  };
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
