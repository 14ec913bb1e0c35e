import { describe, expect, it } from 'vitest';
import { type Blow, type CrashScenario, countSteps, strike } from '../../support/crash.ts';
import { type Machine, summaryOf, type World } from '../../support/machines.ts';

// Every step with S4_FULL=1; else enough of them for each scenario, starting at another one for each kind of blow.
const FULL = process.env['S4_FULL'] === '1';
const BLOWS_EACH = 12;

async function both(world: World, a: Machine, b: Machine): Promise<void> {
  a.user.write('keep/one', 'one');
  a.user.write('keep/two', 'two');
  a.user.write('f', 'base of f');
  a.user.write('g', 'base of g');
  a.user.write('dir/x', 'base of x');
  await a.sync();
  await b.sync();
  world.tick(5000);
}

const SCENARIOS: readonly CrashScenario[] = [
  {
    name: 'a first upload',
    prepare: async (_, a) => {
      a.user.write('one', '1');
      a.user.write('deep/er/two', '2', { executable: true });
      a.user.write('none', '');
      a.user.symlink('link', 'one');
      a.user.mkdir('empty/inside');
    },
  },
  {
    name: 'a first download',
    victim: 'b',
    prepare: async (_, a) => {
      a.user.write('one', '1');
      a.user.write('deep/er/two', '2', { executable: true });
      a.user.symlink('link', 'one');
      a.user.mkdir('empty/inside');
      await a.sync();
    },
  },
  {
    name: 'a first meeting of two full folders',
    victim: 'b',
    copies: true,
    prepare: async (_, a, b) => {
      a.user.write('same', 'same');
      a.user.write('differs', 'on the laptop');
      a.user.write('only-a', 'a');
      b.user.write('same', 'same');
      b.user.write('differs', 'on the desk');
      b.user.write('only-b', 'b');
      await a.sync();
    },
  },
  {
    name: 'updates both ways',
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.write('f', 'f by the desk');
      b.user.save('dir/x', 'x by the desk');
      await b.sync();
      a.user.write('g', 'g by the laptop');
    },
  },
  {
    name: 'deletions both ways',
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.remove('f');
      b.user.remove('dir');
      await b.sync();
      a.user.remove('g');
    },
  },
  {
    name: 'renames both ways',
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.rename('f', 'moved/f');
      await b.sync();
      a.user.rename('g', 'g2');
    },
  },
  {
    name: 'chmod both ways',
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.chmod('f', true);
      await b.sync();
      a.user.chmod('g', true);
    },
  },
  {
    name: 'a mode here and a content there',
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.write('f', 'f by the desk');
      b.user.chmod('g', true);
      await b.sync();
      a.user.chmod('f', true);
      a.user.write('g', 'g by the laptop');
    },
  },
  {
    name: 'a conflict kept as both',
    copies: true,
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.write('f', 'f by the desk');
      await b.sync();
      a.user.write('f', 'f by the laptop');
    },
  },
  {
    name: 'a local file that gives way to a folder',
    copies: true,
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.remove('f');
      b.user.write('f/child', 'child by the desk');
      await b.sync();
      a.user.write('f', 'f edited by the laptop');
    },
  },
  {
    name: 'a remote file that gives way to a folder',
    copies: true,
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.write('f', 'f edited by the desk');
      await b.sync();
      a.user.remove('f');
      a.user.write('f/child', 'child by the laptop');
    },
  },
  {
    name: 'a merge',
    copies: true,
    options: { conflicts: 'merge' },
    prepare: async (world, a, b) => {
      await both(world, a, b);
      a.user.write('text', '1\n2\n3\n4\n5\n');
      await a.sync();
      await b.sync();
      world.tick(5000);
      b.user.write('text', '1\n2\n3\n4\nfive\n');
      await b.sync();
      a.user.write('text', 'one\n2\n3\n4\n5\n');
    },
  },
  {
    name: 'a file that became a folder there, and a folder that became a file',
    prepare: async (world, a, b) => {
      await both(world, a, b);
      b.user.remove('f');
      b.user.write('f/child', 'child');
      b.user.remove('dir');
      b.user.write('dir', 'now a file');
      await b.sync();
    },
  },
  {
    name: 'a file that became a folder here, and a folder that became a file',
    prepare: async (world, a, b) => {
      await both(world, a, b);
      a.user.remove('f');
      a.user.write('f/child', 'child');
      a.user.remove('dir');
      a.user.write('dir', 'now a file');
    },
  },
  {
    name: 'empty folders that come, go and fill',
    prepare: async (world, a, b) => {
      await both(world, a, b);
      a.user.mkdir('old/empty');
      a.user.mkdir('filled');
      a.user.mkdir('gone-there');
      await a.sync();
      await b.sync();
      b.user.mkdir('new/there');
      b.user.remove('gone-there');
      b.user.remove('dir/x');
      await b.sync();
      a.user.remove('old');
      a.user.write('filled/child', 'filling');
      a.user.mkdir('new-here');
    },
  },
  {
    name: 'an index that is damaged and folded anew',
    // Without a base an edit is a conflict, and a copy made twice is still no loss.
    copies: true,
    prepare: async (world, a, b) => {
      await both(world, a, b);
      a.user.write('.s4/index.json.gz', 'rubbish');
      a.user.write('g', 'g by the laptop');
      a.user.write('more', 'more');
    },
  },
  {
    name: 'a store without conditions',
    server: {
      enforces: {
        putIfAbsent: false,
        putIfMatch: false,
        copyIfAbsent: false,
        copyIfMatch: false,
        deleteIfMatch: false,
      },
    },
    copies: true,
    prepare: async (world, a, b) => {
      await both(world, a, b);
      a.user.write('f', 'f by the laptop');
      b.user.write('f', 'f by the desk');
      b.user.remove('g');
      await b.sync();
      a.user.rename('dir/x', 'dir/y');
    },
  },
];

const MERGED = 'one\n2\nby hand\n4\nfive\n';
const MINE = 'one\n2\n3\n4\n5\n';
const THEIRS = '1\n2\n3\n4\nfive\n';
const BY_HAND: CrashScenario = {
  name: 'a merge by hand',
  act: async (victim) => {
    const text = Buffer.from(MERGED);
    summaryOf(await victim.sync({}, { decide: async () => ({ kind: 'merged', text }) }));
  },
  prepare: async (world, a, b) => {
    await both(world, a, b);
    world.tick(5000);
    b.user.write('f', THEIRS);
    await b.sync();
    a.user.write('f', MINE);
  },
};

function blows(disk: number, requests: number): Blow[] {
  const at = (count: number, offset: number): number[] => {
    const stride = FULL ? 1 : Math.max(1, Math.ceil(count / BLOWS_EACH));
    return Array.from({ length: count }, (_, i) => i).filter((i) => i % stride === offset % stride);
  };
  return [
    ...at(disk, 0).map((step): Blow => ({ kind: 'crash', step })),
    ...at(disk, 1).map((step): Blow => ({ kind: 'power-loss', step })),
    ...at(requests, 2).map((request): Blow => ({ kind: 'request', request })),
    ...at(requests, 3).map((request): Blow => ({ kind: 'response', request })),
  ];
}

const contents = (tree: Readonly<Record<string, string>>): string[] =>
  [...new Set(Object.values(tree))].sort();

describe('a cycle that dies at any step, and is run again', () => {
  it('a merge by hand: what was made of both is there, or both are', { timeout: 600_000 }, async () => {
    const { disk, requests, aftermath: whole } = await countSteps(BY_HAND);
    expect(whole.trees.map((tree) => tree['f'])).toEqual([MERGED, MERGED]);
    for (const blow of blows(disk, requests)) {
      const { trees, writes } = await strike(BY_HAND, blow);
      expect(trees[0]).toEqual(trees[1]);
      expect(writes).toEqual([]);
      const kept = contents(trees[0] ?? {});
      const has = (...texts: readonly string[]): boolean => texts.every((text) => kept.includes(text));
      expect(has(MERGED) || has(MINE, THEIRS), `${JSON.stringify(blow)}: ${kept.join('|')}`).toBe(true);
    }
  });

  it.each(SCENARIOS)('$name', { timeout: 600_000 }, async (scenario) => {
    const { disk, requests, aftermath: whole } = await countSteps(scenario);
    expect(whole.writes).toEqual([]);
    expect(whole.trees[0]).toEqual(whole.trees[1]);
    for (const blow of blows(disk, requests)) {
      const label = `${JSON.stringify(blow)} of ${disk} steps, ${requests} requests`;
      const after = await strike(scenario, blow).catch((error: unknown) => {
        throw new Error(`${label}: ${String(error)}`, { cause: error });
      });
      expect(after.struck, label).toBe(true);
      expect(after.trees[0], label).toEqual(after.trees[1]);
      if (scenario.copies)
        expect(contents(after.trees[0] ?? {}), label).toEqual(contents(whole.trees[0] ?? {}));
      else expect(after.trees[0], label).toEqual(whole.trees[0]);
      expect(after.keys.filter((key) => !key.endsWith('/')).sort(), label).toEqual(
        Object.keys(after.trees[0] ?? {})
          .filter((key) => !key.endsWith('/'))
          .sort(),
      );
      expect(after.temps, label).toEqual([]);
      expect(after.writes, label).toEqual([]);
    }
  });
});
