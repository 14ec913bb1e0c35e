import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { startTmux, type Tmux } from '../support/tmux.ts';
import { createHome, ensureBuilt, type Home } from '../support/two-homes.ts';

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'cli.cjs');
const S4 = `'${process.execPath}' '${CLI}'`;
const BASE = 'one\n\ntwo\n\nthree\n';

describe('s4 resolve in a real terminal', () => {
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
    for (const name of ['apart.txt', 'same.txt']) laptop.write(name, BASE);
    await succeeds(laptop, 'add', '.', url, '--create-bucket', '--yes');
    await succeeds(laptop, 'sync');
    await succeeds(desktop, 'add', desktop.folder, url, '--create-folder', '--yes');
    await succeeds(desktop, 'sync');
    desktop.write('apart.txt', BASE.replace('one', 'ONE'));
    desktop.write('same.txt', BASE.replace('two', 'TWO'));
    await succeeds(desktop, 'sync');
    laptop.write('apart.txt', BASE.replace('three', 'THREE'));
    laptop.write('same.txt', BASE.replace('two', 'ZWEI'));
    tmux = await startTmux({
      command: ['bash', '--norc', '--noprofile'],
      env: terminalEnv(laptop),
      cwd: laptop.folder,
    });
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

  const files = () => readdirSync(laptop.folder).filter((name) => name !== '.s4');

  it('merges what was kept as both where it fits, as was chosen for the rest, and leaves what does not', async () => {
    await succeeds(laptop, 'sync');
    expect(files()).toHaveLength(4);
    await run(`${S4} resolve; echo ended-$?`);
    await tmux.shows('both edits, they fit together');
    await tmux.press('d');
    await tmux.shows('changed in the original');
    await tmux.press('Escape');
    await tmux.shows('keep original');
    await tmux.press('a');
    await tmux.shows('ON: the same');
    await tmux.press('m', 'Enter');
    await tmux.shows('ended-4');
    expect(laptop.read('apart.txt')).toBe('ONE\n\ntwo\n\nTHREE\n');
    expect(files()).toHaveLength(3);
    await run(`${S4} resolve; echo again-$?`);
    await tmux.shows('both changed the same lines');
    await tmux.press('c', 'Enter');
    await tmux.shows('again-0');
    expect(laptop.read('same.txt')).toBe(BASE.replace('two', 'ZWEI'));
    expect(files()).toEqual(['apart.txt', 'same.txt']);
    expect(await tmux.isRestored()).toBe(true);
  });

  it('asks about what both sides changed on the screen of a sync', async () => {
    await run(`${S4} resolve apart.txt same.txt; echo ended-$?`);
    await tmux.shows('Both sides changed it');
    await tmux.shows('they fit together');
    await tmux.press('m', 'Enter');
    await tmux.shows('both changed the same lines');
    await tmux.press('r', 'Enter');
    await tmux.shows('ended-0');
    expect(laptop.read('apart.txt')).toBe('ONE\n\ntwo\n\nTHREE\n');
    expect(laptop.read('same.txt')).toBe(BASE.replace('two', 'TWO'));
    expect(files()).toEqual(['apart.txt', 'same.txt']);
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
