import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

let temp: TempDir;
let children: ChildProcess[] = [];
beforeAll(() => {
  const build = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  expect(spawnSync(process.execPath, [build, '--if-missing'], { stdio: 'inherit' }).status).toBe(0);
});
beforeEach(async () => {
  temp = await createTempDir();
  mkdirSync(at('notes'));
  writeFileSync(at('notes/first.txt'), 'first');
  expect(s4('add', at('notes'), `file://${at('store')}`, '--create-bucket', '--yes').status).toBe(0);
});
afterEach(async () => {
  s4('daemon', 'stop');
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await temp.remove();
});

const at = (path: string) => join(temp.path, path);
const env = (): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: temp.path,
  S4_CONFIG_DIR: at('config'),
  S4_HOST: 'test-host',
});

function s4(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: temp.path,
    env: env(),
    input: '',
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  text(): string;
}

function background(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: temp.path, env: env() });
  children.push(child);
  let text = '';
  const take = (chunk: Buffer): void => {
    text += String(chunk);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended, text: () => text };
}

/** Looks again and again; the test's own limit ends it. */
async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setTimeout(resolve, 50));
}

interface Status {
  readonly running: boolean;
  readonly pid: number;
  readonly targets: readonly {
    readonly name: string;
    readonly phase: string;
    readonly lastSyncMs?: number;
  }[];
}
const status = () => JSON.parse(s4('daemon', 'status', '--json').stdout) as Status;
const phase = () => status().targets[0]?.phase;
const stored = (name: string) => existsSync(at(`store/${name}`));

describe('a daemon in the background', () => {
  test('is started once, keeps the folder in sync, and stops when it is told to', async () => {
    const started = s4('daemon', 'start');
    expect(started).toMatchObject({ status: 0, stderr: '' });
    const { pid } = status();
    expect(started.stdout).toBe(`The daemon runs: process ${pid}, log ${at('config/daemon/daemon.log')}\n`);
    expect(s4('daemon', 'start').stdout).toBe(`The daemon runs already: process ${pid}\n`);
    await until(() => stored('first.txt'));
    writeFileSync(at('notes/second.txt'), 'second');
    await until(() => stored('second.txt'));
    expect(s4('daemon', 'logs').stdout).toContain(
      'notes: done operation=create direction=up path=second.txt',
    );

    expect(s4('daemon', 'stop')).toEqual({
      status: 0,
      stdout: `The daemon (process ${pid}) has stopped.\n`,
      stderr: '',
    });
    expect(status().running).toBe(false);
    expect(readdirSync(at('config/daemon')).sort()).toEqual(['daemon.log', 'output']);
  });

  test('of two starts at once is one', async () => {
    const [a, b] = [background('daemon', 'start'), background('daemon', 'start')];
    expect(await Promise.all([a.ended, b.ended])).toEqual([0, 0]);
    const { pid } = status();
    for (const said of [a.text(), b.text()]) expect(said).toContain(`process ${pid}`);
    expect(readdirSync(at('config/daemon')).filter((name) => name.startsWith('lock.'))).toHaveLength(1);
  });

  test('that was killed is replaced', async () => {
    s4('daemon', 'start');
    const { pid } = status();
    process.kill(pid, 'SIGKILL');
    await until(() => !status().running);
    expect(s4('daemon', 'start').stdout).toMatch(/^The daemon runs: process /);
    expect(status().pid).not.toBe(pid);
  });

  test('stays paused when it is started again, until somebody resumes', async () => {
    s4('daemon', 'start');
    await until(() => phase() === 'idle' && stored('first.txt'));
    expect(s4('daemon', 'pause', 'notes').status).toBe(0);
    s4('daemon', 'stop');
    writeFileSync(at('notes/meanwhile.txt'), 'meanwhile');
    s4('daemon', 'start');
    expect(phase()).toBe('paused');
    expect(stored('meanwhile.txt')).toBe(false);
    expect(s4('daemon', 'resume').status).toBe(0);
    await until(() => phase() === 'idle' && stored('meanwhile.txt'));
    s4('daemon', 'stop');
    s4('daemon', 'start');
    await until(() => phase() === 'idle');
  });

  test('forgets a pause with the target', async () => {
    s4('daemon', 'start');
    await until(() => phase() === 'idle' && stored('first.txt'));
    expect(s4('daemon', 'pause').status).toBe(0);
    expect(s4('rm', 'notes').status).toBe(0);
    await until(() => status().targets.length === 0);
    s4('add', at('notes'), `file://${at('store')}`, '--yes');
    await until(() => phase() === 'idle');
  });

  test('that cannot start says why, and ends as it would in the foreground', () => {
    expect(s4('daemon', 'start', 'nothing')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'Error: "nothing" is an unknown target.\n  Choices are: notes.\n',
    });
  });

  test('takes over targets that are added and removed', async () => {
    s4('daemon', 'start');
    mkdirSync(at('work'));
    writeFileSync(at('work/w.txt'), 'w');
    s4('add', at('work'), `file://${at('other')}`, '--create-bucket', '--yes');
    await until(() => existsSync(at('other/w.txt')));
    expect(s4('rm', 'work', '--forget-state').status).toBe(0);
    expect(status().targets.map(({ name }) => name)).toEqual(['notes']);
    expect(readdirSync(at('work'))).toEqual(['w.txt']);
  });
});

describe('s4 sync while a daemon keeps the target', () => {
  beforeEach(async () => {
    s4('daemon', 'start');
    await until(() => phase() === 'idle' && stored('first.txt'));
    expect(s4('daemon', 'pause').status).toBe(0);
  });

  test('is done by it, paths and direction too, and says and ends as without', () => {
    writeFileSync(at('notes/a.txt'), 'a');
    writeFileSync(at('notes/b.txt'), 'b');
    const synced = s4('push', './notes/a.txt');
    expect(synced.status).toBe(0);
    expect(synced.stdout).toContain('Creating a.txt');
    expect([stored('a.txt'), stored('b.txt')]).toEqual([true, false]);
    expect(s4('status').stdout).toMatch(/^notes: 1 up\n {2}up {4}new {5}b\.txt\n {2}daemon {8}paused/);
    expect(s4('daemon', 'resume').stdout).toBe('Resumed notes\n');
  });

  test('halts as without, and is approved', () => {
    for (let i = 0; i < 12; i++) writeFileSync(at(`notes/f${i}`), `${i}`);
    s4('sync');
    for (const name of readdirSync(at('notes'))) if (name !== '.s4') rmSync(at(`notes/${name}`));
    const halted = s4('sync');
    expect(halted.status).toBe(5);
    const plan = /--approve (\w+)/.exec(halted.stdout)?.[1] ?? '';
    expect(s4('sync', '--approve', plan).status).toBe(0);
    expect(stored('f1')).toBe(false);
  });

  test('is 4 when a conflict is skipped', () => {
    writeFileSync(at('notes/first.txt'), 'here');
    writeFileSync(at('store/first.txt'), 'there');
    expect(s4('sync', '--conflicts', 'skip').status).toBe(4);
    expect(s4('sync', '--conflicts', 'local').status).toBe(0);
    expect(readFileSync(at('store/first.txt'), 'utf8')).toBe('here');
  });
});

describe('a slow sync through the daemon', () => {
  let sync: Running;
  beforeEach(async () => {
    s4('daemon', 'start', '--limit-up', '200K');
    await until(() => stored('first.txt'));
    s4('daemon', 'pause');
    writeFileSync(at('notes/big'), Buffer.alloc(30_000_000, 'x'));
    sync = background('sync');
    await until(() => sync.text().includes('Creating big'));
  });

  test('is aborted by Ctrl-C; the daemon goes on', async () => {
    sync.child.kill('SIGINT');
    expect(await sync.ended).toBe(130);
    expect(status().running).toBe(true);
    expect(stored('big')).toBe(false);
  });

  test('is 7 when the daemon is killed, with a clear word; then s4 works by itself', async () => {
    process.kill(status().pid, 'SIGKILL');
    expect(await sync.ended).toBe(7);
    expect(sync.text()).toContain('Error: notes: The daemon ended before it answered.');
    expect(s4('sync').status).toBe(0);
    expect(stored('big')).toBe(true);
  });
});

describe('a daemon in the foreground', () => {
  test('takes a signal once: SIGHUP reads the configuration again, SIGTERM in the middle of a sync is its end', async () => {
    writeFileSync(at('notes/big'), Buffer.alloc(30_000_000, 'x'));
    const daemon = background('daemon', '--limit-up', '200K');
    await until(() => daemon.text().includes('Creating big'));
    daemon.child.kill('SIGHUP');
    await until(() => s4('daemon', 'logs').stdout.includes('reloaded'));
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
    const logged = s4('daemon', 'logs').stdout;
    expect(logged.match(/reloaded/g)).toHaveLength(1);
    expect(logged).toContain('stopped by=signal');
    expect(readdirSync(at('config/daemon')).sort()).toEqual(['daemon.log']);
  });
});

test('attach shows the state and what happens', async () => {
  s4('daemon', 'start');
  await until(() => phase() === 'idle' && stored('first.txt'));
  const attached = background('daemon', 'attach');
  await until(() => attached.text().includes('notes'));
  writeFileSync(at('notes/new.txt'), 'new');
  await until(() => attached.text().includes('Creating new.txt'));
  attached.child.kill('SIGINT');
  expect(await attached.ended).toBe(0);
});

test('logs -f goes on with what is added', async () => {
  s4('daemon', 'start');
  await until(() => stored('first.txt'));
  const logs = background('daemon', 'logs', '-f');
  await until(() => logs.text().includes('path=first.txt'));
  writeFileSync(at('notes/new.txt'), 'new');
  await until(() => logs.text().includes('path=new.txt'));
  logs.child.kill('SIGINT');
  expect(await logs.ended).toBe(0);
});
