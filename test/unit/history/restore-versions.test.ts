import { describe, expect, it } from 'vitest';
import { type Restored, restoreVersions } from '../../../src/engine/history/restore.ts';
import type { OperationContext } from '../../../src/engine/operations/context.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { baseRow, key, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** Versions of the past that are put into the folder, without a command around it. */

interface Room {
  readonly here: OperationRoom;
  /** Of `f` as it was before. */
  readonly old: string;
}

/** `f` is `new` on both sides, and was `old` in the store. */
async function room(metadata: Readonly<Record<string, string>> = {}): Promise<Room> {
  const here = await operationRoom();
  here.server.put('f', 'old', metadata);
  const old = (await here.remote('f')).token.versionId ?? '';
  here.runtime.advance(5000);
  here.server.put('f', 'new');
  here.user.write('f', 'new');
  here.runtime.advance(5000);
  await here.base.record({
    changes: [{ kind: 'set', row: baseRow(await here.local('f'), 'new', await here.remote('f')) }],
  });
  return { here, old };
}

const stepOf = (path: string, versionId: string) =>
  ({ path: path as RelPath, versionId, modifiedMs: 0, sizeBytes: 3, action: 'replace' }) as const;

async function restored(
  { here, old }: Room,
  changes: Partial<OperationContext> = {},
  steps: readonly { readonly path: RelPath; readonly versionId: string }[] = [stepOf('f', old)],
): Promise<readonly string[]> {
  const done: Restored[] = [];
  const all = steps.map(({ path, versionId }) => stepOf(path, versionId));
  await restoreVersions(all, here.context(changes), (each) => done.push(each));
  return done.map((each) =>
    each.kind === 'failed'
      ? `${each.path} ${each.problem.code} ${each.problem.side}`
      : `${each.step.path} ${each.step.action}`,
  );
}

function replaced(user: OperationRoom['user'], by: () => void): void {
  user.remove('f');
  by();
}

/** The tree, the trash, temp files and open intents. */
const left = ({ user, base }: OperationRoom) => [
  user.tree(),
  Object.values(user.tree('.s4/trash')),
  Object.values(user.tree('.s4/tmp')),
  base.pending,
];

describe('a version that is restored', () => {
  it('takes the place of the file, which goes to the trash; the base is left alone', async () => {
    const all = await room({ mode: '0100755', mtime: '12.000000000' });
    const { here } = all;
    const before = await here.base.get(key('f'));
    expect(await restored(all)).toEqual(['f replace']);
    expect(left(here)).toEqual([{ f: 'old' }, ['new'], [], []]);
    expect(await here.local('f')).toMatchObject({
      executable: true,
      fingerprint: { mtimeNs: 12_000_000_000n },
    });
    expect(await here.base.get(key('f'))).toEqual(before);
  });

  it('comes where there is none here', async () => {
    const all = await room();
    const { here } = all;
    here.user.remove('f');
    expect(await restored(all)).toEqual(['f create']);
    expect(left(here)).toEqual([{ f: 'old' }, [], [], []]);
    here.server.remove('f');
    await here.base.record({ changes: [{ kind: 'drop', key: key('f') }] });
    here.user.remove('f');
    expect(await restored(all)).toEqual(['f create']);
  });

  it('moves nothing where it is here already, but a mode or a kind is a difference', async () => {
    const all = await room({ mode: '0100644' });
    const { here } = all;
    here.user.save('f', 'old');
    const before = await here.local('f');
    expect(await restored(all)).toEqual(['f same']);
    expect([await here.local('f'), left(here)]).toEqual([before, [{ f: 'old' }, [], [], []]]);
    here.user.chmod('f', true);
    expect(await restored(all)).toEqual(['f replace']);
    expect(await here.local('f')).toMatchObject({ executable: false });
    here.user.remove('f');
    here.user.symlink('f', 'old');
    expect(await restored(all)).toEqual(['f replace']);
    expect(here.user.tree()).toEqual({ f: 'old' });
  });

  it('that is a symlink is the same symlink, whatever its bit', async () => {
    const all = await room({ mode: '0120777' });
    const { here } = all;
    here.user.remove('f');
    here.user.symlink('f', 'old');
    expect(await restored(all)).toEqual(['f same']);
    here.user.remove('f');
    here.user.write('f', 'old');
    expect(await restored(all)).toEqual(['f replace']);
    expect(here.user.tree()).toEqual({ f: '-> old' });
  });

  it.each([true, false])(
    'has the bit of the file that it replaces where it tells none (set: %s)',
    async (executable) => {
      const all = await room();
      all.here.user.chmod('f', executable);
      expect(await restored(all)).toEqual(['f replace']);
      expect(await all.here.local('f')).toMatchObject({ executable });
      all.here.user.remove('f');
      expect(await restored(all)).toEqual(['f create']);
      expect(await all.here.local('f')).toMatchObject({ executable: false });
    },
  );

  it('is durable, and its intent done with, when all are', async () => {
    const all = await room();
    await restored(all);
    all.here.disk.powerLoss();
    expect(all.here.user.tree()).toEqual({ f: 'old' });
  });
});

describe('a version is not restored', () => {
  it.each<[string, (room: Room) => unknown, string]>([
    [
      'over a folder',
      ({ here: { user } }) => replaced(user, () => user.write('f/x', 'x')),
      'f blocked-folder local',
    ],
    ['over a pipe', ({ here: { user } }) => replaced(user, () => user.fifo('f')), 'f blocked-folder local'],
    [
      'while the store has a state that was not synced',
      ({ here }) => here.server.put('f', 'newer'),
      'f changed-meanwhile remote',
    ],
    [
      'while the store has a file that was not synced',
      ({ here }) => here.base.record({ changes: [{ kind: 'drop', key: key('f') }] }),
      'f changed-meanwhile remote',
    ],
    [
      'while the store has lost the file, and that was not synced',
      ({ here }) => here.server.remove('f'),
      'f changed-meanwhile remote',
    ],
  ])('%s', async (_, act, told) => {
    const all = await room();
    await act(all);
    const before = left(all.here);
    expect(await restored(all)).toEqual([told]);
    expect(left(all.here)).toEqual(before);
    expect(all.here.bytes.down).toBe(0);
  });

  it('where it is archived, or gone; the others come', async () => {
    const all = await room();
    const { here, old } = all;
    here.server.put('g', 'g');
    const versionId = (await here.remote('g')).token.versionId ?? '';
    here.server.archive('g');
    await here.base.record({
      changes: [
        {
          kind: 'set',
          row: { ...baseRow(await here.local('f'), 'g', await here.remote('g')), key: key('g') },
        },
      ],
    });
    const archived = (await here.remote('g')).token.versionId ?? '';
    const steps = [stepOf('g', archived), stepOf('g', 'gone'), stepOf('f', old)];
    const told = await restored(all, {}, steps);
    expect([...told].sort()).toEqual(['f replace', 'g archived remote', 'g changed-meanwhile remote']);
    expect(left(here)).toEqual([{ f: 'old' }, ['new'], [], []]);
    expect(versionId).not.toBe(archived);
  });

  it('over an edit of the last moment, and the intent is done with', async () => {
    const all = await room();
    const { here } = all;
    here.gate(async (at, request) => {
      if (at === 'response' && request === 'GET') here.user.write('f', 'edited');
    });
    expect(await restored(all)).toEqual(['f changed-meanwhile local']);
    expect(left(here)).toEqual([{ f: 'edited' }, [], [], []]);
  });

  it('over a folder of the last moment, which is told', async () => {
    const all = await room();
    const { here } = all;
    here.user.remove('f');
    here.gate(async (at, request) => {
      if (at === 'response' && request === 'GET') here.user.mkdir('f');
    });
    expect(await restored(all)).toEqual(['f blocked-folder local']);
    expect(left(here)).toEqual([{ 'f/': '' }, [], [], []]);
  });

  it('where it cannot be asked for; the whole ends where the whole store fails, and what was done is recorded', async () => {
    const all = await room();
    const { here } = all;
    const { store } = here;
    const failing = (code: 'OBJECT_DENIED' | 'STORE_UNREACHABLE') => ({
      store: { ...store, get: () => Promise.reject(new S4Error(code, 'no')) },
    });
    expect(await restored(all, failing('OBJECT_DENIED'))).toEqual(['f denied remote']);
    await expect(restored(all, failing('STORE_UNREACHABLE'))).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    });
    const missing = stepOf('g', 'none');
    const done: string[] = [];
    const head: typeof store.head = async (name, options) => {
      if (name === ('g' as string)) {
        while (here.user.read('f') !== 'old') await Promise.resolve();
        throw new S4Error('STORE_UNREACHABLE', 'no');
      }
      return store.head(name, options);
    };
    const context = here.context({ store: { ...store, head } });
    await expect(
      restoreVersions([stepOf('f', all.old), missing], context, ({ kind }) => done.push(kind)),
    ).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    expect([done, left(here)]).toEqual([['restored'], [{ f: 'old' }, ['new'], [], []]]);
  });

  it('once it is stopped', async () => {
    const all = await room();
    await expect(restored(all, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow(
      'stopped',
    );
    expect(left(all.here)).toEqual([{ f: 'new' }, [], [], []]);
  });
});
