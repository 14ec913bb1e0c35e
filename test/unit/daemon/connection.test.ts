import { describe, expect, it } from 'vitest';
import type { TargetSettings } from '../../../src/config/schema.ts';
import { type Connection, createConnection } from '../../../src/daemon/connection.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import type { WatchEvent } from '../../../src/engine/ports/watcher.ts';
import { S4Error } from '../../../src/lib/errors.ts';

type Moment = 'watcher' | 'store' | 'live' | 'ear';

/** What is open at the moment; each opened thing has a number of its own. */
interface Room {
  readonly connection: Connection;
  readonly open: ReadonlySet<string>;
  readonly heard: WatchEvent[];
}

/** The folder goes away at a moment of the first opening, and is back at once. A live target ends with its cycle. */
function room(goesAt: Moment | undefined, cycle: Promise<void> = Promise.resolve(), watches = 1): Room {
  const open = new Set<string>();
  const heard: WatchEvent[] = [];
  let count = 0;
  let goes = goesAt;
  let hear: (event: WatchEvent) => void = () => {};
  const opened = (name: string) => {
    const id = `${name} ${++count}`;
    open.add(id);
    return { close: async () => void open.delete(id) };
  };
  const reach = (moment: Moment): void => {
    if (goes !== moment) return;
    goes = undefined;
    hear({ kind: 'gone' });
  };
  const parts = {
    runtime: {},
    openFolder: async () => opened('folder'),
    openWatcher: async () => ({
      watch: async ({ onEvent }: { onEvent: typeof hear }) => {
        hear = onEvent;
        reach('watcher');
        return { ...opened('watch'), watches };
      },
    }),
    openStore: async () => {
      reach('store');
      return { ...opened('store'), requests: new Map() };
    },
    legacyIndex: async () => undefined,
    openLive: async ({ folder }: { folder: unknown }) => {
      reach('live');
      if (folder === undefined) throw new Error('there is no folder to work on');
      const live = opened('live');
      return { close: () => cycle.then(live.close) };
    },
    openEar: async () => ({
      listen: async () => {
        reach('ear');
        return opened('ear');
      },
    }),
  };
  const target = { name: 'docs', folder: '/docs' } as TargetSettings;
  const listener = {
    emit: () => {},
    onWatch: (event: WatchEvent) => void heard.push(event),
    onEar: () => {},
    onNewClient: async () => {},
  };
  const connection = createConnection(parts as unknown as DaemonDeps, () => target, listener);
  return { connection, open, heard };
}

const { signal } = new AbortController();
const ALL = ['ear', 'folder', 'live', 'store', 'watch'];
const names = (open: ReadonlySet<string>): readonly string[] =>
  [...open].map((id) => id.split(' ')[0] ?? '').sort();

describe('what is open of a target', () => {
  it('is opened once, and closed as a whole', async () => {
    const { connection, open } = room(undefined);
    expect(await connection.open(signal)).toMatchObject({ fresh: true });
    expect(await connection.open(signal)).toMatchObject({ fresh: false });
    expect(names(open)).toEqual(ALL);
    await connection.drop('both');
    expect(names(open)).toEqual([]);
  });

  it.each<Moment>(['watcher', 'store', 'live', 'ear'])(
    'is not kept where the folder went away while it was opened (%s): the next opening watches it',
    async (moment) => {
      const { connection, open, heard } = room(moment);
      await expect(connection.open(signal)).rejects.toThrow(S4Error);
      expect(heard).toEqual([{ kind: 'gone' }]);
      expect(names(open)).toEqual([]);
      expect(await connection.open(signal)).toMatchObject({ fresh: true });
      expect(connection.watching).toBe('events');
      expect(names(open)).toEqual(ALL);
    },
  );

  it('finds changes by walking only where what watches the folder gets no events', async () => {
    const { connection } = room(undefined, undefined, 0);
    expect(connection.watching).toBe('events');
    await connection.open(signal);
    expect(connection.watching).toBe('walking');
    await connection.drop('both');
    expect(connection.watching).toBe('events');
  });

  it('is opened anew only when a cycle that outlived its folder has let go of it', async () => {
    let end = (): void => {};
    const { connection, open } = room(undefined, new Promise((resolve) => (end = resolve)));
    await connection.open(signal);
    const dropping = connection.drop('both');
    const opening = connection.open(signal);
    end();
    await dropping;
    expect(await opening).toMatchObject({ fresh: true });
    expect([...open].sort()).toEqual(['ear 10', 'folder 6', 'live 9', 'store 8', 'watch 7']);
  });
});
