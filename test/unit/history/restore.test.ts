import { beforeEach, describe, expect, test } from 'vitest';
import type { RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, summaryOf, type World } from '../../support/machines.ts';
import { plan, restore, versionsOf, write as writeIn } from './act.ts';

const F = 'f' as RelPath;

let world: World;
let a: Machine;
let b: Machine;
beforeEach(async () => {
  world = createWorld();
  a = await world.machine('laptop');
  b = await world.machine('desk');
});

const write = (machine: Machine, path: string, text: string) => writeIn(world, machine, path, text);

describe('versions of a file', () => {
  test('are told newest first, with who wrote and who deleted them', async () => {
    await write(a, 'f', 'one');
    await b.sync();
    await write(b, 'f', 'two, longer');
    await a.sync();
    world.tick(60_000);
    a.user.remove('f');
    await a.sync();
    const versions = await versionsOf(b, F);
    expect(
      versions.map(({ latest, author, state }) => ({
        latest,
        host: author?.host,
        kind: state.kind,
        size: state.kind === 'deleted' ? undefined : state.sizeBytes,
      })),
    ).toEqual([
      { latest: true, host: 'laptop', kind: 'deleted', size: undefined },
      { latest: false, host: 'desk', kind: 'file', size: 11 },
      { latest: false, host: 'another', kind: 'file', size: 3 },
    ]);
  });
});

describe('restoring a version', () => {
  test('puts it into the folder, the present one into the trash, and the next sync publishes it', async () => {
    await write(a, 'f', 'one');
    await write(a, 'f', 'two');
    const [, first] = await versionsOf(a, F);
    const [done] = await restore(a, { kind: 'version', path: F, versionId: first?.versionId ?? '' });
    expect(done).toMatchObject({ kind: 'restored', step: { action: 'replace' } });
    expect(a.user.read('f')).toBe('one');
    expect(Object.values(a.user.tree('.s4/trash'))).toContain('two');
    await a.sync();
    await b.sync();
    expect(b.user.read('f')).toBe('one');
    expect(summaryOf(await a.sync()).uploaded).toBe(0);
  });

  test('a cycle that is asked for it does it first, and publishes it', async () => {
    await write(a, 'f', 'one');
    await write(a, 'f', 'two');
    await b.sync();
    const [, first] = await versionsOf(a, F);
    const { steps } = await plan(a, { kind: 'version', path: F, versionId: first?.versionId ?? '' });
    const wishes = steps.map((step) => ({ kind: 'version', step }) as const);
    await a.sync({ mode: 'preview', wishes });
    expect(a.user.read('f')).toBe('two');
    expect(summaryOf(await a.sync({ wishes }))).toMatchObject({ uploaded: 1, problems: 0 });
    await b.sync();
    expect([a.user.read('f'), b.user.read('f')]).toEqual(['one', 'one']);
  });

  test('brings back what was deleted', async () => {
    await write(a, 'deep/f', 'one');
    await b.sync();
    a.user.remove('deep');
    await a.sync();
    await b.sync();
    expect(b.user.tree()).toEqual({});
    const path = 'deep/f' as RelPath;
    const [, version] = await versionsOf(b, path);
    await restore(b, { kind: 'version', path, versionId: version?.versionId ?? '' });
    await b.sync();
    await a.sync();
    expect(a.user.tree()).toEqual({ 'deep/f': 'one' });
  });

  test('an unsynced edit goes to the trash, not away', async () => {
    await write(a, 'f', 'one');
    await write(a, 'f', 'two');
    const [, first] = await versionsOf(a, F);
    world.tick();
    a.user.write('f', 'not synced');
    await restore(a, { kind: 'version', path: F, versionId: first?.versionId ?? '' });
    expect(a.user.read('f')).toBe('one');
    expect(Object.values(a.user.tree('.s4/trash'))).toContain('not synced');
  });

  test('leaves alone what is that version already', async () => {
    await write(a, 'f', 'one');
    const [version] = await versionsOf(a, F);
    const [done] = await restore(a, { kind: 'version', path: F, versionId: version?.versionId ?? '' });
    expect(done).toMatchObject({ kind: 'restored', step: { action: 'same' } });
    expect(Object.values(a.user.tree('.s4/trash'))).toEqual([]);
  });

  test('refuses while the store has a state that this folder has not seen', async () => {
    await write(a, 'f', 'one');
    await write(a, 'f', 'two');
    await b.sync();
    await write(b, 'f', 'three');
    const first = (await versionsOf(a, F)).at(-1);
    const [done] = await restore(a, { kind: 'version', path: F, versionId: first?.versionId ?? '' });
    expect(done).toMatchObject({ kind: 'failed', problem: { code: 'changed-meanwhile' } });
    expect(a.user.read('f')).toBe('two');
  });

  test('refuses what another machine deleted meanwhile: the next sync would take it back', async () => {
    await write(a, 'f', 'one');
    await b.sync();
    b.user.remove('f');
    await b.sync();
    const [, version] = await versionsOf(a, F);
    const [done] = await restore(a, { kind: 'version', path: F, versionId: version?.versionId ?? '' });
    expect(done).toMatchObject({ kind: 'failed', problem: { code: 'changed-meanwhile' } });
    await a.sync();
    await restore(a, { kind: 'version', path: F, versionId: version?.versionId ?? '' });
    await a.sync();
    await b.sync();
    expect([a.user.tree(), b.user.tree()]).toEqual([{ f: 'one' }, { f: 'one' }]);
  });

  test('refuses a folder that was never synced, and changes nothing', async () => {
    await write(a, 'f', 'one');
    const [version] = await versionsOf(a, F);
    const request = { kind: 'version', path: F, versionId: version?.versionId ?? '' } as const;
    await expect(restore(b, request)).rejects.toMatchObject({ code: 'USAGE' });
    expect(b.user.tree()).toEqual({});
  });

  test('does not follow a file that became a folder', async () => {
    await write(a, 'f', 'one');
    await write(a, 'f', 'two');
    const [, first] = await versionsOf(a, F);
    a.user.remove('f');
    a.user.write('f/inside', 'x');
    const [done] = await restore(a, { kind: 'version', path: F, versionId: first?.versionId ?? '' });
    expect(done).toMatchObject({ kind: 'failed', problem: { code: 'blocked-folder' } });
    expect(a.user.tree()).toEqual({ 'f/inside': 'x' });
  });

  test('knows a version by the beginning of its id, a deletion as none, and says so', async () => {
    await write(a, 'f', 'one');
    a.user.remove('f');
    await a.sync();
    const [marker, first] = await versionsOf(a, F);
    const at = (versionId: string) => plan(a, { kind: 'version', path: F, versionId });
    await expect(at(marker?.versionId ?? '')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(at('nothing')).rejects.toMatchObject({ code: 'USAGE' });
    expect((await at(first?.versionId ?? '')).steps).toMatchObject([{ action: 'create', sizeBytes: 3 }]);
  });
});

describe('restoring a moment', () => {
  test('of a file takes what the store had then', async () => {
    await write(a, 'f', 'one');
    const then = await write(a, 'f', 'two');
    await write(a, 'f', 'three');
    await restore(a, { kind: 'moment', path: F, atMs: then });
    expect(a.user.read('f')).toBe('two');
  });

  test('of a folder brings all of it back, and keeps what came later', async () => {
    await write(a, 'd/kept', 'kept');
    await write(a, 'd/changed', 'old');
    const then = await write(a, 'd/deleted', 'gone');
    await write(a, 'd/changed', 'new');
    a.user.remove('d/deleted');
    await write(a, 'd/later', 'later');
    await write(a, 'outside', 'new');
    const request = { kind: 'moment', path: 'd' as RelPath, atMs: then } as const;
    const { steps, later } = await plan(a, request);
    expect(steps.map(({ path, action }) => `${action} ${path}`)).toEqual([
      'replace d/changed',
      'create d/deleted',
      'same d/kept',
    ]);
    expect(later).toEqual(['d/later']);
    await restore(a, request);
    const tree = {
      'd/changed': 'old',
      'd/deleted': 'gone',
      'd/kept': 'kept',
      'd/later': 'later',
      outside: 'new',
    };
    expect(a.user.tree()).toEqual(tree);
    await a.sync();
    await b.sync();
    expect(b.user.tree()).toEqual(tree);
  });

  test('before the first version is refused', async () => {
    await write(a, 'f', 'one');
    await expect(plan(a, { kind: 'moment', path: F, atMs: 0 })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(plan(a, { kind: 'moment', path: undefined, atMs: 0 })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});
