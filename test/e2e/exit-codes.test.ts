import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { createHome, ensureBuilt, type Home, lookAt } from '../support/two-homes.ts';

let temp: TempDir;
let laptop: Home;
let desktop: Home;
let store: string;

beforeAll(ensureBuilt);
beforeEach(async () => {
  temp = await createTempDir();
  laptop = createHome('laptop', temp.path);
  desktop = createHome('desktop', temp.path);
  store = join(temp.path, 'store');
});
afterEach(() => temp.remove());

async function codeOf(home: Home, ...args: readonly string[]): Promise<unknown> {
  return (await home.s4(args)).code;
}

/** The laptop has synced its files once. */
async function begin(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  mkdirSync(laptop.folder);
  for (const [path, content] of Object.entries(files)) laptop.write(path, content);
  expect(await codeOf(laptop, 'add', '.', `file://${store}`, '--create-bucket', '--yes')).toBe(0);
  expect(await codeOf(laptop, 'sync')).toBe(0);
}

async function joinDesktop(): Promise<void> {
  expect(await codeOf(desktop, 'add', desktop.folder, `file://${store}`, '--create-folder', '--yes')).toBe(0);
  expect(await codeOf(desktop, 'sync')).toBe(0);
}

describe('exit code', () => {
  test('2: the folder is not the one that was added, and nothing is deleted', async () => {
    await begin({ 'a.txt': 'a', 'b.txt': 'b' });
    renameSync(laptop.folder, `${laptop.folder}.away`);
    const gone = await laptop.s4(['sync']);
    expect(gone.code).toBe(2);
    mkdirSync(laptop.folder);
    const ran = await laptop.s4(['sync']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('has no .s4/target.json: it is not the folder that was added');
    expect(ran.stderr).toContain('run `s4 add` on it again');
    expect(await codeOf(laptop, 'sync', '--approve', '0123456789')).toBe(2);
    expect(Object.keys(lookAt(store))).toEqual(['a.txt', 'b.txt']);
  });

  test('3: a name that cannot be a key is told, and the others are synced', async () => {
    await begin({});
    writeFileSync(join(laptop.folder, 'back\\slash'), 'x');
    const names = ['back\\slash'];
    if (process.platform === 'linux') {
      writeFileSync(Buffer.concat([Buffer.from(`${laptop.folder}/bad-`), Buffer.from([0xff])]), 'x');
      names.push('bad-');
    }
    laptop.write('good.txt', 'good');
    for (let run = 1; run <= 2; run++) {
      const ran = await laptop.s4(['sync']);
      expect(ran.code).toBe(3);
      for (const name of names) expect(ran.stdout + ran.stderr).toContain(`  ${name}`);
      expect(Object.keys(lookAt(store))).toEqual(['good.txt']);
    }
  });

  test('4: a skipped conflict changes nothing, and is shown again', async () => {
    await begin({ 'a.txt': 'base' });
    await joinDesktop();
    laptop.write('a.txt', 'laptop');
    desktop.write('a.txt', 'desktop');
    expect(await codeOf(laptop, 'sync')).toBe(0);
    for (let run = 1; run <= 2; run++) {
      expect(await codeOf(desktop, 'sync', '--conflicts', 'skip')).toBe(4);
      expect(desktop.read('a.txt')).toBe('desktop');
      expect(Object.keys(lookAt(store))).toEqual(['a.txt']);
    }
    expect(await codeOf(desktop, 'sync', '--conflicts', 'local')).toBe(0);
    expect(await codeOf(laptop, 'sync')).toBe(0);
    expect(laptop.read('a.txt')).toBe('desktop');
  });

  test('5: a mass deletion waits for an approval of exactly that plan', async () => {
    await begin(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`f${i}`, `${i}`])));
    const stored = lookAt(store);
    for (let i = 0; i < 8; i++) rmSync(join(laptop.folder, `f${i}`));
    const halted = await laptop.s4(['sync']);
    expect(halted.code).toBe(5);
    const id = /s4 sync docs --approve ([0-9a-f]{10})/.exec(halted.stdout + halted.stderr)?.[1] ?? 'none';
    expect(lookAt(store)).toEqual(stored);
    expect(await codeOf(laptop, 'sync', '--approve', '0123456789')).toBe(5);
    rmSync(join(laptop.folder, 'f8'));
    expect(await codeOf(laptop, 'sync', '--approve', id)).toBe(5);
    expect(lookAt(store)).toEqual(stored);
    laptop.write('f8', '8');
    expect(await codeOf(laptop, 'sync', '--approve', id)).toBe(0);
    expect(Object.keys(lookAt(store))).toEqual(['f10', 'f11', 'f8', 'f9']);
  });

  test('6: a store that is gone deletes nothing here', async () => {
    await begin({ 'a.txt': 'a', 'b.txt': 'b' });
    renameSync(store, `${store}.away`);
    const ran = await laptop.s4(['sync']);
    expect(ran.code).toBe(6);
    expect(ran.stderr).toMatch(/^Error: docs: .*\n {2}\S/);
    expect(Object.keys(lookAt(laptop.folder))).toEqual(['a.txt', 'b.txt']);
    renameSync(`${store}.away`, store);
    expect(await codeOf(laptop, 'sync')).toBe(0);
  });

  test('7 while another s4 works here, 130 for the one that is interrupted', async () => {
    await begin({});
    laptop.write('large.bin', randomBytes(1_000_000));
    // At this rate it would take a quarter of an hour.
    const first = laptop.start(['sync', '--limit-up', '1K']);
    await first.said('Creating large.bin');
    const second = await laptop.s4(['sync']);
    expect(second.code).toBe(7);
    expect(second.stderr).toMatch(
      /^Error: docs: Another s4 works on this folder: process \d+ on laptop\.\n {2}\S/,
    );
    first.child.kill('SIGINT');
    expect((await first.ended).code).toBe(130);
    expect(lookAt(store)).toEqual({});
    expect(await codeOf(laptop, 'sync')).toBe(0);
    expect(lookAt(store)).toEqual(lookAt(laptop.folder));
  });
});

describe('killed in the middle', () => {
  const paths = Array.from({ length: 10 }, (_, i) => `photos/${i}.jpg`);

  /** Kills s4 as soon as the other side holds some of the files; returns how many those are. */
  async function killInTheMiddle(home: Home, args: readonly string[], arriving: string): Promise<number> {
    const present = () => paths.filter((path) => existsSync(join(arriving, path))).length;
    const { child, ended } = home.start(args);
    await expect.poll(present, { interval: 10, timeout: 20_000 }).toBeGreaterThan(1);
    child.kill('SIGKILL');
    expect((await ended).code).toBe('SIGKILL');
    return present();
  }

  test('an upload and a download are whole after the next run', async () => {
    await begin({ 'photos/0.jpg.txt': 'beside' });
    await joinDesktop();
    for (const path of paths) laptop.write(path, randomBytes(200_000));
    const wanted = lookAt(laptop.folder);
    expect(await killInTheMiddle(laptop, ['sync', '--limit-up', '500K'], store)).toBeLessThan(paths.length);
    expect(await codeOf(laptop, 'sync')).toBe(0);
    expect(lookAt(store)).toEqual(wanted);

    const placed = await killInTheMiddle(desktop, ['sync', '--limit-down', '500K'], desktop.folder);
    expect(placed).toBeLessThan(paths.length);
    for (const [path, what] of Object.entries(lookAt(desktop.folder))) expect(what).toBe(wanted[path]);
    expect(await codeOf(desktop, 'sync')).toBe(0);
    expect(lookAt(desktop.folder)).toEqual(wanted);
    expect(lookAt(laptop.folder)).toEqual(wanted);
    expect(lookAt(store)).toEqual(wanted);
    expect(readdirSync(join(desktop.folder, '.s4', 'tmp'))).toEqual([]);
    expect((await desktop.s4(['sync'])).stdout).toMatch(/\nNothing to update\n$/);
  });
});
