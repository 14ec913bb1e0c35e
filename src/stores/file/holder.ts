import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/**
 * A process, as told by a name: `<machine>.<boot>.<pid>.<start>`. A pid alone is reused; with the boot and the start
 * time it is not.
 */
export type Holder = string & { readonly __brand: 'Holder' };

export type HolderState = 'alive' | 'dead' | 'rebooted' | 'foreign';

const PARTS = 4;

/** This process. */
export function thisHolder(): Holder {
  return [machine(), boot(), process.pid, startOf(process.pid) ?? '0'].join('.') as Holder;
}

/** The holder that a name begins with. */
export function holderIn(name: string): Holder | undefined {
  const parts = name.split('.').slice(0, PARTS);
  return parts.length === PARTS ? (parts.join('.') as Holder) : undefined;
}

/**
 * `foreign`: of another machine, about which nothing can be known here. `rebooted`: of this machine before its last
 * start, unless two machines have the same name and id.
 */
export function stateOfHolder(holder: Holder, self: Holder): HolderState {
  const [theirMachine, theirBoot, pidText, start] = holder.split('.');
  const [ourMachine, ourBoot] = self.split('.');
  if (theirMachine !== ourMachine) return 'foreign';
  if (theirBoot !== ourBoot) return 'rebooted';
  const pid = Number(pidText);
  if (!isRunning(pid)) return 'dead';
  const startedNow = startOf(pid);
  return startedNow === undefined || start === '0' || startedNow === start ? 'alive' : 'dead';
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function machine(): string {
  const id = readText('/etc/machine-id') ?? '';
  return createHash('sha256').update(`${os.hostname()}\n${id}`).digest('hex').slice(0, 12);
}

function boot(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.replaceAll('-', '').slice(0, 12) ?? 'unknown';
}

/** Field 22 of /proc/<pid>/stat; the command before it may hold anything, so count from its closing bracket. */
function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    // Not Linux, or the process is gone.
    return undefined;
  }
}
