import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { createHome, ensureBuilt, type Home, lookAt, type Started } from '../support/two-homes.ts';

let temp: TempDir;
let laptop: Home;
let desktop: Home;
let url: string;
const running: Started[] = [];

beforeAll(ensureBuilt);
beforeEach(async () => {
  temp = await createTempDir();
  laptop = createHome('laptop', temp.path);
  desktop = createHome('desktop', temp.path);
  url = `file://${join(temp.path, 'store')}`;
  for (const home of [laptop, desktop]) {
    mkdirSync(home.folder);
    const added = await home.s4(['add', home.folder, url, '--create-bucket', '--yes']);
    expect(added).toMatchObject({ code: 0, stderr: '' });
  }
});
afterEach(async () => {
  for (const each of running.splice(0)) {
    each.child.kill('SIGKILL');
    await each.ended;
  }
  await temp.remove();
});

/** A daemon that looks often; resolves when its first look is done. */
async function daemon(home: Home): Promise<Started> {
  const flags = ['--poll-min', '0.2', '--poll-max', '0.5', '--no-notifications', '--json'];
  const started = home.start(['daemon', ...flags]);
  running.push(started);
  await started.said('"phase":"idle"');
  return started;
}

function isEqual(): Promise<unknown> {
  return eventually(
    () => [lookAt(laptop.folder), lookAt(desktop.folder)] as const,
    ([here, there]) => isDeepStrictEqual(here, there),
  );
}

const has = (home: Home, path: string) => () => existsSync(join(home.folder, path));
const yes = (seen: boolean) => seen;
const no = (seen: boolean) => !seen;

describe('two daemons and a directory as their store', () => {
  test('carry what is written, renamed and deleted to the other side', async () => {
    await daemon(laptop);
    await daemon(desktop);
    laptop.write('notes/a.txt', 'from the laptop\n');
    await eventually(has(desktop, 'notes/a.txt'), yes);
    expect(desktop.read('notes/a.txt')).toBe('from the laptop\n');
    desktop.write('notes/a.txt', 'from the desktop, later\n');
    await eventually(
      () => laptop.read('notes/a.txt'),
      (text) => text.includes('later'),
    );
    renameSync(join(laptop.folder, 'notes/a.txt'), join(laptop.folder, 'renamed.txt'));
    await eventually(has(desktop, 'renamed.txt'), yes);
    await eventually(has(desktop, 'notes/a.txt'), no);
    rmSync(join(desktop.folder, 'renamed.txt'));
    await eventually(has(laptop, 'renamed.txt'), no);
    await isEqual();
  });

  test('keep both versions of what was changed on both sides while one was away', async () => {
    laptop.write('plan.txt', 'first\n');
    const first = await daemon(laptop);
    await daemon(desktop);
    await eventually(has(desktop, 'plan.txt'), yes);
    first.child.kill('SIGTERM');
    await first.ended;
    laptop.write('plan.txt', 'of the laptop\n');
    desktop.write('plan.txt', 'of the desktop\n');
    await eventually(
      () => readFileSync(join(temp.path, 'store/plan.txt'), 'utf8'),
      (text) => text === 'of the desktop\n',
    );
    await daemon(laptop);
    await eventually(
      () => readdirSync(desktop.folder).filter((name) => name.startsWith('plan')).length,
      (n) => n === 2,
    );
    await isEqual();
    const texts = readdirSync(desktop.folder)
      .filter((name) => name.startsWith('plan'))
      .map((name) => desktop.read(name));
    expect(texts.sort()).toEqual(['of the desktop\n', 'of the laptop\n']);
  });

  test('lose nothing when one is killed in the middle, and is started again', async () => {
    const first = await daemon(laptop);
    await daemon(desktop);
    for (let i = 0; i < 150; i++) laptop.write(`many/${i}.txt`, `number ${i}\n`);
    await eventually(() => existsSync(join(temp.path, 'store/many')), yes);
    first.child.kill('SIGKILL');
    await first.ended;
    for (let i = 150; i < 160; i++) laptop.write(`many/${i}.txt`, `number ${i}\n`);
    rmSync(join(laptop.folder, 'many/3.txt'));
    await daemon(laptop);
    await eventually(has(desktop, 'many/159.txt'), yes);
    await isEqual();
    expect(Object.keys(lookAt(desktop.folder))).toHaveLength(159);
  });
});

describe('a daemon', () => {
  test('ends with 0 at SIGTERM, in the middle of its work too, and lets go of the folder', async () => {
    const started = await daemon(laptop);
    for (let i = 0; i < 100; i++) laptop.write(`many/${i}.txt`, `number ${i}\n`);
    await started.said('operation-started');
    started.child.kill('SIGTERM');
    const ended = await started.ended;
    expect(ended.code).toBe(0);
    expect(readdirSync(join(laptop.folder, '.s4')).filter((name) => name.startsWith('lock.'))).toEqual([]);
    expect(await laptop.s4(['sync'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('ends with 0 at Ctrl-C', async () => {
    const started = await daemon(laptop);
    started.child.kill('SIGINT');
    expect((await started.ended).code).toBe(0);
  });

  test('takes a target in that was added, and drops one that was removed, at SIGHUP', async () => {
    const started = await daemon(laptop);
    const other = join(temp.path, 'other');
    mkdirSync(other);
    const place = `file://${join(temp.path, 'other-store')}`;
    await laptop.s4(['add', other, place, '--name', 'second', '--create-bucket', '--yes']);
    started.child.kill('SIGHUP');
    await started.said('"name":"second"');
    await laptop.s4(['rm', 'second']);
    started.child.kill('SIGHUP');
    await eventually(() => readdirSync(join(other, '.s4')).some((name) => name.startsWith('lock.')), no);
  });

  test('finds a folder again that was gone for a while', async () => {
    const started = await daemon(laptop);
    renameSync(laptop.folder, `${laptop.folder}.away`);
    await started.said('"phase":"offline"');
    renameSync(`${laptop.folder}.away`, laptop.folder);
    laptop.write('back.txt', 'again\n');
    await eventually(() => existsSync(join(temp.path, 'store/back.txt')), yes);
  });
});
