import { beforeEach, describe, expect, it } from 'vitest';
import {
  removeLocal,
  renameLocalFile,
  restoreTrashed,
  takeCopy,
  takeText,
} from '../../../src/engine/history/local-changes.ts';
import { type Restored, restoreVersions } from '../../../src/engine/history/restore.ts';
import type { GetOutcome } from '../../../src/engine/ports/store.ts';
import type { LocalFile } from '../../../src/sync/operations.ts';
import { fileKey, type RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';
import { idOf, locked, restore, write } from './act.ts';

const [F, COPY] = ['f' as RelPath, 'f (copy)' as RelPath];

let world: World;
let a: Machine;
let b: Machine;
beforeEach(async () => {
  world = createWorld();
  a = await world.machine('laptop');
  b = await world.machine('desk');
});

async function local(path: RelPath): Promise<LocalFile> {
  const folder = a.disk.open();
  const now = await folder.stat(path);
  await folder.close();
  if (now?.kind !== 'file') throw new Error(`no file ${path}`);
  return { ...now, key: fileKey(path) };
}

/** The user acts while a temp file is made, once. */
function whileStaging(act: () => void): void {
  a.disk.beforeStep((step, path) => {
    if (step !== 'fsync' || !path.startsWith('.s4/tmp')) return;
    a.disk.beforeStep(undefined);
    act();
  });
}

const trash = () => Object.values(a.user.tree('.s4/trash'));

describe('a version', () => {
  it('comes with its mode: a mode alone is a difference', async () => {
    a.user.write('f', 'same', { executable: true });
    await a.sync();
    a.user.chmod('f', false);
    world.tick(60_000);
    await a.sync();
    const [done] = await restore(a, { kind: 'version', path: F, versionId: await idOf(a, 'f', -1) });
    expect(done).toMatchObject({ kind: 'restored', step: { action: 'replace' } });
    expect(await local(F)).toMatchObject({ executable: true });
  });

  it('of another tool, which tells no mode, keeps that of the file here', async () => {
    world.server.put('f', 'by another tool', {});
    await a.sync();
    a.user.write('f', 'by the laptop', { executable: true });
    world.tick(60_000);
    await a.sync();
    await restore(a, { kind: 'version', path: F, versionId: await idOf(a, 'f', -1) });
    expect(a.user.read('f')).toBe('by another tool');
    expect(await local(F)).toMatchObject({ executable: true });
  });

  it('is not put over an edit of the last moment, and no temp file is left', async () => {
    await write(world, a, 'f', 'one');
    await write(world, a, 'f', 'two');
    whileStaging(() => a.user.write('f', 'edited'));
    const [done] = await restore(a, { kind: 'version', path: F, versionId: await idOf(a, 'f', -1) });
    expect(done).toMatchObject({ kind: 'failed', problem: { code: 'changed-meanwhile' } });
    expect(a.user.tree()).toEqual({ f: 'edited' });
    expect(a.user.tree('.s4/tmp')).toEqual({});
    world.tick();
    await a.sync();
    await b.sync();
    expect(b.user.tree()).toEqual({ f: 'edited' });
  });
});

describe('a version that cannot be had', () => {
  it.each<[string, GetOutcome, string]>([
    ['is archived', { kind: 'archived' }, 'archived'],
    ['was purged', { kind: 'absent' }, 'changed-meanwhile'],
  ])('because it %s is told, stops no other one, and what is here stays', async (_, outcome, code) => {
    for (const name of ['f', 'g']) await write(world, a, name, 'one');
    for (const name of ['f', 'g']) await write(world, a, name, 'two');
    const { store } = a;
    a.store = {
      ...store,
      get: async (key, options) => (key === (F as string) ? outcome : store.get(key, options)),
    };
    const done: Restored[] = [];
    const step = async (path: string) => ({
      path: path as RelPath,
      versionId: await idOf(a, path, -1),
      modifiedMs: 0,
      sizeBytes: 3,
      action: 'replace' as const,
    });
    const steps = [await step('f'), await step('g')];
    await locked(a, (context) => restoreVersions(steps, context, (restored) => done.push(restored)));
    expect(done.map((each) => (each.kind === 'failed' ? each.problem.code : each.step.action))).toEqual(
      expect.arrayContaining([code, 'replace']),
    );
    expect(a.user.tree()).toEqual({ f: 'two', g: 'one' });
    expect(a.user.tree('.s4/tmp')).toEqual({});
  });

  it('into the place of something that is no file is told', async () => {
    await write(world, a, 'f', 'one');
    const versionId = await idOf(a, 'f', -1);
    a.user.remove('f');
    a.user.fifo('f');
    const [done] = await restore(a, { kind: 'version', path: F, versionId });
    expect(done).toMatchObject({ kind: 'failed', problem: { code: 'blocked-folder' } });
    expect(a.user.tree()).toEqual({ f: '(special)' });
  });
});

describe('a symlink', () => {
  it('that is that version already is left alone, and another one comes back as it was', async () => {
    a.user.symlink('f', 'first');
    await a.sync();
    world.tick(60_000);
    const versionId = await idOf(a, 'f', -1);
    const [same] = await restore(a, { kind: 'version', path: F, versionId });
    expect(same).toMatchObject({ kind: 'restored', step: { action: 'same' } });
    expect(trash()).toEqual([]);
    a.user.remove('f');
    a.user.symlink('f', 'second');
    await a.sync();
    const [back] = await restore(a, { kind: 'version', path: F, versionId });
    expect(back).toMatchObject({ kind: 'restored', step: { action: 'replace' } });
    expect(a.user.tree()).toEqual({ f: '-> first' });
  });

  it('is put over a file whose content is its text', async () => {
    a.user.symlink('f', 'text');
    await a.sync();
    const versionId = await idOf(a, 'f', -1);
    world.tick(60_000);
    a.user.remove('f');
    a.user.write('f', 'text');
    await a.sync();
    const [back] = await restore(a, { kind: 'version', path: F, versionId });
    expect(back).toMatchObject({ kind: 'restored', step: { action: 'replace' } });
    expect(a.user.tree()).toEqual({ f: '-> text' });
  });
});

describe('what lies in the trash', () => {
  it('is not put where a folder is by now', async () => {
    await write(world, a, 'f', 'one');
    await b.sync();
    await write(world, b, 'f', 'two');
    await a.sync();
    a.user.remove('f');
    a.user.write('f/inside', 'x');
    const problem = await locked(a, async (context) => {
      const [trashed] = await context.folder.listTrash();
      if (trashed === undefined) throw new Error('nothing in the trash');
      return restoreTrashed(trashed, context);
    });
    expect(problem).toMatchObject({ code: 'blocked-folder' });
    expect(a.user.tree()).toEqual({ 'f/inside': 'x' });
    expect(a.user.tree('.s4/tmp')).toEqual({});
  });
});

describe('a conflict copy', () => {
  beforeEach(async () => {
    await write(world, a, 'f', 'original');
    await write(world, a, 'f (copy)', 'the copy');
  });

  it('that was edited since it was looked at does not take the place', async () => {
    const [copy, original] = [await local(COPY), await local(F)];
    world.tick();
    a.user.write('f (copy)', 'edited');
    const problem = await locked(a, (context) => takeCopy(copy, original, F, context));
    expect(problem).toMatchObject({ code: 'changed-meanwhile', path: COPY });
    expect(a.user.tree()).toEqual({ f: 'original', 'f (copy)': 'edited' });
  });

  it.each(['takes the place itself', 'is merged into a text'])(
    'stays when the original was edited in the last moment: it %s',
    async (how) => {
      const [copy, original] = [await local(COPY), await local(F)];
      whileStaging(() => a.user.write('f', 'edited'));
      const problem = await locked(a, (context) =>
        how === 'takes the place itself'
          ? takeCopy(copy, original, F, context)
          : takeText(Buffer.from('of both'), { copy, original, path: F }, context),
      );
      expect(problem).toMatchObject({ code: 'changed-meanwhile', path: F });
      expect(a.user.tree()).toEqual({ f: 'edited', 'f (copy)': 'the copy' });
      expect(a.user.tree('.s4/tmp')).toEqual({});
    },
  );

  it('that is edited in the moment of its removal is back', async () => {
    const copy = await local(COPY);
    a.disk.beforeStep((step, path) => {
      if (step === 'rename' && path === 'f (copy)') a.user.write('f (copy)', 'edited');
    });
    const problem = await locked(a, (context) => removeLocal(COPY, copy.fingerprint, context));
    a.disk.beforeStep(undefined);
    expect(problem).toMatchObject({ code: 'changed-meanwhile', path: COPY });
    expect(a.user.tree()).toEqual({ f: 'original', 'f (copy)': 'edited' });
  });

  it('is not given a name that is taken', async () => {
    const copy = await local(COPY);
    const problem = await locked(a, (context) => renameLocalFile(copy, F, context));
    expect(problem).toMatchObject({ message: 'there is a file of that name' });
    expect(a.user.tree()).toEqual({ f: 'original', 'f (copy)': 'the copy' });
    expect(trash()).toEqual([]);
  });
});
