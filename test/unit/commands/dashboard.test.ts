import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EXIT } from '../../../src/commands/exit-codes.ts';
import { main } from '../../../src/commands/main.ts';
import { lockInstance } from '../../../src/daemon/instance-lock.ts';
import { daemonPlaces } from '../../../src/daemon/places.ts';
import { serveDaemon } from '../../../src/daemon/socket/server.ts';
import { runCycle } from '../../../src/engine/run-cycle.ts';
import { type Bench, createBench } from '../../support/cli.ts';
import { createFakeControl, type FakeControl, targetStatus } from '../../support/fake-control.ts';
import { createFakeTerminal, type FakeTerminal } from '../../support/fake-terminal.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let bench: Bench;
let terminal: FakeTerminal;
let folder: string;
beforeEach(async () => {
  temp = await createTempDir();
  bench = createBench(temp.path);
  folder = bench.folder('notes');
  const url = `file://${bench.folder('store')}`;
  expect(await main(['add', folder, url, '--yes'], bench.process())).toBe(EXIT.done);
  terminal = createFakeTerminal({ columns: 80, rows: 24 });
});
afterEach(() => temp.remove());

const user = () => bench.disk(folder).user;

/** `s4` alone, with the real engine over a disk and a store in memory. */
function open(): Promise<number> {
  const host = bench.process();
  const services = { ...bench.services, runCycle };
  const { signal } = terminal.interrupts;
  return main([], { ...host, signal, terminal: terminal.host, services: async () => services });
}

async function sync(): Promise<void> {
  const services = { ...bench.services, runCycle };
  const exit = await main(['sync', '-q'], { ...bench.process(), services: async () => services });
  expect(exit).toBe(EXIT.done);
}

/** A daemon in this process. @returns what ends it */
async function startDaemon(control: FakeControl): Promise<() => Promise<void>> {
  const places = daemonPlaces(bench.configDir);
  const lock = lockInstance(places, 'laptop');
  const hello = { version: '1.2.3', pid: process.pid };
  const server = await serveDaemon({ places, lock, control, hello, redact: (text) => text });
  return async () => {
    await server.close();
    lock.release();
  };
}

describe('the dashboard', () => {
  test('is there before anything was looked at, says what a sync would do, and syncs', async () => {
    user().write('new.txt', 'new');
    const ended = open();
    expect(await terminal.shows('TARGET')).toMatch(/not looked at yet|looking|↑1/);
    expect(await terminal.shows('↑1')).toContain('no daemon');
    terminal.press('s');
    expect(await terminal.shows('✓ in sync')).toContain('LAST SYNC');
    terminal.press('q');
    expect(await ended).toBe(EXIT.done);
    expect(terminal.rawMode).toBe(false);
    expect(bench.stdout.join('') + bench.stderr.join('')).not.toContain('Syncing');
  });

  test('opens a target, shows the versions of a file and what changed, and restores one', async () => {
    user().write('d/f.txt', 'one\n');
    await sync();
    user().write('d/f.txt', 'two\n');
    await sync();
    const ended = open();
    await terminal.shows('✓ in sync');
    terminal.press('enter');
    // Not a path of the screen before, which may end so.
    await terminal.shows('✓ d/');
    terminal.press('enter');
    await terminal.shows('f.txt');
    terminal.press('enter');
    await terminal.shows('current');
    terminal.press('down', 'enter');
    expect(await terminal.shows('+ two')).toContain('- one');
    terminal.press('escape');
    await terminal.shows('WRITTEN');
    terminal.press('r');
    await terminal.shows('Restore this version');
    terminal.press('y');
    await terminal.shows('It is here again');
    expect(user().read('d/f.txt')).toBe('one\n');
    expect(Object.values(user().tree('.s4/trash'))).toContain('two\n');
    terminal.press('escape');
    expect(await terminal.shows('changed here')).toContain('f.txt');
    terminal.press('ctrl-c');
    expect(await ended).toBe(EXIT.interrupted);
  });

  test('a filter is typed, and what is ignored is marked', async () => {
    user().write('.syncignore', '*.log\n');
    user().write('a/one.txt', '1');
    user().write('b/two.txt', '2');
    user().write('debug.log', 'x');
    await sync();
    const ended = open();
    await terminal.shows('✓ in sync');
    terminal.press('enter');
    expect(await terminal.shows('ignored')).toContain('debug.log');
    terminal.press('/');
    await terminal.shows('filter:');
    terminal.type('two');
    await terminal.until((frame) => frame.includes('b/two.txt') && !frame.includes('one.txt'));
    terminal.press('escape');
    await terminal.shows('debug.log');
    terminal.press('escape');
    await terminal.shows('TARGET');
    terminal.press('q');
    expect(await ended).toBe(EXIT.done);
  });

  test('follows a daemon that is started while it is open, and the next one when that has ended', async () => {
    const control = createFakeControl([targetStatus('notes', { phase: 'paused' })]);
    const ended = open();
    await terminal.shows('no daemon');
    for (let start = 0; start < 2; start++) {
      const stop = await startDaemon(control);
      expect(await terminal.shows('daemon running')).toContain('A daemon runs now');
      await stop();
      expect(await terminal.shows('no daemon')).toContain('The daemon is gone');
    }
    terminal.press('q');
    expect(await ended).toBe(EXIT.done);
  });

  test('a target that cannot be reached says why, and what to do', async () => {
    await sync();
    user().remove('.s4/target.json');
    const ended = open();
    expect(await terminal.shows('✗ failed')).toBeDefined();
    expect(await terminal.shows('target.json')).toContain('s4 add');
    terminal.press('q');
    expect(await ended).toBe(EXIT.done);
  });
});
