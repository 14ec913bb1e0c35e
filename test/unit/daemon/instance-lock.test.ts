import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { instanceOwner, lockInstance } from '../../../src/daemon/instance-lock.ts';
import { type LockOwner, thisOwner } from '../../../src/lib/lock-owner.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

/** Above what Linux gives out. */
const NO_PID = 2 ** 22 + 1;

let temp: TempDir;
let folder: string;
beforeEach(async () => {
  temp = await createTempDir();
  folder = join(temp.path, 'daemon');
});
afterEach(() => temp.remove());
const leave = (number: number, owner: Partial<LockOwner>) => {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.writeFileSync(join(folder, `lock.${number}`), JSON.stringify({ ...thisOwner('laptop'), ...owner }));
};

test('a second daemon of the same configuration is refused, and told who is the first', () => {
  const first = lockInstance({ folder }, 'laptop');
  expect(() => lockInstance({ folder }, 'laptop')).toThrow(
    expect.objectContaining({
      code: 'LOCKED',
      message: `A daemon runs already: process ${process.pid} on laptop.`,
    }),
  );
  expect(instanceOwner({ folder })?.pid).toBe(process.pid);
  first.release();
  expect(instanceOwner({ folder })).toBeUndefined();
  lockInstance({ folder }, 'laptop').release();
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('a daemon that was killed is followed, and its record cleared away', () => {
  leave(3, { pid: NO_PID });
  lockInstance({ folder }, 'laptop');
  expect(fs.readdirSync(folder)).toEqual(['lock.4']);
});

test('one that had this process id before a restart of the machine is dead', () => {
  leave(1, { boot: 'another' });
  lockInstance({ folder }, 'laptop');
  expect(fs.readdirSync(folder)).toEqual(['lock.2']);
});

test('one on another machine that shares the configuration is never judged dead', () => {
  leave(1, { host: 'elsewhere', name: 'nas', pid: NO_PID });
  expect(() => lockInstance({ folder }, 'laptop')).toThrow(/process \d+ on nas/);
});

test('a record that cannot be read is nobody to overrule', () => {
  fs.mkdirSync(folder, { mode: 0o700 });
  fs.writeFileSync(join(folder, 'lock.1'), 'torn');
  expect(() => lockInstance({ folder }, 'laptop')).toThrow(/lock\.1 cannot be read/);
});

test('releasing twice does not remove the record of a successor', () => {
  const first = lockInstance({ folder }, 'laptop');
  first.release();
  leave(1, { pid: NO_PID });
  first.release();
  expect(fs.readdirSync(folder)).toEqual(['lock.1']);
});
