import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { S4, type Shell, succeeds, terminalRoom } from '../support/terminal-room.ts';
import { createHome, type Home } from '../support/two-homes.ts';

describe('s4 sync in a real terminal', () => {
  const room = terminalRoom();
  let laptop: Home;
  let desktop: Home;
  let shell: Shell;

  beforeEach(async () => {
    laptop = createHome('laptop', room.path);
    desktop = createHome('desktop', room.path);
    const url = `file://${join(room.path, 'store')}`;
    laptop.write('f.txt', 'one\n');
    for (let n = 0; n < 12; n++) laptop.write(`many/${n}`, `${n}`);
    await succeeds(laptop, 'add', '.', url, '--create-bucket', '--yes');
    await succeeds(laptop, 'sync');
    await succeeds(desktop, 'add', desktop.folder, url, '--create-folder', '--yes');
    await succeeds(desktop, 'sync');
    shell = await room.shell(laptop);
  });

  let asked = 0;
  /** `stty -a`, as the shell sees it. */
  async function settings(): Promise<string> {
    const file = join(room.path, `stty${++asked}`);
    await shell.run(`stty -a > ${file}; echo asked-$((${asked} + 1000))`);
    await shell.shows(`asked-${asked + 1000}`);
    return readFileSync(file, 'utf8');
  }

  async function makeConflict(): Promise<void> {
    desktop.write('f.txt', 'one by the desktop\n');
    await succeeds(desktop, 'sync');
    laptop.write('f.txt', 'one by the laptop\n');
  }

  it('resolves a conflict by key, with a look at the difference and a resize in between', async () => {
    await makeConflict();
    await shell.run(`${S4} sync; echo ended-$?`);
    await shell.shows('Nothing is done until you choose');
    await shell.shows('both changed the same');
    await shell.press('d');
    await shell.shows('one by the desktop');
    await shell.resize(120, 30);
    await shell.shows('one by the laptop');
    await shell.press('Escape');
    await shell.shows('keep remote');
    await shell.press('r', 'Enter');
    await shell.shows('ended-0');
    expect(laptop.read('f.txt')).toBe('one by the desktop\n');
    expect(await shell.history()).toContain('the remote version is kept');
    expect(await shell.isRestored()).toBe(true);
  });

  it('leaves the terminal as it was after Ctrl-C in a question, and nothing is decided', async () => {
    await makeConflict();
    const before = await settings();
    await shell.run(`${S4} sync; echo ended-$?`);
    await shell.shows('Nothing is done until you choose');
    await shell.press('C-c');
    await shell.shows('ended-130');
    expect(laptop.read('f.txt')).toBe('one by the laptop\n');
    expect(await shell.isRestored()).toBe(true);
    expect(await settings()).toBe(before);
  });

  it('leaves the terminal as it was after Ctrl-C in the middle of the work', async () => {
    laptop.write('large', 'x'.repeat(30_000_000));
    const before = await settings();
    await shell.run(`${S4} sync --limit-up 1M; echo ended-$?`);
    await shell.shows('Ctrl-C stops');
    await shell.press('C-c');
    await shell.shows('ended-130');
    expect(await shell.shows('ended-130')).not.toContain('Ctrl-C stops');
    expect(await shell.isRestored()).toBe(true);
    expect(await settings()).toBe(before);
  });

  it('carries a halted plan out once the number of its deletions is typed', async () => {
    await shell.run(`rm -rf many; ${S4} sync; echo ended-$?`);
    await shell.shows('Type 12');
    await shell.press('1', 'Enter');
    await shell.shows('That is not 12');
    await shell.press('2', 'Enter');
    await shell.shows('ended-0');
    expect(await shell.history()).toContain('12 deleted');
  });

  it('asks line by line where plain lines are wished for', async () => {
    await makeConflict();
    await shell.run(`S4_PLAIN=1 ${S4} sync; echo ended-$?`);
    await shell.shows('Choice (default=skip):');
    await shell.press('1', 'Enter');
    await shell.shows('ended-0');
    expect(laptop.read('f.txt')).toBe('one by the laptop\n');
  });
});
