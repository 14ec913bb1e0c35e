import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { afterEach, describe, expect, test } from 'vitest';
import { ownerState, thisOwner } from '../../../src/lib/lock-owner.ts';

let parent: ChildProcess | undefined;
afterEach(() => void parent?.kill('SIGKILL'));

describe('the owner of a lock', () => {
  test('is alive while it runs', () => {
    const me = thisOwner('me');
    expect(ownerState(me, me)).toBe('alive');
  });

  test.skipIf(process.platform !== 'linux')(
    'is dead when it has ended, also where nobody asks how it did (a container without an init)',
    async () => {
      // The child's parent becomes a program that never waits for it.
      parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [told] = parent.stdout === null ? [] : await once(parent.stdout, 'data');
      const pid = Number(String(told));
      await expect
        .poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), { timeout: 10_000 })
        .toMatch(/\) Z /);
      const me = thisOwner('me');
      expect(ownerState({ ...me, pid, processStart: undefined }, me)).toBe('dead');
    },
  );
});
