import { describe, expect, it } from 'vitest';
import { objectKeys, quiet } from '../../support/crash.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';

const NFC = 'caf\u00e9';
const NFD = 'cafe\u0301';

interface Room {
  readonly world: World;
  readonly linux: Machine;
  readonly mac: Machine;
}

/** A machine whose disk keeps every spelling apart, and one whose disk takes them for one name. */
async function room(): Promise<Room> {
  const world = createWorld();
  return { world, linux: await world.machine('linux'), mac: await world.machine('mac', { foldsCase: true }) };
}

/** Names by their fold: what a disk that folds them would hold. */
function folded(machine: Machine): Record<string, string> {
  const entries = Object.entries(machine.user.tree());
  return Object.fromEntries(entries.map(([name, content]) => [name.normalize('NFC').toLowerCase(), content]));
}

/** Syncs both until quiet; then one more round of each may say something, but do nothing and postpone nothing. */
async function settled({ world, linux, mac }: Room): Promise<void> {
  for (const machine of [mac, linux, mac, linux]) await machine.sync();
  for (const machine of [mac, linux]) {
    machine.events.length = 0;
    const writes: string[] = [];
    machine.disk.beforeStep((step, path) => void writes.push(`${step} ${path}`));
    const before = new Map(machine.store.requests);
    const s = summaryOf(await machine.sync());
    machine.disk.beforeStep(undefined);
    expect(machine.events.filter(({ kind }) => kind === 'operation-started')).toEqual([]);
    expect(machine.events.filter((event) => event.kind === 'notice' && event.code === 'postponed')).toEqual(
      [],
    );
    expect(writes).toEqual([]);
    for (const write of ['PUT', 'COPY', 'DELETE']) {
      expect(machine.store.requests.get(write) ?? 0).toBe(before.get(write) ?? 0);
    }
    expect(s.requests['LIST']).toBe(1);
  }
  void world;
}

describe('one name in two spellings', () => {
  it.each([
    ['normal forms', NFC, NFD],
    ['case', 'README', 'Readme'],
    ['the case of a folder', 'Docs/a', 'docs/a'],
    ['both', 'CAF\u00c9', NFD],
  ])('that both sides have at the first sync is one file: %s', async (_, theirs, ours) => {
    const all = await room();
    all.linux.user.write(theirs, 'same');
    await all.linux.sync();
    all.mac.user.write(ours, 'same');
    expect(summaryOf(await all.mac.sync())).toMatchObject({ uploaded: 0, downloaded: 0, keptBoth: 0 });
    await settled(all);
    expect(objectKeys(all.world.server)).toEqual([theirs]);
    expect(Object.keys(all.mac.user.tree())).toEqual([ours]);
  });

  it.each([
    ['normal forms', NFC, NFD],
    ['case', 'README', 'Readme'],
    ['the case of a folder', 'Docs/a', 'docs/a'],
  ])('stays one file through edits, modes and deletions on both sides: %s', async (_, theirs, ours) => {
    const all = await room();
    const { linux, mac, world } = all;
    linux.user.write(theirs, 'same');
    linux.user.write('other', 'other');
    await linux.sync();
    mac.user.write(ours, 'same');
    await mac.sync();
    mac.user.write(ours, 'by the mac');
    await mac.sync();
    await linux.sync();
    expect(linux.user.read(theirs)).toBe('by the mac');
    linux.user.write(theirs, 'by linux');
    await linux.sync();
    await mac.sync();
    expect(mac.user.read(ours)).toBe('by linux');
    mac.user.chmod(ours, true);
    await mac.sync();
    await linux.sync();
    linux.user.write(theirs, 'linux again');
    mac.user.write(ours, 'mac again');
    await linux.sync();
    await mac.sync();
    await settled(all);
    expect(folded(mac)).toEqual(folded(linux));
    expect(Object.values(mac.user.tree()).sort()).toEqual(['linux again', 'mac again', 'other']);
    expect(objectKeys(world.server).filter((key) => !key.includes('conflict'))).toEqual(
      [theirs, 'other'].sort(),
    );
    mac.user.remove(ours);
    await mac.sync();
    await linux.sync();
    expect(linux.user.read(theirs)).toBeUndefined();
    await settled(all);
  });

  it('is deleted here when it is deleted there', async () => {
    const all = await room();
    all.linux.user.write(NFC, 'same');
    all.linux.user.write('other', 'other');
    await all.linux.sync();
    all.mac.user.write(NFD, 'same');
    await all.mac.sync();
    all.linux.user.remove(NFC);
    await all.linux.sync();
    await settled(all);
    expect(Object.keys(all.mac.user.tree())).toEqual(['other']);
  });

  it('is a rename when the other side changes only the spelling', async () => {
    const all = await room();
    all.linux.user.write('README', 'text');
    all.linux.user.write('other', 'other');
    await all.linux.sync();
    await all.mac.sync();
    all.linux.user.rename('README', 'Readme');
    await all.linux.sync();
    await settled(all);
    expect(objectKeys(all.world.server)).toEqual(['Readme', 'other']);
    expect(folded(all.mac)).toEqual(folded(all.linux));
  });

  it('is a rename when this side changes only the spelling', async () => {
    const all = await room();
    all.mac.user.write('README', 'text');
    all.mac.user.write('other', 'other');
    await all.mac.sync();
    await all.linux.sync();
    all.mac.user.rename('README', 'Readme');
    await all.mac.sync();
    await settled(all);
    expect(objectKeys(all.world.server)).toEqual(['Readme', 'other']);
    expect(Object.keys(all.linux.user.tree()).sort()).toEqual(['Readme', 'other']);
  });

  it('is a rename when this side changes the spelling and the text', async () => {
    const all = await room();
    all.mac.user.write('README', 'text');
    all.mac.user.write('other', 'other');
    await all.mac.sync();
    await all.linux.sync();
    all.mac.user.rename('README', 'Readme');
    all.mac.user.write('Readme', 'new text');
    await all.mac.sync();
    await settled(all);
    expect(all.linux.user.tree()).toEqual({ Readme: 'new text', other: 'other' });
  });

  it('is a rename when this side changes the spelling of a folder', async () => {
    const all = await room();
    all.mac.user.write('Docs/one', 'one');
    all.mac.user.write('Docs/two', 'two');
    all.mac.user.write('other', 'other');
    await all.mac.sync();
    await all.linux.sync();
    all.mac.user.rename('Docs', 'docs');
    await all.mac.sync();
    await settled(all);
    expect(folded(all.mac)).toEqual(folded(all.linux));
    expect(all.linux.user.tree()).toEqual({ 'docs/one': 'one', 'docs/two': 'two', other: 'other' });
  });
});

describe('two objects that a disk cannot tell apart', () => {
  const twins = async (): Promise<Room> => {
    const all = await room();
    all.linux.user.write('README', 'upper');
    all.linux.user.write('other', 'other');
    await all.linux.sync();
    await all.mac.sync();
    all.linux.user.write('Readme', 'lower');
    await all.linux.sync();
    return all;
  };

  it('are reported; neither is touched', async () => {
    const all = await twins();
    const { mac, linux, world } = all;
    const s = summaryOf(await mac.sync());
    expect(s.problems).toBe(1);
    const problems = mac.events.flatMap((event) => (event.kind === 'problem' ? [event.problem] : []));
    expect(problems).toMatchObject([{ code: 'name-twins', path: 'Readme' }]);
    await settled(all);
    expect(objectKeys(world.server)).toEqual(['README', 'Readme', 'other']);
    expect(mac.user.tree()).toEqual({ README: 'upper', other: 'other' });
    expect(Object.keys(linux.user.tree()).sort()).toEqual(['README', 'Readme', 'other']);
  });

  it('are reported at a first sync, and one of them is fetched', async () => {
    const all = await room();
    all.linux.user.write('README', 'upper');
    all.linux.user.write('Readme', 'lower');
    await all.linux.sync();
    const s = summaryOf(await all.mac.sync());
    expect(s).toMatchObject({ problems: 1, downloaded: 1 });
    await settled(all);
    expect(all.mac.user.tree()).toEqual({ README: 'upper' });
    expect(Object.keys(all.linux.user.tree()).sort()).toEqual(['README', 'Readme']);
  });

  it('come to rest when one of them is removed', async () => {
    for (const removed of ['README', 'Readme']) {
      const all = await twins();
      await all.mac.sync();
      all.linux.user.remove(removed);
      await all.linux.sync();
      await settled(all);
      await quiet([all.mac, all.linux]);
      expect(folded(all.mac)).toEqual(folded(all.linux));
    }
  });

  it('keep an edit of the one that is here', async () => {
    const all = await twins();
    await all.mac.sync();
    all.mac.user.write('README', 'edited by the mac');
    await all.mac.sync();
    await settled(all);
    expect(all.linux.user.tree()).toEqual({ README: 'edited by the mac', Readme: 'lower', other: 'other' });
  });
});
