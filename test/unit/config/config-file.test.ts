import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openConfigFile } from '../../../src/config/config-file.ts';
import { withConfigLock } from '../../../src/config/config-lock.ts';
import type { TargetSettings } from '../../../src/config/schema.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let dir: string;
beforeEach(async () => {
  temp = await createTempDir();
  dir = join(temp.path, 's4');
});
afterEach(() => temp.remove());

const file = () => join(dir, 'config.json');

function target(name: string): TargetSettings {
  return {
    id: `id-${name}`,
    clientId: 'c1',
    name,
    folder: `/home/u/${name}`,
    url: `s3://bucket/${name}`,
    capabilities: {
      putIfAbsent: true,
      putIfMatch: true,
      multipartIfAbsent: true,
      multipartIfMatch: true,
      copyIfAbsent: true,
      copyIfMatch: true,
      deleteIfMatch: true,
      versioning: 'enabled',
      listAfterWrite: true,
      sortedListing: true,
    },
  };
}

function adding(name: string) {
  return openConfigFile(dir).update((config) => ({ ...config, targets: [...config.targets, target(name)] }));
}

describe('the config file', () => {
  test('is empty before it exists, and reading does not make it', () => {
    expect(openConfigFile(dir).read().targets).toEqual([]);
    expect(() => statSync(file())).toThrow();
  });

  test('keeps what was written, readable by its owner only', async () => {
    await adding('__proto__');
    await adding('notes');
    expect(openConfigFile(dir).read().targets).toEqual([target('__proto__'), target('notes')]);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  test('loses no target when many change it at once', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `t${i}`);
    await Promise.all(names.map(adding));
    expect(
      openConfigFile(dir)
        .read()
        .targets.map(({ name }) => name)
        .sort(),
    ).toEqual(names.toSorted());
  });

  test('is read only when the lock is held: a change sees what the owner before wrote', async () => {
    await adding('first');
    const lock = join(dir, 'config.lock.99');
    writeFileSync(lock, `${process.pid} ${hostname()}\n`);
    const late = adding('late');
    const config = { version: 1, targets: [target('first'), target('meanwhile')] };
    writeFileSync(file(), JSON.stringify(config));
    writeFileSync(lock, 'free\n');
    expect((await late).targets.map(({ name }) => name)).toEqual(['first', 'meanwhile', 'late']);
  });

  test.each([
    ['no JSON', '{"version": 1, "targ'],
    ['nothing at all', ''],
    ['an array', '[]'],
    ['an empty object', '{}'],
    ['a target without a folder', '{"version":1,"targets":[{"id":"x","name":"n"}]}'],
    ['an unknown member', '{"version":1,"targets":[],"more":1}'],
    ['an unknown version', '{"version":99,"targets":[]}'],
  ])('with %s is refused and never overwritten', async (_what, text) => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(file(), text);
    const invalid = expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringMatching(/./) });
    expect(() => openConfigFile(dir).read()).toThrowError(invalid);
    await expect(adding('notes')).rejects.toThrowError(invalid);
    expect(readFileSync(file(), 'utf8')).toBe(text);
  });

  test('names a newer version as what it is', () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(file(), '{"version":2,"targets":[]}');
    expect(() => openConfigFile(dir).read()).toThrowError(/newer s4/);
  });

  test('a change that throws leaves it as it was', async () => {
    await adding('notes');
    const before = readFileSync(file(), 'utf8');
    await expect(
      openConfigFile(dir).update(() => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(readFileSync(file(), 'utf8')).toBe(before);
    await adding('more');
  });
});

describe('the lock of the config', () => {
  const lockFiles = () => readdirSync(dir).filter((name) => name.includes('lock'));

  test('of a dead process is taken over', async () => {
    mkdirSync(dir, { recursive: true });
    // The largest pid there can be on Linux is 2^22.
    writeFileSync(join(dir, 'config.lock.7'), `${2 ** 22 + 1} ${hostname()}\n`);
    expect(await withConfigLock(dir, () => 'done')).toBe('done');
    expect(lockFiles()).toEqual(['config.lock.8']);
  });

  test('of a living process is respected until the patience ends', async () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'config.lock.1'), `${process.pid} ${hostname()}\n`);
    const sleep = () => Promise.resolve();
    await expect(withConfigLock(dir, () => 'done', { waitMs: 100, sleep })).rejects.toThrowError(
      expect.objectContaining({ code: 'LOCKED' }),
    );
  });

  test('of another host is never broken', async () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'config.lock.1'), '1 some-other-host\n');
    const sleep = () => Promise.resolve();
    await expect(withConfigLock(dir, () => 'done', { waitMs: 40, sleep })).rejects.toThrowError(
      /some-other-host/,
    );
  });

  test('is never held by two, and one file remains', async () => {
    let inside = 0;
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withConfigLock(dir, () => {
          inside += 1;
          expect(inside).toBe(1);
          inside -= 1;
        }),
      ),
    );
    expect(lockFiles()).toHaveLength(1);
  });

  test('is released when the work fails', async () => {
    await expect(
      withConfigLock(dir, () => {
        throw new Error('work');
      }),
    ).rejects.toThrow('work');
    expect(await withConfigLock(dir, () => 'next')).toBe('next');
  });
});

test('an unreadable config says so', () => {
  mkdirSync(dir, { recursive: true });
  mkdirSync(file());
  expect(() => openConfigFile(dir).read()).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  chmodSync(dir, 0o700);
});
