import { type FSWatcher, mkdirSync, renameSync, rmSync, watch as watchFolder, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunningWatch, WatchEvent } from '../../../src/engine/ports/watcher.ts';
import type { BackendHost, WatchBackend } from '../../../src/local/watch/backend.ts';
import { type ChokidarLike, createChokidarBackend } from '../../../src/local/watch/chokidar-backend.ts';
import { createFsBackend, type WatchCall } from '../../../src/local/watch/fs-backend.ts';
import { createWatcher } from '../../../src/local/watch/watch-folder.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createManualWatchClock, type ManualWatchClock } from '../../support/manual-watch-clock.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let temp: TempDir;
let root: string;
let clock: ManualWatchClock;
let events: WatchEvent[];
let running: RunningWatch | undefined;

beforeEach(async () => {
  temp = await createTempDir();
  root = join(temp.path, 'folder');
  mkdirSync(join(root, 'sub'), { recursive: true });
  clock = createManualWatchClock();
  events = [];
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  await temp.remove();
});

async function start(backend: (host: BackendHost) => WatchBackend): Promise<RunningWatch> {
  running = await createWatcher({ root, kind: 'fs', clock, backend }).watch({
    debounceMs: 200,
    maxDelayMs: 2_000,
    onEvent: (event) => events.push(event),
  });
  return running;
}

/** Lets what was started in the background come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
}

const kinds = (): readonly string[] =>
  events.map((event) => (event.kind === 'rescan' ? `rescan ${event.reason}` : event.kind));

interface Puppet {
  readonly backend: (host: BackendHost) => WatchBackend;
  host: BackendHost;
  readonly renewed: string[];
  starts: number;
  /** Thrown by the next starts. */
  failing: unknown;
}

/** A way of watching that does what the test says. */
function createPuppet(): Puppet {
  const puppet: Puppet = {
    host: undefined as unknown as BackendHost,
    renewed: [],
    starts: 0,
    failing: undefined,
    backend: (host) => {
      puppet.host = host;
      return {
        watches: 7,
        start: async () => {
          puppet.starts++;
          if (puppet.failing !== undefined) throw puppet.failing;
        },
        renew: async (why) => void puppet.renewed.push(why),
        close: async () => {},
      };
    },
  };
  return puppet;
}

const touch = ({ host }: Puppet, ...paths: readonly string[]): void => {
  for (const path of paths) {
    host.count();
    host.touch(path as RelPath);
  }
};

const noSpace = (): Error =>
  Object.assign(new Error('ENOSPC: System limit for number of file watchers reached'), {
    code: 'ENOSPC',
    syscall: 'watch',
  });

describe('what was heard', () => {
  test('is told once, sorted, when it is quiet', async () => {
    const puppet = createPuppet();
    await start(puppet.backend);
    touch(puppet, 'b.txt', 'a.txt', 'b.txt');
    clock.advance(150);
    touch(puppet, 'c.txt');
    clock.advance(199);
    expect(events).toEqual([]);
    clock.advance(1);
    expect(events).toEqual([{ kind: 'touched', paths: ['a.txt', 'b.txt', 'c.txt'] }]);
  });

  test('below a folder that is told itself is told with it', async () => {
    const puppet = createPuppet();
    await start(puppet.backend);
    touch(puppet, 'a/b/c.txt', 'a', 'a-b', 'a/d');
    clock.advance(200);
    expect(events).toEqual([{ kind: 'touched', paths: ['a', 'a-b'] }]);
  });

  test('is told at the latest after the maximum delay', async () => {
    const puppet = createPuppet();
    await start(puppet.backend);
    for (let i = 0; i < 25; i++) {
      touch(puppet, `${i}.txt`);
      clock.advance(100);
    }
    expect(events).toHaveLength(1);
  });

  test('after a burst everything is looked at, with sound watches', async () => {
    const puppet = createPuppet();
    await start(puppet.backend);
    for (let i = 0; i < 4_001; i++) touch(puppet, `${i}.txt`);
    clock.advance(200);
    await settle();
    expect(kinds()).toEqual(['rescan burst']);
    expect(puppet.renewed).toEqual(['lost']);
  });

  test('after a stall with many events too', async () => {
    const puppet = createPuppet();
    await start(puppet.backend);
    for (let i = 0; i < 600; i++) touch(puppet, `${i}.txt`);
    clock.stall(328);
    clock.advance(200);
    await settle();
    expect(kinds()).toEqual(['rescan stall']);
  });
});

describe('the machine', () => {
  test('that slept: everything is looked at', async () => {
    await start(createPuppet().backend);
    clock.advance(60_000);
    expect(events).toEqual([]);
    clock.jump(3_600_000);
    clock.advance(16_000);
    await settle();
    expect(kinds()).toEqual(['rescan wake']);
    clock.advance(60_000);
    await settle();
    expect(kinds()).toEqual(['rescan wake']);
  });

  test('whose clock is set back: likewise, and nothing waits for the old time', async () => {
    const puppet = createPuppet();
    await start(puppet.backend);
    clock.jump(-3_600_000);
    touch(puppet, 'a.txt');
    clock.advance(200);
    expect(kinds()).toEqual(['touched']);
    clock.advance(16_000);
    await settle();
    expect(kinds()).toEqual(['touched', 'rescan wake']);
  });
});

describe('a system without watches', () => {
  test('is trouble with a hint, told once; all watches are given back; it hears again when it can', async () => {
    const puppet = createPuppet();
    const watch = await start(puppet.backend);
    expect(watch.watches).toBe(7);
    puppet.host.failed(noSpace());
    puppet.host.failed(noSpace());
    await settle();
    clock.advance(200);
    await settle();
    expect(kinds()).toEqual(['trouble', 'rescan unwatched']);
    expect(watch.watches).toBe(0);

    puppet.failing = noSpace();
    clock.advance(20 * 60_000);
    await settle();
    expect(kinds()).toEqual(['trouble', 'rescan unwatched']);
    puppet.failing = undefined;
    clock.advance(10 * 60_000);
    await settle();
    clock.advance(200);
    await settle();
    expect(kinds()).toEqual(['trouble', 'rescan unwatched', 'rescan restarted']);
    expect(watch.watches).toBe(7);
  });

  test.each([
    ['ENOSPC', /max_user_watches=/],
    ['EMFILE', /max_user_instances=/],
  ])('fs.watch that fails with %s while it starts', async (code, hint) => {
    let open = 0;
    const failing: WatchCall = () => {
      if (open === 1) throw Object.assign(new Error(code), { code, syscall: 'watch' });
      open++;
      return { close: () => void open-- };
    };
    await start((host) => createFsBackend(host, failing));
    expect(open).toBe(0);
    expect(events).toMatchObject([{ kind: 'trouble', hint: expect.stringMatching(hint) }]);
    clock.advance(200);
    await settle();
    expect(kinds()).toEqual(['trouble', 'rescan unwatched']);
  });

  test('fs.watch that fails for a folder that comes later', async () => {
    let left = 2;
    const handles: Pick<FSWatcher, 'close'>[] = [];
    const limited: WatchCall = (path, onEvent) => {
      if (left-- === 0) throw noSpace();
      const handle = watchFolder(path, { persistent: false }, onEvent);
      handles.push(handle);
      return handle;
    };
    const watch = await start((host) => createFsBackend(host, limited));
    expect(watch.watches).toBe(2);
    mkdirSync(join(root, 'new'));
    await expect.poll(kinds, { timeout: 10_000 }).toEqual(['trouble']);
    expect(watch.watches).toBe(0);
  });

  test('chokidar that reports it', async () => {
    const listeners = new Map<string, (...told: never[]) => void>();
    const fake: ChokidarLike = {
      on: (event: string, listener: (...told: never[]) => void) => {
        listeners.set(event, listener);
        if (event === 'ready') listener();
      },
      close: async () => {},
    };
    await start((host) => createChokidarBackend(host, async () => fake));
    listeners.get('error')?.(noSpace() as never);
    await settle();
    expect(events).toMatchObject([{ kind: 'trouble', hint: expect.stringMatching(/max_user_watches=/) }]);
  });
});

describe('the root', () => {
  test('that was moved away makes no event, and is missed at the next heartbeat', async () => {
    const puppet = createPuppet();
    const watch = await start(puppet.backend);
    renameSync(root, join(temp.path, 'elsewhere'));
    clock.advance(15_000);
    expect(kinds()).toEqual(['gone']);
    expect(watch.watches).toBe(0);
    clock.advance(60_000);
    expect(kinds()).toEqual(['gone']);
  });

  test('with another folder in its place is gone', async () => {
    await start(createPuppet().backend);
    renameSync(root, join(temp.path, 'elsewhere'));
    mkdirSync(root);
    clock.advance(15_000);
    expect(kinds()).toEqual(['gone']);
  });

  test('that is gone is no trouble, whatever the watcher says', async () => {
    const puppet = createPuppet();
    await start(puppet.backend);
    rmSync(root, { recursive: true });
    puppet.host.failed(new Error('lost'));
    await settle();
    expect(kinds()).toEqual(['gone']);
  });
});

describe('fs.watch', () => {
  test('does not hold the event loop while it starts over many folders', async () => {
    for (let i = 0; i < 40; i++)
      for (let j = 0; j < 40; j++) mkdirSync(join(root, `${i}/${j}`), { recursive: true });
    let turns = 0;
    let isOver = false;
    const counting = (async () => {
      while (!isOver) {
        await nextTurn();
        turns++;
      }
    })();
    // Each watch costs a part of a slice: were it not cut, few turns would fit in between.
    const slow: WatchCall = () => {
      for (const untilMs = performance.now() + 0.1; performance.now() < untilMs; );
      return { close: () => {} };
    };
    const watch = await start((host) => createFsBackend(host, slow));
    isOver = true;
    await counting;
    expect(watch.watches).toBe(1 + 1 + 40 + 1600);
    expect(turns).toBeGreaterThan(10);
  });

  test('an event without a name asks for a look at everything', async () => {
    const told: ((type: string, name: string | null) => void)[] = [];
    const nameless: WatchCall = (_, onEvent) => {
      told.push(onEvent);
      return { close: () => {} };
    };
    await start((host) => createFsBackend(host, nameless));
    told[1]?.('change', null);
    await settle();
    clock.advance(200);
    expect(events).toEqual([{ kind: 'touched', paths: ['sub'] }]);
    told[0]?.('change', null);
    clock.advance(200);
    await settle();
    expect(kinds()).toEqual(['touched', 'rescan restarted']);
  });

  test('a name that no key can hold asks for a walk when it comes or goes', async () => {
    const told: ((type: string, name: string | null) => void)[] = [];
    const silent: WatchCall = (_, onEvent) => {
      told.push(onEvent);
      return { close: () => {} };
    };
    await start((host) => createFsBackend(host, silent));
    for (const name of ['back\\slash', 'not\uFFFDtext']) {
      events = [];
      told[1]?.('change', name);
      clock.advance(200);
      await settle();
      expect(kinds()).not.toContain('rescan nameless');
      told[1]?.('rename', name);
      clock.advance(200);
      await settle();
      expect(kinds()).toContain('rescan nameless');
    }
    events = [];
    told[1]?.('rename', '.s4');
    clock.advance(200);
    await settle();
    expect(events).toEqual([]);
  });

  test('watches are made anew after lost events: folders that came unheard are heard into', async () => {
    const told = new Map<string, (type: string, name: string | null) => void>();
    const deaf: WatchCall = (path, onEvent) => {
      told.set(path, onEvent);
      return { close: () => {} };
    };
    const watch = await start((host) => createFsBackend(host, deaf));
    mkdirSync(join(root, 'unheard'));
    rmSync(join(root, 'sub'), { recursive: true });
    writeFileSync(join(root, 'f.txt'), '');
    for (let i = 0; i < 4_001; i++) told.get(root)?.('change', 'f.txt');
    clock.advance(200);
    await expect.poll(kinds, { timeout: 10_000 }).toEqual(['rescan burst']);
    expect(told.has(join(root, 'unheard'))).toBe(true);
    expect(watch.watches).toBe(2);
  });
});
