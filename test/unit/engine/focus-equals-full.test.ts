import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeadsReading, type KnownHeads, readHeads } from '../../../src/remote-log/reader.ts';
import { keyPath, type RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';

const RUNS = process.env['S4_FOCUS_RUNS'];

const NAMES = [
  'a',
  'd',
  'd/x',
  'd/y',
  'd/x/deep',
  'e/only',
  'e',
  'keep/k1',
  'caf\u00e9',
  'n/new/er',
] as const;

type Edit =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove' | 'mkdir' | 'chmod'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string };

const name = fc.constantFrom(...NAMES);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      path: name,
      text: fc.constantFrom('1', '2', '3'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('remove' as const, 'mkdir' as const, 'chmod' as const),
      path: name,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), path: name, to: name }) },
);
const edits = fc.array(edit, { maxLength: 5 });

const parts = (path: string): string[] => path.split('/').map((_, i, all) => all.slice(0, i + 1).join('/'));

/** As a person would, where it is possible; gives what a watcher would say. */
function apply({ user }: Machine, change: Edit, mark: string): readonly string[] {
  const tree = user.tree();
  const isFile = (path: string): boolean => tree[path] !== undefined;
  const isThere = (path: string): boolean =>
    isFile(path) || Object.keys(tree).some((key) => key.startsWith(`${path}/`));
  const isFree = (path: string): boolean => !isThere(path) && !parts(path).some(isFile);
  const heard = (path: string): string[] => parts(path);
  switch (change.kind) {
    case 'write':
      if (!isFile(change.path) && !isFree(change.path)) return [];
      user.write(change.path, `${change.text} ${mark}`);
      return heard(change.path);
    case 'remove':
      if (!isThere(change.path)) return [];
      user.remove(change.path);
      return [change.path];
    case 'mkdir':
      if (!isFree(change.path)) return [];
      user.mkdir(change.path);
      return heard(change.path);
    case 'chmod':
      if (!isFile(change.path)) return [];
      user.chmod(change.path, true);
      return [change.path];
    case 'rename':
      if (!isThere(change.path) || !isFree(change.to) || change.to.startsWith(`${change.path}/`)) return [];
      user.rename(change.path, change.to);
      return [change.path, ...heard(change.to)];
  }
}

function contents(world: World, { user }: Machine): Set<string> {
  const stored = world.server
    .keys()
    .filter((key) => !key.startsWith('.s4/'))
    .map((key) => Buffer.from(world.server.bytes(key) ?? []).toString());
  return new Set([...Object.values(user.tree()), ...stored]);
}

/** What others say they changed. */
function heads({ store, target }: Machine, known: KnownHeads | undefined): Promise<HeadsReading> {
  return readHeads({ store, known, self: target.clientId });
}

/** What a look at everything would still do. A mode that met a content travels with the next sync, a whole one's too. */
async function leftToDo(machine: Machine): Promise<readonly unknown[]> {
  machine.events.length = 0;
  await machine.sync({ mode: 'preview' });
  const planned = machine.events.filter((event) => event.kind === 'planned');
  return planned.flatMap((event) => event.operations.filter(({ kind }) => kind !== 'mode'));
}

describe('a focused cycle on what was touched', () => {
  it('leaves nothing to do for a look at everything, and loses nothing', async () => {
    const whole = { cycles: 0, of: 0 };
    await fc.assert(
      fc.asyncProperty(edits, edits, edits, fc.boolean(), async (first, here, there, conditions) => {
        const enforces = Object.fromEntries(
          ['putIfAbsent', 'putIfMatch', 'copyIfAbsent', 'copyIfMatch', 'deleteIfMatch'].map((n) => [
            n,
            conditions,
          ]),
        );
        const world = createWorld({ enforces });
        const a = await world.machine('laptop');
        const b = await world.machine('desk');
        for (let i = 0; i < 24; i++) a.user.write(`keep/k${i}`, `kept ${i}`);
        a.user.write('d/x', 'base x');
        a.user.write('e/only', 'base only');
        for (const change of first) apply(a, change, 'base');
        const live = await a.live();
        await live.cycle({ mode: 'sync' });
        await b.sync();
        const { known } = await heads(a, undefined);
        world.tick(10_000);
        const heard = here.flatMap((change) => apply(a, change, 'laptop'));
        for (const change of there) apply(b, change, 'desk');
        await b.sync();
        world.tick(10_000);
        const { news, complete } = await heads(a, known);
        expect(complete).toBe(true);
        const remote = news.flatMap(({ entries }) => entries.map(({ path }) => keyPath(path)));
        const before = contents(world, a);
        const base = new Set(Object.values(b.user.tree()));
        a.events.length = 0;
        const result = await live.cycle({
          mode: 'sync',
          focus: { local: heard as RelPath[], remote },
        });
        whole.of++;
        if (a.events.some(({ kind }) => kind === 'scanned')) whole.cycles++;
        await live.close();
        if (result.kind === 'halted') return;
        expect(await leftToDo(a)).toEqual([]);
        const after = contents(world, a);
        const gone = [...before].filter((text) => !after.has(text) && !base.has(text));
        const trash = new Set(Object.values(a.user.tree('.s4/trash')));
        expect(gone.filter((text) => !trash.has(text) && !isOld(text))).toEqual([]);
      }),
      // More runs are by hand, and of other trees each time.
      RUNS === undefined ? { numRuns: 60, seed: 7 } : { numRuns: Number(RUNS) },
    );
    // Else this would prove nothing of focused cycles.
    expect(whole.cycles).toBeLessThan(whole.of * 0.7);
  }, 120_000);
});

/** Of the base: replaced or deleted by its author; or an empty folder, which is no content. */
function isOld(text: string): boolean {
  return text === '' || text.startsWith('kept') || text.startsWith('base') || text.endsWith('base');
}
