import { describe, expect, it } from 'vitest';
import { objectKeys, quiet } from '../../support/crash.ts';
import { createWorld, type Machine, summaryOf } from '../../support/machines.ts';
import { contentsInTrees } from '../../support/writers.ts';

const problemsOf = ({ events }: Machine) =>
  events.flatMap((event) =>
    event.kind === 'problem' ? [`${event.problem.code} ${event.problem.path}`] : [],
  );
const postponed = ({ events }: Machine) =>
  events.filter((event) => event.kind === 'notice' && event.code === 'postponed');

async function room(foldsCase: boolean) {
  const world = createWorld();
  const [linux, mac] = [await world.machine('linux'), await world.machine('mac', { foldsCase })];
  return { world, linux, mac };
}

describe('a name that is held by something that is not synced', () => {
  it('is told, not postponed for ever, when its folder became an ignored one by case alone (seeds 934, 10302)', async () => {
    const { world, linux, mac } = await room(true);
    for (const name of ['D/x', 'D/y', 'keep']) linux.user.write(name, name);
    await linux.sync();
    await mac.sync();
    mac.user.rename('D', 'd');
    mac.user.write('.syncignore', 'd/\n');
    await mac.sync();
    for (let round = 0; round < 2; round++) {
      mac.events.length = 0;
      await mac.sync();
      expect(problemsOf(mac)).toEqual(['name-twins D/x', 'name-twins D/y']);
      expect(postponed(mac)).toEqual([]);
    }
    expect(objectKeys(world.server)).toContain('D/x');
    expect(mac.user.read('d/x')).toBe('D/x');
    // As the hint says: afterwards nothing is left to tell.
    mac.user.rename('d', 'elsewhere');
    mac.events.length = 0;
    for (const machine of [mac, linux]) await machine.sync();
    expect(problemsOf(mac)).toEqual([]);
  });

  it('is told when a changed object would come back under it (seed 1534)', async () => {
    const { linux, mac } = await room(true);
    for (const name of ['D/x', 'keep']) linux.user.write(name, name);
    await linux.sync();
    await mac.sync();
    mac.user.rename('D', 'd');
    mac.user.write('.syncignore', 'd/\n');
    linux.user.write('D/x', 'edited by linux');
    await linux.sync();
    await mac.sync();
    mac.events.length = 0;
    await mac.sync();
    expect(problemsOf(mac)).toEqual(['name-twins D/x']);
    expect(postponed(mac)).toEqual([]);
    expect(mac.user.read('d/x')).toBe('D/x');
    expect(linux.user.read('D/x')).toBe('edited by linux');
  });

  it('is told when a pipe took the place of a synced file, on any disk', async () => {
    const { world, linux, mac } = await room(false);
    for (const name of ['a', 'keep']) linux.user.write(name, name);
    await linux.sync();
    await mac.sync();
    mac.user.remove('a');
    mac.user.fifo('a');
    expect(summaryOf(await mac.sync())).toMatchObject({ deletedRemote: 0, problems: 1 });
    expect(problemsOf(mac)).toEqual(['blocked-folder a']);
    expect(postponed(mac)).toEqual([]);
    expect(objectKeys(world.server)).toContain('a');
    linux.user.rename('keep', 'b');
    await linux.sync();
    mac.user.fifo('b');
    mac.events.length = 0;
    await mac.sync();
    expect(problemsOf(mac)).toContain('blocked-folder b');
    expect(postponed(mac)).toEqual([]);
    mac.user.remove('a');
    mac.user.remove('b');
    await mac.sync();
    await linux.sync();
    mac.events.length = 0;
    await quiet([mac, linux]);
    expect(mac.user.tree()).toEqual({ b: 'keep' });
  });

  it('is looked at again when it came in that very moment', async () => {
    const { world, linux, mac } = await room(false);
    for (const name of ['a', 'keep']) linux.user.write(name, name);
    await linux.sync();
    await mac.sync();
    mac.user.remove('a');
    let came = false;
    mac.store = world.server.connect(mac.runtime, async (at, request) => {
      if (at !== 'response' || request !== 'LIST' || came) return;
      came = true;
      mac.user.write('a', 'again');
    });
    await mac.sync();
    expect(problemsOf(mac)).toEqual([]);
    await quiet([mac, linux]);
    expect(linux.user.read('a')).toBe('again');
  });
});

describe('an object whose file has another spelling here (seed 2086)', () => {
  it.each([true, false])(
    'is not deleted when another tool removes its twin; twin synced before: %s',
    async (synced) => {
      const { world, linux, mac } = await room(true);
      linux.user.write('D/x', 'upper');
      await linux.sync();
      // A first sync, of which the second pass finds as `d/x` what the first recorded as `D/x`.
      mac.user.write('d/y', 'of the mac');
      mac.user.write('n', 'new');
      let edited = false;
      const calm = mac.store;
      mac.store = {
        ...calm,
        put: (key, source, options) => {
          if (key === 'n' && !edited) mac.user.write('n', 'edited meanwhile');
          edited ||= key === 'n';
          return calm.put(key, source, options);
        },
      };
      await mac.sync();
      mac.store = calm;
      expect(mac.user.read('d/x')).toBe('upper');
      linux.user.write('d/x', 'lower');
      await linux.sync();
      if (synced) await mac.sync();
      world.server.remove('d/x');
      for (const machine of [mac, linux, mac, linux]) await machine.sync();
      expect(contentsInTrees([mac, linux])).toContain('upper');
      expect(objectKeys(world.server).map((key) => key.toLowerCase())).toContain('d/x');
      mac.events.length = 0;
      await quiet([mac, linux]);
    },
  );
});
