import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { daemonInstall, daemonUninstall, type Machine } from '../../../src/commands/daemon/install.ts';
import { type Background, daemonStart, type StartBackground } from '../../../src/commands/daemon/start.ts';
import { daemonStop } from '../../../src/commands/daemon/stop.ts';
import { main } from '../../../src/commands/main.ts';
import { type InstanceLock, lockInstance } from '../../../src/daemon/instance-lock.ts';
import { daemonPlaces } from '../../../src/daemon/places.ts';
import { serveDaemon } from '../../../src/daemon/socket/server.ts';
import { type Bench, createBench, QUIET_SUMMARY, quietCycle } from '../../support/cli.ts';
import { contextOf } from '../../support/context.ts';
import {
  createFakeControl,
  endlessSync,
  type FakeControl,
  targetStatus,
} from '../../support/fake-control.ts';
import { createFakeTerminal } from '../../support/fake-terminal.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let bench: Bench;
let control: FakeControl;
let ends: (() => unknown)[] = [];
beforeEach(async () => {
  temp = await createTempDir();
  bench = createBench(temp.path);
  fs.mkdirSync(bench.configDir);
  bench.folder('notes');
  expect(await run('add', 'notes', 's3://bucket/notes', '--yes')).toBe(0);
  bench.stdout.length = 0;
  const [target] = targets();
  control = createFakeControl([
    targetStatus('notes', { id: target?.id ?? '', folder: target?.folder ?? '' }),
  ]);
});
afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  ends = [];
  await temp.remove();
});

const run = (...args: readonly string[]) => main(args, bench.process());
const out = () => bench.stdout.join('');
const err = () => bench.stderr.join('');
const places = () => daemonPlaces(bench.configDir);
const targets = () =>
  (
    JSON.parse(fs.readFileSync(join(bench.configDir, 'config.json'), 'utf8')) as {
      targets: { id: string; folder: string }[];
    }
  ).targets;

/** A daemon in this process. Its stop lets go of the lock, as the process's end would. */
async function startDaemon(): Promise<void> {
  const lock = lockInstance(places(), 'laptop');
  const hello = { version: '1.2.3', pid: process.pid };
  const server = await serveDaemon({ places: places(), lock, control, hello, redact: (text) => text });
  void control.stopped.then(() => lock.release());
  ends.push(async () => {
    await server.close();
    lock.release();
  });
}

describe('s4 daemon status', () => {
  test('says that none runs', async () => {
    expect(await run('daemon', 'status')).toBe(0);
    expect(out()).toBe('The daemon is not running. Start it: s4 daemon start\n');
    bench.stdout.length = 0;
    await run('daemon', 'status', '--json');
    expect(JSON.parse(out())).toEqual({ kind: 'daemon', running: false, answers: false });
  });

  test('says that one runs and does not answer', async () => {
    const lock = lockInstance(places(), 'laptop');
    expect(await run('daemon', 'status')).toBe(0);
    expect(out()).toContain(`process ${process.pid} on laptop) is starting, or ending`);
    lock.release();
  });

  test('shows each target, and what is wrong with it', async () => {
    const nowMs = bench.services.runtime.nowMs();
    const [own] = control.state.targets;
    control.state = {
      ...control.state,
      startedMs: nowMs - 3_600_000,
      targets: [
        { ...(own ?? targetStatus('x')), sinceMs: nowMs - 5000, lastSyncMs: nowMs - 5000 },
        targetStatus('work', {
          phase: 'offline',
          sinceMs: nowMs - 120_000,
          pending: 3,
          error: { code: 'STORE_UNREACHABLE', message: 'the store does not answer' },
          nextTryMs: nowMs + 30_000,
          requests: { GetObject: 100, ListObjectsV2: 20 },
        }),
        targetStatus('yard', { sinceMs: nowMs, lastSyncMs: nowMs, problems: 2, retryMs: nowMs + 20_000 }),
      ],
    };
    await startDaemon();
    expect(await run('daemon', 'status')).toBe(0);
    expect(out().replaceAll(String(process.pid), 'PID')).toMatchInlineSnapshot(`
      "Daemon: process PID, s4 1.2.3, up 1 h 00 min
      target  state    last sync    pending  conflicts  problems  requests  $/month
      ------  -------  -----------  -------  ---------  --------  --------  -------
      notes   idle     5 s ago      0        0          0         12        <0.01
      work    offline  20455 d ago  3        0          0         120       0.10
      yard    idle     0 s ago      0        0          2         12        <0.01
      work: The store does not answer. (next try in 30 s)
      yard: 2 paths have problems; "s4 sync yard" tries them now and says why. (next try in 20 s)
      "
    `);
    bench.stdout.length = 0;
    await run('daemon', 'status', '--json');
    expect(JSON.parse(out())).toMatchObject({ kind: 'daemon', running: true, pid: process.pid });
  });
});

describe('s4 daemon start', () => {
  const child = (ended: () => number | undefined): Background => ({ pid: process.pid, ended });
  const start = (background: StartBackground, names: readonly string[] = []) =>
    daemonStart(contextOf(bench), names, {}, background);

  test('starts this program for the same configuration, and waits until it answers', async () => {
    let given: readonly string[] = [];
    let looks = 0;
    const exit = await start(
      (args) => {
        given = args;
        return child(() => {
          if (looks++ === 2) void startDaemon();
          return undefined;
        });
      },
      ['notes'],
    );
    expect(exit).toBe(0);
    expect(given).toEqual([
      'daemon',
      '--background',
      '--config',
      fs.realpathSync(bench.configDir),
      '--',
      'notes',
    ]);
    expect(out()).toBe(`The daemon runs: process ${process.pid}, log ${places().log}\n`);
  });

  test('leaves one that runs alone', async () => {
    await startDaemon();
    expect(
      await start(() => {
        throw new Error('started another');
      }),
    ).toBe(0);
    expect(out()).toBe(`The daemon runs already: process ${process.pid}\n`);
  });

  test('says that one runs which keeps other targets than those named', async () => {
    await startDaemon();
    const never: StartBackground = () => {
      throw new Error('started another');
    };
    expect(await start(never, ['notes'])).toBe(0);
    await expect(start(never, ['notes', 'work'])).rejects.toMatchObject({
      code: 'LOCKED',
      message: `A daemon runs already (process ${process.pid}), and does not keep "work".`,
    });
  });

  test('shows the first error of one that cannot start, and ends as it did', async () => {
    const exit = await start((_args, { output }) => {
      fs.writeFileSync(output, 'Error: "x" is an unknown target.\n  Choices are: notes.\n');
      return child(() => 2);
    });
    expect(exit).toBe(2);
    expect(err()).toBe('Error: "x" is an unknown target.\n  Choices are: notes.\n');
  });

  test('of two at once, the one whose child came second says that the other runs', async () => {
    let lock: InstanceLock | undefined;
    let looks = 0;
    const exit = await start((_args, { output }) => {
      lock = lockInstance(places(), 'laptop');
      fs.writeFileSync(output, 'Error: A daemon runs already\n');
      return {
        pid: 1,
        ended: () => {
          if (looks++ === 2) {
            lock?.release();
            void startDaemon();
          }
          return 7;
        },
      };
    });
    expect(exit).toBe(0);
    expect(out()).toBe(`The daemon runs already: process ${process.pid}\n`);
  });

  test('does not wait for ever', async () => {
    await expect(start(() => child(() => undefined))).rejects.toMatchObject({ code: 'DAEMON_GONE' });
  });
});

describe('s4 daemon stop', () => {
  test('says that none runs', async () => {
    expect(await run('daemon', 'stop')).toBe(0);
    expect(out()).toBe('The daemon is not running.\n');
  });

  test('waits until it has ended', async () => {
    await startDaemon();
    expect(await run('daemon', 'stop')).toBe(0);
    expect(control.asked).toEqual(['stop']);
    expect(out()).toBe(`The daemon (process ${process.pid}) has stopped.\n`);
  });

  test('one that does not answer is told by a signal', async () => {
    const lock = lockInstance(places(), 'laptop');
    const killed: number[] = [];
    const exit = await daemonStop(contextOf(bench), (pid) => {
      killed.push(pid);
      lock.release();
    });
    expect(exit).toBe(0);
    expect(killed).toEqual([process.pid]);
  });

  test('says after ten seconds how to end one that does not', async () => {
    const lock = lockInstance(places(), 'laptop');
    await expect(daemonStop(contextOf(bench), () => undefined)).rejects.toMatchObject({
      code: 'DAEMON_GONE',
      hint: expect.stringContaining(`kill -9 ${process.pid}`),
    });
    lock.release();
  });
});

describe('s4 daemon pause and resume', () => {
  test('need a daemon', async () => {
    expect(await run('daemon', 'pause')).toBe(2);
    expect(err()).toContain('No daemon runs');
  });

  test('name targets, or mean all', async () => {
    await startDaemon();
    const id = targets()[0]?.id ?? '';
    expect(await run('daemon', 'pause', 'notes')).toBe(0);
    expect(await run('daemon', 'resume')).toBe(0);
    expect(control.asked).toEqual([`pause ${id}`, `resume ${id}`]);
    expect(out()).toBe('Paused notes\nResumed notes\n');
    expect(await run('daemon', 'pause', 'other')).toBe(2);
    expect(err()).toContain('Choices are: notes.');
  });
});

describe('s4 daemon attach', () => {
  test('shows the state, then what happens, until Ctrl-C', async () => {
    await startDaemon();
    const attached = run('daemon', 'attach');
    while (control.subscribers() === 0) await new Promise((resolve) => setImmediate(resolve));
    control.tell({
      kind: 'news',
      target: 'notes',
      news: { kind: 'trouble-ended', offline: true },
    });
    control.tell({
      kind: 'sync',
      event: {
        kind: 'operation-started',
        target: 'notes',
        id: 1,
        operation: { kind: 'create', direction: 'up', path: 'x.txt' },
      },
    });
    while (!out().includes('x.txt')) await new Promise((resolve) => setImmediate(resolve));
    bench.interrupt.abort(new Error('interrupted'));
    expect(await attached).toBe(0);
    expect(out()).toMatch(/^Daemon: process \d+[\s\S]*notes: back again\n[\s\S]*Creating x\.txt/);
  });
});

describe('s4 daemon logs', () => {
  const line = (n: number) => `${JSON.stringify({ level: 30, time: 1_700_000_000_000 + n, msg: `m${n}` })}\n`;

  test('shows the last lines for people, and as they are for scripts', async () => {
    fs.mkdirSync(places().folder, { mode: 0o700 });
    fs.writeFileSync(places().log, line(1) + line(2) + line(3));
    expect(await run('daemon', 'logs', '-n', '2')).toBe(0);
    expect(out()).toBe('2023-11-14 22:13:20 info    m2\n2023-11-14 22:13:20 info    m3\n');
    bench.stdout.length = 0;
    await run('daemon', 'logs', '-n', '1', '--json');
    expect(JSON.parse(out())).toEqual({ kind: 'log', level: 30, time: 1_700_000_000_003, msg: 'm3' });
  });

  test('says that there is none', async () => {
    expect(await run('daemon', 'logs', '-n', '0')).toBe(0);
    expect(out()).toBe('');
    expect(await run('daemon', 'logs')).toBe(0);
    expect(out()).toContain('There is nothing in the log');
  });
});

describe('s4 sync while the daemon keeps the target', () => {
  test('goes through it with every option, and ends with its exit code', async () => {
    await startDaemon();
    const seen: string[] = [];
    control.sync = async (id, options, onEvent) => {
      seen.push(id, JSON.stringify(options));
      onEvent({ kind: 'cycle-started', target: 'notes', local: '/l', remote: 's3://r', dryRun: false });
      return { target: 'notes', exit: 4 };
    };
    bench.calls.length = 0;
    const flags = ['--conflicts', 'skip', '--approve', 'abc', '--checksum', '--delete-ignored'];
    expect(await run('push', 'notes', ...flags)).toBe(4);
    expect(seen[0]).toBe(targets()[0]?.id);
    expect(JSON.parse(seen[1] ?? '')).toEqual({
      mode: 'sync',
      direction: 'up',
      conflicts: 'skip',
      approve: 'abc',
      checksum: true,
      deleteIgnored: true,
    });
    expect(out()).toBe('Syncing notes [/l/ <=> s3://r/]\n');
    expect(bench.calls).toEqual([]);
  });

  test('names the paths', async () => {
    await startDaemon();
    fs.writeFileSync(join(bench.root, 'notes/a.txt'), 'x');
    expect(await run('sync', './notes/a.txt')).toBe(0);
    expect(control.asked).toEqual([
      `sync ${targets()[0]?.id} ${JSON.stringify({ mode: 'sync', paths: ['a.txt'] })}`,
    ]);
  });

  test('another target is synced here', async () => {
    await startDaemon();
    bench.folder('other');
    expect(await run('add', 'other', 's3://bucket/other', '--yes')).toBe(0);
    bench.calls.length = 0;
    expect(await run('sync', 'other')).toBe(0);
    expect(bench.calls).toHaveLength(1);
    expect(control.asked).toEqual(['reload']);
  });

  test('tells an error of the daemon as its own', async () => {
    await startDaemon();
    control.sync = async (target) => ({
      target,
      exit: 6,
      error: { code: 'STORE_DENIED', message: 'access denied', hint: 'Check the key.' },
    });
    expect(await run('sync')).toBe(6);
    expect(err()).toBe('Error: notes: Access denied.\n  Check the key.\n');
  });

  test('is exit 7 when the daemon dies in the middle, and says so', async () => {
    await startDaemon();
    control.sync = (_target, _options, onEvent) => {
      onEvent({ kind: 'index-flushed', target: 'notes' });
      void ends.pop()?.();
      return new Promise(() => undefined);
    };
    expect(await run('sync')).toBe(7);
    expect(err()).toContain('The daemon ended before it answered.');
  });

  test('is aborted there by Ctrl-C', async () => {
    await startDaemon();
    control.sync = endlessSync([{ kind: 'index-flushed', target: 'notes' }], () =>
      control.asked.push('aborted'),
    );
    const syncing = run('sync', '--json');
    while (out() === '') await new Promise((resolve) => setImmediate(resolve));
    bench.interrupt.abort(new Error('interrupted'));
    expect(await syncing).toBe(130);
    expect(control.asked).toEqual(['aborted']);
  });

  test('asks nobody, and says that both versions were kept', async () => {
    bench.answers = [];
    await startDaemon();
    control.sync = async (target, options, onEvent) => {
      const summary = { ...QUIET_SUMMARY, keptBoth: 1 };
      onEvent({ kind: 'cycle-finished', target: 'notes', summary, dryRun: options.mode === 'preview' });
      return { target, exit: 0 };
    };
    expect(await run('sync')).toBe(0);
    expect(out()).toContain('asks nobody');
    bench.stdout.length = 0;
    await run('sync', '--conflicts', 'both');
    expect(out()).not.toContain('asks nobody');
  });

  test('resolve asks about what waits, and has the daemon do what was chosen', async () => {
    bench.answers = ['1', 'd', '2', ''];
    await startDaemon();
    const conflicts = ['f', 'g', 'h'].map((path) => ({
      path,
      local: { state: 'updated' as const, sizeBytes: 1 },
      remote: { state: 'updated' as const, sizeBytes: 2 },
    }));
    const done: unknown[] = [];
    control.sync = async (target, options, onEvent) => {
      if (options.mode === 'sync') done.push(options);
      const plan = { kind: 'planned' as const, target: 'notes', planId: 'p', operations: [], conflicts };
      onEvent({ ...plan, bytesUp: 0, bytesDown: 0 });
      return { target, exit: 0 };
    };
    bench.engine = async ({ deps, options }) => {
      expect(options).toMatchObject({ mode: 'preview', paths: ['f', 'g', 'h'] });
      for (const conflict of conflicts)
        await deps.decide?.(conflict, {
          local: async () => Buffer.from('mine'),
          remote: async () => Buffer.from('theirs'),
          base: async () => undefined,
        });
      return quietCycle(deps, options);
    };
    expect(await run('resolve', 'notes')).toBe(4);
    expect(done).toEqual([
      { mode: 'sync', paths: ['f'], conflicts: 'local' },
      { mode: 'sync', paths: ['g'], conflicts: 'remote' },
    ]);
    expect(out() + err()).toContain('-mine');
    done.length = 0;
    expect(await run('resolve', 'notes', '--conflicts', 'newer')).toBe(0);
    expect(done).toEqual([{ mode: 'sync', paths: ['f', 'g', 'h'], conflicts: 'newer' }]);
  });

  test('tells a screen how many requests the daemon makes for it', async () => {
    await startDaemon();
    const terminal = createFakeTerminal({ columns: 100, rows: 30 });
    let end: () => void = () => {};
    control.sync = (target, _options, onEvent) => {
      onEvent({ kind: 'cycle-started', target: 'notes', local: '/l', remote: 's3://r', dryRun: false });
      const [kept] = control.state.targets;
      if (kept !== undefined)
        control.state = { ...control.state, targets: [{ ...kept, requests: { get: 12, put: 7 } }] };
      return new Promise((resolve) => {
        end = () => resolve({ target, exit: 0 });
      });
    };
    const syncing = main(['sync'], { ...bench.process(), terminal: terminal.host });
    await terminal.shows('7 requests');
    end();
    expect(await syncing).toBe(0);
  });

  test('status answers from it', async () => {
    await startDaemon();
    control.sync = async (target, options, onEvent) => {
      control.asked.push(options.mode);
      onEvent({ kind: 'cycle-started', target: 'notes', local: '/l', remote: 's3://r', dryRun: true });
      return { target, exit: 0 };
    };
    expect(await run('status', '--json')).toBe(0);
    expect(control.asked).toEqual(['preview']);
    expect(out()).toContain('"daemon":"idle"');
  });
});

describe('the configuration', () => {
  test.each([
    ['edit', ['edit', 'notes', '--conflicts', 'both']],
    ['rm', ['rm', 'notes']],
  ])('changed by %s is taken over by a running daemon', async (_, args) => {
    await startDaemon();
    expect(await run(...args)).toBe(0);
    expect(control.asked).toEqual(['reload']);
    expect(out()).toContain('The daemon took it over.');
  });

  test('is changed even where the daemon cannot be told', async () => {
    await startDaemon();
    control.reload = async () => {
      throw new Error('oops');
    };
    expect(await run('rm', 'notes')).toBe(0);
    expect(out()).toContain('does not know of it yet');
    expect(targets()).toEqual([]);
  });
});

describe('s4 daemon install', () => {
  const ran: string[] = [];
  const machine = (more: Partial<Machine> = {}): Machine => ({
    platform: 'linux',
    uid: 501,
    program: ['/usr/bin/node', '/opt/s 4/cli.cjs'],
    run: (program, args) => {
      ran.push([program, ...args].join(' '));
      return { status: program === 'systemctl' && args.includes('is-active') ? 3 : 0, text: '' };
    },
    ...more,
  });
  const unit = () => fs.readdirSync(join(bench.root, '.config/systemd/user'))[0] ?? '';
  beforeEach(() => {
    ran.length = 0;
  });

  test.runIf(['linux', 'darwin'].includes(process.platform))(
    'hands on the flags that come after it, though `daemon` has the same',
    async () => {
      const flags = ['--no-notifications', '--poll-max', '2m', '--limit-up', '1K'];
      expect(await run('daemon', 'install', '--print', ...flags)).toBe(0);
      for (const word of ['--no-notifications', '--poll-max', '120', '--limit-up', '1024'])
        expect(out()).toContain(word);
    },
  );

  test('--print shows the file and changes nothing', async () => {
    expect(await daemonInstall(contextOf(bench), ['notes'], { print: true }, machine())).toBe(0);
    expect(out()).toContain(
      `ExecStart=:"/usr/bin/node" "/opt/s 4/cli.cjs" "daemon" "--background" "--config" "${bench.configDir}" "--" "notes"`,
    );
    expect(ran).toEqual(['systemd-notify --version']);
    expect(fs.existsSync(join(bench.root, '.config/systemd'))).toBe(false);
  });

  test('writes a unit of its own for each configuration, enables and starts it; uninstall takes it back', async () => {
    expect(await daemonInstall(contextOf(bench), [], {}, machine())).toBe(0);
    expect(unit()).toMatch(/^s4-[0-9a-f]{8}\.service$/);
    expect(ran.slice(1)).toEqual([
      'systemctl --user daemon-reload',
      `systemctl --user enable ${unit()}`,
      `systemctl --user restart ${unit()}`,
    ]);
    ran.length = 0;
    const name = unit();
    expect(await daemonUninstall(contextOf(bench), machine())).toBe(0);
    expect(ran).toEqual([`systemctl --user disable --now ${name}`, 'systemctl --user daemon-reload']);
    expect(fs.readdirSync(join(bench.root, '.config/systemd/user'))).toEqual([]);
    expect(await daemonUninstall(contextOf(bench), machine())).toBe(0);
    expect(out()).toContain('The service is not installed.');
  });

  test('waits for no word where systemd-notify is not there', async () => {
    const without = machine({
      run: (program) => ({ status: program === 'systemd-notify' ? undefined : 0, text: '' }),
    });
    await daemonInstall(contextOf(bench), [], { print: true }, without);
    expect(out()).toContain('Type=exec\n');
    expect(out()).not.toContain('Watchdog');
  });

  test('says what is left to do by hand where systemd does not take it', async () => {
    const without = machine({
      run: (program) => ({ status: program === 'systemctl' ? 1 : 0, text: 'Failed to connect to bus\n' }),
    });
    expect(await daemonInstall(contextOf(bench), [], {}, without)).toBe(3);
    expect(out()).toContain('Failed to connect to bus. By hand:\n  systemctl --user daemon-reload\n');
  });

  test('does not start a second daemon beside one that was started by hand', async () => {
    await startDaemon();
    await expect(daemonInstall(contextOf(bench), [], {}, machine())).rejects.toMatchObject({
      code: 'LOCKED',
    });
  });

  test('on macOS writes an agent', async () => {
    expect(await daemonInstall(contextOf(bench), [], {}, machine({ platform: 'darwin' }))).toBe(0);
    const path = join(bench.root, 'Library/LaunchAgents');
    const [file = ''] = fs.readdirSync(path);
    expect(ran).toEqual([
      `launchctl print gui/501/${file.replace('.plist', '')}`,
      `launchctl bootout gui/501/${file.replace('.plist', '')}`,
      `launchctl bootstrap gui/501 ${join(path, file)}`,
    ]);
  });
});
