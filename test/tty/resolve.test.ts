import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { S4, type Shell, succeeds, terminalRoom } from '../support/terminal-room.ts';
import { createHome, type Home } from '../support/two-homes.ts';

const BASE = 'one\n\ntwo\n\nthree\n';

describe('s4 resolve in a real terminal', () => {
  const room = terminalRoom();
  let laptop: Home;
  let desktop: Home;
  let shell: Shell;

  beforeEach(async () => {
    laptop = createHome('laptop', room.path);
    desktop = createHome('desktop', room.path);
    const url = `file://${join(room.path, 'store')}`;
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
    shell = await room.shell(laptop);
  });

  const files = () => readdirSync(laptop.folder).filter((name) => name !== '.s4');

  it('merges what was kept as both where it fits, as was chosen for the rest, and leaves what does not', async () => {
    await succeeds(laptop, 'sync');
    expect(files()).toHaveLength(4);
    await shell.run(`${S4} resolve; echo ended-$?`);
    await shell.shows('both edits, they fit together');
    await shell.press('d');
    await shell.shows('changed in the original');
    await shell.press('Escape');
    await shell.shows('keep original');
    await shell.press('a');
    await shell.shows('ON: the same');
    await shell.press('m', 'Enter');
    await shell.shows('ended-4');
    expect(laptop.read('apart.txt')).toBe('ONE\n\ntwo\n\nTHREE\n');
    expect(files()).toHaveLength(3);
    await shell.run(`${S4} resolve; echo again-$?`);
    await shell.shows('both changed the same lines');
    await shell.press('c', 'Enter');
    await shell.shows('again-0');
    expect(laptop.read('same.txt')).toBe(BASE.replace('two', 'ZWEI'));
    expect(files()).toEqual(['apart.txt', 'same.txt']);
    expect(await shell.isRestored()).toBe(true);
  });

  it('asks about what both sides changed on the screen of a sync', async () => {
    await shell.run(`${S4} resolve apart.txt same.txt; echo ended-$?`);
    await shell.shows('Both sides changed it');
    await shell.shows('they fit together');
    await shell.press('m', 'Enter');
    await shell.shows('both changed the same lines');
    await shell.press('r', 'Enter');
    await shell.shows('ended-0');
    expect(laptop.read('apart.txt')).toBe('ONE\n\ntwo\n\nTHREE\n');
    expect(laptop.read('same.txt')).toBe(BASE.replace('two', 'TWO'));
    expect(files()).toEqual(['apart.txt', 'same.txt']);
  });
});
