import { describe, expect, it } from 'vitest';
import { namedPaths } from '../../../src/daemon/listen/named-paths.ts';
import type { LiveTarget } from '../../../src/engine/live-target.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { type KnownHeads, readHeads } from '../../../src/remote-log/reader.ts';
import { type Blow, type CrashScenario, die, enter } from '../../support/crash.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';

/** The second machine hears as a daemon does: it looks at what the log names, and at everything only where that has a gap. */
interface Listener {
  readonly live: LiveTarget;
  known: KnownHeads;
}

const listeners = new WeakMap<Machine, Listener>();

function scenario(name: string, touch: (a: Machine) => void): CrashScenario {
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
  };
  return { name, prepare };
}

const SCENARIOS: readonly CrashScenario[] = [
  scenario('edits, a new file, a link and a chmod', (a) => {
    a.user.write('f', 'f anew');
    a.user.save('dir/x', 'x anew');
    a.user.write('new/one', '1');
    a.user.symlink('new/link', 'one');
    a.user.chmod('g', true);
  }),
  scenario('deletions', (a) => {
    a.user.remove('f');
    a.user.remove('dir/x');
  }),
  scenario('a move', (a) => a.user.rename('g', 'moved/g')),
  scenario('an empty folder, and one that goes', (a) => {
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

/** Every place where it can die, until it lives; and then a sync with nothing to do writes nothing. */
async function strikeAll(scene: CrashScenario, blowAt: (nth: number) => Blow): Promise<void> {
  for (let nth = 0; ; nth++) {
    const blow = blowAt(nth);
    const room = await enter(scene);
    const died = await die(room, scene, blow);
    const { a, b } = room;
    if (died) await a.sync();
    await hears(b);
    const what = JSON.stringify(blow);
    expect(b.user.tree(), what).toEqual(a.user.tree());
    b.events.length = 0;
    const written = writes(a);
    await a.sync();
    expect(writes(a), what).toBe(written);
    await hears(b);
    expect(b.events, what).toEqual([]);
    if (!died) return;
  }
}

function writes({ store }: Machine): number {
  return ['PUT', 'COPY', 'DELETE'].reduce((sum, kind) => sum + (store.requests.get(kind) ?? 0), 0);
}

describe('what a process that was killed had written is told to the others, by the next one', () => {
  for (const scene of SCENARIOS) {
    it(`${scene.name}: killed before each change of the disk`, async () => {
      await strikeAll(scene, (step) => ({ kind: 'crash', step }));
    }, 120_000);
    it(`${scene.name}: the power fails before each change of the disk`, async () => {
      await strikeAll(scene, (step) => ({ kind: 'power-loss', step }));
    }, 120_000);
    it(`${scene.name}: killed after each request`, async () => {
      await strikeAll(scene, (request) => ({ kind: 'response', request }));
    }, 120_000);
  }

  it('but for what the store refused: nothing was written, and there is nothing to tell', async () => {
    const world = createWorld();
    const a = await world.machine('laptop');
    a.user.write('kept', 'kept');
    await a.sync();
    const { store } = a;
    a.user.write('refused', 'refused');
    const refuse = async (): Promise<never> => {
      throw new S4Error('OBJECT_DENIED', 'access denied');
    };
    a.store = { ...store, put: (key, ...rest) => (key === 'refused' ? refuse() : store.put(key, ...rest)) };
    expect(summaryOf(await a.sync()).problems).toBe(1);
    a.store = store;
    a.user.remove('refused');
    const written = writes(a);
    await a.sync();
    expect(writes(a)).toBe(written);
  });
});
