import { describe, expect, it } from 'vitest';
import { namedPaths } from '../../../src/daemon/listen/named-paths.ts';
import type { LiveTarget } from '../../../src/engine/live-target.ts';
import { type KnownHeads, readHeads } from '../../../src/remote-log/reader.ts';
import { type Blow, type CrashScenario, die, enter } from '../../support/crash.ts';
import type { Machine, World } from '../../support/machines.ts';

/** The second machine hears as a daemon does: it looks at what the log names, and at everything only where that has a gap. */
interface Listener {
  readonly live: LiveTarget;
  known: KnownHeads;
}

const listeners = new WeakMap<Machine, Listener>();

interface Scenario extends CrashScenario {
  /** Writes of which the object itself says whose they are: the others need not look at everything. */
  readonly signed: number;
}

function scenario(name: string, signed: number, touch: (a: Machine) => void): Scenario {
  const prepare = async (world: World, a: Machine, b: Machine): Promise<void> => {
    for (let i = 0; i < 14; i++) a.user.write(`keep/k${i}`, `kept ${i}`);
    for (const path of ['f', 'g', 'dir/x']) a.user.write(path, `base of ${path}`);
    await a.sync();
    const live = await b.live();
    await live.cycle({ mode: 'sync' });
    const { known } = await readHeads({ store: b.store, known: undefined });
    listeners.set(b, { live, known });
    world.tick(5000);
    touch(a);
    world.tick(5000);
    b.events.length = 0;
  };
  return { name, signed, prepare };
}

const SCENARIOS: readonly Scenario[] = [
  scenario('edits, a new file, a link and a chmod', 5, (a) => {
    a.user.write('f', 'f anew');
    a.user.save('dir/x', 'x anew');
    a.user.write('new/one', '1');
    a.user.symlink('new/link', 'one');
    a.user.chmod('g', true);
  }),
  scenario('deletions', 0, (a) => {
    a.user.remove('f');
    a.user.remove('dir/x');
  }),
  scenario('a move', 1, (a) => a.user.rename('g', 'moved/g')),
  scenario('an empty folder, and one that goes', 0, (a) => {
    a.user.mkdir('empty/inside');
    a.user.remove('dir');
  }),
];

async function hears(b: Machine): Promise<void> {
  const listener = listeners.get(b);
  if (listener === undefined) throw new Error('nobody listens');
  const { live } = listener;
  const { news, complete, known } = await readHeads({ store: b.store, known: listener.known });
  listener.known = known;
  const remote = namedPaths(news);
  if (complete && remote.length === 0) return;
  const result = await live.cycle({ mode: 'sync', ...(complete && { focus: { local: [], remote } }) });
  expect(result.kind).toBe('synced');
}

/** Every place where it can die, until it lives. How often the other needed no look at everything. */
async function strikeAll(scene: Scenario, blowAt: (nth: number) => Blow): Promise<number> {
  let close = 0;
  for (let nth = 0; ; nth++) {
    const blow = blowAt(nth);
    const room = await enter(scene);
    if (!(await die(room, scene, blow))) return close;
    const { a, b } = room;
    await a.sync();
    await hears(b);
    const what = JSON.stringify(blow);
    expect(b.user.tree(), what).toEqual(a.user.tree());
    if (!b.events.some(({ kind }) => kind === 'scanned')) close++;
    b.events.length = 0;
    await a.sync();
    await hears(b);
    expect(b.events, what).toEqual([]);
  }
}

describe('what a process that was killed had written is told to the others, by the next one', () => {
  for (const scene of SCENARIOS) {
    it(`${scene.name}: killed before each change of the disk`, async () => {
      await strikeAll(scene, (step) => ({ kind: 'crash', step }));
    }, 120_000);
    it(`${scene.name}: killed after each request`, async () => {
      const close = await strikeAll(scene, (request) => ({ kind: 'response', request }));
      expect(close).toBeGreaterThanOrEqual(scene.signed);
    }, 120_000);
  }
});
