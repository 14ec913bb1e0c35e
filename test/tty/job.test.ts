import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { startTmux, type Tmux } from '../support/tmux.ts';
import { createHome, ensureBuilt, type Home } from '../support/two-homes.ts';

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'cli.cjs');
const S4 = `'${process.execPath}' '${CLI}'`;

describe('screens, when the terminal is resized or the process stopped', () => {
  let temp: TempDir;
  let laptop: Home;
  let tmux: Tmux;

  beforeAll(ensureBuilt);
  beforeEach(async () => {
    temp = await createTempDir();
    laptop = createHome('laptop', temp.path);
    laptop.write('large-file-with-a-name-that-fills-the-line.bin', 'x'.repeat(30_000_000));
    const url = `file://${join(temp.path, 'store')}`;
    expect(await laptop.s4(['add', '.', url, '--create-bucket', '--yes'])).toMatchObject({ code: 0 });
    const command = ['bash', '--norc', '--noprofile'];
    const place = { command, env: terminalEnv(laptop), cwd: laptop.folder };
    tmux = await startTmux({ ...place, columns: 120, rows: 30 });
  });
  afterEach(async () => {
    await tmux.stop();
    await temp.remove();
  });

  async function run(command: string): Promise<void> {
    await tmux.type(command);
    await tmux.press('Enter');
  }

  it('the live screen of a sync leaves nothing of itself behind when it becomes narrower', async () => {
    // So slow that nothing moves: what is drawn is drawn for the new size.
    await run(`${S4} sync --limit-up 1K; echo ended-$?`);
    await tmux.shows('Ctrl-C stops');
    for (const [columns, text] of [
      [60, 'large-'],
      [40, 'large-'],
    ] as const) {
      await tmux.resize(columns, 30);
      await tmux.shows('Ctrl-C stops');
      const shown = await tmux.until((screen) => {
        const bars = screen.split('\n').filter((line) => line.startsWith('░'));
        return bars.length === 1 && screen.includes(text);
      });
      expect(shown.match(/Ctrl-C stops/g)).toHaveLength(1);
    }
    await tmux.press('C-c', 'C-c');
    await tmux.shows('ended-130');
  });

  it('Ctrl-Z gives the shell the terminal as it was, and fg goes on', async () => {
    await run(`${S4} sync --limit-up 4M`);
    await tmux.shows('Ctrl-C stops');
    await tmux.press('C-z');
    expect(await tmux.shows('Stopped')).not.toContain('Ctrl-C stops');
    await run('stty -a | tr " " "\\n" | grep icanon; echo asked-$((40+2))');
    expect(await tmux.shows('asked-42')).toMatch(/^icanon/m);
    expect(await tmux.isRestored()).toBe(true);
    await run('fg');
    await tmux.shows('Ctrl-C stops');
    await tmux.shows('docs: 1 up');
    await tmux.until(asksAgain);
    await run('echo at-the-end-$?');
    await tmux.shows('at-the-end-0');
  });

  it('the same on a screen of its own', async () => {
    await run(`${S4} add`);
    await tmux.shows('Which folder');
    await tmux.type('/tmp/typed');
    await tmux.shows('/tmp/typed');
    await tmux.press('C-z');
    await tmux.shows('Stopped');
    await run('fg');
    await tmux.shows('/tmp/typed');
    await tmux.type('/more');
    await tmux.shows('/tmp/typed/more');
    await tmux.press('C-c');
    await tmux.until(asksAgain);
    await run('echo ended-$?');
    await tmux.shows('ended-130');
    expect(await tmux.isRestored()).toBe(true);
  });
});

/** The shell has the terminal: until then, what is typed is the program's to read. */
function asksAgain(screen: string): boolean {
  return screen.trimEnd().split('\n').at(-1)?.trim() === '$';
}

function terminalEnv(home: Home): Readonly<Record<string, string>> {
  const root = dirname(home.folder);
  return {
    PATH: process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
    TERM: 'screen',
    PS1: '$ ',
    // A shell that is hung up on writes its history, into a folder that is being removed.
    HISTFILE: '',
    HOME: root,
    S4_CONFIG_DIR: join(root, 'config'),
    S4_HOST: home.name,
  };
}
