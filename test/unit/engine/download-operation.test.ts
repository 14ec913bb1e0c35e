import { beforeEach, describe, expect, it } from 'vitest';
import type { OperationContext, OperationResult } from '../../../src/engine/operations/context.ts';
import { download } from '../../../src/engine/operations/download.ts';
import type { Store } from '../../../src/engine/ports/store.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import type { BaseRow } from '../../../src/sync/entry.ts';
import type { LocalFile, OperationOf } from '../../../src/sync/operations.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { baseRow, digestOf, key, type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** One object that comes, without a cycle around it: what it replaces, and what the base says afterwards. */

type Download = OperationOf<'download'>;

const F = key('f');
const MTIME_NS = 12_000_000_000n;

let room: OperationRoom;
beforeEach(async () => {
  room = await operationRoom();
});

/** `f` is `old` on both sides, and the base says so. */
async function agreed(executable = false, path = 'f') {
  room.server.put('f', 'old');
  room.user.write(path, 'old', { executable });
  room.runtime.advance(5000);
  const replaces = await room.look(path);
  if (path !== 'f') room.evidence.set(F, room.evidence.get(key(path)) ?? {});
  const base = { ...baseRow(replaces, 'old', await room.remote('f')), key: replaces.key };
  return { replaces, base };
}

async function comes(text: string, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
  room.server.put('f', text, { mtime: '12.000000000', ...metadata });
  room.runtime.advance(5000);
}

async function run(operation: Partial<Download> = {}, changes: Partial<OperationContext> = {}) {
  const { versionId: _, ...token } = (await room.remote('f')).token;
  // A listing tells no version.
  const remote = { key: F, token };
  return download({ kind: 'download', key: F, remote, ...operation }, room.context(changes));
}

function rowOf(result: OperationResult): BaseRow {
  const [change] = result.kind === 'done' ? result.changes : [];
  if (change?.kind !== 'set') throw new Error(`nothing was recorded: ${JSON.stringify(result.kind)}`);
  return change.row;
}

const bits = (result: OperationResult, file: LocalFile) => ({
  file: file.kind === 'file' && file.executable,
  row: rowOf(result).content,
  again: result.kind === 'done' && result.lookAgain === true,
});
const trash = () =>
  Object.entries(room.user.tree('.s4/trash')).flatMap(([name, text]) => (name.endsWith('/') ? [] : [text]));
const temps = () => room.user.tree('.s4/tmp');
const MODES = [undefined, '0100644', '0100755'] as const;
const modeOf = (mode: string | undefined) => (mode === undefined ? {} : { mode });

describe('an object that comes', () => {
  it('is recorded as it is on both sides then', async () => {
    await comes('new');
    const result = await run();
    const { token } = await room.remote('f');
    const { fingerprint } = await room.local('f');
    expect(result).toEqual({
      ...{ kind: 'done', finished: [] },
      changes: [
        {
          kind: 'set',
          row: {
            ...{ key: 'f', mtimeNs: MTIME_NS, local: fingerprint, remote: token },
            content: { kind: 'file', digest: digestOf('new'), sizeBytes: 3, executable: false },
          },
        },
      ],
    });
    expect([room.user.tree(), temps(), trash(), room.bytes]).toEqual([
      ...[{ f: 'new' }, {}, [], { up: 0, down: 3 }],
    ]);
  });

  it('keeps what a listing told of the version where the answer tells none, and says where it may be written to', async () => {
    room = await operationRoom({ versioning: 'off' });
    room.server.put('f', 'new');
    const { versionId: _, ...token } = (await room.remote('f')).token;
    const row = rowOf(await run({ remote: { key: F, token: { ...token, versionId: 'listed' } } }));
    expect([row.remote, row.racy]).toEqual([{ ...token, versionId: 'listed' }, true]);
  });

  it('takes the place of what was there, by the name that it has here', async () => {
    const { replaces, base } = await agreed(false, 'F');
    await comes('new');
    const result = await run({ replaces, base });
    expect(room.base.pending.map(({ id }) => id)).toEqual(result.finished);
    expect([room.user.tree(), trash(), rowOf(result).key]).toEqual([{ F: 'new' }, ['old'], 'F']);
  });

  it('comes as a link where it is one, also over a file', async () => {
    const { replaces, base } = await agreed(true);
    await comes('elsewhere', { mode: '0120777' });
    const result = await run({ replaces, base, executable: true });
    expect(room.user.tree()).toEqual({ f: '-> elsewhere' });
    const content = { kind: 'symlink', digest: digestOf('elsewhere'), sizeBytes: 9 };
    expect([rowOf(result).content, result]).toEqual([
      content,
      expect.not.objectContaining({ lookAgain: true }),
    ]);
  });

  it.each(
    [undefined, true, false].flatMap((executable) =>
      MODES.flatMap((mode) => [undefined, true, false].map((known) => ({ executable, mode, known }))),
    ),
  )('has its bit: wanted $executable, published $mode, here $known', async ({ executable, mode, known }) => {
    const replaces = known === undefined ? {} : await agreed(known);
    await comes('new', modeOf(mode));
    const result = await run({ ...replaces, ...(executable !== undefined && { executable }) });
    const published = mode && mode === '0100755';
    const file = executable ?? published ?? known ?? false;
    expect(bits(result, await room.local('f'))).toEqual({
      file,
      row: { kind: 'file', digest: digestOf('new'), sizeBytes: 3, executable: published ?? file },
      again: published !== undefined && published !== file,
    });
  });

  it('over a link has no bit of it', async () => {
    room.user.symlink('f', 'elsewhere');
    await comes('new');
    const result = await run({ replaces: await room.local('f') });
    expect(bits(result, await room.local('f'))).toMatchObject({ file: false, again: false });
  });
});

describe('nothing comes', () => {
  it('where the object was written again, or is gone', async () => {
    const { replaces, base } = await agreed();
    const remote = await room.remote('f');
    await comes('new');
    expect(await run({ replaces, base, remote })).toEqual({ kind: 'stale' });
    room.server.remove('f');
    expect(await download({ kind: 'download', key: F, remote }, room.context())).toEqual({ kind: 'stale' });
    expect([room.user.tree(), trash(), temps()]).toEqual([{ f: 'old' }, [], {}]);
  });

  it('of an archived object, and that is told', async () => {
    await comes('new');
    room.server.archive('f');
    const problem = { path: 'f', side: 'remote', code: 'archived' };
    expect(await run()).toMatchObject({ kind: 'failed', problem });
    expect(temps()).toEqual({});
  });

  it('over what was edited meanwhile, or where something is by now', async () => {
    const { replaces, base } = await agreed();
    await comes('new');
    room.user.write('f', 'edited');
    const intents = () => room.base.pending.map(({ id }) => id);
    const edited = await run({ replaces, base });
    expect(edited).toEqual({ kind: 'stale', finished: intents() });
    expect(await run()).toMatchObject({ kind: 'stale' });
    room.user.remove('f');
    room.user.symlink('d', 'elsewhere');
    room.server.put('d/f', 'new');
    const remote = await room.remote('d/f');
    const inside = await download({ kind: 'download', key: key('d/f'), remote }, room.context());
    expect(inside).toMatchObject({ kind: 'failed', problem: { path: 'd/f', code: 'blocked-folder' } });
    expect([room.user.tree(), trash(), temps()]).toEqual([{ d: '-> elsewhere' }, [], {}]);
  });

  it('is missed where an edit slips in at the swap: it comes back beside it, and is looked at', async () => {
    const { replaces, base } = await agreed();
    await comes('new');
    const place: typeof room.folder.place = async (placement) => {
      room.user.write('f', 'edited');
      const now = await room.local('f');
      const outcome = await room.folder.place({
        ...placement,
        expected: { kind: 'present', fingerprint: now.fingerprint },
      });
      return outcome.kind === 'placed' ? { ...outcome, kind: 'displaced' } : outcome;
    };
    const result = await run({ replaces, base }, { folder: { ...room.folder, place } });
    expect(result).toMatchObject({ kind: 'done', lookAgain: true });
    expect(Object.values(room.user.tree()).sort()).toEqual(['edited', 'new']);
  });
});

describe('an object with the content that is here', () => {
  it.each(
    [undefined, true, false].flatMap((executable) =>
      MODES.flatMap((mode) => [true, false].map((known) => ({ executable, mode, known }))),
    ),
  )(
    'moves nothing: wanted $executable, published $mode, here $known',
    async ({ executable, mode, known }) => {
      const { replaces, base } = await agreed(known);
      await comes('old', modeOf(mode));
      const result = await run({ replaces, base, ...(executable !== undefined && { executable }) });
      const now = await room.local('f');
      const published = mode && mode === '0100755';
      const file = executable ?? published ?? known;
      expect(bits(result, now)).toEqual({
        file,
        row: { kind: 'file', digest: digestOf('old'), sizeBytes: 3, executable: published ?? file },
        again: published !== undefined && published !== file,
      });
      const { local, mtimeNs, remote, racy } = rowOf(result);
      expect([local, mtimeNs, remote]).toEqual([
        ...[now.fingerprint, base.mtimeNs, (await room.remote('f')).token],
      ]);
      expect(known === file ? racy : undefined).toBeUndefined();
      expect(now.fingerprint.inode).toBe(replaces.fingerprint.inode);
      expect([trash(), temps(), room.base.pending]).toEqual([[], {}, []]);
    },
  );

  it('is recorded by the name that the base has, and as one that may be written to where it was so', async () => {
    const { replaces, base } = await agreed(false, 'F');
    await comes('old');
    room.evidence.set(F, { local: { content: base.content as never, racy: true } });
    const row = rowOf(await run({ replaces, base }));
    expect([row.key, row.racy]).toEqual(['F', true]);
  });

  it('as a link moves nothing either', async () => {
    room.server.put('f', 'elsewhere', { mode: '0120777' });
    room.user.symlink('f', 'elsewhere');
    const replaces = await room.look('f');
    const content = { kind: 'symlink', digest: digestOf('elsewhere'), sizeBytes: 9 } as const;
    const base = { ...baseRow(replaces, 'elsewhere', await room.remote('f')), content };
    await comes('elsewhere', { mode: '0120777' });
    const result = await run({ replaces, base });
    expect([rowOf(result).content, await room.local('f'), trash()]).toEqual([content, replaces, []]);
  });

  it('leaves a file that is edited before its bit is set', async () => {
    const { replaces, base } = await agreed();
    await comes('old', { mode: '0100755' });
    room.user.write('f', 'edited');
    expect(await run({ replaces, base })).toEqual({ kind: 'stale' });
    expect([await room.local('f'), temps()]).toMatchObject([{ executable: false }, {}]);
    expect(room.user.read('f')).toBe('edited');
  });

  it('says where it may be written to after its bit is set', async () => {
    const { replaces, base } = await agreed();
    await comes('old', { mode: '0100755' });
    for (const racy of [true, false]) {
      const setExecutable: typeof room.folder.setExecutable = async (...args) => {
        const set = await room.folder.setExecutable(...args);
        return set.kind === 'placed' ? { ...set, racy } : set;
      };
      room.user.chmod('f', false);
      const now = (await room.local('f')) ?? replaces;
      const folder = { ...room.folder, setExecutable };
      expect(rowOf(await run({ replaces: now, base }, { folder })).racy === true).toBe(racy);
    }
  });

  it.each<[string, (both: { replaces: LocalFile; base: BaseRow }) => Partial<Download>]>([
    ['no base', ({ replaces }) => ({ replaces })],
    [
      'no look at what is here',
      (both) => {
        room.evidence.clear();
        return both;
      },
    ],
    [
      'another kind here',
      (both) => {
        const content = { kind: 'symlink', digest: digestOf('old'), sizeBytes: 3 } as const;
        room.evidence.set(F, { local: { content, racy: false } });
        return both;
      },
    ],
  ])('is put in its place all the same where that is not proved: %s', async (_, changes) => {
    const both = await agreed();
    await comes('old');
    const result = await run(changes(both));
    expect([rowOf(result).mtimeNs, trash(), room.user.tree()]).toEqual([MTIME_NS, ['old'], { f: 'old' }]);
  });
});

describe('what a writer without conditions has hidden', () => {
  /** Another machine wrote `hidden` over `old`, and somebody else `new`, who had seen the version that is named. */
  async function hidden(parent: (base: BaseRow) => string | undefined, write = true) {
    const both = await agreed();
    room.server.put('f', 'hidden', { 's4-write': 'other.1', 's4-parent': both.base.remote.versionId ?? '' });
    const over = parent(both.base);
    await comes('new', {
      ...(write && { 's4-write': 'third.1' }),
      ...(over !== undefined && { 's4-parent': over }),
    });
    return both;
  }
  const LAX = { putIfMatch: false };
  async function found(
    both: { replaces: LocalFile; base?: BaseRow },
    changes: Partial<OperationContext['capabilities']> = LAX,
  ) {
    const { capabilities } = room.context();
    const result = await run(both, { capabilities: { ...capabilities, ...changes } });
    const again = result.kind === 'done' && result.lookAgain === true;
    return [again, Object.values(room.user.tree()).sort()];
  }
  const parentId = ({ remote }: BaseRow) => remote.versionId;

  it('comes, too, and is looked at', async () => {
    expect(await found(await hidden(() => 'older'))).toEqual([true, ['hidden', 'new']]);
  });

  it('is not looked for where the writer had seen what the base says, by whatever name', async () => {
    expect(await found(await hidden(parentId))).toEqual([false, ['new']]);
    room = await operationRoom();
    expect(await found(await hidden(({ remote }) => remote.etag))).toEqual([false, ['new']]);
  });

  it.each<[string, Partial<OperationContext['capabilities']>]>([
    ['conditions hold', {}],
    ['no versions are kept', { ...LAX, versioning: 'off' }],
    ['no versions are kept any more', { ...LAX, versioning: 'suspended' }],
  ])('is not looked for where %s', async (_, changes) => {
    expect(await found(await hidden(() => 'older'), changes)).toEqual([false, ['new']]);
  });

  it('is not looked for where another tool wrote, or nothing was agreed on', async () => {
    expect(await found(await hidden(() => 'older', false))).toEqual([false, ['new']]);
    room = await operationRoom();
    const { replaces } = await hidden(() => 'older');
    expect(await found({ replaces })).toEqual([false, ['new']]);
  });

  it('and cannot be looked for leaves no temp file', async () => {
    const both = await hidden(() => 'older');
    const versions: Store['versions'] = async function* () {
      yield* [];
      throw new S4Error('STORE_UNREACHABLE', 'for a test');
    };
    room.store = { ...room.store, versions };
    await expect(found(both)).rejects.toThrow('for a test');
    expect([room.user.tree(), temps()]).toEqual([{ f: 'old' }, {}]);
  });
});

it('the trash keeps what was replaced under its path', async () => {
  const both = await agreed();
  await comes('new');
  await run(both);
  expect((await room.folder.listTrash()).map(({ path }) => path)).toEqual(['f' as RelPath]);
});
