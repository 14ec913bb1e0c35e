import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CycleResult } from '../../../src/engine/cycle.ts';
import type { SyncEvent } from '../../../src/engine/events.ts';
import { joinTarget } from '../../../src/engine/identity.ts';
import { runCycle } from '../../../src/engine/run-cycle.ts';
import { isS4Error } from '../../../src/lib/errors.ts';
import { openFolder } from '../../../src/local/open-folder.ts';
import { createMemoryServer, type MemoryServer } from '../../../src/stores/memory/memory-server.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';
import type { Dice } from '../dice.ts';
import { hostileKeys } from '../hostile.ts';
import { type FuzzTarget, fail } from '../target.ts';
import { checkKeys, hostileMetadata, toldPaths, work } from './keys.ts';

const CANARY = 'CANARY: this lies outside';

interface Place {
  readonly top: string;
  readonly root: string;
  readonly server: MemoryServer;
  readonly events: SyncEvent[];
  sync(options?: { readonly beforeStep?: () => void; readonly anchored?: boolean }): Promise<CycleResult>;
}

async function createPlace(seed: number): Promise<Place> {
  const top = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 's4-fuzz-folder-')));
  const root = join(top, 'in', 'folder');
  fs.mkdirSync(root, { recursive: true });
  for (const folder of ['outside/deep', 'in/outside/deep'])
    fs.mkdirSync(join(top, folder), { recursive: true });
  for (const file of [
    'outside/f1',
    'outside/deep/x.txt',
    'in/outside/a',
    'in/x.txt',
    'x.txt',
    'in/outside/deep/f',
  ])
    fs.writeFileSync(join(top, file), CANARY);
  fs.symlinkSync('../outside', join(root, 'out'));
  fs.symlinkSync('../x.txt', join(root, 'out-file'));
  fs.symlinkSync(join(top, 'outside'), join(root, 'abs'));
  fs.symlinkSync('..', join(root, 'up'));
  fs.mkdirSync(join(root, 'dir'));
  fs.symlinkSync('../../outside/deep', join(root, 'dir', 'out'));
  const runtime = createFakeRuntime({ seed, nowMs: Date.now() });
  const server = createMemoryServer({ clock: runtime.nowMs });
  const store = server.connect(runtime);
  const capabilities = await store.probe();
  const first = await openFolder({ root, runtime });
  const { targetId, clientId } = await joinTarget({ store, folder: first, runtime, capabilities });
  await first.close();
  const target = { id: targetId, name: 'fuzz', folder: root, url: store.url, clientId, capabilities };
  const events: SyncEvent[] = [];
  return {
    top,
    root,
    server,
    events,
    async sync(options = {}) {
      runtime.advance(5000);
      const folder = await openFolder({ root, runtime, ...options });
      try {
        const deps = { target, store, folder, runtime, emit: (event: SyncEvent) => void events.push(event) };
        const result = await runCycle(deps, { mode: 'sync' });
        return result.kind === 'halted'
          ? await runCycle(deps, { mode: 'sync', approve: result.planId })
          : result;
      } finally {
        await folder.close();
      }
    },
  };
}

/** All that is not in the folder: names, kinds, contents, inodes, times of change. */
function outside({ top, root }: Place): string {
  const seen: string[] = [];
  const look = (path: string): void => {
    for (const name of fs.readdirSync(path).sort()) {
      // What was moved out of the folder is the very thing that s4 may hold open: not what was outside before.
      if (name.startsWith('swapped-')) continue;
      const at = join(path, name);
      const stats = fs.lstatSync(at, { bigint: true });
      const folder = at !== root && stats.isDirectory();
      // Listing and making the folder itself moves its own times, not those of its neighbours.
      if (at !== root)
        seen.push(
          [at, stats.ino, stats.mode, stats.size, stats.mtimeNs, stats.ctimeNs, stats.nlink].join(' '),
        );
      if (folder) look(at);
      else if (stats.isFile()) seen.push(fs.readFileSync(at, 'utf8'));
    }
  };
  look(top);
  return seen.join('\n');
}

/** Nothing outside was read: its content is nowhere in the store or the folder. */
function checkUnread({ root, server }: Place): void {
  for (const key of server.keys())
    for (const { content } of server.history(key))
      if (content !== undefined && Buffer.from(content.bytes).includes(CANARY))
        fail('read from outside', key);
  const look = (path: string): void => {
    for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
      const at = join(path, entry.name);
      if (entry.isDirectory()) look(at);
      else if (entry.isFile() && fs.readFileSync(at).includes(CANARY)) fail('brought in from outside', at);
    }
  };
  look(root);
}

function plant(server: MemoryServer, dice: Dice, most: number): readonly string[] {
  const keys = hostileKeys(dice, most).filter((key) => !key.endsWith('.syncignore'));
  for (const key of keys) {
    const text = dice.oneIn(6)
      ? dice.pick(['../../outside', '/etc/passwd', '..', '.s4'])
      : `content ${dice.int(5)}`;
    server.put(key, key.endsWith('/') ? '' : text, hostileMetadata(dice));
  }
  return keys;
}

/** Any keys, with a real folder full of symlinks that lead out of it. */
export const folder: FuzzTarget = {
  name: 'folder',
  share: 0.06,
  short: 2,
  limitMs: 20_000,
  async run(dice) {
    const place = await createPlace(dice.int(1e9));
    try {
      const keys = plant(place.server, dice, 8);
      const before = outside(place);
      await place.sync();
      const there = (key: string): boolean =>
        fs.lstatSync(join(place.root, key), { throwIfNoEntry: false }) !== undefined;
      checkKeys(
        keys,
        (key) => there(key) || there(key.normalize('NFC')) || there(key.normalize('NFD')),
        toldPaths(place.events),
      );
      // Deleted there, or replaced: what goes here must not go through a symlink either.
      for (const key of keys) if (dice.oneIn(3)) place.server.remove(key);
      plant(place.server, dice, 3);
      await place.sync();
      work(await place.sync());
      if (outside(place) !== before) fail('something outside was touched', keys);
      checkUnread(place);
    } finally {
      fs.rmSync(place.top, { recursive: true, force: true });
    }
  },
};

const SPOTS = ['dir', 'dir/sub', 'dir/sub/f', 'dir/g', 'top', 'gone', 'dir/sub/gone'];

/** What an enemy with an account does to a path at the worst moment. */
function swap(place: Place, path: string, dice: Dice): void {
  const at = join(place.root, path);
  if (fs.lstatSync(at, { throwIfNoEntry: false }) !== undefined)
    fs.renameSync(at, join(place.top, `in/swapped-${dice.int(1e9)}`));
  const leads = dice.pick([
    join(place.top, 'outside'),
    '../../outside',
    join(place.top, 'x.txt'),
    join(place.top, 'in/none'),
  ]);
  fs.mkdirSync(join(at, '..'), { recursive: true });
  fs.symlinkSync(leads, at);
}

/** A folder or file is swapped for a symlink that leads outside, just before any system call. */
export const planted: FuzzTarget = {
  name: 'planted',
  share: 0.06,
  short: 2,
  limitMs: 20_000,
  async run(dice) {
    const place = await createPlace(dice.int(1e9));
    try {
      fs.mkdirSync(join(place.root, 'dir/sub'));
      for (const path of ['dir/sub/f', 'dir/g', 'top', 'gone', 'dir/sub/gone'])
        fs.writeFileSync(join(place.root, path), `first ${path}`);
      await place.sync();
      for (const key of ['dir/sub/f', 'dir/g', 'dir/sub/x.txt', 'dir/f1', 'top'])
        place.server.put(key, `second ${key}`);
      for (const key of ['gone', 'dir/sub/gone']) place.server.remove(key);
      fs.writeFileSync(join(place.root, 'dir/sub/up'), 'to be uploaded');
      const spot = dice.pick(SPOTS);
      let left = dice.int(60);
      let before = outside(place);
      const beforeStep = (): void => {
        if (left-- !== 0) return;
        swap(place, spot, dice);
        before = outside(place);
      };
      try {
        await place.sync({ beforeStep });
      } catch (error) {
        if (!isS4Error(error)) throw error;
      }
      if (left >= 0) before = outside(place);
      if (outside(place) !== before) fail('something outside was touched', spot);
      checkUnread(place);
    } finally {
      fs.rmSync(place.top, { recursive: true, force: true });
    }
  },
};
