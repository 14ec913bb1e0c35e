import { describe, expect, test } from 'vitest';
import { objectKeys, quiet } from '../../support/crash.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';

// rclone bisync's scenarios, by their names: what s4 does, and why where it differs. "Path1" is the laptop's folder,
// "path2" is changed through the desk or by another tool in the store.

interface Pair {
  readonly world: World;
  readonly laptop: Machine;
  readonly desk: Machine;
}

async function pair(files: Readonly<Record<string, string>>, names = ['laptop', 'desk']): Promise<Pair> {
  const world = createWorld();
  const laptop = await world.machine(names[0] ?? '');
  const desk = await world.machine(names[1] ?? '');
  for (const [path, text] of Object.entries(files)) laptop.user.write(path, text);
  await laptop.sync();
  await desk.sync();
  world.tick(5000);
  return { world, laptop, desk };
}

const FILES = { 'file1.txt': 'one', 'file2.txt': 'two', 'file3.txt': 'three', 'dir/file4.txt': 'four' };
const many = (count: number, text = 'text'): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`f${String(i).padStart(2, '0')}`, `${text} ${i}`]),
  );

async function settled({ laptop, desk }: Pair): Promise<void> {
  for (const machine of [desk, laptop, desk]) summaryOf(await machine.sync());
  laptop.events.length = 0;
  desk.events.length = 0;
  await quiet([laptop, desk]);
  expect(desk.user.tree()).toEqual(laptop.user.tree());
}

describe('bisync', () => {
  test('all_changed: new times alone are no change, and new contents of all files halt until they are approved', async () => {
    const all = await pair(many(12));
    // bisync aborts here: it compares times. s4 hashes, and finds nothing to do.
    for (const path of Object.keys(many(12))) all.laptop.user.touch(path, 1_700_000_000_000_000_000n);
    expect(summaryOf(await all.laptop.sync())).toMatchObject({ uploaded: 0 });
    for (const path of Object.keys(many(12))) all.laptop.user.write(path, 'encrypted by a stranger');
    const halted = await all.laptop.sync();
    expect(halted.kind).toBe('halted');
    if (halted.kind !== 'halted') return;
    expect(summaryOf(await all.laptop.sync({ approve: halted.planId }))).toMatchObject({ uploaded: 12 });
    for (let result = await all.desk.sync(); result.kind === 'halted'; )
      result = await all.desk.sync({ approve: result.planId });
    expect(all.desk.user.tree()).toEqual(all.laptop.user.tree());
  });

  test('backupdir: what is overwritten or deleted here lies in the trash, always', async () => {
    const all = await pair(FILES);
    all.desk.user.write('file1.txt', 'newer');
    all.desk.user.remove('file2.txt');
    await settled(all);
    expect(Object.values(all.laptop.user.tree('.s4/trash'))).toEqual(expect.arrayContaining(['one', 'two']));
  });

  test('basic: newer on path2 and new on path1 in one run', async () => {
    const all = await pair(FILES);
    all.desk.user.write('file1.txt', 'newer on path2');
    await all.desk.sync();
    all.laptop.user.write('new.txt', 'new on path1');
    expect(summaryOf(await all.laptop.sync())).toMatchObject({ uploaded: 1, downloaded: 1 });
    await settled(all);
  });

  test('changes: ten kinds of them in one run', async () => {
    const all = await pair({ ...many(10), ...FILES });
    const { laptop, desk } = all;
    desk.user.write('new2', 'new on path2');
    desk.user.write('f00', 'newer on path2');
    desk.user.remove('f01');
    desk.user.write('f02', 'changed on both: path2');
    desk.user.write('f03', 'edited on path2, deleted on path1');
    desk.user.remove('f04');
    desk.user.remove('f05');
    await desk.sync();
    laptop.user.write('new1', 'new on path1');
    laptop.user.write('f06', 'newer on path1');
    laptop.user.remove('f07');
    laptop.user.write('f02', 'changed on both: path1');
    laptop.user.remove('f03');
    laptop.user.write('f04', 'edited on path1, deleted on path2');
    laptop.user.remove('f05');
    expect(summaryOf(await laptop.sync())).toMatchObject({ problems: 0, conflicts: 0, keptBoth: 1 });
    await settled(all);
    const tree = laptop.user.tree();
    expect(Object.keys(tree)).not.toEqual(expect.arrayContaining(['f01']));
    expect([tree['f05'], tree['f07']]).toEqual([undefined, undefined]);
    expect(tree).toMatchObject({
      new1: 'new on path1',
      new2: 'new on path2',
      f00: 'newer on path2',
      f06: 'newer on path1',
      f03: 'edited on path2, deleted on path1',
      f04: 'edited on path1, deleted on path2',
    });
    expect(Object.values(tree)).toEqual(
      expect.arrayContaining(['changed on both: path1', 'changed on both: path2']),
    );
  });

  test('check_access: a store without its marker is not this store, and nothing is deleted', async () => {
    const { world, laptop } = await pair(FILES);
    world.server.remove('.s4/target.json');
    await expect(laptop.sync()).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    expect(laptop.user.tree()).toEqual(FILES);
  });

  test('check_access_filters: no rule hides the marker', async () => {
    const all = await pair({ ...FILES, '.syncignore': '.s4\ntarget.json\n*.json\n' });
    await settled(all);
    expect(all.world.server.keys()).toContain('.s4/target.json');
  });

  test('check_filename: there is no file name to choose, and a target.json of the user is content', async () => {
    const all = await pair({ 'target.json': 'of the user', 'dir/target.json': 'too' });
    await settled(all);
    expect(all.desk.user.read('target.json')).toBe('of the user');
  });

  test('check_sync: equal sides that the base does not know are found equal, without a transfer', async () => {
    const { laptop } = await pair(FILES);
    laptop.user.remove('.s4/index.json.gz');
    laptop.user.remove('.s4/index.prev.json.gz');
    laptop.user.remove('.s4/journal.jsonl');
    expect(summaryOf(await laptop.sync())).toMatchObject({ uploaded: 0, downloaded: 0, keptBoth: 0 });
    expect(laptop.user.tree()).toEqual(FILES);
  });

  test('compare_all: size and time of a file may stay; its content decides', async () => {
    const all = await pair(FILES);
    all.laptop.user.write('file1.txt', 'eno');
    all.laptop.user.touch('file1.txt', 1_700_000_000_000_000_000n);
    await settled(all);
    expect(all.desk.user.read('file1.txt')).toBe('eno');
  });

  test('concurrent: a file overwritten on path2 between plan and copy ends consistent, and the next run finds nothing', async () => {
    const all = await pair(FILES);
    const { laptop, world } = all;
    laptop.user.write('file1.txt', 'edited on path1');
    let done = false;
    laptop.store = world.server.connect(laptop.runtime, async () => {
      if (done || world.server.bytes('file1.txt') === undefined) return;
      if (!laptop.events.some(({ kind }) => kind === 'operation-started')) return;
      done = true;
      world.server.put('file1.txt', 'overwritten on path2 meanwhile');
    });
    summaryOf(await laptop.sync());
    expect(done).toBe(true);
    await settled(all);
    expect(Object.values(laptop.user.tree())).toEqual(
      expect.arrayContaining(['edited on path1', 'overwritten on path2 meanwhile']),
    );
  });

  test('createemptysrcdirs: empty folders travel, always', async () => {
    const all = await pair(FILES);
    all.laptop.user.mkdir('empty/deep');
    await all.laptop.sync();
    await settled(all);
    expect(all.desk.user.tree()).toHaveProperty(['empty/deep/'], '');
    all.desk.user.remove('empty');
    await settled(all);
    expect(Object.keys(all.laptop.user.tree())).not.toContain('empty/deep/');
  });

  test('dry_run: plans the same and changes nothing', async () => {
    const { laptop, desk, world } = await pair(FILES);
    desk.user.write('file1.txt', 'newer');
    await desk.sync();
    laptop.user.remove('file2.txt');
    const before = [laptop.user.tree(), laptop.user.tree('.s4'), world.server.keys()];
    laptop.events.length = 0;
    await laptop.sync({ mode: 'preview' });
    const planned = laptop.events.flatMap((event) => (event.kind === 'planned' ? event.operations : []));
    expect(planned.map(({ kind, path }) => [kind, path]).sort()).toEqual([
      ['delete', 'file2.txt'],
      ['update', 'file1.txt'],
    ]);
    expect(Object.keys(laptop.user.tree('.s4')).filter((name) => !name.startsWith('lock'))).toEqual(
      Object.keys(before[1] ?? {}).filter((name) => !name.startsWith('lock')),
    );
    expect([laptop.user.tree(), world.server.keys()]).toEqual([before[0], before[2]]);
  });

  test('equal: changed on both sides to the same is left alone, to different contents is kept twice', async () => {
    const all = await pair(FILES);
    for (const { user } of [all.laptop, all.desk]) user.write('file1.txt', 'the same on both');
    all.desk.user.write('file2.txt', 'path2');
    await all.desk.sync();
    all.laptop.user.write('file2.txt', 'path1');
    expect(summaryOf(await all.laptop.sync())).toMatchObject({ keptBoth: 1, conflicts: 0 });
    await settled(all);
    const names = Object.keys(all.laptop.user.tree());
    expect(names.filter((name) => name.startsWith('file1'))).toEqual(['file1.txt']);
    expect(names.filter((name) => name.startsWith('file2'))).toHaveLength(2);
  });

  test('ext_paths: names of targets may hold spaces and other scripts', async () => {
    const all = await pair(FILES, ['测试 Русский', 'my desk']);
    await settled(all);
  });

  test('extended_filenames: white space, line ends, controls, right-to-left and CJK', async () => {
    const files = {
      ' white  space ': '1',
      'line\nend': '2',
      'Русский.txt': '3',
      '测试/عربي': '4',
      '‮rtl': '5',
      'a\u001bb': '6',
      é: '7',
      '😀': '8',
    };
    const all = await pair(files);
    await settled(all);
    expect(all.desk.user.tree()).toEqual(files);
  });

  test('filters: what rules exclude is neither uploaded, downloaded nor deleted', async () => {
    const all = await pair({ ...FILES, '.syncignore': '*.tmp\ncache/\n' });
    all.laptop.user.write('a.tmp', 'mine');
    all.laptop.user.write('cache/x', 'mine too');
    all.world.server.put('b.tmp', 'of another tool');
    for (const machine of [all.laptop, all.desk, all.laptop]) summaryOf(await machine.sync());
    expect(objectKeys(all.world.server)).toContain('b.tmp');
    expect(objectKeys(all.world.server)).not.toContain('a.tmp');
    expect(all.desk.user.read('b.tmp')).toBeUndefined();
    expect(all.laptop.user.read('cache/x')).toBe('mine too');
  });

  test('filtersfile_checks: changed rules need no new first run; both sides keep what is ignored from now on', async () => {
    const all = await pair(FILES);
    all.laptop.user.write('.syncignore', 'file1.txt\n');
    expect(summaryOf(await all.laptop.sync())).toMatchObject({ deletedRemote: 0, deletedLocal: 0 });
    await settled(all);
    expect(all.desk.user.read('file1.txt')).toBe('one');
    expect(objectKeys(all.world.server)).toContain('file1.txt');
  });

  test.each(['max_delete_path1', 'max_delete_path2'])(
    '%s: more than half deleted halts, an approval lets it pass',
    async (side) => {
      const all = await pair(many(20));
      const { laptop, desk } = all;
      for (let i = 0; i < 11; i++) {
        const path = `f${String(i).padStart(2, '0')}`;
        if (side === 'max_delete_path1') laptop.user.remove(path);
        else all.world.server.remove(path);
      }
      const halted = await laptop.sync();
      expect(halted.kind).toBe('halted');
      expect(objectKeys(all.world.server).length + Object.keys(laptop.user.tree()).length).toBe(29);
      if (halted.kind !== 'halted') return;
      summaryOf(await laptop.sync({ approve: halted.planId }));
      expect(Object.keys(laptop.user.tree())).toHaveLength(9);
      expect(objectKeys(all.world.server)).toHaveLength(9);
      expect(Object.keys(desk.user.tree())).toHaveLength(20);
    },
  );

  test('nomodtime: objects of tools that keep no time are synced all the same', async () => {
    const all = await pair(FILES);
    all.world.server.put('file1.txt', 'without metadata');
    all.world.server.put('new.txt', 'new without metadata');
    await settled(all);
    expect(all.laptop.user.tree()).toMatchObject({
      'file1.txt': 'without metadata',
      'new.txt': 'new without metadata',
    });
  });

  test('normalization: NFC and NFD of one name pair as one file', async () => {
    const all = await pair({ 'caf\u00e9.txt': 'same', other: 'x' });
    all.desk.user.rename('caf\u00e9.txt', 'cafe\u0301.txt');
    all.desk.user.write('cafe\u0301.txt', 'edited');
    for (const machine of [all.desk, all.laptop, all.desk, all.laptop]) summaryOf(await machine.sync());
    for (const { user } of [all.laptop, all.desk])
      expect(Object.entries(user.tree()).map(([name, text]) => [name.normalize('NFC'), text])).toEqual(
        expect.arrayContaining([['caf\u00e9.txt', 'edited']]),
      );
    expect(Object.keys(all.laptop.user.tree())).toHaveLength(2);
  });

  test.each([
    ['local', ['path1']],
    ['remote', ['path2']],
    ['both', ['path1', 'path2']],
  ] as const)('resolve: %s keeps %j', async (conflicts, kept) => {
    const all = await pair(FILES);
    all.desk.user.write('file1.txt', 'path2');
    await all.desk.sync();
    all.laptop.user.write('file1.txt', 'path1');
    summaryOf(await all.laptop.sync({ conflicts }));
    await settled(all);
    const found = Object.entries(all.desk.user.tree()).filter(([name]) => name.startsWith('file1'));
    expect(found.map(([, text]) => text).sort()).toEqual(kept);
  });

  test('resync: a folder that lost its state is united with the store; nothing is deleted, older contents stay beside', async () => {
    const { world, laptop, desk } = await pair(FILES);
    for (const name of ['index.json.gz', 'index.prev.json.gz', 'journal.jsonl'])
      laptop.user.remove(`.s4/${name}`);
    laptop.user.remove('file1.txt');
    laptop.user.write('file2.txt', 'path1');
    world.server.put('file2.txt', 'path2');
    summaryOf(await laptop.sync());
    await settled({ world, laptop, desk });
    expect(laptop.user.tree()).toMatchObject({ 'file1.txt': 'one' });
    expect(Object.values(laptop.user.tree())).toEqual(expect.arrayContaining(['path1', 'path2']));
  });

  test('rmdirs: a folder goes with its last file where it was removed, and stays where only the file was', async () => {
    const all = await pair({ ...FILES, 'gone/x': 'x', 'kept/y': 'y' });
    all.laptop.user.remove('gone');
    all.laptop.user.remove('kept/y');
    await all.laptop.sync();
    await settled(all);
    const names = Object.keys(all.desk.user.tree());
    expect(names.filter((name) => name.startsWith('gone'))).toEqual([]);
    expect(names.filter((name) => name.startsWith('kept'))).toEqual(['kept/']);
  });

  test('volatile: files made on both sides in the middle of a run are picked up, at the latest by the next one', async () => {
    const all = await pair(FILES);
    const { laptop, world } = all;
    let made = 0;
    laptop.disk.beforeStep(() => {
      for (const end = Math.min(50, made + 10); made < end; made++) {
        laptop.user.write(`volatile/local ${made}`, `l${made}`);
        world.server.put(`volatile/remote ${made}`, `r${made}`);
      }
    });
    laptop.user.write('start', 'of it');
    summaryOf(await laptop.sync());
    laptop.disk.beforeStep(undefined);
    await settled(all);
    expect(Object.keys(laptop.user.tree()).filter((name) => name.startsWith('volatile/'))).toHaveLength(100);
    expect(made).toBe(50);
  });
});
