import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSeaweed } from '../support/servers.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { startTmux, type Tmux } from '../support/tmux.ts';

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'cli.cjs');

let temp: TempDir;
let home: string;
let terminal: Tmux | undefined;
beforeEach(async () => {
  temp = await createTempDir();
  home = realpathSync(temp.path);
  mkdirSync(join(home, 'notes'));
  mkdirSync(join(home, 'store'));
});
afterEach(async () => {
  await terminal?.stop();
  terminal = undefined;
  await temp.remove();
});

function environment(): Record<string, string> {
  const PATH = process.env['PATH'] ?? '';
  return { HOME: home, PATH, LANG: 'C.UTF-8', TERM: 'screen', S4_CONFIG_DIR: join(home, 'cfg') };
}

function s4(...args: readonly string[]): void {
  execFileSync(process.execPath, [CLI, ...args], { cwd: home, env: environment() });
}

describe('s4 alone at a terminal', () => {
  test('compares and restores what a real S3 service keeps', async () => {
    const server = await startSeaweed();
    try {
      const secret = { cwd: home, env: environment(), input: server.credentials.secretAccessKey };
      const keys = ['--access-key-id', server.credentials.accessKeyId, '--secret-access-key-stdin'];
      const place = ['s3://bucket/notes', '--endpoint', server.endpoint, '--region', 'us-east-1'];
      const made = ['--create-bucket', '--enable-versioning', '--yes'];
      execFileSync(process.execPath, [CLI, 'add', 'notes', ...place, ...keys, ...made], secret);
      const path = join(home, 'notes', 'plan.txt');
      for (const text of ['one line\n', 'another line\n']) {
        writeFileSync(path, text);
        s4('sync');
      }
      const tty = await startTmux({ command: [process.execPath, CLI], cwd: home, env: environment() });
      terminal = tty;
      await tty.shows('in sync');
      await tty.press('Enter');
      await tty.shows('plan.txt');
      await tty.press('d');
      await tty.shows('The contents are equal.');
      await tty.press('Escape');
      await tty.shows('1 of 1');
      await tty.press('v');
      await tty.shows('current');
      await tty.press('Down', 'Enter');
      await tty.until((shown) => /- one line/.test(shown) && /\+ another line/.test(shown));
      await tty.press('Escape');
      await tty.shows('current');
      await tty.press('r');
      await tty.shows('(y/n)');
      await tty.press('y');
      await tty.shows('It is here again');
      expect(readFileSync(path, 'utf8')).toBe('one line\n');
      await tty.press('Escape');
      await tty.shows('changed here');
      await tty.press('s');
      await tty.shows('✓ plan.txt');
    } finally {
      await server.stop();
    }
  });

  test('brings an earlier version back by keys, at changing sizes, and leaves the terminal as it was', async () => {
    s4('add', 'notes', `file://${join(home, 'store')}`, '--yes');
    writeFileSync(join(home, 'notes', 'plan.txt'), 'first\n');
    s4('sync');
    writeFileSync(join(home, 'notes', 'plan.txt'), 'second, longer\n');
    s4('sync');
    const tty = await startTmux({ command: [process.execPath, CLI], cwd: home, env: environment() });
    terminal = tty;
    await tty.shows('in sync');
    await tty.press('Enter');
    await tty.shows('plan.txt');
    await tty.press('Enter');
    await tty.shows('current');
    await tty.resize(40, 16);
    await tty.press('Down');
    await tty.shows('Esc back');
    await tty.press('r');
    await tty.shows('(y/n)');
    await tty.press('y');
    await tty.shows('It is here again');
    expect(readFileSync(join(home, 'notes', 'plan.txt'), 'utf8')).toBe('first\n');
    await tty.resize(120, 30);
    await tty.press('Escape');
    await tty.shows('changed here');
    await tty.press('s');
    await tty.shows('in sync');
    await tty.press('C-c');
    expect(await tty.shows('ended with 130')).not.toContain('in sync');
    expect(readFileSync(join(home, 'store', 'plan.txt'), 'utf8')).toBe('first\n');
  });
});
