import { describe, expect, it } from 'vitest';
import { fulfil } from '../../../src/engine/history/fulfil.ts';
import {
  removeLocal,
  restoreTrashed,
  takeCopy,
  takeText,
} from '../../../src/engine/history/local-changes.ts';
import { planUndo } from '../../../src/engine/history/plan-undo.ts';
import type { LocalFile } from '../../../src/sync/operations.ts';
import { fileKey, type RelPath } from '../../../src/sync/path.ts';
import { type Blow, type CrashScenario, countSteps, quiet, strike } from '../../support/crash.ts';
import { createWorld, type Machine } from '../../support/machines.ts';
import { idOf, locked, plan, restore, versionsOf, write } from './act.ts';

interface Scenario extends CrashScenario {
  /** Present contents that must be in the folder or in the trash afterwards. */
  readonly present: readonly string[];
  /** What may be there afterwards; the last of them is what is there when nothing struck. */
  readonly trees: readonly Readonly<Record<string, string>>[];
}

async function localFile(path: string, machine: Machine): Promise<LocalFile> {
  const folder = machine.disk.open();
  const now = await folder.stat(path as RelPath);
  await folder.close();
  if (now?.kind !== 'file') throw new Error(`no file ${path}`);
  return { ...now, key: fileKey(path as RelPath) };
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'restores an earlier version over the present one',
    prepare: async (world, a, b) => {
      await write(world, a, 'f', 'one');
      await write(world, a, 'f', 'two');
      await quiet([a, b]);
    },
    act: async (a) =>
      void (await restore(a, { kind: 'version', path: 'f' as RelPath, versionId: await idOf(a, 'f', -1) })),
    present: ['two'],
    trees: [{ f: 'two' }, { f: 'one' }],
  },
  {
    name: 'restores and publishes it in one cycle',
    prepare: async (world, a, b) => {
      await write(world, a, 'f', 'one');
      await write(world, a, 'f', 'two');
      await quiet([a, b]);
    },
    act: async (a) => {
      const request = { kind: 'version', path: 'f' as RelPath, versionId: await idOf(a, 'f', -1) } as const;
      const { steps } = await plan(a, request);
      await a.sync({ wishes: steps.map((step) => ({ kind: 'version', step })), paths: ['f' as RelPath] });
    },
    present: ['two'],
    trees: [{ f: 'two' }, { f: 'one' }],
  },
  {
    name: 'restores a folder with what was deleted in it',
    prepare: async (world, a, b) => {
      await write(world, a, 'd/changed', 'old');
      await write(world, a, 'd/deleted', 'gone');
      await write(world, a, 'd/changed', 'new');
      a.user.remove('d/deleted');
      await quiet([a, b]);
    },
    act: async (a) => {
      const version = (await versionsOf(a, 'd/deleted')).at(-1);
      await restore(a, { kind: 'moment', path: 'd' as RelPath, atMs: version?.modifiedMs ?? 0 });
    },
    present: ['new'],
    trees: [
      { 'd/changed': 'new' },
      { 'd/changed': 'old' },
      { 'd/changed': 'new', 'd/deleted': 'gone' },
      { 'd/changed': 'old', 'd/deleted': 'gone' },
    ],
  },
  {
    name: 'brings a file back from the trash over the present one',
    prepare: async (world, a, b) => {
      await write(world, a, 'f', 'one');
      await b.sync();
      await write(world, b, 'f', 'two');
      await quiet([a, b]);
    },
    act: async (a) => {
      await locked(a, async (context) => {
        const [trashed] = await context.folder.listTrash();
        if (trashed !== undefined) await restoreTrashed(trashed, context);
      });
    },
    present: ['two', 'one'],
    trees: [{ f: 'two' }, { f: 'one' }],
  },
  {
    name: 'undoes a sync that replaced one file and deleted another',
    prepare: async (world, a, b) => {
      await write(world, a, 'f', 'one');
      await write(world, a, 'gone', 'was deleted');
      await b.sync();
      b.user.remove('gone');
      await write(world, b, 'f', 'two');
      await quiet([a, b]);
    },
    act: async (a) => {
      await locked(a, async (context) => {
        const { folder, base } = context;
        const plan = await planUndo({ files: await folder.listTrash(), paths: [] }, { folder, base });
        const steps = plan?.steps ?? [];
        const wishes = steps.map(({ file: { path, ref } }) => ({ kind: 'trashed', path, ref }) as const);
        await fulfil(wishes, context, () => {});
      });
    },
    present: ['two', 'one', 'was deleted'],
    trees: [{ f: 'two' }, { f: 'one' }, { f: 'two', gone: 'was deleted' }, { f: 'one', gone: 'was deleted' }],
  },
  {
    name: 'lets a copy take the place of its original',
    prepare: async (world, a, b) => {
      await write(world, a, 'f', 'original');
      await write(world, a, 'f (copy)', 'the copy');
      await quiet([a, b]);
    },
    act: async (a) => {
      const [copy, original] = [await localFile('f (copy)', a), await localFile('f', a)];
      await locked(a, (context) => takeCopy(copy, original, 'f' as RelPath, context));
    },
    present: ['original', 'the copy'],
    trees: [
      { f: 'original', 'f (copy)': 'the copy' },
      { f: 'the copy', 'f (copy)': 'the copy' },
      { f: 'the copy' },
    ],
  },
  {
    name: 'lets a text that was made of both take the place of the original',
    prepare: async (world, a, b) => {
      await write(world, a, 'f', 'original');
      await write(world, a, 'f (copy)', 'the copy');
      await quiet([a, b]);
    },
    act: async (a) => {
      const [copy, original] = [await localFile('f (copy)', a), await localFile('f', a)];
      const both = { copy, original, path: 'f' as RelPath };
      await locked(a, (context) => takeText(Buffer.from('of both'), both, context));
    },
    present: ['original', 'the copy'],
    trees: [
      { f: 'original', 'f (copy)': 'the copy' },
      { f: 'of both', 'f (copy)': 'the copy' },
      { f: 'of both' },
    ],
  },
  {
    name: 'removes a copy',
    prepare: async (world, a, b) => {
      await write(world, a, 'f (copy)', 'the copy');
      await quiet([a, b]);
    },
    act: async (a) => {
      const copy = await localFile('f (copy)', a);
      await locked(a, (context) => removeLocal('f (copy)' as RelPath, copy.fingerprint, context));
    },
    present: ['the copy'],
    trees: [{ 'f (copy)': 'the copy' }, {}],
  },
];

describe('bringing back the past dies at any step, and is followed by a sync', () => {
  it.each(SCENARIOS)('$name', { timeout: 600_000 }, async (scenario) => {
    const { disk, requests, aftermath: whole } = await countSteps(scenario);
    expect(whole.writes).toEqual([]);
    // Else a restore that does nothing would survive every blow.
    expect(whole.trees[0]).toEqual(scenario.trees.at(-1));
    const blows: Blow[] = [
      ...Array.from({ length: disk }, (_, step): Blow => ({ kind: 'crash', step })),
      ...Array.from({ length: disk }, (_, step): Blow => ({ kind: 'power-loss', step })),
      ...Array.from({ length: requests }, (_, request): Blow => ({ kind: 'request', request })),
    ];
    for (const blow of blows) {
      const label = `${JSON.stringify(blow)} of ${disk} steps, ${requests} requests`;
      const after = await strike(scenario, blow).catch((error: unknown) => {
        throw new Error(`${label}: ${String(error)}`, { cause: error });
      });
      expect(after.struck, label).toBe(true);
      expect(after.trees[0], label).toEqual(after.trees[1]);
      const tree = after.trees[0] ?? {};
      expect(scenario.trees, label).toContainEqual(tree);
      const kept = [...Object.values(tree), ...after.trash];
      for (const text of scenario.present) expect(kept, label).toContain(text);
      expect(after.temps, label).toEqual([]);
      expect(after.writes, label).toEqual([]);
    }
  });
});

describe('what was brought back', () => {
  it.each(SCENARIOS)('is there after a power loss right behind it: $name', async (scenario) => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    await scenario.prepare(world, a, b);
    await scenario.act?.(a);
    a.disk.powerLoss();
    expect(a.user.tree()).toEqual(scenario.trees.at(-1));
  });

  it('a copy that was removed stays so, when it died before it could be recorded', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    await write(world, a, 'f (copy)', 'the copy');
    await quiet([a, b]);
    const copy = await localFile('f (copy)', a);
    let moved = false;
    a.disk.beforeStep((step, path) => {
      if (moved) throw new Error('killed');
      moved = step === 'rename' && path === 'f (copy)';
    });
    const removal = locked(a, (context) => removeLocal('f (copy)' as RelPath, copy.fingerprint, context));
    await expect(removal).rejects.toThrow('killed');
    a.disk.beforeStep(undefined);
    await quiet([a, b]);
    expect(b.user.tree()).toEqual({});
  });

  it('a removal that meets an edit in the last moment and dies there keeps the edit', async () => {
    const world = createWorld();
    const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
    await write(world, a, 'f (copy)', 'the copy');
    await quiet([a, b]);
    const copy = await localFile('f (copy)', a);
    let moved = false;
    a.disk.beforeStep((step, path) => {
      if (moved) throw new Error('killed');
      moved = step === 'rename' && path === 'f (copy)';
      if (moved) a.user.write('f (copy)', 'edited in the last moment');
    });
    const removal = locked(a, (context) => removeLocal('f (copy)' as RelPath, copy.fingerprint, context));
    await expect(removal).rejects.toThrow('killed');
    a.disk.beforeStep(undefined);
    await quiet([a, b]);
    expect(Object.values(b.user.tree())).toEqual(['edited in the last moment']);
  });
});
