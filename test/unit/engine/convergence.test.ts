import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../support/fake-runtime.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';

const NAMES = ['a', 'b', 'd/x', 'd/y', 'd/e/z', 'd/e', 'f.txt', 'g/h'];

interface Edits {
  readonly random: (bound: number) => number;
  /** Every content that anyone wrote, but for those that a user who had them replaced or deleted. */
  readonly owed: Set<string>;
  count: number;
}

/** One random edit by a user of this machine, as far as the disk allows it. */
function edit(machine: Machine, edits: Edits): void {
  const { user } = machine;
  const { random } = edits;
  const name = NAMES[random(NAMES.length)] ?? 'a';
  const other = NAMES[random(NAMES.length)] ?? 'b';
  const what = random(10);
  try {
    if (what < 5) {
      const content = `${machine.name} ${edits.count++}`;
      user.write(name, content, { executable: random(4) === 0 });
      if (user.read(name) === content) edits.owed.add(content);
    } else if (what < 6) {
      user.remove(name);
    } else if (what < 7) {
      if (user.tree()[other] === undefined) user.rename(name, other);
    } else if (what < 8) {
      user.mkdir(name);
    } else if (what < 9) {
      user.chmod(name, random(2) === 0);
    } else {
      user.symlink(`${name}.link`, other);
    }
  } catch {
    // A folder is a file here, or the other way round: a user would get an error, too.
  }
}

/** Syncs in turns until a whole round did nothing. */
async function settle(machines: readonly Machine[]): Promise<number> {
  for (let round = 1; round <= 12; round++) {
    let work = 0;
    for (const machine of machines) {
      const s = summaryOf(await machine.sync());
      work += s.uploaded + s.downloaded + s.deletedLocal + s.deletedRemote + s.renamed + s.keptBoth;
      const problems = machine.events.filter((event) => event.kind === 'problem');
      machine.events.length = 0;
      if (problems.length > 0) throw new Error(`problems: ${JSON.stringify(problems)}`);
    }
    if (work === 0) return round;
  }
  throw new Error('does not converge');
}

function everything(world: World, machines: readonly Machine[], keys: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  for (const { user } of machines) {
    for (const content of Object.values(user.tree())) found.add(content);
    for (const content of Object.values(user.tree('.s4/trash'))) found.add(content);
  }
  for (const key of keys) {
    for (const version of world.server.history(key)) {
      if (version.content !== undefined) found.add(Buffer.from(version.content.bytes).toString());
    }
  }
  return found;
}

/** Edits in bursts, syncs in between, a sync of everybody at the end; then all must agree and nothing be missing. */
async function run(seed: number, clients: number): Promise<void> {
  const random = seededRandom(seed);
  const world = createWorld({ versioning: random(2) === 0 ? 'enabled' : 'off' });
  const machines: Machine[] = [];
  for (let i = 0; i < clients; i++) machines.push(await world.machine(`m${i}`));
  const keys = new Set<string>();
  const edits: Edits = { random, owed: new Set(), count: 0 };
  for (let step = 0; step < 24; step++) {
    const machine = machines[random(machines.length)] as Machine;
    const burst = random(4);
    for (let i = 0; i < burst; i++) {
      const before = Object.values(machine.user.tree());
      edit(machine, edits);
      const after = new Set(Object.values(machine.user.tree()));
      for (const content of before) if (!after.has(content)) edits.owed.delete(content);
    }
    if (random(2) === 0) {
      const result = await machine.sync();
      if (result.kind === 'halted') await machine.sync({ approve: result.planId });
      machine.events.length = 0;
      for (const key of world.server.keys()) keys.add(key);
    }
    world.tick(random(3) * 500);
  }
  for (const machine of machines) {
    const result = await machine.sync();
    if (result.kind === 'halted') await machine.sync({ approve: result.planId });
  }
  for (const key of world.server.keys()) keys.add(key);
  await settle(machines);
  const [first, ...others] = machines.map(({ user }) => user.tree());
  for (const tree of others) expect(tree).toEqual(first);
  const found = everything(world, machines, keys);
  expect([...edits.owed].filter((content) => !found.has(content))).toEqual([]);
}

describe('random edits on several machines', () => {
  it.each(Array.from({ length: 300 }, (_, i) => i + 1))(
    'converge and lose nothing, seed %i',
    async (seed) => {
      await run(seed, 2 + (seed % 2));
    },
  );
});
