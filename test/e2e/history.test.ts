import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

let temp: TempDir;
beforeAll(() => {
  const build = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  expect(spawnSync(process.execPath, [build, '--if-missing'], { stdio: 'inherit' }).status).toBe(0);
});
beforeEach(async () => {
  temp = await createTempDir();
  for (const name of ['desk', 'laptop', 'store']) mkdirSync(join(temp.path, name));
});
afterEach(() => temp.remove());

const at = (...names: string[]): string => join(temp.path, ...names);

function s4(host: 'desk' | 'laptop', ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: at(host),
    env: { PATH: process.env['PATH'], HOME: temp.path, S4_CONFIG_DIR: at('config', host), S4_HOST: host },
    input: '',
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function records(host: 'desk' | 'laptop', ...args: readonly string[]): Record<string, unknown>[] {
  const { stdout } = s4(host, ...args, '--json');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function joinBoth(): void {
  for (const host of ['desk', 'laptop'] as const)
    expect(s4(host, 'add', '.', `file://${at('store')}`, '--name', 'notes', '--yes').status).toBe(0);
}

test('an overwritten and a deleted file come back, and everybody gets them', () => {
  joinBoth();
  writeFileSync(at('desk', 'f.txt'), 'one\n');
  writeFileSync(at('desk', 'gone.txt'), 'gone\n');
  s4('desk', 'sync');
  s4('laptop', 'sync');
  writeFileSync(at('laptop', 'f.txt'), 'two, longer\n');
  rmSync(at('laptop', 'gone.txt'));
  s4('laptop', 'sync');
  s4('desk', 'sync');

  const versions = records('desk', 'versions', 'f.txt');
  expect(versions.map(({ host, latest, sizeBytes }) => ({ host, latest, sizeBytes }))).toEqual([
    { host: 'laptop', latest: true, sizeBytes: 12 },
    { host: 'desk', latest: false, sizeBytes: 4 },
  ]);
  expect(records('desk', 'versions', 'notes:gone.txt')[0]).toMatchObject({
    state: 'deleted',
    host: 'laptop',
  });
  const [, first] = versions;
  const id = String(first?.['versionId']);
  expect(s4('desk', 'diff', 'f.txt', '--version', id).stdout).toContain('-one\n+two, longer');
  expect(s4('desk', 'restore', 'f.txt', '--version', id)).toMatchObject({ status: 0, stderr: '' });
  expect(readFileSync(at('desk', 'f.txt'), 'utf8')).toBe('one\n');
  const [, gone] = records('desk', 'versions', 'gone.txt');
  expect(s4('desk', 'restore', 'gone.txt', '--version', String(gone?.['versionId'])).status).toBe(0);
  s4('desk', 'sync');
  s4('laptop', 'sync');
  expect(readFileSync(at('laptop', 'f.txt'), 'utf8')).toBe('one\n');
  expect(readFileSync(at('laptop', 'gone.txt'), 'utf8')).toBe('gone\n');
  expect(records('laptop', 'log', 'f.txt').map(({ host, op }) => `${host} ${op}`)).toEqual([
    'desk put',
    'laptop put',
    'desk put',
  ]);

  const trashed = records('laptop', 'trash').map(({ path }) => path);
  expect(trashed).toContain('f.txt');
  expect(s4('laptop', 'trash', 'restore', 'f.txt').status).toBe(0);
  expect(readFileSync(at('laptop', 'f.txt'), 'utf8')).toBe('two, longer\n');
});

test('what cannot be restored says why, and touches nothing', () => {
  joinBoth();
  writeFileSync(at('desk', 'f.txt'), 'one\n');
  s4('desk', 'sync');
  expect(s4('desk', 'restore', 'f.txt')).toMatchObject({ status: 2 });
  expect(s4('desk', 'restore', 'f.txt', '--version', 'nothing').stderr).toContain('no version nothing');
  expect(s4('desk', 'restore', 'f.txt', '--at', 'yesterday')).toMatchObject({ status: 2 });
  expect(s4('desk', 'restore', 'other.txt', '--at', '1h')).toMatchObject({ status: 2 });
  expect(s4('desk', 'versions', '/elsewhere/x').stderr).toContain("in no target's folder");
  expect(s4('desk', 'trash', 'restore', 'f.txt').stderr).toContain('is in the trash');
  expect(readFileSync(at('desk', 'f.txt'), 'utf8')).toBe('one\n');
});

test('a conflict that was kept as both waits until somebody decides', () => {
  joinBoth();
  writeFileSync(at('desk', 'f.txt'), 'base\n');
  s4('desk', 'sync');
  s4('laptop', 'sync');
  writeFileSync(at('desk', 'f.txt'), 'by the desk\n');
  s4('desk', 'sync');
  writeFileSync(at('laptop', 'f.txt'), 'by the laptop\n');
  s4('laptop', 'sync');
  expect(s4('laptop', 'resolve')).toMatchObject({ status: 4 });
  expect(records('laptop', 'resolve')).toMatchObject([
    { reason: 'kept-both', path: 'f.txt', host: 'laptop' },
  ]);
  // By the name that both had, too: the copy lies beside it.
  expect(s4('laptop', 'resolve', 'f.txt')).toMatchObject({ status: 4 });
  expect(s4('laptop', 'resolve', '--keep', 'copy')).toMatchObject({ status: 0, stderr: '' });
  expect(readFileSync(at('laptop', 'f.txt'), 'utf8')).toBe('by the laptop\n');
  expect(readdirSync(at('laptop')).filter((name) => name !== '.s4')).toEqual(['f.txt']);
  s4('laptop', 'sync');
  s4('desk', 'sync');
  expect(readFileSync(at('desk', 'f.txt'), 'utf8')).toBe('by the laptop\n');
  expect(s4('desk', 'resolve')).toMatchObject({ status: 0 });
  expect(records('desk', 'trash').map(({ path }) => path)).toContain('f.txt');
});
