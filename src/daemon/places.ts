import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { S4Error } from '../lib/errors.ts';

/** Where the daemon of one configuration keeps what is its own: one configuration, one daemon. */
export interface DaemonPlaces {
  /** `<config>/daemon`, mode 0700: lock, socket and logs. */
  readonly folder: string;
  readonly socket: string;
  /** JSON lines; what was rotated away has a number behind. */
  readonly log: string;
  /** What a daemon in the background wrote to stdout and stderr: empty unless it failed before it could log. */
  readonly output: string;
}

/** What `sockaddr_un` holds, less the NUL at its end. */
function maxSocketPathBytes(platform: NodeJS.Platform): number {
  return platform === 'linux' ? 107 : 103;
}

/**
 * @param dir - the folder of the configuration; symlinks in it are resolved, so that every spelling means one daemon
 */
export function daemonPlaces(
  dir: string,
  { platform = process.platform, uid = userId() }: { platform?: NodeJS.Platform; uid?: number } = {},
): DaemonPlaces {
  const folder = join(realDir(dir), 'daemon');
  const socket = join(folder, 'socket');
  return {
    folder,
    socket: Buffer.byteLength(socket) <= maxSocketPathBytes(platform) ? socket : shortSocket(folder, uid),
    log: join(folder, 'daemon.log'),
    output: join(folder, 'output'),
  };
}

/** Not `TMPDIR`: a service and a terminal may have different ones, and must meet. */
function shortSocket(folder: string, uid: number): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return `/tmp/s4-${uid}/${name}.socket`;
}

function realDir(dir: string): string {
  try {
    return realpathSync(dir);
  } catch (error) {
    // Not there yet, or not to be looked into: whoever opens it says so.
    if (error instanceof Error && 'syscall' in error) return dir;
    throw error;
  }
}

function userId(): number {
  return process.getuid?.() ?? 0;
}

/**
 * Whether a folder is there and is this user's alone. The peer of a socket is known by it: who cannot enter the folder
 * cannot connect, and who does not own it cannot have made the socket.
 *
 * @throws S4Error CONFIG_INVALID when it belongs to somebody else, is no folder, or others may enter it
 */
export function isPrivateFolder(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (!stats.isDirectory()) throw unsafe(path, 'is not a folder', 'Remove it.');
  if (stats.uid !== userId())
    throw unsafe(path, `belongs to another user (id ${stats.uid})`, 'Run s4 as that user, or remove it.');
  if ((stats.mode & 0o077) !== 0)
    throw unsafe(path, 'can be entered by others', `Close it: chmod 700 "${path}"`);
  return true;
}

/** Makes the folder if need be, mode 0700. @throws S4Error CONFIG_INVALID as `isPrivateFolder` */
export function ensurePrivateFolder(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: 0o700 });
  // The umask may have taken bits away, and a file system may know only one mode for all.
  if (made !== undefined) chmodSync(path, 0o700);
  isPrivateFolder(path);
}

function unsafe(path: string, what: string, hint: string): S4Error {
  return new S4Error('CONFIG_INVALID', `The daemon's folder ${path} ${what}.`, { hint });
}
