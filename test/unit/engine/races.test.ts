import { describe, expect, it } from 'vitest';
import type { CycleDeps } from '../../../src/engine/cycle.ts';
import { type CrashScenario, quiet } from '../../support/crash.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';
import { contentsInTrees } from '../../support/writers.ts';

// Every step with S4_FULL=1; else some of each, starting at another one for each kind of edit.
const FULL = process.env['S4_FULL'] === '1';
const MOMENTS_EACH = 6;

async function both(world: World, a: Machine, b: Machine): Promise<void> {
  a.user.write('keep/one', 'one');
  a.user.write('f', 'base of f');
  a.user.write('dir/x', 'base of x');
  await a.sync();
  await b.sync();
  world.tick(5000);
}

/**
 * What a user does to the file in the middle of s4's own work. Returns what must be found afterwards. What was there at
 * that moment the user saw, and may replace or remove.
 */
type Edit = (user: Machine['user'], path: string) => readonly string[];

const EDITS: Readonly<Record<string, Edit>> = {
  writes: (user, path) => {
    user.write(path, 'written meanwhile');
    return ['written meanwhile'];
  },
  'appends to': (user, path) => {
    user.append(path, ' and appended');
    const content = user.read(path);
    return content === undefined ? [] : [content];
  },
  saves: (user, path) => {
    user.save(path, 'saved meanwhile');
    return ['saved meanwhile'];
  },
  'moves away': (user, path) => {
    const content = user.read(path);
    if (content === undefined) return [];
    user.rename(path, `${path}.moved`);
    return [content];
  },
  removes: (user, path) => {
    user.remove(path);
    return [];
  },
  'puts a folder in place of': (user, path) => {
    user.remove(path);
    user.write(`${path}/inner`, 'in the new folder');
    return ['in the new folder'];
  },
  'puts a symlink in place of': (user, path) => {
    user.remove(path);
    user.symlink(path, 'keep/one');
    return ['-> keep/one'];
  },
};

type Race = Omit<CrashScenario, 'copies'> & {
  /** The path that is being edited. */
  readonly path: string;
  /** Contents that somebody wrote before, and that an edit of this path does not replace. */
  readonly owed: readonly string[];
};

const RACES: readonly Race[] = [
  {
    name: 'an upload',
    path: 'f',
    owed: ['one'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      a.user.write('f', 'f by the laptop');
    },
  },
  {
    name: 'a download over it',
    path: 'f',
    owed: ['one', 'f by the desk'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.write('f', 'f by the desk');
      await b.sync();
    },
  },
  {
    name: 'a download of a new file',
    path: 'new',
    owed: ['one', 'new by the desk'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.write('new', 'new by the desk');
      await b.sync();
    },
  },
  {
    name: 'its deletion here',
    path: 'f',
    owed: ['one'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.remove('f');
      await b.sync();
    },
  },
  {
    name: 'its deletion there',
    path: 'f',
    owed: ['one'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      a.user.remove('f');
    },
  },
  {
    name: 'its move here',
    path: 'f',
    owed: ['one'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.rename('f', 'g');
      await b.sync();
    },
  },
  {
    name: 'its move there',
    path: 'g',
    owed: ['one'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      a.user.rename('f', 'g');
    },
  },
  {
    name: 'a mode taken over',
    path: 'f',
    owed: ['one'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.chmod('f', true);
      await b.sync();
    },
  },
  {
    name: 'a conflict kept as both',
    path: 'f',
    owed: ['one', 'f by the desk'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.write('f', 'f by the desk');
      await b.sync();
      a.user.write('f', 'f by the laptop');
    },
  },
  {
    name: 'a merge',
    path: 'f',
    options: { conflicts: 'merge' },
    owed: ['one'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      a.user.write('f', '1\n2\n3\n4\n5\n');
      await a.sync();
      await b.sync();
      world.tick(5000);
      b.user.write('f', '1\n2\n3\n4\nfive\n');
      await b.sync();
      a.user.write('f', 'one\n2\n3\n4\n5\n');
    },
  },
  {
    name: 'its stepping aside for a folder',
    path: 'f',
    owed: ['one', 'child by the desk'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.remove('f');
      b.user.write('f/child', 'child by the desk');
      await b.sync();
      a.user.write('f', 'f by the laptop');
    },
  },
  {
    name: 'its becoming a folder',
    path: 'f',
    owed: ['one', 'child by the desk'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.remove('f');
      b.user.write('f/child', 'child by the desk');
      await b.sync();
    },
  },
  {
    name: 'a folder becoming a file',
    path: 'dir/x',
    owed: ['one', 'now a file'],
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.remove('dir');
      b.user.write('dir', 'now a file');
      await b.sync();
    },
  },
];

interface Race1 {
  readonly world: World;
  readonly a: Machine;
  readonly b: Machine;
}

async function enter(race: Race): Promise<Race1> {
  const world = createWorld();
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  await race.prepare(world, a, b);
  return { world, a, b };
}

/** Moments: before a step of the disk, or before a request of the store, or before its answer. */
async function count(race: Race): Promise<{ disk: number; store: number }> {
  const { world, a } = await enter(race);
  const moments = { disk: 0, store: 0 };
  a.disk.beforeStep(() => void moments.disk++);
  a.store = world.server.connect(a.runtime, async () => void moments.store++);
  summaryOf(await a.sync(race.options));
  return moments;
}

async function editAt(race: Race, edit: Edit, at: 'disk' | 'store', moment: number): Promise<void> {
  const { world, a, b } = await enter(race);
  let owed: readonly string[] = race.owed;
  let seen = 0;
  let busy = false;
  const now = (): void => {
    if (busy || seen++ !== moment) return;
    busy = true;
    world.tick(1);
    const before = new Set(Object.values(a.user.tree()));
    try {
      const made = edit(a.user, race.path);
      const after = new Set(Object.values(a.user.tree()));
      const kept = owed.filter((content) => after.has(content) || !before.has(content));
      owed = [...made.filter((content) => after.has(content)), ...kept];
    } catch {
      // A folder is in the way of a file, or the other way round: a user gets an error, too.
    }
    busy = false;
  };
  if (at === 'disk') a.disk.beforeStep(now);
  else a.store = world.server.connect(a.runtime, async () => now());
  summaryOf(await a.sync(race.options));
  a.disk.beforeStep(undefined);
  // What was in the way for a moment is a problem of that moment only.
  a.events.length = 0;
  await quiet([a, b], race.options);
  expect(a.user.tree()).toEqual(b.user.tree());
  const found = contentsInTrees([a]);
  expect(owed.filter((content) => !found.has(content))).toEqual([]);
  expect(a.user.tree('.s4/tmp')).toEqual({});
}

function momentsOf(total: number, offset: number): number[] {
  const stride = FULL ? 1 : Math.max(1, Math.ceil(total / MOMENTS_EACH));
  return Array.from({ length: total }, (_, i) => i).filter((i) => i % stride === offset % stride);
}

describe('a user who is at a file in the middle of', { timeout: 300_000 }, () => {
  it.each(RACES)('$name', async (race) => {
    const moments = await count(race);
    for (const [i, [verb, edit]] of Object.entries(EDITS).entries()) {
      for (const at of ['disk', 'store'] as const) {
        for (const moment of momentsOf(moments[at], i)) {
          await editAt(race, edit, at, moment).catch((error: unknown) => {
            throw new Error(`${verb} ${race.path} before ${at} moment ${moment}: ${String(error)}`, {
              cause: error,
            });
          });
        }
      }
    }
  });
});

describe('a choice about a conflict', () => {
  it('is about what was shown, and is asked again when that was edited meanwhile', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    await both(world, a, b);
    b.user.write('f', 'f by the desk');
    await b.sync();
    a.user.write('f', 'f by the laptop');
    const shown: (string | undefined)[] = [];
    const decide: NonNullable<CycleDeps['decide']> = async () => {
      shown.push(a.user.read('f'));
      if (shown.length === 1) {
        world.tick(1);
        a.disk.beforeStep(() => {
          a.disk.beforeStep(undefined);
          a.user.write('f', 'edited after the choice');
        });
        return 'remote';
      }
      return 'local';
    };
    summaryOf(await a.sync({}, { decide }));
    expect(shown).toEqual(['f by the laptop', 'edited after the choice']);
    await quiet([a, b]);
    expect(b.user.read('f')).toBe('edited after the choice');
  });

  it('may be a text made by hand, which then is on both sides, and nothing of it overwrites a later edit', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    await both(world, a, b);
    b.user.write('f', 'f by the desk');
    await b.sync();
    a.user.write('f', 'f by the laptop');
    const shown: (string | undefined)[] = [];
    const decide: NonNullable<CycleDeps['decide']> = async (_conflict, contents) => {
      shown.push(Buffer.from((await contents.local()) ?? []).toString());
      if (shown.length === 1) {
        world.tick(1);
        a.disk.beforeStep(() => {
          a.disk.beforeStep(undefined);
          a.user.write('f', 'edited after the choice');
        });
      }
      return { kind: 'merged', text: Buffer.from(`by hand, of: ${shown.join(', ')}`) };
    };
    summaryOf(await a.sync({}, { decide }));
    expect(shown).toEqual(['f by the laptop', 'edited after the choice']);
    await quiet([a, b]);
    const merged = 'by hand, of: f by the laptop, edited after the choice';
    expect([a.user.read('f'), b.user.read('f')]).toEqual([merged, merged]);
  });

  it('is not asked again when only something else was in the way', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    await both(world, a, b);
    b.user.write('f', 'f by the desk');
    b.user.write('dir/x', 'x by the desk');
    await b.sync();
    a.user.write('f', 'f by the laptop');
    let asked = 0;
    const decide: NonNullable<CycleDeps['decide']> = async () => {
      asked++;
      a.disk.beforeStep(() => {
        a.disk.beforeStep(undefined);
        a.user.write('dir/x', 'x by the laptop');
      });
      return 'skip';
    };
    await a.sync({}, { decide });
    expect(asked).toBe(2);
    expect(a.events.filter((event) => event.kind === 'conflict' && event.conflict.path === 'f')).toHaveLength(
      1,
    );
  });
});
