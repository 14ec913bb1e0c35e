import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { startTmux, type Tmux } from '../support/tmux.ts';
import { createHome, ensureBuilt, type Home } from '../support/two-homes.ts';

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'cli.cjs');
const S4 = `'${process.execPath}' '${CLI}'`;

describe('s4 sync in a real terminal', () => {
  let temp: TempDir;
  let laptop: Home;
  let desktop: Home;
  let tmux: Tmux;

  beforeAll(ensureBuilt);
  beforeEach(async () => {
    temp = await createTempDir();
    laptop = createHome('laptop', temp.path);
    desktop = createHome('desktop', temp.path);
    const url = `file://${join(temp.path, 'store')}`;
    laptop.write('f.txt', 'one\n');
    for (let n = 0; n < 12; n++) laptop.write(`many/${n}`, `${n}`);
    await succeeds(laptop, 'add', '.', url, '--create-bucket', '--yes');
    await succeeds(laptop, 'sync');
    await succeeds(desktop, 'add', desktop.folder, url, '--create-folder', '--yes');
    await succeeds(desktop, 'sync');
    const command = ['bash', '--norc', '--noprofile'];
    tmux = await startTmux({ command, env: terminalEnv(laptop), cwd: laptop.folder });
  });
  afterEach(async () => {
    await tmux.stop();
    await temp.remove();
  });

  async function succeeds(home: Home, ...args: readonly string[]): Promise<void> {
    expect(await home.s4(args)).toMatchObject({ code: 0, stderr: '' });
  }

  async function run(command: string): Promise<void> {
    await tmux.type(command);
    await tmux.press('Enter');
  }

  let asked = 0;
  /** `stty -a`, as the shell sees it. */
  async function settings(): Promise<string> {
    const file = join(temp.path, `stty${++asked}`);
    await run(`stty -a > ${file}; echo asked-$((${asked} + 1000))`);
    await tmux.shows(`asked-${asked + 1000}`);
    return readFileSync(file, 'utf8');
  }

  async function makeConflict(): Promise<void> {
    desktop.write('f.txt', 'one by the desktop\n');
    await succeeds(desktop, 'sync');
    laptop.write('f.txt', 'one by the laptop\n');
  }

  it('resolves a conflict by key, with a look at the difference and a resize in between', async () => {
    await makeConflict();
    await run(`${S4} sync; echo ended-$?`);
    await tmux.shows('Nothing is done until you choose');
    await tmux.shows('both changed the same');
    await tmux.press('d');
    await tmux.shows('one by the desktop');
    await tmux.resize(120, 30);
    await tmux.shows('one by the laptop');
    await tmux.press('Escape');
    await tmux.shows('keep remote');
    await tmux.press('r', 'Enter');
    await tmux.shows('ended-0');
    expect(laptop.read('f.txt')).toBe('one by the desktop\n');
    expect(await tmux.history()).toContain('the remote version is kept');
    expect(await tmux.isRestored()).toBe(true);
  });

  it('leaves the terminal as it was after Ctrl-C in a question, and nothing is decided', async () => {
    await makeConflict();
    const before = await settings();
    await run(`${S4} sync; echo ended-$?`);
    await tmux.shows('Nothing is done until you choose');
    await tmux.press('C-c');
    await tmux.shows('ended-130');
    expect(laptop.read('f.txt')).toBe('one by the laptop\n');
    expect(await tmux.isRestored()).toBe(true);
    expect(await settings()).toBe(before);
  });

  it('leaves the terminal as it was after Ctrl-C in the middle of the work', async () => {
    laptop.write('large', 'x'.repeat(30_000_000));
    const before = await settings();
    await run(`${S4} sync --limit-up 1M; echo ended-$?`);
    await tmux.shows('Ctrl-C stops');
    await tmux.press('C-c');
    await tmux.shows('ended-130');
    expect(await tmux.shows('ended-130')).not.toContain('Ctrl-C stops');
    expect(await tmux.isRestored()).toBe(true);
    expect(await settings()).toBe(before);
  });

  it('carries a halted plan out once the number of its deletions is typed', async () => {
    await run(`rm -rf many; ${S4} sync; echo ended-$?`);
    await tmux.shows('Type 12');
    await tmux.press('1', 'Enter');
    await tmux.shows('That is not 12');
    await tmux.press('2', 'Enter');
    await tmux.shows('ended-0');
    expect(await tmux.history()).toContain('12 deleted');
  });

  it('asks line by line where plain lines are wished for', async () => {
    await makeConflict();
    await run(`S4_PLAIN=1 ${S4} sync; echo ended-$?`);
    await tmux.shows('Choice (default=skip):');
    await tmux.press('1', 'Enter');
    await tmux.shows('ended-0');
    expect(laptop.read('f.txt')).toBe('one by the laptop\n');
  });
});

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
