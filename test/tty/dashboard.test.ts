import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { startSeaweed } from '../support/servers.ts';
import { commandOf, terminalRoom } from '../support/terminal-room.ts';
import type { Tmux } from '../support/tmux.ts';

const home = terminalRoom();
beforeEach(() => {
  mkdirSync(join(home.path, 'notes'));
  mkdirSync(join(home.path, 'store'));
});

function s4(args: readonly string[], input?: string): void {
  const [program, ...all] = commandOf(...args);
  execFileSync(program, all, { cwd: home.path, env: home.env, input });
}

/** The dashboard, in the folder of its only target. */
async function openFolder(): Promise<Tmux> {
  const tty = await home.program();
  await tty.shows('in sync');
  await tty.press('Enter');
  await tty.shows('plan.txt');
  return tty;
}

describe('s4 alone at a terminal', () => {
  test('compares and restores what a real S3 service keeps', async () => {
    const server = await startSeaweed();
    try {
      const keys = ['--access-key-id', server.credentials.accessKeyId, '--secret-access-key-stdin'];
      const place = ['s3://bucket/notes', '--endpoint', server.endpoint, '--region', 'us-east-1'];
      const made = ['--create-bucket', '--enable-versioning', '--yes'];
      s4(['add', 'notes', ...place, ...keys, ...made], server.credentials.secretAccessKey);
      const path = join(home.path, 'notes', 'plan.txt');
      for (const text of ['one line\n', 'another line\n']) {
        writeFileSync(path, text);
        s4(['sync']);
      }
      const tty = await openFolder();
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
    s4(['add', 'notes', `file://${join(home.path, 'store')}`, '--yes']);
    writeFileSync(join(home.path, 'notes', 'plan.txt'), 'first\n');
    s4(['sync']);
    writeFileSync(join(home.path, 'notes', 'plan.txt'), 'second, longer\n');
    s4(['sync']);
    const tty = await openFolder();
    await tty.press('Enter');
    await tty.shows('current');
    await tty.resize(40, 16);
    await tty.press('Down');
    await tty.shows('Esc back');
    await tty.press('r');
    await tty.shows('(y/n)');
    await tty.press('y');
    await tty.shows('It is here again');
    expect(readFileSync(join(home.path, 'notes', 'plan.txt'), 'utf8')).toBe('first\n');
    await tty.resize(120, 30);
    await tty.press('Escape');
    await tty.shows('changed here');
    await tty.press('s');
    await tty.shows('in sync');
    await tty.press('C-c');
    expect(await tty.shows('ended with 130')).not.toContain('in sync');
    expect(readFileSync(join(home.path, 'store', 'plan.txt'), 'utf8')).toBe('first\n');
  });
});
