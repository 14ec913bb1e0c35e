import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';

/** What a lock says of its owner. Absent fields are not known on that system. */
export interface LockOwner {
  readonly version: 1;
  /** For people. */
  readonly name: string;
  readonly host: string;
  /** /etc/machine-id: hosts may share a name. */
  readonly machine?: string | undefined;
  readonly boot?: string | undefined;
  /** Its process ids mean nothing in another namespace. */
  readonly pidNamespace?: string | undefined;
  readonly pid: number;
  /** In clock ticks since boot: a process id may be given out again. */
  readonly processStart?: string | undefined;
  /** Of this one holding: a process knows which it has let go of. */
  readonly hold?: string | undefined;
}

export type OwnerState = 'alive' | 'dead' | 'foreign';

export function thisOwner(name: string): LockOwner {
  return {
    version: 1,
    name,
    host: hostname(),
    machine: readLine('/etc/machine-id'),
    boot: readLine('/proc/sys/kernel/random/boot_id'),
    pidNamespace: pidNamespace(),
    pid: process.pid,
    processStart: processStart(process.pid),
  };
}

/**
 * Whether the owner still runs, as far as this machine can know. An owner on another machine, or behind another
 * process namespace, is `foreign`: neither alive nor dead.
 */
export function ownerState(owner: LockOwner, me: LockOwner): OwnerState {
  if (owner.host !== me.host || owner.machine !== me.machine) return 'foreign';
  if (owner.boot !== me.boot) return 'dead';
  if (owner.pidNamespace !== me.pidNamespace) return 'foreign';
  if (!isRunning(owner.pid) || isZombie(owner.pid)) return 'dead';
  const start = processStart(owner.pid);
  return owner.processStart === undefined || start === undefined || start === owner.processStart
    ? 'alive'
    : 'dead';
}

/** Undefined for a record that cannot be read. */
export function parseOwner(text: string): LockOwner | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Record<string, unknown>;
  const { name, host, pid } = record;
  if (record['version'] !== 1 || typeof host !== 'string' || typeof pid !== 'number') return undefined;
  const textOf = (key: string) => (typeof record[key] === 'string' ? record[key] : undefined);
  return {
    version: 1,
    name: typeof name === 'string' ? name : host,
    host,
    pid,
    machine: textOf('machine'),
    boot: textOf('boot'),
    pidNamespace: textOf('pidNamespace'),
    processStart: textOf('processStart'),
    hold: textOf('hold'),
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return !isSystemError(error) || error.code !== 'ESRCH';
  }
}

/**
 * It has ended, and whoever started it does not ask how: in a container nobody may, for good. While another thread of it
 * is still in a system call, it is not over.
 */
function isZombie(pid: number): boolean {
  if (statFields(pid)?.[0] !== 'Z') return false;
  try {
    return readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return true;
  }
}

/** Field 22 of /proc/<pid>/stat. */
function processStart(pid: number): string | undefined {
  return statFields(pid)?.[19];
}

/** From the third one on, the state; the second, the command, may itself hold spaces and parentheses. */
function statFields(pid: number): readonly string[] | undefined {
  const stat = readLine(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

function readLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
