import { describe, expect, it } from 'vitest';
import type { CycleDeps } from '../../../src/engine/cycle.ts';
import type { Folder } from '../../../src/engine/ports/folder.ts';
import type { Store } from '../../../src/engine/ports/store.ts';
import { explicitFaults } from '../../../src/stores/wrap/fault-plan.ts';
import { withFaults } from '../../../src/stores/wrap/faults.ts';
import { objectKeys, quiet } from '../../support/crash.ts';
import { createWorld, type Machine, summaryOf } from '../../support/machines.ts';
import { contentsInTrees } from '../../support/writers.ts';

/**
 * The hazards that were found before the first line, each by name. Where it is cheap, a part that is weakened on purpose
 * shows the loss first; then the real one must not. `hazards-weakened.test.ts` has those of H7, H9 to H14;
 * H15 on a real disk is shown by the tests of the lock.
 */
async function pair(options?: Parameters<typeof createWorld>[0]) {
  const world = createWorld(options);
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  return { world, a, b };
}

/** Syncs through a folder of which some calls are replaced. */
function withFolder(machine: Machine, weak: (folder: Folder) => Partial<Folder>): Partial<CycleDeps> {
  const folder = machine.disk.open();
  return { folder: { ...folder, ...weak(folder) } };
}

const problemsOf = (machine: Machine) =>
  machine.events.flatMap((event) => (event.kind === 'problem' ? [event.problem.code] : []));

describe('hazards', () => {
  it.each([true, false])(
    'H1: an edit that is moved away in the last moment, and a crash; recovery: %s',
    async (sound) => {
      const { a, b } = await pair();
      a.user.write('keep', 'keep');
      a.user.write('f', 'base');
      await a.sync();
      await b.sync();
      b.user.remove('f');
      await b.sync();
      a.disk.beforeStep((step, path) => {
        if (step === 'rename' && path === 'f') a.user.write('f', 'edited in the last moment');
        if (step === 'link' && path === 'f') throw new Error('killed');
      });
      await expect(a.sync()).rejects.toThrow('killed');
      a.disk.beforeStep(undefined);
      expect(a.user.read('f')).toBeUndefined();
      await a.sync({}, sound ? {} : withFolder(a, () => ({ trashStat: async () => undefined })));
      await quiet([a, b]);
      expect(contentsInTrees([a, b]).has('edited in the last moment')).toBe(sound);
    },
  );

  it('H1: a replacement that dies between its two steps is no deletion', async () => {
    const { a, b } = await pair();
    a.user.write('keep', 'keep');
    a.user.write('f', 'base');
    await a.sync();
    await b.sync();
    b.user.write('f', 'by the desk');
    await b.sync();
    a.disk.beforeStep((step, path) => {
      if (step === 'link' && path === 'f') throw new Error('killed');
    });
    await expect(a.sync()).rejects.toThrow('killed');
    a.disk.beforeStep(undefined);
    b.user.remove('f');
    b.user.write('g', 'by the desk');
    await b.sync();
    await quiet([a, b]);
    expect(a.user.tree()).toEqual({ keep: 'keep', g: 'by the desk' });
  });

  it.each([true, false])(
    'H2: an application writes on into what was moved away; purge looks: %s',
    async (looks) => {
      const { world, a, b } = await pair();
      a.user.write('f', 'base');
      await a.sync();
      await b.sync();
      b.user.write('f', 'by the desk');
      await b.sync();
      await a.sync();
      const trashed = Object.keys(a.user.tree('.s4/trash'))[0] ?? '';
      a.user.write(`.s4/trash/${trashed}`, 'written through an open handle');
      world.tick(40 * 24 * 60 * 60 * 1000);
      const weak = withFolder(a, () => ({
        purgeTrash: async () => {
          a.user.remove('.s4/trash');
          return [];
        },
      }));
      await a.sync({}, looks ? {} : weak);
      await quiet([a, b]);
      expect(contentsInTrees([a, b]).has('written through an open handle')).toBe(looks);
      expect(b.user.read('f')).toBe('by the desk');
    },
  );

  it.each([true, false])(
    'H3: a copied .s4 over a folder that lacks a file; its identity is checked: %s',
    async (checked) => {
      const { world, a } = await pair();
      for (const name of ['one', 'two', 'three']) a.user.write(name, name);
      await a.sync();
      const clone = await world.machine('clone');
      const from = a.disk.open().state;
      for (const name of ['target.json', 'index.json.gz', 'journal.jsonl']) {
        const bytes = await from.read(name);
        if (bytes !== undefined) clone.user.write(`.s4/${name}`, bytes);
      }
      clone.user.write('one', 'one');
      clone.user.write('two', 'two');
      clone.target = { ...clone.target, clientId: a.target.clientId };
      const real = await from.identity('target.json');
      const weak = withFolder(clone, ({ state }) => ({ state: { ...state, identity: async () => real } }));
      await clone.sync({}, checked ? {} : weak);
      await quiet([clone]);
      expect(objectKeys(world.server).includes('three')).toBe(checked);
      if (checked) expect(clone.target.clientId).not.toBe(a.target.clientId);
    },
  );

  it.each([true, false])(
    'H4: an object that was rewritten under its old metadata; the claim is bound: %s',
    async (bound) => {
      const { world, a, b } = await pair();
      a.user.write('f', 'old bytes');
      await a.sync();
      const metadata = world.server.history('f').at(-1)?.content?.metadata ?? {};
      world.server.put('f', 'new bytes', metadata);
      b.user.write('f', 'old bytes');
      const trusting: Store = {
        ...b.store,
        head: async (key, options) => {
          const found = await b.store.head(key, options);
          if (found.kind === 'absent') return found;
          const { state } = found;
          return {
            ...found,
            state: { ...state, metadata: { ...state.metadata, 's4-md5': state.token.etag } },
          };
        },
      };
      summaryOf(await b.sync({}, bound ? {} : { store: trusting }));
      // Without the bond the old bytes are adopted as the new ones, and b never sees what was written.
      expect(contentsInTrees([b]).has('new bytes')).toBe(bound);
    },
  );

  it.each([true, false])(
    'H5: a mode, and a file that became a symlink of the same bytes, are seen by equal ETags; the time is looked at: %s',
    async (looked) => {
      const { world, a, b } = await pair({ versioning: 'off' });
      a.user.write('run', 'text');
      a.user.write('link', 'run');
      await a.sync();
      await b.sync();
      const listed = new Map<string, number>();
      for await (const page of b.store.list())
        for (const { key, token } of page) listed.set(key, token.modifiedMs);
      world.tick(5000);
      a.user.chmod('run', true);
      a.user.remove('link');
      a.user.symlink('link', 'run');
      await a.sync();
      const onlyEtags: Store = {
        ...b.store,
        list: async function* (options) {
          for await (const page of b.store.list(options))
            yield page.map((object) => ({
              ...object,
              token: { ...object.token, modifiedMs: listed.get(object.key) ?? object.token.modifiedMs },
            }));
        },
      };
      await b.sync({}, looked ? {} : { store: onlyEtags });
      expect(b.user.tree()).toEqual({ run: 'text', link: looked ? '-> run' : 'run' });
      expect(await b.disk.open().stat('run' as never)).toMatchObject({ kind: 'file', executable: looked });
    },
  );

  it.each([true, false])('H6: a listing that lags; the key itself is asked: %s', async (asked) => {
    const { a, b } = await pair();
    a.user.write('keep', 'keep');
    await a.sync();
    const lagging = withFaults(
      a.store,
      explicitFaults([{ operation: 'list', key: '', nth: 1, fault: { kind: 'lagging' } }]),
      a.runtime,
    );
    const before = a.store;
    a.store = asked ? lagging : { ...lagging, head: async () => ({ kind: 'absent' }) };
    a.user.write('fresh', 'fresh');
    await a.sync();
    await a.sync();
    expect(problemsOf(a)).toEqual(asked ? ['listing-lags'] : []);
    expect(a.user.read('fresh')).toBe(asked ? 'fresh' : undefined);
    a.store = before;
    a.events.length = 0;
    await quiet([a, b]);
  });

  it('H7: a file beside a folder of its name in the store is told, and neither is touched', async () => {
    const { world, a, b } = await pair({ sortedListing: false });
    a.user.write('keep', 'keep');
    await a.sync();
    for (const key of ['a', 'a!', 'a/x', '\u{1f600}', '\uffee']) world.server.put(key, key);
    for (const machine of [a, b, a, b]) await machine.sync();
    expect(problemsOf(a)).toContain('file-and-folder');
    expect(a.user.tree()).toEqual({ keep: 'keep', 'a!': 'a!', '\u{1f600}': '\u{1f600}', '\uffee': '\uffee' });
    expect(objectKeys(world.server)).toHaveLength(6);
  });

  it.each([true, false])(
    'H8: two writers of one version, no conditions; versions are looked at: %s',
    async (looked) => {
      const none = {
        putIfAbsent: false,
        putIfMatch: false,
        copyIfAbsent: false,
        copyIfMatch: false,
        deleteIfMatch: false,
      };
      const { world, a, b } = await pair({ enforces: none });
      a.user.write('f', 'base');
      await a.sync();
      await b.sync();
      a.user.write('f', 'by the laptop');
      b.user.write('f', 'by the desk');
      let raced = false;
      a.store = world.server.connect(a.runtime, async (at, request, key) => {
        if (at !== 'request' || request !== 'PUT' || key !== 'f' || raced) return;
        raced = true;
        await b.sync();
      });
      const blind: Store = { ...a.store, versions: async function* () {} };
      await a.sync({}, looked ? {} : { store: blind });
      expect(raced).toBe(true);
      const blindToo = looked ? {} : { store: { ...b.store, versions: async function* () {} } };
      for (const machine of [a, b, a, b]) await machine.sync({}, machine === b ? blindToo : {});
      expect(a.user.tree()).toEqual(b.user.tree());
      expect(contentsInTrees([a, b]).has('by the desk')).toBe(looked);
      expect(contentsInTrees([a, b]).has('by the laptop')).toBe(true);
    },
  );

  it('H10: no spelling of .s4 and no way out of the folder is ever written', async () => {
    const { world, a } = await pair();
    a.user.write('keep', 'keep');
    await a.sync();
    const keys = [
      '.S4/journal.jsonl',
      'x/.s4/target.json',
      '.s\u200c4/lock',
      '../out',
      'a/../../out',
      '/etc/x',
      'a//b',
    ];
    for (const key of keys) world.server.put(key, 'evil');
    const before = a.user.read('.s4/target.json');
    summaryOf(await a.sync());
    expect(a.user.tree()).toEqual({ keep: 'keep' });
    expect(a.user.read('.s4/target.json')).toBe(before);
    expect(Object.values(a.user.tree('.s4'))).not.toContain('evil');
  });

  it('H10: a folder that is swapped for a symlink in the middle leads nowhere', async () => {
    const { a, b } = await pair();
    a.user.write('d/keep', 'keep');
    await a.sync();
    await b.sync();
    b.user.write('d/new', 'new');
    await b.sync();
    a.disk.beforeStep((step, path) => {
      if (step !== 'fsync' || !path.startsWith('.s4/tmp')) return;
      a.user.remove('d');
      a.user.symlink('d', '/etc');
    });
    await a.sync();
    a.disk.beforeStep(undefined);
    expect(a.user.tree()['d/new']).toBeUndefined();
    expect(contentsInTrees([a])).toContain('-> /etc');
  });

  it.each(['heads', 'bell'])(
    'H11: a crash before the %s is written: the next run completes the notice',
    async (what) => {
      const { world, a } = await pair();
      a.user.write('one', 'one');
      await a.sync();
      const bell = world.server.bytes('.s4/bell');
      a.user.write('two', 'two');
      const calm = a.store;
      a.store = world.server.connect(a.runtime, async (at, request, key) => {
        if (at !== 'request' || request !== 'PUT' || !key.startsWith(`.s4/${what}`)) return;
        a.disk.crash();
        throw new Error('killed');
      });
      await expect(a.sync()).rejects.toThrow('killed');
      a.store = calm;
      expect(world.server.bytes('two')).toBeDefined();
      await a.sync();
      expect(world.server.bytes('.s4/bell')).not.toEqual(bell);
    },
  );

  it('H12: deletions in small bursts add up, and an approval covers what is left of what was shown', async () => {
    const { world, a } = await pair();
    for (let i = 0; i < 20; i++) a.user.write(`f${i}`, `${i}`);
    await a.sync();
    let halted: Awaited<ReturnType<Machine['sync']>> | undefined;
    let next = 0;
    while (halted?.kind !== 'halted' && next < 20) {
      for (const end = next + 3; next < end; next++) a.user.remove(`f${next}`);
      halted = await a.sync();
      world.tick(60_000);
    }
    expect(next).toBe(12);
    if (halted?.kind !== 'halted') throw new Error('no guard tripped');
    expect(halted.guards.map(({ code }) => code)).toEqual(['mass-delete-remote']);
    expect(objectKeys(world.server)).toHaveLength(11);
    expect((await a.sync({ approve: 'another' })).kind).toBe('halted');
    a.user.write('f9', '9');
    expect((await a.sync({ approve: halted.planId })).kind).toBe('synced');
    expect(objectKeys(world.server)).toHaveLength(9);
    a.user.remove('f12');
    expect((await a.sync({ approve: halted.planId })).kind).toBe('halted');
    world.tick(25 * 60 * 60 * 1000);
    expect((await a.sync()).kind).toBe('synced');
  });

  it.each([true, false])('H12: what cannot be read; the walk says so: %s', async (said) => {
    const { world, a } = await pair();
    for (const name of ['mount/inner', 'keep', 'also']) a.user.write(name, name);
    await a.sync();
    a.disk.setUnreadable('mount', true);
    const silent = withFolder(a, (folder) => ({
      walk: async function* (options) {
        for await (const batch of folder.walk(options)) yield batch.filter(({ kind }) => kind !== 'problem');
      },
      stat: async (path) => (path.startsWith('mount') ? undefined : folder.stat(path)),
    }));
    await a.sync({}, said ? {} : silent);
    expect(objectKeys(world.server).includes('mount/inner')).toBe(said);
  });

  it('H12: what cannot be read is unknown; a store that was swapped is refused', async () => {
    const { world, a, b } = await pair();
    a.user.write('mount/inner', 'inner');
    a.user.write('keep', 'keep');
    await a.sync();
    await b.sync();
    a.disk.setUnreadable('mount', true);
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 1, deletedRemote: 0 });
    a.disk.setUnreadable('mount', false);
    a.events.length = 0;
    await quiet([a, b]);
    expect(b.user.read('mount/inner')).toBe('inner');
    world.server.remove('.s4/target.json');
    await expect(a.sync()).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    a.user.remove('.s4/target.json');
    await expect(a.sync()).rejects.toMatchObject({ code: 'MARKER_MISSING' });
  });

  it.each([true, false])('H15: two processes on one folder; the lock holds: %s', async (holds) => {
    const { world, a } = await pair();
    a.user.write('f', 'base');
    await a.sync();
    a.user.write('f', 'edited');
    let inside = false;
    let second: unknown;
    const calm = a.store;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (at !== 'request' || request !== 'PUT' || key !== 'f' || inside) return;
      inside = true;
      const free = withFolder(a, () => ({ lock: async () => ({ kind: 'locked', release: async () => {} }) }));
      second = await a.sync({}, { store: calm, ...(holds ? {} : free) }).catch((error: unknown) => error);
    });
    await a.sync();
    // Both write one journal and one head; here the second one sends what the first one is about to.
    if (holds) expect(second).toMatchObject({ code: 'LOCKED' });
    else expect(second).toMatchObject({ kind: 'synced', summary: { uploaded: 1 } });
  });

  it('H15: a second process on the folder is refused and touches nothing', async () => {
    const { a } = await pair();
    const other = await a.disk.open().lock({ waitMs: 0 });
    expect(other.kind).toBe('locked');
    a.user.write('f', 'f');
    await expect(a.sync()).rejects.toMatchObject({ code: 'LOCKED' });
    if (other.kind === 'locked') await other.release();
    expect(summaryOf(await a.sync())).toMatchObject({ uploaded: 1 });
  });
});
