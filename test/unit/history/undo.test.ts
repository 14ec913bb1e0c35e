import { beforeEach, describe, expect, test } from 'vitest';
import { fulfil } from '../../../src/engine/history/fulfil.ts';
import { planUndo, type UndoPlan, type UndoRequest } from '../../../src/engine/history/plan-undo.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';
import { locked, write as writeIn } from './act.ts';

let world: World;
let a: Machine;
let b: Machine;
beforeEach(async () => {
  world = createWorld();
  a = await world.machine('laptop');
  b = await world.machine('desk');
  for (const [path, text] of [
    ['f', 'one'],
    ['d/gone', 'to be deleted'],
    ['kept', 'the same'],
  ] as const)
    await writeIn(world, a, path, text);
  await b.sync();
});

async function plan(machine: Machine, request: Partial<UndoRequest> = {}): Promise<UndoPlan | undefined> {
  const folder = machine.disk.open();
  const { id: targetId, clientId } = machine.target;
  const base = await openBase({ state: folder.state, targetId, clientId, mode: 'read' });
  try {
    return await planUndo({ files: await folder.listTrash(), paths: [], ...request }, { folder, base });
  } finally {
    await folder.close();
  }
}

async function undo(machine: Machine, request: Partial<UndoRequest> = {}): Promise<void> {
  const { steps } = (await plan(machine, request)) ?? { steps: [] };
  const wishes = steps.map(({ file: { path, ref } }) => ({ kind: 'trashed', path, ref }) as const);
  await locked(machine, (context) => fulfil(wishes, context, () => {}));
}

const told = (found: UndoPlan | undefined) =>
  found && {
    steps: found.steps.map(({ action, file: { path } }) => `${action} ${path}`),
    edited: found.edited,
  };

/** The desk replaces one file, deletes another and makes a third; the laptop syncs. */
async function othersWork(): Promise<void> {
  world.tick(60_000);
  b.user.write('f', 'two, by the desk');
  b.user.remove('d');
  b.user.write('new', 'by the desk');
  await b.sync();
  await a.sync();
}

describe('undoing the last sync', () => {
  test('puts back what it replaced and deleted; what is new stays; the next sync publishes it', async () => {
    await othersWork();
    expect(told(await plan(a))).toEqual({ steps: ['create d/gone', 'replace f'], edited: [] });
    await undo(a);
    expect(a.user.tree()).toEqual({
      f: 'one',
      'd/gone': 'to be deleted',
      kept: 'the same',
      new: 'by the desk',
    });
    expect(Object.values(a.user.tree('.s4/trash'))).toContain('two, by the desk');
    await a.sync();
    await b.sync();
    expect(b.user.tree()).toEqual(a.user.tree());
  });

  test.each([false, true])('is itself undone, after a sync: %s', async (syncs) => {
    await othersWork();
    await undo(a);
    if (syncs) await a.sync();
    world.tick(60_000);
    expect(told(await plan(a))).toEqual({ steps: ['replace f'], edited: [] });
    await undo(a);
    await a.sync();
    await b.sync();
    expect([a.user.read('f'), b.user.read('f')]).toEqual(['two, by the desk', 'two, by the desk']);
  });

  test('leaves alone what was edited here since, and what lies beside the paths that were named', async () => {
    await othersWork();
    world.tick(60_000);
    a.user.write('f', 'edited after the sync');
    expect(told(await plan(a))).toEqual({ steps: ['create d/gone'], edited: ['f'] });
    expect(told(await plan(a, { paths: ['d' as RelPath] }))).toEqual({
      steps: ['create d/gone'],
      edited: [],
    });
    await undo(a);
    expect(a.user.read('f')).toBe('edited after the sync');
    expect(told(await plan(a))).toEqual({ steps: [], edited: ['f'] });
  });

  test('reaches back to a moment: of several changes of a file the first counts', async () => {
    const before = a.runtime.nowMs();
    await othersWork();
    for (const text of ['three', 'four']) {
      await writeIn(world, b, 'f', text);
      world.tick(3_600_000);
      await a.sync();
    }
    expect((await plan(a))?.steps.map(({ file }) => file.sizeBytes)).toEqual(['three'.length]);
    await undo(a, { sinceMs: before });
    expect([a.user.read('f'), a.user.read('d/gone')]).toEqual(['one', 'to be deleted']);
  });

  test('has nothing to do where the trash is empty', async () => {
    expect(await plan(a)).toBeUndefined();
  });
});
