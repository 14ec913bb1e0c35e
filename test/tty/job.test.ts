import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { S4, type Shell, succeeds, terminalRoom } from '../support/terminal-room.ts';
import { createHome, type Home } from '../support/two-homes.ts';

describe('screens, when the terminal is resized or the process stopped', () => {
  const room = terminalRoom();
  let laptop: Home;
  let shell: Shell;

  beforeEach(async () => {
    laptop = createHome('laptop', room.path);
    laptop.write('large-file-with-a-name-that-fills-the-line.bin', 'x'.repeat(30_000_000));
    const url = `file://${join(room.path, 'store')}`;
    await succeeds(laptop, 'add', '.', url, '--create-bucket', '--yes');
    shell = await room.shell(laptop, { columns: 120, rows: 30 });
  });

  it('the live screen of a sync leaves nothing of itself behind when it becomes narrower', async () => {
    // So slow that nothing moves: what is drawn is drawn for the new size.
    await shell.run(`${S4} sync --limit-up 1K; echo ended-$?`);
    await shell.shows('Ctrl-C stops');
    for (const [columns, text] of [
      [60, 'large-'],
      [40, 'large-'],
    ] as const) {
      await shell.resize(columns, 30);
      await shell.shows('Ctrl-C stops');
      const shown = await shell.until((screen) => {
        const bars = screen.split('\n').filter((line) => line.startsWith('░'));
        return bars.length === 1 && screen.includes(text);
      });
      expect(shown.match(/Ctrl-C stops/g)).toHaveLength(1);
    }
    await shell.press('C-c', 'C-c');
    await shell.shows('ended-130');
  });

  it('Ctrl-Z gives the shell the terminal as it was, and fg goes on', async () => {
    await shell.run(`${S4} sync --limit-up 4M`);
    await shell.shows('Ctrl-C stops');
    await shell.press('C-z');
    expect(await shell.shows('Stopped')).not.toContain('Ctrl-C stops');
    await shell.run('stty -a | tr " " "\\n" | grep icanon; echo asked-$((40+2))');
    expect(await shell.shows('asked-42')).toMatch(/^icanon/m);
    expect(await shell.isRestored()).toBe(true);
    await shell.run('fg');
    await shell.shows('Ctrl-C stops');
    await shell.shows('docs: 1 up');
    await shell.until(asksAgain);
    await shell.run('echo at-the-end-$?');
    await shell.shows('at-the-end-0');
  });

  it('the same on a screen of its own', async () => {
    await shell.run(`${S4} add`);
    await shell.shows('Which folder');
    await shell.type('/tmp/typed');
    await shell.shows('/tmp/typed');
    await shell.press('C-z');
    await shell.shows('Stopped');
    await shell.run('fg');
    await shell.shows('/tmp/typed');
    await shell.type('/more');
    await shell.shows('/tmp/typed/more');
    await shell.press('C-c');
    await shell.until(asksAgain);
    await shell.run('echo ended-$?');
    await shell.shows('ended-130');
    expect(await shell.isRestored()).toBe(true);
  });
});

/** The shell has the terminal: until then, what is typed is the program's to read. */
function asksAgain(screen: string): boolean {
  return screen.trimEnd().split('\n').at(-1)?.trim() === '$';
}
