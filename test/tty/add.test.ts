import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type S3Server, startSeaweed } from '../support/servers.ts';
import { terminalRoom } from '../support/terminal-room.ts';
import type { Tmux } from '../support/tmux.ts';

const home = terminalRoom();
beforeEach(() => {
  mkdirSync(join(home.path, 'notes', 'sub'), { recursive: true });
  mkdirSync(join(home.path, 'usb'));
  writeFileSync(join(home.path, 'notes', 'a.txt'), 'hello');
});

const config = () => JSON.parse(readFileSync(join(home.path, 'config', 'config.json'), 'utf8'));

/** Waits for a question, answers it. */
async function answer(tty: Tmux, question: string, text: string, ...keys: readonly string[]): Promise<void> {
  await tty.shows(question);
  if (text !== '') {
    await tty.type(text);
    // A key and the text before it are not to come as one.
    await tty.shows(text.slice(-6));
  }
  await tty.press(...keys, 'Enter');
}

describe('s4 add, typed at a terminal', () => {
  test('a folder that keeps the copy, with answers that are wrong at first', async () => {
    const tty = await home.program('add');
    await answer(tty, 'Which folder shall be synced', '~/missing');
    await tty.shows('does not exist');
    await tty.press('C-u');
    await answer(tty, 'Which folder shall be synced', '~/notes');
    await answer(tty, 'Where shall the copy', '', 'End');
    await answer(tty, 'Which folder keeps the copy', '~/notes/sub');
    await tty.shows('lie in each other');
    await tty.press('C-u');
    await answer(tty, 'Which folder keeps the copy', '~/nas');
    await tty.shows('Create the folder');
    await tty.press('Down', 'Enter');
    await tty.press('C-u');
    await answer(tty, 'Which folder keeps the copy', '~/usb');
    await answer(tty, '› Go on', '');
    await answer(tty, 'How shall it be called', 'diary');
    await answer(tty, 'changed on both sides', '');
    // The file, and the folder without one.
    expect(await tty.shows('2 up')).toContain('s4 add ~/notes');
    await tty.press('Enter');
    await tty.shows('ended with 0');
    expect(await tty.shows('Target "diary" has been added')).toContain(
      'The first sync would do: 2 up (5 B up)',
    );
    expect(config().targets).toMatchObject([
      { name: 'diary', folder: join(home.path, 'notes'), url: `file://${join(home.path, 'usb')}` },
    ]);
  });

  test('is left with Esc and with Ctrl-C, and the terminal is as it was', async () => {
    for (const [key, words] of [
      ['Escape', 'Nothing was added.'],
      ['C-c', 'ended with 130'],
    ] as const) {
      const tty = await home.program('add');
      await tty.shows('Which folder shall be synced');
      await tty.press(key);
      await tty.shows(words);
      await tty.shows('ended with 130');
      // Echo is on again: what is typed into `cat` is seen.
      await tty.type('typed afterwards');
      await tty.shows('typed afterwards');
    }
    expect(() => config()).toThrow();
  });
});

describe('s4 add, typed at a terminal, on an S3 service', () => {
  let server: S3Server;
  beforeEach(async () => {
    server = await startSeaweed();
  }, 60_000);
  afterEach(() => server.stop());

  test('a wrong address, a wrong secret and a missing bucket each have a way out; versions are enabled', async () => {
    const { endpoint, credentials } = server;
    const tty = await home.program('add');
    await answer(tty, 'Which folder shall be synced', '~/notes');
    await answer(tty, 'Where shall the copy', '', 'Down', 'Down', 'Down', 'Down', 'Down');
    await answer(tty, 'At which address', '127.0.0.1:1');
    await tty.shows('is not an endpoint');
    await tty.press('C-u');
    await answer(tty, 'At which address', 'http://127.0.0.1:1');
    await answer(tty, 'Which keys open it', '');
    await answer(tty, 'The access key id', credentials.accessKeyId);
    await tty.shows('The secret key that belongs');
    await tty.type('wrong-secret');
    await answer(tty, '••••', '');
    await answer(tty, 'Where shall the key be kept', '');
    await answer(tty, 'Which bucket', 'my-bucket');
    await answer(tty, 'Which folder in my-bucket', '');
    await tty.shows('cannot be reached');
    await answer(tty, 'Change the address', '');
    await tty.shows('At which address');
    await tty.press('C-u');
    await answer(tty, 'At which address', endpoint);
    await tty.shows('denies access');
    await answer(tty, 'Type the secret key again', '');
    await tty.shows('The secret key that belongs');
    await tty.press('C-u');
    await tty.type(credentials.secretAccessKey);
    await answer(tty, '••••', '');
    await answer(tty, 'Create the bucket my-bucket', '');
    await answer(tty, 'Enable versioning', '');
    await answer(tty, '› Go on', '');
    await answer(tty, 'How shall it be called', '');
    await answer(tty, 'changed on both sides', '');
    expect(await tty.shows('2 up')).toContain('--secret-access-key-stdin');
    await tty.press('Enter');
    await tty.shows('ended with 0');
    expect(await tty.history()).not.toContain(credentials.secretAccessKey);
    expect(config().targets).toMatchObject([
      { name: 'notes', url: 's3://my-bucket/notes', capabilities: { versioning: 'enabled' }, credentials },
    ]);
    expect(statSync(join(home.path, 'config', 'config.json')).mode & 0o777).toBe(0o600);
  });
});
