import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { S4Error } from '../lib/errors.ts';

const NAME = /^config\.lock\.(\d+)$/;
const RETRY_MS = 20;

interface Held {
  readonly number: number;
  readonly path: string;
}

/**
 * Runs `work` while no other s4 process changes the config.
 *
 * Locks are numbered files, made by an exclusive link; the highest owns, and only lower ones are ever removed, so that
 * two processes that break one dead owner's lock cannot both win. Releasing marks the file, for the same reason.
 *
 * @throws S4Error LOCKED when a living owner does not let go within `waitMs`
 */
export async function withConfigLock<T>(
  dir: string,
  work: () => T,
  options: { readonly waitMs?: number; readonly sleep?: (delayMs: number) => Promise<void> } = {},
): Promise<T> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const held = await acquire(dir, options.waitMs ?? 10_000, options.sleep ?? pause);
  try {
    return work();
  } finally {
    writeFileSync(held.path, 'free\n');
  }
}

async function acquire(
  dir: string,
  waitMs: number,
  sleep: (delayMs: number) => Promise<void>,
): Promise<Held> {
  for (let waited = 0; ; waited += RETRY_MS) {
    const highest = highestLock(dir);
    const owner = highest === undefined ? undefined : livingOwner(highest.path);
    if (owner === undefined) {
      const held = tryTake(dir, (highest?.number ?? 0) + 1);
      if (held !== undefined) return held;
    } else if (waited >= waitMs) {
      throw new S4Error('LOCKED', `Another s4 (${owner}) is changing the configuration in ${dir}.`, {
        hint: `Try again; if no other s4 runs, remove ${highest?.path ?? dir}.`,
      });
    }
    await sleep(RETRY_MS);
  }
}

function tryTake(dir: string, number: number): Held | undefined {
  const path = join(dir, `config.lock.${number}`);
  const temp = join(dir, `.config.lock.${process.pid}.${randomBytes(6).toString('hex')}`);
  writeFileSync(temp, `${process.pid} ${hostname()}\n`, { mode: 0o600 });
  try {
    linkSync(temp, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  } finally {
    rmSync(temp, { force: true });
  }
  // A slow starter may have made a number that was already released and swept: the highest rules.
  const highest = highestLock(dir);
  if (highest?.number !== number) {
    rmSync(path, { force: true });
    return undefined;
  }
  for (const old of locks(dir)) if (old.number < number) rmSync(old.path, { force: true });
  return { number, path };
}

function locks(dir: string): readonly Held[] {
  return readdirSync(dir).flatMap((name) => {
    const match = NAME.exec(name);
    return match?.[1] === undefined ? [] : [{ number: Number(match[1]), path: join(dir, name) }];
  });
}

function highestLock(dir: string): Held | undefined {
  return locks(dir).reduce<Held | undefined>(
    (best, lock) => (best === undefined || lock.number > best.number ? lock : best),
    undefined,
  );
}

/** Who holds it, for people; undefined when nobody does. */
function livingOwner(path: string): string | undefined {
  const record = readRecord(path);
  const match = /^(\d+) (.+)$/.exec(record ?? '');
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  if (match[2] !== hostname()) return `process ${match[1]} on ${match[2]}`;
  return isAlive(Number(match[1])) ? `process ${match[1]}` : undefined;
}

function readRecord(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
