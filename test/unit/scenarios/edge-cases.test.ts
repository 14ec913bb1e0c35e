import { describe, expect, test } from 'vitest';
import { readRefusal, refusalError } from '../../../src/stores/s3/errors.ts';
import { objectKeys, quiet } from '../../support/crash.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';

/*
 * The edge cases of two-way sync, each with the result that is required. Those that other tests show by name:
 *
 * modify/delete, delete/delete           scenarios/bisync "changes"
 * both changed to the same               scenarios/bisync "equal"
 * file becomes a folder, and back        engine/races, engine/crash
 * case-only rename, NFC and NFD          engine/twins, scenarios/bisync "normalization"
 * new times only                         scenarios/bisync "all_changed"
 * same size and time, other content      scenarios/bisync "compare_all", local/hash "racy"
 * changed during upload or download      engine/races, scenarios/bisync "concurrent"
 * ignored after it was synced            scenarios/bisync "filtersfile_checks"
 * a run that failed in part              engine/crash
 * index missing                          scenarios/bisync "check_sync", "resync"
 * index corrupt, or of a newer s4        state/base, fuzz "state"
 * folder missing or replaced             engine/identity
 * two clients write one key              engine/writers
 * shared remote index                    remote-log/remote-log (each client writes its own head)
 * delete markers                         engine/two-machines
 * a page of the listing that fails       s3/accidents; below, what the engine makes of it
 * own writes seen by the watcher         not before there is a watcher
 */

interface Pair {
  readonly world: World;
  readonly laptop: Machine;
  readonly desk: Machine;
}

async function pair(files: Readonly<Record<string, string>> = {}): Promise<Pair> {
  const world = createWorld();
  const [laptop, desk] = [await world.machine('laptop'), await world.machine('desk')];
  for (const [path, text] of Object.entries(files)) laptop.user.write(path, text);
  await laptop.sync();
  await desk.sync();
  world.tick(5000);
  laptop.events.length = 0;
  return { world, laptop, desk };
}

const FILES = { a: 'one', b: 'two', 'd/x': 'three', 'd/y': 'four', 'd/z': 'five' };
const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`old/f${i}`, `text ${i}`]));
const problemsOf = (machine: Machine) =>
  machine.events.flatMap((event) =>
    event.kind === 'problem' ? [[event.problem.code, event.problem.path]] : [],
  );

describe('both sides', () => {
  test('create/create, same content: adopted, nothing is transferred', async () => {
    const { laptop, desk } = await pair();
    for (const { user } of [laptop, desk]) user.write('f', 'the same');
    await laptop.sync();
    expect(summaryOf(await desk.sync())).toMatchObject({
      uploaded: 0,
      downloaded: 0,
      keptBoth: 0,
      conflicts: 0,
    });
    await quiet([laptop, desk]);
  });

  test('create/create, different, skipped: asked again; kept as both: never again', async () => {
    const { laptop, desk } = await pair();
    for (const { user, name } of [laptop, desk]) user.write('f', `of the ${name}`);
    await laptop.sync();
    for (let i = 0; i < 2; i++)
      expect(summaryOf(await desk.sync({ conflicts: 'skip' }))).toMatchObject({ conflicts: 1 });
    expect(desk.user.read('f')).toBe('of the desk');
    expect(summaryOf(await desk.sync())).toMatchObject({ keptBoth: 1, conflicts: 0 });
    expect(summaryOf(await desk.sync({ conflicts: 'skip' }))).toMatchObject({ keptBoth: 0, conflicts: 0 });
    const names = Object.keys(desk.user.tree());
    expect(names).toEqual(expect.arrayContaining([expect.stringMatching(/^f \(conflict, desk, 20.+\)$/)]));
  });

  test('a folder is deleted here, and a child of it edited and another made there: those two live', async () => {
    const { laptop, desk } = await pair(FILES);
    desk.user.write('d/x', 'edited');
    desk.user.write('d/new', 'made');
    await desk.sync();
    laptop.user.remove('d');
    await laptop.sync();
    await desk.sync();
    await quiet([laptop, desk]);
    expect(laptop.user.tree()).toEqual({ a: 'one', b: 'two', 'd/x': 'edited', 'd/new': 'made' });
    expect(desk.user.tree()).toEqual(laptop.user.tree());
  });

  test('un-ignored: what was made on both sides meanwhile meets as new, and both are kept', async () => {
    const { laptop, desk } = await pair({ ...FILES, '.syncignore': 'x.log\n' });
    laptop.user.write('x.log', 'of the laptop');
    desk.user.write('x.log', 'of the desk');
    laptop.user.write('.syncignore', '\n');
    for (const machine of [laptop, desk, laptop, desk]) summaryOf(await machine.sync());
    expect(Object.values(laptop.user.tree())).toEqual(
      expect.arrayContaining(['of the laptop', 'of the desk']),
    );
    expect(desk.user.tree()).toEqual(laptop.user.tree());
  });

  test('an index restored from an old backup deletes nothing, and brings nothing down twice', async () => {
    const { laptop, desk } = await pair(FILES);
    const names = ['index.json.gz', 'journal.jsonl'];
    const { state } = laptop.disk.open();
    const old = await Promise.all(names.map((name) => state.read(name)));
    laptop.disk.crash();
    expect(old.every((bytes) => bytes !== undefined)).toBe(true);
    laptop.user.write('new', 'made since');
    laptop.user.remove('b');
    await laptop.sync();
    await desk.sync();
    laptop.user.write('b', 'made anew');
    await laptop.sync();
    const tree = laptop.user.tree();
    for (const [i, name] of names.entries()) laptop.user.save(`.s4/${name}`, old[i] ?? Buffer.alloc(0));
    expect(summaryOf(await laptop.sync())).toMatchObject({ deletedLocal: 0, deletedRemote: 0 });
    await desk.sync();
    expect(laptop.user.tree()).toEqual(tree);
    expect(desk.user.tree()).toEqual(tree);
  });

  test('empty files are never taken for each other: a rename needs content', async () => {
    const { laptop, desk } = await pair({ ...FILES, empty: '' });
    laptop.user.remove('empty');
    laptop.user.write('elsewhere', '');
    expect(summaryOf(await laptop.sync())).toMatchObject({ renamed: 0, uploaded: 1, deletedRemote: 1 });
    await desk.sync();
    expect(desk.user.tree()).toEqual(laptop.user.tree());
  });

  test('a renamed folder is no mass deletion: renames are found before deletions are counted', async () => {
    const { laptop, desk } = await pair(many(30));
    laptop.user.rename('old', 'new');
    expect(summaryOf(await laptop.sync())).toMatchObject({ renamed: 30, deletedRemote: 0 });
    expect(summaryOf(await desk.sync())).toMatchObject({ renamed: 30, deletedLocal: 0 });
  });
});

describe('the store', () => {
  test('holds `foo` and `foo/bar`: told, and neither is deleted or fetched', async () => {
    const { world, laptop } = await pair(FILES);
    world.server.put('foo', 'file');
    world.server.put('foo/bar', 'child');
    await laptop.sync();
    expect(problemsOf(laptop)).toEqual([['file-and-folder', 'foo']]);
    expect(objectKeys(world.server)).toEqual(expect.arrayContaining(['foo', 'foo/bar']));
    expect(laptop.user.tree()).toEqual(FILES);
  });

  test('was emptied: halts, and the folder keeps everything', async () => {
    const { world, laptop } = await pair(FILES);
    for (const key of objectKeys(world.server)) world.server.remove(key);
    expect((await laptop.sync()).kind).toBe('halted');
    expect(laptop.user.tree()).toEqual(FILES);
  });

  test('got the same content again from another tool: verified, and nothing is changed', async () => {
    const { world, laptop, desk } = await pair(FILES);
    world.server.put('a', 'one');
    summaryOf(await laptop.sync());
    expect(laptop.user.tree()).toEqual(FILES);
    await desk.sync();
    await quiet([laptop, desk]);
  });

  test('archived an object: nothing while it is unchanged, a problem when it must be read, and the others go on', async () => {
    const { world, laptop } = await pair(FILES);
    world.server.put('new', 'to be archived');
    world.server.archive('new');
    world.server.put('a', 'readable');
    expect(summaryOf(await laptop.sync())).toMatchObject({ downloaded: 1, problems: 1, deletedLocal: 0 });
    expect(problemsOf(laptop)).toEqual([['archived', 'new']]);
    world.server.archive('b');
    expect(summaryOf(await laptop.sync())).toMatchObject({ deletedLocal: 0, deletedRemote: 0, uploaded: 0 });
    expect(laptop.user.read('b')).toBe('two');
  });

  test('fails on the second page of its listing: an error, and nothing is concluded from the first', async () => {
    const { laptop } = await pair(FILES);
    const { store } = laptop;
    laptop.store = {
      ...store,
      list: async function* (options) {
        for await (const page of store.list(options)) {
          yield page.slice(0, 1);
          throw new Error('the second page');
        }
      },
    };
    await expect(laptop.sync()).rejects.toThrow('the second page');
    expect(laptop.user.tree()).toEqual(FILES);
  });

  test('has another clock: said as what it is', () => {
    const body = '<Error><Code>RequestTimeTooSkewed</Code><Message>no</Message></Error>';
    const error = refusalError(readRefusal(403, {}, body), { operation: 'GetObject', bucket: 'b', nowMs: 0 });
    expect(error).toMatchObject({ code: 'STORE_CLOCK_SKEW', hint: 'set the clock' });
  });
});

describe('the folder', () => {
  test('was emptied: halts, and the store keeps everything', async () => {
    const { world, laptop } = await pair(FILES);
    for (const path of Object.keys(FILES)) laptop.user.remove(path);
    const before = objectKeys(world.server);
    expect((await laptop.sync()).kind).toBe('halted');
    expect(objectKeys(world.server)).toEqual(before);
  });

  test('holds what cannot be read, and a FIFO: told, deleted nowhere, and the others go on', async () => {
    const { world, laptop } = await pair(FILES);
    laptop.disk.setUnreadable('d', true);
    laptop.user.fifo('pipe');
    laptop.user.write('a', 'edited');
    expect(summaryOf(await laptop.sync())).toMatchObject({ uploaded: 1, deletedRemote: 0, problems: 1 });
    expect(problemsOf(laptop)).toEqual([['unreadable', 'd']]);
    expect(objectKeys(world.server)).toEqual(expect.arrayContaining(['d/x', 'd/y', 'd/z']));
  });
});
