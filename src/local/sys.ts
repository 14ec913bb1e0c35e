import fs from 'node:fs';

/**
 * The system calls that change something, synchronous, so that several can follow each other in one tick. A seam for
 * tests: file systems that lack a call, and crashes between any two.
 */
export interface Sys {
  readonly link: (from: string, to: string) => void;
  readonly rename: (from: string, to: string) => void;
  readonly symlink: (text: Buffer, path: string) => void;
  readonly unlink: (path: string) => void;
  readonly mkdir: (path: string, mode: number) => void;
  readonly rmdir: (path: string) => void;
  readonly fchmod: (fd: number, mode: number) => void;
  readonly append: (path: string, bytes: Uint8Array) => void;
}

const nodeSys: Sys = {
  link: fs.linkSync,
  rename: fs.renameSync,
  symlink: (text, path) => fs.symlinkSync(text, path),
  unlink: fs.unlinkSync,
  mkdir: (path, mode) => void fs.mkdirSync(path, { mode }),
  rmdir: fs.rmdirSync,
  fchmod: fs.fchmodSync,
  append: (path, bytes) => appendOnce(path, bytes),
};

/** @param beforeStep - told each call before it is made; by throwing it stands for a crash right there */
export function createSys(
  replaced: Partial<Sys> = {},
  beforeStep: ((name: string) => void) | undefined = undefined,
): Sys {
  const sys: Sys = { ...nodeSys, ...replaced };
  if (beforeStep === undefined) return sys;
  const told =
    <A extends readonly unknown[]>(name: string, call: (...args: A) => void) =>
    (...args: A): void => {
      beforeStep(name);
      call(...args);
    };
  return {
    link: told('link', sys.link),
    rename: told('rename', sys.rename),
    symlink: told('symlink', sys.symlink),
    unlink: told('unlink', sys.unlink),
    mkdir: told('mkdir', sys.mkdir),
    rmdir: told('rmdir', sys.rmdir),
    fchmod: told('fchmod', sys.fchmod),
    append: told('append', sys.append),
  };
}

/** All of it in one write, or none: a part that a full disk took is cut off again. */
function appendOnce(path: string, bytes: Uint8Array): void {
  const fd = fs.openSync(path, 'a', 0o600);
  try {
    const before = fs.fstatSync(fd).size;
    try {
      let written = fs.writeSync(fd, bytes);
      while (written < bytes.byteLength) written += fs.writeSync(fd, bytes.subarray(written));
    } catch (error) {
      fs.ftruncateSync(fd, before);
      throw error;
    }
  } finally {
    fs.closeSync(fd);
  }
}
