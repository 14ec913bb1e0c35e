import { describe, expect, it } from 'vitest';
import type { LiveTarget } from '../../../src/engine/live-target.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { type Blow, type CrashScenario, countSteps, strike } from '../../support/crash.ts';
import type { Machine, World } from '../../support/machines.ts';

// Every step with S4_FULL=1; else some of each kind.
const BLOWS_EACH = process.env['S4_FULL'] === '1' ? Number.POSITIVE_INFINITY : 6;

const lives = new WeakMap<Machine, LiveTarget>();

interface Touched {
  readonly local: readonly string[];
  readonly remote: readonly string[];
}

/** The first machine is a live target that has looked at everything before `touch`, and then looks at what is named. */
function focused(
  name: string,
  named: Touched,
  touch: (a: Machine, b: Machine) => Promise<void>,
  extra: Partial<CrashScenario> = {},
): CrashScenario {
  const prepare = async (world: World, a: Machine, b: Machine): Promise<void> => {
    for (let i = 0; i < 14; i++) a.user.write(`keep/k${i}`, `kept ${i}`);
    for (const path of ['f', 'g', 'dir/x', 'box/only']) a.user.write(path, `base of ${path}`);
    const live = await a.live();
    await live.cycle({ mode: 'sync' });
    await b.sync();
    world.tick(5000);
    await live.cycle({ mode: 'sync' });
    lives.set(a, live);
    await touch(a, b);
    world.tick(5000);
  };
  const focus = { local: named.local as RelPath[], remote: named.remote as RelPath[] };
  return {
    name,
    prepare,
    act: async (a) => {
      const live = lives.get(a);
      a.events.length = 0;
      const result = await live?.cycle({ mode: 'sync', focus });
      expect(result?.kind).toBe('synced');
      if (extra.copies !== true) expect(a.events.some(({ kind }) => kind === 'scanned')).toBe(false);
      await live?.close();
    },
    ...extra,
  };
}

const SCENARIOS: readonly CrashScenario[] = [
  focused('edits both ways', { local: ['g', 'new'], remote: ['f', 'dir/x', 'theirs/y'] }, async (a, b) => {
    b.user.write('f', 'f by the desk');
    b.user.save('dir/x', 'x by the desk');
    b.user.write('theirs/y', 'y');
    await b.sync();
    a.user.write('g', 'g by the laptop');
    a.user.write('new/one', '1');
  }),
  focused(
    'deletions, moves and an emptied folder',
    { local: ['g', 'box/only', 'keep/k1', 'keep/moved'], remote: ['f', 'dir/x', 'keep/k2', 'dir/y'] },
    async (a, b) => {
      b.user.remove('f');
      b.user.remove('dir/x');
      b.user.rename('keep/k2', 'dir/y');
      await b.sync();
      a.user.remove('g');
      a.user.remove('box/only');
      a.user.rename('keep/k1', 'keep/moved');
    },
  ),
  focused(
    'an edit over one that nobody told of',
    { local: ['f'], remote: [] },
    async (a, b) => {
      b.user.write('f', 'f by the desk');
      await b.sync();
      a.user.write('f', 'f by the laptop');
    },
    { copies: true },
  ),
];

function blows(disk: number, requests: number): Blow[] {
  const at = (count: number): number[] => {
    const stride = Math.max(1, Math.ceil(count / BLOWS_EACH));
    return Array.from({ length: count }, (_, i) => i).filter((i) => i % stride === 0);
  };
  return [
    ...at(disk).map((step): Blow => ({ kind: 'crash', step })),
    ...at(disk).map((step): Blow => ({ kind: 'power-loss', step })),
    ...at(requests).map((request): Blow => ({ kind: 'request', request })),
    ...at(requests).map((request): Blow => ({ kind: 'response', request })),
  ];
}

const contents = (tree: Readonly<Record<string, string>> | undefined): string[] =>
  [...new Set(Object.values(tree ?? {}))].sort();

describe('a focused cycle that dies at any step', () => {
  it.each(SCENARIOS)('loses nothing: $name', { timeout: 600_000 }, async (scenario) => {
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
      if (scenario.copies) expect(contents(after.trees[0]), label).toEqual(contents(whole.trees[0]));
      else expect(after.trees[0], label).toEqual(whole.trees[0]);
      expect([after.temps, after.writes], label).toEqual([[], []]);
    }
  });
});
