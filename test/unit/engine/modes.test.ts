import { describe, expect, it } from 'vitest';
import { readHeads } from '../../../src/remote-log/reader.ts';
import { createWorld, fileOf, type Machine, summaryOf, type World } from '../../support/machines.ts';

const TEXT = 'one\ntwo\nthree\nfour\nfive\nsix\n';

async function pair(): Promise<{ world: World; a: Machine; b: Machine }> {
  const world = createWorld();
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  a.user.write('f', TEXT);
  a.user.write('keep', 'keep');
  await a.sync();
  await b.sync();
  world.tick(60_000);
  return { world, a, b };
}

const modeIn = (world: World): string | undefined =>
  world.server.history('f').at(-1)?.content?.metadata['mode'];
const isExecutable = async (machine: Machine): Promise<boolean> => (await fileOf(machine, 'f')).executable;

describe('an executable bit that one side changed', () => {
  it.each(['here', 'there'])('outlives a clean merge of the texts (changed %s)', async (where) => {
    const { world, a, b } = await pair();
    b.user.write('f', TEXT.replace('six', 'VI'));
    b.user.chmod('f', where === 'there');
    await b.sync();
    a.user.write('f', TEXT.replace('one', 'I'));
    a.user.chmod('f', where === 'here');
    await a.sync({ conflicts: 'merge' });
    expect(a.user.read('f')).toBe(TEXT.replace('one', 'I').replace('six', 'VI'));
    expect(modeIn(world)).toBe('0100755');
    expect(await isExecutable(a)).toBe(true);
    await b.sync();
    expect(await isExecutable(b)).toBe(true);
  });

  it('is taken back by a merge where one side took it back', async () => {
    const { world, a, b } = await pair();
    a.user.chmod('f', true);
    await a.sync();
    await b.sync();
    b.user.write('f', TEXT.replace('six', 'VI'));
    b.user.chmod('f', false);
    await b.sync();
    a.user.write('f', TEXT.replace('one', 'I'));
    await a.sync({ conflicts: 'merge' });
    expect(modeIn(world)).toBe('0100644');
    expect(await isExecutable(a)).toBe(false);
  });

  it('is published in the sync that fetches an edit of the other side', async () => {
    const { world, a, b } = await pair();
    b.user.write('f', 'edited there');
    await b.sync();
    a.user.chmod('f', true);
    await a.sync();
    expect(a.user.read('f')).toBe('edited there');
    expect(modeIn(world)).toBe('0100755');
    expect(summaryOf(await a.sync())).toMatchObject({ uploaded: 0, downloaded: 0 });
  });
});

describe('a file that is moved here while another tool writes to its old name', () => {
  it('leaves what was written, tells of no deletion, and fetches it', async () => {
    const { world, a } = await pair();
    a.user.rename('f', 'g');
    let once = true;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (!once || at !== 'request' || request !== 'DELETE' || key !== 'f') return;
      once = false;
      world.server.put('f', 'later');
    });
    await a.sync();
    expect(a.user.tree()).toEqual({ keep: 'keep', g: TEXT, f: 'later' });
    const { news } = await readHeads({ store: a.store, known: undefined });
    const told = news.flatMap(({ entries }) => entries.map(({ op, path }) => `${op} ${path}`));
    expect(told).toContain('put g');
    expect(told).not.toContain('delete f');
  });
});

describe('of two files with one content, of which one is executable', () => {
  it.each(['x', 'y'])(
    'the one that was moved there keeps its bit here, and the other goes (moved: %s)',
    async (moved) => {
      const world = createWorld();
      const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
      a.user.write('x', TEXT, { executable: true });
      a.user.write('y', TEXT);
      a.user.write('keep', 'keep');
      await a.sync();
      await b.sync();
      b.user.rename(moved, 'z');
      b.user.remove(moved === 'x' ? 'y' : 'x');
      await b.sync();
      await a.sync();
      expect(a.user.tree()).toEqual({ keep: 'keep', z: TEXT });
      expect((await fileOf(a, 'z')).executable).toBe(moved === 'x');
      expect((await fileOf(b, 'z')).executable).toBe(moved === 'x');
    },
  );
});
