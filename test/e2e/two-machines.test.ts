import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { createHome, ensureBuilt, type Home, lookAt, type Ran } from '../support/two-homes.ts';

let temp: TempDir;
let laptop: Home;
let desktop: Home;
let store: string;
let url: string;

beforeAll(ensureBuilt);
beforeEach(async () => {
  temp = await createTempDir();
  laptop = createHome('laptop', temp.path);
  desktop = createHome('desktop', temp.path);
  store = join(temp.path, 'store');
  url = `file://${store}`;
});
afterEach(() => temp.remove());

/** Both machines know the target, and hold the laptop's files. */
async function joinBoth(): Promise<void> {
  succeeded(await laptop.s4(['add', '.', url, '--create-bucket', '--yes']));
  succeeded(await laptop.s4(['sync']));
  succeeded(await desktop.s4(['add', desktop.folder, url, '--create-folder', '--yes']));
  succeeded(await desktop.s4(['sync']));
}

async function syncAll(...homes: readonly Home[]): Promise<void> {
  for (const home of homes) succeeded(await home.s4(['sync']));
}

function succeeded(ran: Ran): void {
  expect(ran).toMatchObject({ code: 0, stderr: '' });
}

function expectAllEqual(): void {
  expect(lookAt(desktop.folder)).toEqual(lookAt(laptop.folder));
  expect(lookAt(store)).toEqual(lookAt(laptop.folder, { asStored: true }));
}

describe('two machines and a directory as their store', () => {
  test('hold the same after edits, renames and deletions on both sides', async () => {
    laptop.write('notes/todo.txt', 'buy milk\n');
    laptop.write('notes/old.txt', 'old\n');
    laptop.write('Grüße/日本語 🎉.txt', 'hello\n');
    laptop.write('pictures/cat.png', randomBytes(100_000));
    laptop.write('empty.txt', '');
    laptop.write('run.sh', '#!/bin/sh\n');
    chmodSync(join(laptop.folder, 'run.sh'), 0o755);
    symlinkSync('notes/todo.txt', join(laptop.folder, 'link'));
    mkdirSync(join(laptop.folder, 'empty folder'));
    const before = lookAt(laptop.folder);
    await joinBoth();
    expect(lookAt(laptop.folder)).toEqual(before);
    expectAllEqual();

    laptop.write('notes/todo.txt', 'buy milk\ncall mum\n');
    renameSync(join(laptop.folder, 'pictures/cat.png'), join(laptop.folder, 'tiger.png'));
    rmSync(join(laptop.folder, 'notes/old.txt'));
    desktop.write('new/deep/file.txt', 'new\n');
    chmodSync(join(desktop.folder, 'run.sh'), 0o644);
    rmSync(join(desktop.folder, 'empty folder'), { recursive: true });
    const renamed = await laptop.s4(['sync']);
    expect(renamed.stdout).toContain('Renaming pictures/cat.png to tiger.png');
    await syncAll(desktop, laptop);
    expectAllEqual();
    expect(Object.keys(lookAt(laptop.folder))).toEqual([
      'Grüße/日本語 🎉.txt',
      'empty.txt',
      'link',
      'new/deep/file.txt',
      'notes/todo.txt',
      // Its last file moved away; the folder itself nobody deleted.
      'pictures',
      'run.sh',
      'tiger.png',
    ]);
    expect(laptop.read('notes/todo.txt')).toBe('buy milk\ncall mum\n');
    for (const home of [laptop, desktop])
      expect(await home.s4(['sync'])).toMatchObject({ code: 0, stdout: /\nNothing to update\n$/ });
  });

  test('keep both versions of a file that both edited', async () => {
    laptop.write('plan.txt', 'Monday\n');
    await joinBoth();
    laptop.write('plan.txt', 'Monday: beach\n');
    desktop.write('plan.txt', 'Monday: mountains\n');
    await syncAll(laptop, desktop, laptop);
    expectAllEqual();
    const names = Object.keys(lookAt(laptop.folder));
    expect(names).toEqual([
      expect.stringMatching(/^plan \(conflict, desktop, \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\)\.txt$/),
      'plan.txt',
    ]);
    expect(names.map((name) => laptop.read(name))).toEqual(['Monday: mountains\n', 'Monday: beach\n']);
  });

  test('look before they sync: status, ls and --json', async () => {
    laptop.write('a.txt', 'a');
    await joinBoth();
    laptop.write('b.txt', 'b');
    rmSync(join(desktop.folder, 'a.txt'));
    const stored = lookAt(store);
    expect(await laptop.s4(['status'])).toMatchObject({
      code: 0,
      stdout: 'docs: 1 up\n  up    new     b.txt\n',
    });
    expect(await desktop.s4(['status'])).toMatchObject({
      code: 0,
      stdout: 'docs: 1 deleted\n  up    deleted a.txt\n',
    });
    expect(lookAt(store)).toEqual(stored);
    const listed = await laptop.s4(['ls', 'docs']);
    expect(listed.stdout).toMatch(/^a\.txt {2,}\d{4}-\d\d-\d\d/m);
    expect(listed.stdout).not.toContain('b.txt');

    const ran = await laptop.s4(['sync', '--json']);
    const events = ran.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly kind: string });
    expect(events.map(({ kind }) => kind)).toEqual([
      'cycle-started',
      'scanned',
      'scanned',
      'planned',
      'operation-started',
      'operation-progress',
      'operation-finished',
      'index-flushed',
      'cycle-finished',
    ]);
    expect(events.at(-1)).toMatchObject({
      target: 'docs',
      summary: { uploaded: 1, problems: 0, bytesUp: 1 },
    });
  });

  test('sync only the paths that are named, relative to where one is', async () => {
    mkdirSync(join(laptop.folder, 'sub/a'), { recursive: true });
    await joinBoth();
    for (const path of ['sub/a/1', 'sub/b/2', 'sub/c/3', 'other/4', 'sub/5']) laptop.write(path, path);
    const sub = join(laptop.folder, 'sub');
    succeeded(await laptop.s4(['sync', 'a', 'b'], { cwd: sub }));
    expect(filesOf(store)).toEqual(['sub/a/1', 'sub/b/2']);
    succeeded(await laptop.s4(['sync', '.'], { cwd: sub }));
    expect(filesOf(store)).toEqual(['sub/5', 'sub/a/1', 'sub/b/2', 'sub/c/3']);
    succeeded(await laptop.s4(['sync', '.']));
    expect(filesOf(store)).toContain('other/4');
  });

  test('a removed target leaves the files of both sides alone', async () => {
    laptop.write('a.txt', 'a');
    await joinBoth();
    succeeded(await laptop.s4(['rm', 'docs']));
    expect((await laptop.s4(['targets'])).stdout).toMatch(/^No targets yet/);
    expect(existsSync(join(laptop.folder, '.s4'))).toBe(true);
    expectAllEqual();
    succeeded(await desktop.s4(['rm', 'docs', '--forget-state']));
    expect(readdirSync(desktop.folder)).toEqual(['a.txt']);
    expect(filesOf(store)).toEqual(['a.txt']);
  });
});

describe('a copied or restored folder', () => {
  test('with the .s4 of another moment deletes nothing', async () => {
    laptop.write('kept.txt', 'kept');
    laptop.write('gone.txt', 'gone');
    await joinBoth();
    const backup = join(temp.path, 'backup');
    cpSync(laptop.folder, backup, { recursive: true, preserveTimestamps: true });
    rmSync(join(backup, 'kept.txt'));
    laptop.write('later.txt', 'later');
    await syncAll(laptop, desktop);
    rmSync(laptop.folder, { recursive: true });
    renameSync(backup, laptop.folder);
    const ran = await laptop.s4(['sync']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('both sides are united, nothing is deleted');
    expect(filesOf(laptop.folder)).toEqual(['gone.txt', 'kept.txt', 'later.txt']);
    expectAllEqual();
    expect((await laptop.s4(['sync'])).stdout).toMatch(/\nNothing to update\n$/);
  });

  test('carried to another machine joins as a client of its own', async () => {
    laptop.write('a.txt', 'a');
    succeeded(await laptop.s4(['add', '.', url, '--create-bucket', '--yes']));
    succeeded(await laptop.s4(['sync']));
    cpSync(laptop.folder, desktop.folder, { recursive: true, preserveTimestamps: true });
    rmSync(join(desktop.folder, 'a.txt'));
    succeeded(await desktop.s4(['add', '.', url, '--yes']));
    succeeded(await desktop.s4(['sync']));
    expectAllEqual();
    expect(desktop.read('a.txt')).toBe('a');
  });
});

function filesOf(root: string): readonly string[] {
  return Object.entries(lookAt(root))
    .filter(([, what]) => what !== 'empty folder')
    .map(([path]) => path);
}
