import fs from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DaemonEvent, TargetNews } from '../../../src/daemon/contract.ts';
import { lockInstance } from '../../../src/daemon/instance-lock.ts';
import { type DaemonPlaces, daemonPlaces } from '../../../src/daemon/places.ts';
import { type DaemonClient, openDaemonClient } from '../../../src/daemon/socket/client.ts';
import { MAX_REQUEST_BYTES } from '../../../src/daemon/socket/codec.ts';
import type { OutboxLimits } from '../../../src/daemon/socket/outbox.ts';
import { serveDaemon } from '../../../src/daemon/socket/server.ts';
import type { CycleOptions } from '../../../src/engine/cycle.ts';
import type { ConflictView, OperationView, SyncEvent } from '../../../src/engine/events.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { QUIET_SUMMARY } from '../../support/cli.ts';
import {
  createFakeControl,
  endlessSync,
  type FakeControl,
  targetStatus,
} from '../../support/fake-control.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let places: DaemonPlaces;
let control: FakeControl;
let clean: (() => unknown)[] = [];
beforeEach(async () => {
  temp = await createTempDir();
  places = daemonPlaces(temp.path);
  control = createFakeControl();
});
afterEach(async () => {
  for (const step of clean.toReversed()) await step();
  clean = [];
  await temp.remove();
});

async function serve(more: { readonly limits?: OutboxLimits; readonly onBug?: (e: unknown) => void } = {}) {
  const lock = lockInstance(places, 'laptop');
  const hello = { version: '1.2.3', pid: process.pid };
  const server = await serveDaemon({ places, lock, control, hello, redact: (text) => text, ...more });
  clean.push(async () => {
    await server.close();
    lock.release();
  });
  return server;
}

async function open(options?: Parameters<typeof openDaemonClient>[1]): Promise<DaemonClient> {
  const client = await openDaemonClient(places, options);
  if (client === undefined) throw new Error('no daemon');
  clean.push(() => client.close());
  return client;
}

/** A client that says what it likes. */
async function raw() {
  const socket = net.createConnection(places.socket);
  clean.push(() => socket.destroy());
  let text = '';
  const waiting: (() => void)[] = [];
  socket.on('data', (chunk) => {
    text += String(chunk);
    for (const wake of waiting.splice(0)) wake();
  });
  socket.on('close', () => {
    for (const wake of waiting.splice(0)) wake();
  });
  socket.on('error', () => undefined);
  const line = async (n: number): Promise<Record<string, unknown>> => {
    for (;;) {
      const lines = text.split('\n');
      if (lines.length > n + 1) return JSON.parse(lines[n] ?? '') as Record<string, unknown>;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return { socket, line };
}

const NOTICE: SyncEvent = { kind: 'notice', target: 'notes', code: 'first-sync', message: 'first' };

describe('a client of the daemon', () => {
  test('finds nobody where no daemon ever was, and where a dead one left its socket', async () => {
    expect(await openDaemonClient(places)).toBeUndefined();
    fs.mkdirSync(places.folder, { mode: 0o700 });
    expect(await openDaemonClient(places)).toBeUndefined();
    fs.writeFileSync(places.socket, '');
    expect(await openDaemonClient(places)).toBeUndefined();
  });

  test('is told who answers, and the status', async () => {
    await serve();
    const client = await open();
    expect(client.hello).toEqual({ version: '1.2.3', pid: process.pid });
    expect(await client.status()).toEqual(control.state);
  });

  test('sends every option of a sync, and gets its events in order and its end', async () => {
    await serve();
    const options: Omit<CycleOptions, 'signal' | 'legacyIndex'> = {
      mode: 'sync',
      paths: ['a/b.txt' as RelPath],
      direction: 'up',
      conflicts: 'newer',
      approve: 'abc',
      checksum: true,
      deleteIgnored: false,
    };
    const events: SyncEvent[] = [
      NOTICE,
      { kind: 'index-flushed', target: 'notes' },
      { ...NOTICE, path: 'x' },
    ];
    control.sync = async (target, given, onEvent) => {
      control.asked.push(JSON.stringify(given));
      for (const event of events) onEvent(event);
      return { target, exit: 4 };
    };
    const seen: SyncEvent[] = [];
    expect(await (await open()).sync('id-notes', options, (event) => seen.push(event))).toEqual({
      target: 'id-notes',
      exit: 4,
    });
    expect(control.asked).toEqual([JSON.stringify(options)]);
    expect(seen).toEqual(events);
  });

  test('gets errors of the daemon as its own: code, hint and data', async () => {
    await serve();
    control.pause = async () => {
      throw new S4Error('TARGET_UNKNOWN', '"x" is an unknown target.', { hint: 'look', data: { n: 1 } });
    };
    await expect((await open()).pause(['x'])).rejects.toMatchObject({
      code: 'TARGET_UNKNOWN',
      message: '"x" is an unknown target.',
      hint: 'look',
      data: { n: 1 },
    });
  });

  test('learns of a bug in the daemon, which logs it', async () => {
    const bugs: unknown[] = [];
    await serve({ onBug: (error) => bugs.push(error) });
    control.reload = async () => {
      throw new TypeError('oops');
    };
    await expect((await open()).reload()).rejects.toThrow('in the daemon: TypeError: oops');
    expect(bugs).toHaveLength(1);
  });

  test('aborts a sync: the daemon hears of it, and how it ended comes back', async () => {
    await serve();
    const abort = new AbortController();
    let heard = 0;
    control.sync = endlessSync([NOTICE], () => heard++);
    const result = (await open()).sync(
      'id-notes',
      { mode: 'sync' },
      () => abort.abort(new Error('interrupted')),
      abort.signal,
    );
    expect(await result).toEqual({ target: 'id-notes', exit: 130 });
    expect(heard).toBe(1);
  });

  test('that vanishes in the middle has its requests aborted, and nobody else', async () => {
    await serve();
    const other = await open();
    const client = await open();
    const aborted = new Promise((resolve) => {
      control.sync = endlessSync([NOTICE], resolve);
    });
    const sync = client.sync('id-notes', { mode: 'sync' }, () => client.close());
    await expect(sync).rejects.toMatchObject({ code: 'DAEMON_GONE' });
    expect(await aborted).toMatchObject({ message: 'the client left' });
    expect(await other.status()).toEqual(control.state);
  });

  test('says clearly when the daemon ends in the middle', async () => {
    const server = await serve();
    const sync = (await open()).sync('id-notes', { mode: 'sync' }, () => void server.close());
    control.sync = endlessSync([NOTICE], () => undefined);
    await expect(sync).rejects.toMatchObject({ code: 'DAEMON_GONE' });
  });

  test('leaves out events that it does not know, and keeps members that it does not know', async () => {
    await serve();
    control.sync = async (target, _options, onEvent) => {
      onEvent({ kind: 'of-the-future', target: 'notes' } as unknown as SyncEvent);
      onEvent({ ...NOTICE, colour: 'red' } as SyncEvent);
      return { target, exit: 0 };
    };
    const seen: SyncEvent[] = [];
    await (await open()).sync('id-notes', { mode: 'preview' }, (event) => seen.push(event));
    expect(seen).toEqual([{ ...NOTICE, colour: 'red' }]);
  });

  test('does not send what no daemon would read', async () => {
    await serve();
    const paths = Array.from({ length: 9000 }, () => 'x'.repeat(1000) as RelPath);
    await expect(
      (await open()).sync('id-notes', { mode: 'sync', paths }, () => undefined),
    ).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});

const OPERATION: OperationView = { kind: 'create', direction: 'up', path: 'a' };
const CONFLICT: ConflictView = { path: 'a', local: { state: 'updated' }, remote: { state: 'deleted' } };
const OF_TARGET = { target: 'notes' } as const;

/** One of each kind: a new one does not compile without its place here. */
const SYNC_EVENTS: { readonly [K in SyncEvent['kind']]: Extract<SyncEvent, { readonly kind: K }> } = {
  'cycle-started': { kind: 'cycle-started', ...OF_TARGET, local: '/l', remote: 's3://r', dryRun: false },
  notice: { kind: 'notice', ...OF_TARGET, code: 'edit-kept', message: 'm', path: 'a' },
  scanned: { kind: 'scanned', ...OF_TARGET, side: 'local', entries: 3 },
  planned: {
    ...{ kind: 'planned', ...OF_TARGET, planId: 'p', bytesUp: 1, bytesDown: 2 },
    ...{ operations: [OPERATION], conflicts: [CONFLICT] },
  },
  'operation-started': { kind: 'operation-started', ...OF_TARGET, id: 1, operation: OPERATION },
  'operation-progress': { kind: 'operation-progress', ...OF_TARGET, id: 1, bytes: -5 },
  'operation-finished': {
    ...{ kind: 'operation-finished', ...OF_TARGET, id: 1 },
    ...{ operation: OPERATION, outcome: 'postponed' },
  },
  conflict: { kind: 'conflict', ...OF_TARGET, conflict: CONFLICT, choice: 'newer' },
  problem: {
    ...{ kind: 'problem', ...OF_TARGET },
    problem: { path: 'a', side: 'remote', code: 'archived', message: 'm', hint: 'h' },
  },
  'guard-halted': {
    ...{ kind: 'guard-halted', ...OF_TARGET, planId: 'p' },
    ...{ guards: [{ code: 'local-emptied', message: 'm' }], operations: [OPERATION] },
  },
  'index-flushed': { kind: 'index-flushed', ...OF_TARGET },
  'cycle-finished': { kind: 'cycle-finished', ...OF_TARGET, summary: QUIET_SUMMARY, dryRun: true },
};
const NEWS: { readonly [K in TargetNews['kind']]: Extract<TargetNews, { readonly kind: K }> } = {
  'trouble-began': { kind: 'trouble-began', offline: true, failure: { code: 'BUG', message: 'm' } },
  'trouble-ended': { kind: 'trouble-ended', offline: false },
  'halt-began': { kind: 'halt-began', planId: 'p' },
  'halt-ended': { kind: 'halt-ended' },
  unwatched: { kind: 'unwatched', message: 'm' },
};

describe('a subscriber', () => {
  test('hears every kind of event as it was said', async () => {
    await serve();
    const client = await open();
    const said: readonly DaemonEvent[] = [
      { kind: 'target', target: targetStatus('notes', { planId: 'p', error: { code: 'X', message: 'm' } }) },
      ...Object.values(NEWS).map((news): DaemonEvent => ({ kind: 'news', target: 'notes', news })),
      ...Object.values(SYNC_EVENTS).map((event): DaemonEvent => ({ kind: 'sync', event })),
    ];
    const leave = new AbortController();
    const heard: DaemonEvent[] = [];
    await client.subscribe((event) => {
      if (event.kind === 'status') for (const each of said) control.tell(each);
      else heard.push(event);
      if (heard.length === said.length) leave.abort();
    }, leave.signal);
    expect(heard).toEqual(said);
  });

  test('begins with the status, hears what happens, and leaves without a trace', async () => {
    await serve();
    const client = await open();
    const leave = new AbortController();
    const seen: DaemonEvent[] = [];
    const subscribed = client.subscribe((event) => {
      seen.push(event);
      if (event.kind === 'status') control.tell({ kind: 'sync', event: NOTICE });
      if (event.kind === 'sync') leave.abort();
    }, leave.signal);
    await subscribed;
    expect(seen).toEqual([
      { kind: 'status', status: control.state },
      { kind: 'sync', event: NOTICE },
    ]);
    expect(control.subscribers()).toBe(0);
  });

  test('that reads too slowly costs bounded memory: it is told how much it missed, and the state again', async () => {
    await serve({ limits: { softBytes: 128 * 1024, hardBytes: 256 * 1024 } });
    const { socket, line } = await raw();
    await line(0);
    socket.write('{"v":1,"kind":"request","id":1,"body":{"method":"subscribe"}}\n');
    await line(1);
    socket.pause();
    const long: DaemonEvent = { kind: 'sync', event: { ...NOTICE, message: 'x'.repeat(10_000) } };
    for (let i = 0; i < 500; i++) control.tell(long);
    control.state = { ...control.state, targets: [targetStatus('notes', { phase: 'syncing' })] };
    socket.resume();
    let at = 2;
    let message = await line(at);
    while (message['kind'] === 'event') message = await line(++at);
    expect(message['kind']).toBe('dropped');
    expect(Number(message['events']) + at - 2).toBe(500);
    expect(await line(at + 1)).toMatchObject({
      kind: 'event',
      event: { kind: 'status', status: { targets: [{ phase: 'syncing' }] } },
    });
  });
});

describe('the daemon', () => {
  test('answers to stop before it ends', async () => {
    await serve();
    await (await open()).stop();
    await control.stopped;
    expect(control.asked).toEqual(['stop']);
  });

  test('keeps its socket to its owner', async () => {
    await serve();
    expect(fs.statSync(places.socket).mode & 0o777).toBe(0o600);
    expect(fs.statSync(places.folder).mode & 0o777).toBe(0o700);
  });

  test('takes no folder that others may enter, and no socket in one', async () => {
    fs.mkdirSync(places.folder, { mode: 0o700 });
    fs.chmodSync(places.folder, 0o770);
    expect(() => lockInstance(places, 'laptop')).toThrow(/can be entered by others/);
    await expect(openDaemonClient(places)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('replaces the socket of a dead daemon, and nothing that is no socket', async () => {
    fs.mkdirSync(places.folder, { mode: 0o700 });
    const dead = net.createServer().listen(places.socket);
    await new Promise((resolve) => dead.once('listening', resolve));
    fs.renameSync(places.socket, `${places.socket}.kept`);
    await new Promise((resolve) => dead.close(resolve));
    fs.renameSync(`${places.socket}.kept`, places.socket);
    await serve();
    expect((await open()).hello.pid).toBe(process.pid);

    await clean.splice(0, 1)[0]?.();
    fs.writeFileSync(places.socket, 'mine');
    await expect(serve()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(fs.readFileSync(places.socket, 'utf8')).toBe('mine');
  });

  test('answers what it does not understand, and goes on', async () => {
    await serve();
    const { socket, line } = await raw();
    expect(await line(0)).toEqual({ v: 1, kind: 'hello', version: '1.2.3', pid: process.pid });
    const say = (text: string) => socket.write(`${text}\n`);
    say('nonsense');
    expect(await line(1)).toMatchObject({ kind: 'error', error: { code: 'DAEMON_PROTOCOL' } });
    say('{"v":2,"kind":"request","id":7,"method":"dance"}');
    expect(await line(2)).toEqual({
      v: 1,
      kind: 'error',
      id: 7,
      error: {
        code: 'DAEMON_PROTOCOL',
        message: 'the daemon (s4 1.2.3) speaks protocol 1, not 2',
      },
    });
    say(
      '{"v":1,"kind":"request","id":8,"body":{"method":"sync","target":"t","options":{"mode":"sync","x":1}}}',
    );
    expect(await line(3)).toMatchObject({ id: 8, error: { message: expect.stringContaining('x') } });
    say(
      '{"v":1,"kind":"request","id":8,"body":{"method":"sync","target":"t","options":{"mode":"sync","paths":["../x"]}}}',
    );
    expect(await line(4)).toMatchObject({ id: 8, error: { code: 'DAEMON_PROTOCOL' } });
    say('{"v":1,"kind":"request","id":9,"body":{"method":"status"}}');
    expect(await line(5)).toEqual({ v: 1, kind: 'result', id: 9, result: control.state });
    expect(control.asked).toEqual([]);
  });

  test('hangs up on a line without end', async () => {
    await serve();
    const { socket, line } = await raw();
    await line(0);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    for (let sent = 0; sent <= MAX_REQUEST_BYTES; sent += 1_000_000) socket.write('x'.repeat(1_000_000));
    await closed;
  });

  test('answers only so many requests of one client at a time', async () => {
    await serve();
    const { socket, line } = await raw();
    await line(0);
    control.sync = endlessSync([], () => undefined);
    for (let id = 1; id <= 33; id++)
      socket.write(
        `{"v":1,"kind":"request","id":${id},"body":{"method":"sync","target":"t","options":{"mode":"sync"}}}\n`,
      );
    expect(await line(1)).toMatchObject({ error: { message: 'too many requests' } });
  });
});

describe('a daemon of another version', () => {
  test('is named, with the way out', async () => {
    fs.mkdirSync(places.folder, { mode: 0o700 });
    const server = net.createServer((socket) =>
      socket.write('{"v":2,"kind":"hello","version":"9.0.0","pid":123,"more":1}\n'),
    );
    server.listen(places.socket);
    clean.push(() => server.close());
    await expect(openDaemonClient(places)).rejects.toMatchObject({
      code: 'DAEMON_PROTOCOL',
      message: 'The daemon (process 123, s4 9.0.0) speaks protocol 2; this s4 speaks 1.',
      data: { pid: 123, version: '9.0.0' },
    });
  });

  test('or one that says nothing is not waited for without end', async () => {
    fs.mkdirSync(places.folder, { mode: 0o700 });
    const server = net.createServer(() => undefined);
    server.listen(places.socket);
    clean.push(() => server.close());
    await expect(openDaemonClient(places, { helloMs: 20 })).rejects.toMatchObject({ code: 'DAEMON_GONE' });
  });
});

describe('the places of a daemon', () => {
  test('are in the configuration, by whatever name it is reached', () => {
    fs.mkdirSync(join(temp.path, 'config'));
    fs.symlinkSync('config', join(temp.path, 'link'));
    expect(daemonPlaces(join(temp.path, 'link')).socket).toBe(join(temp.path, 'config/daemon/socket'));
  });

  test('give a socket a short name where the path is too long for the system', () => {
    const dir = `/home/${'x'.repeat(80)}`;
    expect(daemonPlaces(dir, { platform: 'linux', uid: 7 }).socket).toBe(`${dir}/daemon/socket`);
    const short = daemonPlaces(dir.concat('yyyyyyyyyyyyyyyy'), { platform: 'darwin', uid: 7 }).socket;
    expect(short).toMatch(/^\/tmp\/s4-7\/[0-9a-f]{16}\.socket$/);
  });
});
