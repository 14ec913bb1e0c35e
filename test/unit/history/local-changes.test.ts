import { describe, expect, it } from 'vitest';
import {
  removeLocal,
  renameLocalFile,
  restoreTrashed,
  takeCopy,
  takeText,
} from '../../../src/engine/history/local-changes.ts';
import type { TrashedFile } from '../../../src/engine/ports/history.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { type OperationRoom, operationRoom } from '../../support/operation-room.ts';

/** What a person's choice does to the folder, each act by itself: what it moves, what it leaves when something came before. */

const F = 'f' as RelPath;
const stopped = { signal: AbortSignal.abort(new Error('stopped')) };

async function room(files: Readonly<Record<string, string>> = {}): Promise<OperationRoom> {
  const here = await operationRoom();
  for (const [path, text] of Object.entries(files)) here.user.write(path, text);
  here.runtime.advance(5000);
  return here;
}

/** The tree, the trash, temp files and open intents. */
const left = ({ user, base }: OperationRoom) => [
  user.tree(),
  Object.values(user.tree('.s4/trash')).sort(),
  Object.values(user.tree('.s4/tmp')),
  base.pending,
];

/** The user acts once, in the middle of it: while a temp file is made durable. */
function whileStaging({ disk }: OperationRoom, act: () => void): void {
  disk.beforeStep((step, path) => {
    if (step !== 'fsync' || !path.startsWith('.s4/tmp')) return;
    disk.beforeStep(undefined);
    act();
  });
}

const changed = (path: string) => ({ path, side: 'local', code: 'changed-meanwhile' });

describe('a file that goes to the trash', () => {
  it('goes between an intent and its end, durably', async () => {
    const here = await room({ f: 'f', keep: 'keep' });
    const { fingerprint } = await here.local('f');
    const pending: unknown[] = [];
    here.disk.beforeStep((_, path) => {
      if (path === 'f' && pending.length === 0)
        pending.push(...here.base.pending.map(({ intent }) => intent));
    });
    expect(await removeLocal(F, fingerprint, here.context())).toBeUndefined();
    here.disk.beforeStep(undefined);
    expect(pending).toMatchObject([{ kind: 'remove', path: 'f', expected: fingerprint }]);
    expect(left(here)).toEqual([{ keep: 'keep' }, ['f'], [], []]);
    expect(await removeLocal(F, fingerprint, here.context())).toBeUndefined();
    here.disk.powerLoss();
    expect(here.user.tree()).toEqual({ keep: 'keep' });
  });

  it('stays where it was edited, or where the act was stopped', async () => {
    const here = await room({ f: 'f' });
    const { fingerprint } = await here.local('f');
    await expect(removeLocal(F, fingerprint, here.context(stopped))).rejects.toThrow('stopped');
    here.user.write('f', 'edited');
    expect(await removeLocal(F, fingerprint, here.context())).toMatchObject(changed('f'));
    expect(left(here)).toEqual([{ f: 'edited' }, [], [], []]);
  });

  it('comes back where it was edited in the very moment', async () => {
    const here = await room({ f: 'f' });
    const { fingerprint } = await here.local('f');
    const remove: typeof here.folder.remove = async (path, _, ref) => {
      here.user.write('f', 'edited');
      await here.folder.remove(path, (await here.local('f')).fingerprint, ref);
      return { kind: 'displaced' };
    };
    const folder = { ...here.folder, remove };
    expect(await removeLocal(F, fingerprint, here.context({ folder }))).toMatchObject(changed('f'));
    expect(here.user.tree()).toEqual({ f: 'edited' });
    expect(here.base.pending).toEqual([]);
  });

  it('is told where a folder above it is none', async () => {
    const here = await room({ 'd/f': 'f' });
    const { fingerprint } = await here.local('d/f');
    here.user.remove('d');
    here.user.symlink('d', 'elsewhere');
    const outcome = await removeLocal('d/f' as RelPath, fingerprint, here.context());
    expect([outcome, here.base.pending]).toMatchObject([{ path: 'd/f', code: 'blocked-folder' }, []]);
  });
});

describe('what lies in the trash', () => {
  async function trashed(kind: 'file' | 'symlink' = 'file', executable = true) {
    const here = await room({ keep: 'keep' });
    if (kind === 'file') here.user.write('f', 'text', { executable });
    else here.user.symlink('f', 'text');
    here.runtime.advance(5000);
    const { fingerprint } = await here.local('f');
    await removeLocal(F, fingerprint, here.context());
    const [found] = await here.folder.listTrash();
    if (found === undefined) throw new Error('nothing in the trash');
    return { here, found: found satisfies TrashedFile, fingerprint };
  }

  it.each([true, false])('comes back as a copy, with its time and its bit (set: %s)', async (executable) => {
    const { here, found, fingerprint } = await trashed('file', executable);
    expect(await restoreTrashed(found, here.context())).toBeUndefined();
    expect(left(here)).toEqual([{ f: 'text', keep: 'keep' }, ['text'], [], []]);
    expect(await here.local('f')).toMatchObject({
      executable,
      fingerprint: { mtimeNs: fingerprint.mtimeNs },
    });
    here.disk.powerLoss();
    expect(here.user.read('f')).toBe('text');
  });

  it('comes back as a symlink where it was one', async () => {
    const { here, found, fingerprint } = await trashed('symlink');
    expect(await restoreTrashed(found, here.context())).toBeUndefined();
    expect(here.user.tree()).toEqual({ f: '-> text', keep: 'keep' });
    expect((await here.local('f')).fingerprint.mtimeNs).toBe(fingerprint.mtimeNs);
  });

  it('takes the place of what is there, which goes to the trash', async () => {
    const { here, found } = await trashed();
    here.user.write('f', 'newer');
    expect(await restoreTrashed(found, here.context())).toBeUndefined();
    expect(left(here)).toEqual([{ f: 'text', keep: 'keep' }, ['newer', 'text'], [], []]);
  });

  it('stays there where something else has its name, or comes to have it', async () => {
    const { here, found } = await trashed();
    here.user.mkdir('f');
    expect(await restoreTrashed(found, here.context())).toMatchObject({ path: 'f', code: 'blocked-folder' });
    here.user.remove('f');
    here.user.fifo('f');
    expect(await restoreTrashed(found, here.context())).toMatchObject({ path: 'f', code: 'blocked-folder' });
    here.user.remove('f');
    whileStaging(here, () => here.user.write('f', 'made meanwhile'));
    expect(await restoreTrashed(found, here.context())).toMatchObject(changed('f'));
    expect(left(here)).toEqual([{ f: 'made meanwhile', keep: 'keep' }, ['text'], [], []]);
    here.user.remove('f');
    whileStaging(here, () => here.user.mkdir('f'));
    expect(await restoreTrashed(found, here.context())).toMatchObject({ path: 'f', code: 'blocked-folder' });
  });

  it('leaves no temp file where there is no room for it', async () => {
    const { here, found } = await trashed();
    here.disk.setFreeBytes(1);
    await expect(restoreTrashed(found, here.context())).rejects.toMatchObject({ code: 'LOCAL_DISK_FULL' });
    here.disk.setFreeBytes(undefined);
    expect(left(here)).toEqual([{ keep: 'keep' }, ['text'], [], []]);
  });
});

describe('a conflict copy that takes its original place', () => {
  it.each([true, false])(
    'comes whole, with its time and bit (set: %s), and both that were there are in the trash',
    async (executable) => {
      const here = await room({ f: 'original' });
      const text = 'x'.repeat(1024 * 1024 + 5);
      here.user.write('copy', text, { executable });
      here.runtime.advance(5000);
      const copy = await here.local('copy');
      expect(await takeCopy(copy, await here.local('f'), F, here.context())).toBeUndefined();
      expect(left(here)).toEqual([{ f: text }, ['original', text], [], []]);
      expect(await here.local('f')).toMatchObject({
        executable,
        fingerprint: { mtimeNs: copy.fingerprint.mtimeNs },
      });
    },
  );

  it('comes where there is no original, and as a symlink where it is one', async () => {
    const here = await room();
    here.user.symlink('copy', 'there');
    here.runtime.advance(5000);
    const copy = await here.local('copy');
    expect(await takeCopy(copy, undefined, F, here.context())).toBeUndefined();
    expect(left(here)).toEqual([{ f: '-> there' }, ['-> there'], [], []]);
    expect((await here.local('f')).fingerprint.mtimeNs).toBe(copy.fingerprint.mtimeNs);
  });

  it('moves nothing where it was edited, or the original was', async () => {
    const here = await room({ f: 'original', copy: 'copy' });
    const [copy, original] = [await here.local('copy'), await here.local('f')];
    whileStaging(here, () => here.user.write('f', 'edited'));
    expect(await takeCopy(copy, original, F, here.context())).toMatchObject(changed('f'));
    expect(left(here)).toEqual([{ copy: 'copy', f: 'edited' }, [], [], []]);
    here.user.write('copy', 'edited, too');
    expect(await takeCopy(copy, await here.local('f'), F, here.context())).toMatchObject(changed('copy'));
    expect(left(here)).toEqual([{ copy: 'edited, too', f: 'edited' }, [], [], []]);
  });

  it('moves nothing where it is edited while its content is taken: a part of that may be of either', async () => {
    const here = await room({ f: 'original', copy: 'copy' });
    const [copy, original] = [await here.local('copy'), await here.local('f')];
    whileStaging(here, () => here.user.write('copy', 'edited'));
    expect(await takeCopy(copy, original, F, here.context())).toMatchObject(changed('copy'));
    expect(left(here)).toEqual([{ copy: 'edited', f: 'original' }, [], [], []]);
  });

  it('stays where it is edited once its content was taken: no version is lost', async () => {
    const here = await room({ f: 'original', copy: 'copy' });
    const [copy, original] = [await here.local('copy'), await here.local('f')];
    const place: typeof here.folder.place = async (placement) => {
      here.user.write('copy', 'edited');
      return here.folder.place(placement);
    };
    const folder = { ...here.folder, place };
    expect(await takeCopy(copy, original, F, here.context({ folder }))).toMatchObject(changed('copy'));
    expect(left(here)).toEqual([{ copy: 'edited', f: 'copy' }, ['original'], [], []]);
  });

  it('is closed, whatever comes of it', async () => {
    const here = await room({ f: 'original', copy: 'copy' });
    let open = 0;
    const opening: typeof here.folder.open = async (path, expected) => {
      const source = await here.folder.open(path, expected);
      if (source === undefined) return undefined;
      open++;
      return { ...source, close: () => source.close().then(() => void open--) };
    };
    const folder = { ...here.folder, open: opening };
    const [copy, original] = [await here.local('copy'), await here.local('f')];
    await expect(takeCopy(copy, original, F, here.context({ folder, ...stopped }))).rejects.toThrow(
      'stopped',
    );
    await takeCopy(copy, original, F, here.context({ folder }));
    expect(open).toBe(0);
  });
});

describe('a text that was made of both', () => {
  it.each([true, false])(
    'takes the original place with its bit (set: %s); both go to the trash',
    async (executable) => {
      const here = await room({ copy: 'copy' });
      here.user.write('f', 'original', { executable });
      here.runtime.advance(5000);
      const both = { copy: await here.local('copy'), original: await here.local('f'), path: F };
      expect(await takeText(Buffer.from('made of both'), both, here.context())).toBeUndefined();
      expect(left(here)).toEqual([{ f: 'made of both' }, ['copy', 'original'], [], []]);
      const mtimeNs = BigInt(here.runtime.nowMs()) * 1_000_000n;
      expect(await here.local('f')).toMatchObject({ executable, fingerprint: { mtimeNs } });
    },
  );

  it('replaces a symlink as a file, and leaves the copy where the original was edited', async () => {
    const here = await room({ copy: 'copy' });
    here.user.symlink('f', 'there');
    const copy = await here.local('copy');
    const link = { copy, original: await here.local('f'), path: F };
    whileStaging(here, () => here.user.save('f', 'edited'));
    expect(await takeText(Buffer.from('text'), link, here.context())).toMatchObject(changed('f'));
    expect(left(here)).toEqual([{ copy: 'copy', f: 'edited' }, [], [], []]);
    here.user.remove('f');
    here.user.symlink('f', 'there');
    here.runtime.advance(5000);
    const again = { copy, original: await here.local('f'), path: F };
    expect(await takeText(Buffer.from('text'), again, here.context())).toBeUndefined();
    expect(await here.local('f')).toMatchObject({ kind: 'file', executable: false });
  });
});

describe('a file that is given another name', () => {
  it('has it, durably, between an intent and its end', async () => {
    const here = await room({ copy: 'copy' });
    const file = await here.local('copy');
    const pending: unknown[] = [];
    here.disk.beforeStep((step) => {
      if (step === 'rename') pending.push(...here.base.pending.map(({ intent }) => intent));
    });
    expect(await renameLocalFile(file, F, here.context())).toBeUndefined();
    here.disk.beforeStep(undefined);
    expect(pending).toContainEqual({ kind: 'rename', from: 'copy', to: 'f', expected: file.fingerprint });
    expect([here.user.tree(), here.base.pending]).toEqual([{ f: 'copy' }, []]);
    here.disk.powerLoss();
    expect(here.user.tree()).toEqual({ f: 'copy' });
  });

  it('keeps its own where it was edited, where that name is taken, where a folder above is none, and when stopped', async () => {
    const here = await room({ copy: 'copy', f: 'taken', d: 'file' });
    const file = await here.local('copy');
    await expect(renameLocalFile(file, 'g' as RelPath, here.context(stopped))).rejects.toThrow('stopped');
    expect(await renameLocalFile(file, F, here.context())).toMatchObject({
      ...changed('f'),
      message: expect.stringContaining('of that name'),
    });
    expect(await renameLocalFile(file, 'd/f' as RelPath, here.context())).toMatchObject({
      code: 'blocked-folder',
    });
    here.user.write('copy', 'edited');
    expect(await renameLocalFile(file, 'g' as RelPath, here.context())).toMatchObject(changed('copy'));
    expect(left(here)).toEqual([{ copy: 'edited', d: 'file', f: 'taken' }, [], [], []]);
  });
});
