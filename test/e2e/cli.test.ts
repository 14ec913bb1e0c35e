import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

let temp: TempDir;
beforeAll(() => {
  const build = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  expect(spawnSync(process.execPath, [build, '--if-missing'], { stdio: 'inherit' }).status).toBe(0);
});
beforeEach(async () => {
  temp = await createTempDir();
});
afterEach(() => temp.remove());

const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: temp.path,
  S4_CONFIG_DIR: join(temp.path, 'config'),
  S4_HOST: 'test-host',
});

function s4(args: readonly string[], options: { readonly cwd?: string; readonly input?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: options.cwd ?? temp.path,
    env: environment(),
    input: options.input ?? '',
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('the built s4', () => {
  test('is executable, and says its version', () => {
    accessSync(CLI, constants.X_OK);
    for (const arg of ['--version', '-V', 'version'])
      expect(s4([arg])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('says its version without loading anything else', () => {
    const program = `
      const before = new Set(process.moduleLoadList);
      process.argv = [process.execPath, ${JSON.stringify(CLI)}, '--version'];
      await import(${JSON.stringify(CLI)});
      const more = process.moduleLoadList.filter((name) => !before.has(name) && /NativeModule (https?|tls|zlib|worker_threads|child_process)$/.test(name));
      if (more.length > 0) throw new Error(more.join());
    `;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('helps', () => {
    const { status, stdout } = s4(['--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Usage: s4 .*\n[\s\S]*sync[\s\S]*status/);
  });

  test('calls bad usage exit 2, on stderr', () => {
    expect(s4(['nonsense'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Error: /),
    });
    expect(s4(['sync', '--conflicts', '9'])).toMatchObject({ status: 2, stdout: '' });
  });

  test('without targets says what to do', () => {
    expect(s4([])).toMatchObject({ status: 0, stdout: expect.stringContaining('To start, add a target') });
    expect(s4(['sync'])).toMatchObject({ status: 2, stderr: expect.stringContaining('s4 add') });
    expect(s4(['targets'])).toMatchObject({ status: 0, stdout: 'No targets yet. Add one with "s4 add".\n' });
  });

  test('without a terminal never asks', () => {
    expect(s4(['add'])).toMatchObject({ status: 2, stderr: expect.stringContaining('FOLDER') });
    const json = s4(['add', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'error', code: 'PROMPT_NEEDED' });
  });

  test('survives a reader that goes away', async () => {
    const child = spawn(process.execPath, [CLI, '--help'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const stderr: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
    expect(await exitOf(child)).toBe(0);
    expect(stderr.join('')).toBe('');
  });

  test('keeps every target when many are added at once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const codes = await Promise.all(
      names.map((name) => {
        mkdirSync(join(temp.path, name));
        const url = `file://${join(temp.path, 'stores', name)}`;
        const args = [CLI, 'add', join(temp.path, name), url, '--yes', '--create-bucket', '--quiet'];
        return exitOf(spawn(process.execPath, args, { env: environment(), stdio: 'inherit' }));
      }),
    );
    expect(codes).toEqual([0, 0, 0, 0, 0]);
    const listed = s4(['targets', '--json']).stdout.trimEnd().split('\n');
    expect(listed.map((line) => (JSON.parse(line) as { readonly name: string }).name)).toEqual(names);
  });

  test('syncs a folder with a directory and back', () => {
    const [here, there, store] = ['here', 'there', 'store'].map((name) => join(temp.path, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(here);
    mkdirSync(there);
    writeFileSync(join(here, 'a\u001b[31m.txt'), 'content');
    const other = ['--config', join(temp.path, 'other')];
    expect(s4(['add', here, `file://${store}`, '--yes', '--create-bucket'])).toMatchObject({
      status: 0,
      stderr: '',
    });
    const first = s4(['sync', '.'], { cwd: here });
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toContain(`Syncing here [${here}/ <=> file://${store}/]\n`);
    expect(first.stdout).toContain('Creating a\\x1b[31m.txt (');
    expect(first.stdout).not.toContain('\u001b');
    expect(s4(['add', there, `file://${store}`, '--yes', ...other]).status).toBe(0);
    expect(s4(['sync', ...other]).status).toBe(0);
    expect(readFileSync(join(there, 'a\u001b[31m.txt'), 'utf8')).toBe('content');
    expect(s4(['sync']).stdout).toBe(`Syncing here [${here}/ <=> file://${store}/]\nNothing to update\n`);
    expect(s4(['status']).stdout).toBe('here: in sync\n');
  });

  test('a store that is gone is exit 6 or 2, and nothing is deleted', () => {
    const here = join(temp.path, 'here');
    mkdirSync(here);
    writeFileSync(join(here, 'a.txt'), 'content');
    const store = join(temp.path, 'store');
    s4(['add', here, `file://${store}`, '--yes', '--create-bucket']);
    s4(['sync']);
    spawnSync('mv', [store, `${store}.away`]);
    const { status, stderr } = s4(['sync']);
    expect([2, 6]).toContain(status);
    expect(stderr).toMatch(/^Error: here: /);
    expect(readFileSync(join(here, 'a.txt'), 'utf8')).toBe('content');
  });

  test.each([1, 2])(
    'Ctrl-C %d times in the middle of a transfer is exit 130, and the next run ends it',
    async (times) => {
      const here = join(temp.path, 'here');
      mkdirSync(here);
      writeFileSync(join(here, 'large.bin'), Buffer.alloc(4_000_000, 7));
      s4(['add', here, `file://${join(temp.path, 'store')}`, '--yes', '--create-bucket']);
      // At this rate it would take an hour.
      const args = [CLI, 'sync', '--limit-up', '1K'];
      const child = spawn(process.execPath, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('Creating large.bin'))
          for (let i = 0; i < times; i++) child.kill('SIGINT');
      });
      expect(await exitOf(child)).toBe(130);
      expect(s4(['sync'])).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(join(temp.path, 'store', 'large.bin')).equals(Buffer.alloc(4_000_000, 7))).toBe(
        true,
      );
    },
  );
});

function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
}
