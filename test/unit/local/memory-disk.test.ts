import { beforeEach, describe, expect, it } from 'vitest';
import type { Folder, Placement, PlaceOutcome } from '../../../src/engine/ports/folder.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { createMemoryDisk, type MemoryDisk } from '../../../src/local/memory/disk.ts';
import { createFileSystem } from '../../../src/local/memory/file-system.ts';
import type { StepName } from '../../../src/local/memory/session.ts';
import type { Fingerprint } from '../../../src/sync/entry.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createFakeRuntime, type FakeRuntime } from '../../support/fake-runtime.ts';

let runtime: FakeRuntime;
let disk: MemoryDisk;
let folder: Folder;

beforeEach(() => {
  runtime = createFakeRuntime();
  disk = createMemoryDisk({ runtime });
  folder = disk.open();
});

const rel = (path: string) => path as RelPath;
const bytes = (text: string) => new TextEncoder().encode(text);

async function fingerprintAt(path: string): Promise<Fingerprint> {
  const stat = await folder.stat(rel(path));
  if (stat?.kind !== 'file') throw new Error(`no file: ${path}`);
  return stat.fingerprint;
}

async function stage(text: string): Promise<string> {
  const staging = await folder.stage(text.length);
  await staging.write(bytes(text));
  return (await staging.finish({ kind: 'file', executable: false, mtimeNs: 1_000_000n })).temp;
}

async function placement(path: string, text: string, copy?: string): Promise<Placement> {
  const present = disk.user.read(path) !== undefined;
  return {
    path: rel(path),
    temp: await stage(text),
    expected: present ? { kind: 'present', fingerprint: await fingerprintAt(path) } : { kind: 'absent' },
    displaceTo:
      copy === undefined
        ? { kind: 'trash', ref: folder.trashRef(rel(path)) }
        : { kind: 'copy', path: rel(copy) },
  };
}

/** Runs something once, just before the n-th step of that name. */
function onStep(step: StepName, act: (path: string) => void, skip = 0): void {
  let left = skip;
  disk.beforeStep((name, path) => {
    if (name !== step || left-- > 0) return;
    disk.beforeStep(undefined);
    act(path);
  });
}

/** Everything that can be read anywhere on the disk. */
const contents = () => [...Object.values(disk.user.tree()), ...Object.values(disk.user.tree('.s4/trash'))];

describe('races between s4 and a user', () => {
  const overF = async (act: () => void, step: StepName, skip = 0): Promise<PlaceOutcome> => {
    disk.user.write('f', 'old');
    runtime.advance(1000);
    const request = await placement('f', 'new');
    onStep(step, act, skip);
    return folder.place(request);
  };

  it('an edit just before the file is moved away is displaced, not lost', async () => {
    const outcome = await overF(() => disk.user.write('f', 'edit'), 'rename');
    expect(outcome.kind).toBe('displaced');
    expect(disk.user.tree()).toEqual({ f: 'new' });
    expect(contents()).toContain('edit');
  });

  it('a new file that takes the place just before the link stays', async () => {
    const outcome = await overF(() => disk.user.write('f', 'mine'), 'link');
    expect(outcome.kind).toBe('changed');
    expect(disk.user.tree()).toEqual({ f: 'mine' });
    expect(contents()).toContain('old');
  });

  it('two edits around the move both stay in sight', async () => {
    disk.user.write('f', 'old');
    runtime.advance(1000);
    const request = await placement('f', 'new');
    onStep('rename', () => {
      disk.user.write('f', 'first');
      onStep('link', () => disk.user.write('f', 'second'));
    });
    expect((await folder.place(request)).kind).toBe('changed');
    expect(Object.values(disk.user.tree()).sort()).toEqual(['first', 'second']);
  });

  it('a file deleted just before the move is not brought back', async () => {
    const outcome = await overF(() => disk.user.remove('f'), 'rename');
    expect(outcome.kind).toBe('changed');
    expect(disk.user.tree()).toEqual({});
  });

  it('a folder that takes the place is not moved to the trash', async () => {
    const outcome = await overF(() => {
      disk.user.remove('f');
      disk.user.write('f/inside', 'x');
    }, 'rename');
    expect(outcome.kind).toBe('changed');
    expect(disk.user.tree()).toEqual({ 'f/inside': 'x' });
  });

  it('an edit right after the link does not pass for what was placed', async () => {
    const outcome = await overF(() => disk.user.write('f', 'net'), 'unlink');
    if (outcome.kind !== 'placed') throw new Error(outcome.kind);
    expect(await folder.stat(rel('f'))).not.toMatchObject({ fingerprint: outcome.fingerprint });
  });

  it('a failing link puts the old file back', async () => {
    const failed = new S4Error('LOCAL_FAILED', 'no more links');
    const placing = overF(() => {
      throw failed;
    }, 'link');
    await expect(placing).rejects.toBe(failed);
    expect(disk.user.tree()).toEqual({ f: 'old' });
  });

  it.each([
    ['link', 0],
    ['rename', 0],
    ['unlink', 0],
  ] as const)('a rename loses nothing when the file is saved anew before its %s', async (step, skip) => {
    disk.user.write('a', 'old');
    runtime.advance(1000);
    const expected = await fingerprintAt('a');
    onStep(step, () => disk.user.save('a', 'saved'), skip);
    await folder.rename(rel('a'), rel('b'), expected);
    expect(Object.values(disk.user.tree())).toContain('saved');
  });

  it('a rename of a file edited meanwhile is undone', async () => {
    disk.user.write('a', 'old');
    runtime.advance(1000);
    const expected = await fingerprintAt('a');
    onStep('rename', () => disk.user.append('a', ' and new'));
    expect(await folder.rename(rel('a'), rel('b'), expected)).toEqual({ kind: 'changed' });
    expect(disk.user.tree()).toEqual({ a: 'old and new' });
  });

  it('a file edited while its mode changes is not taken for the old one', async () => {
    disk.user.write('f', 'old');
    runtime.advance(1000);
    const expected = await fingerprintAt('f');
    onStep('chmod', () => disk.user.write('f', 'edit'));
    expect(await folder.setExecutable(rel('f'), true, expected)).toEqual({ kind: 'changed' });
  });

  it('a file written to while it is hashed is unsettled, or its new state', async () => {
    disk.user.write('f', 'one');
    const hashing = folder.hash({ path: rel('f') });
    runtime.advance(1000);
    disk.user.write('f', 'two');
    expect(await hashing).toMatchObject({ kind: 'hashed', fingerprint: await fingerprintAt('f') });
  });

  it('a file written to while it lies in the trash comes back beside', async () => {
    disk.user.write('d/f.txt', 'old');
    const ref = folder.trashRef(rel('d/f.txt'));
    await folder.remove(rel('d/f.txt'), await fingerprintAt('d/f.txt'), ref);
    disk.user.append(`.s4/trash/${ref}`, ', and what an open editor wrote');
    runtime.advance(1000);
    const purge = { olderThanMs: 500, maxBytes: 1e9, nowMs: runtime.nowMs() };
    const copies = await folder.purgeTrash(purge);
    expect(copies).toEqual(['d/f (conflict, test-host, 2026-01-02 03.04.05).txt']);
    expect(disk.user.read(copies[0] ?? '')).toBe('old, and what an open editor wrote');
    expect(disk.user.tree('.s4/trash')).toEqual({});
  });
});

describe('crash at any step', () => {
  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    'place over': async () => folder.place(await placement('f', 'new')),
    'place beside': async () => folder.place(await placement('f', 'new', 'f copy')),
    remove: async () => folder.remove(rel('f'), await fingerprintAt('f'), folder.trashRef(rel('f'))),
    rename: async () => folder.rename(rel('f'), rel('new/place'), await fingerprintAt('f')),
    mode: async () => folder.setExecutable(rel('f'), true, await fingerprintAt('f')),
  };

  it.each(Object.keys(changes))(
    '%s: the old content is somewhere, and the dead process changes nothing',
    async (name) => {
      for (let step = 0; ; step++) {
        for (const power of [false, true]) {
          runtime = createFakeRuntime();
          disk = createMemoryDisk({ runtime });
          folder = disk.open();
          disk.user.write('f', 'old');
          let left = step;
          disk.beforeStep(() => {
            if (left-- === 0) throw new Error('killed');
          });
          const outcome = await Promise.allSettled([(changes[name] ?? fail)().then(() => folder.sync())]);
          if (power) disk.powerLoss();
          expect(contents()).toContain('old');
          if (outcome[0]?.status === 'fulfilled' && !power) return;
          await expect(folder.stat(rel('f'))).rejects.toThrow('gone');
        }
      }
    },
  );

  const fail = () => Promise.reject(new Error('no such change'));
});

describe('power loss', () => {
  it('takes what was not synced, and nothing else', async () => {
    disk.user.write('kept', 'user');
    await folder.state.append('journal', bytes('durable\n'), { sync: true });
    await folder.state.append('journal', bytes('lost\n'), { sync: false });
    await folder.place(await placement('synced', 's'));
    await folder.sync();
    await folder.place(await placement('unsynced', 'u'));
    await folder.makeFolder(rel('unsynced folder'));
    disk.powerLoss();
    expect(disk.user.tree()).toEqual({ kept: 'user', synced: 's' });
    expect(disk.user.read('.s4/journal')).toBe('durable\n');
  });

  it('a journal that is made durable takes no file along', async () => {
    await folder.place(await placement('d/unsynced', 'u'));
    await folder.state.append('journal', bytes('durable\n'), { sync: true });
    await folder.state.replace('index', [bytes('i')]);
    disk.powerLoss();
    expect(disk.user.tree()).toEqual({});
    expect(disk.user.tree('.s4')).toMatchObject({ journal: 'durable\n', index: 'i' });
  });

  it('a crash alone takes nothing but the lock', async () => {
    expect((await folder.lock({ waitMs: 0 })).kind).toBe('locked');
    await folder.place(await placement('unsynced', 'u'));
    disk.crash();
    expect(disk.user.tree()).toEqual({ unsynced: 'u' });
    expect((await disk.open().lock({ waitMs: 0 })).kind).toBe('locked');
  });

  it.each(['from', 'to'])(
    'leaves a renamed file one name when only the folder it went %s was synced',
    (end) => {
      const fs = createFileSystem({ nowNs: () => 0n, foldsCase: false });
      const folders = { from: fs.mkdir('from'), to: fs.mkdir('to') };
      const file = fs.newFile(bytes('x'), false);
      fs.link(file, 'from/f');
      for (const path of ['from/f', 'to']) fs.settle(path);
      fs.rename('from/f', 'to/f');
      fs.syncFolder(end === 'from' ? folders.from : folders.to);
      fs.revert();
      expect([fs.lookup('from/f'), fs.lookup('to/f')]).toEqual([undefined, file]);
    },
  );

  it('leaves the old or the new state file, whole', async () => {
    await folder.state.replace('index', [bytes('one')]);
    for (let step = 0; step < 12; step++) {
      folder = disk.open();
      let left = step;
      disk.beforeStep(() => {
        if (left-- === 0) throw new Error('killed');
      });
      await folder.state
        .replace('index', [bytes('t'), bytes('wo')], { keepAs: 'prev' })
        .catch(() => 'killed');
      disk.beforeStep(undefined);
      disk.powerLoss();
      expect(['one', 'two']).toContain(disk.user.read('.s4/index'));
    }
    expect(disk.user.read('.s4/index')).toBe('two');
  });

  it('an unsynced file whose name is durable is empty', async () => {
    const staging = await folder.stage(3);
    await staging.write(bytes('abc'));
    await folder.sync();
    disk.powerLoss();
    expect(disk.user.tree('.s4/tmp')).toEqual({ [staging.temp]: '' });
  });
});

describe('injected trouble', () => {
  it('a full disk fails staging and the journal, and heals', async () => {
    disk.setFreeBytes(4);
    await expect(folder.stage(5)).rejects.toMatchObject({ code: 'LOCAL_DISK_FULL' });
    const staging = await folder.stage(4);
    await expect(staging.write(bytes('too long'))).rejects.toMatchObject({ code: 'LOCAL_DISK_FULL' });
    await staging.discard();
    disk.setFreeBytes(undefined);
    await folder.place(await placement('f', 'long enough'));
    expect(disk.user.tree()).toEqual({ f: 'long enough' });
  });

  it('what may not be read is unknown, not absent', async () => {
    disk.user.write('d/f', 'x');
    disk.user.write('secret', 'x');
    disk.setUnreadable('d', true);
    disk.setUnreadable('secret', true);
    const items = [];
    for await (const batch of folder.walk()) items.push(...batch);
    expect(items).toMatchObject([
      { kind: 'problem', path: 'd', subtree: true, problem: { code: 'unreadable' } },
      { kind: 'entry', row: { key: 'secret' } },
    ]);
    const unreadable = { code: 'LOCAL_UNREADABLE' };
    await expect(folder.stat(rel('d/f'))).rejects.toMatchObject(unreadable);
    await expect(folder.hash({ path: rel('secret') })).rejects.toMatchObject(unreadable);
    disk.setUnreadable('.s4/index', true);
    await folder.state.replace('index', [bytes('x')]);
    await expect(folder.state.read('index')).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
  });

  it('a folder cannot be moved into itself, however deep', () => {
    disk.user.write('g/h/f', 'x');
    for (const to of ['g/h/g', 'g/new', 'g/h/more/g'])
      expect(() => disk.user.rename('g', to)).toThrow('a folder cannot be moved into itself');
    disk.user.rename('g', 'g');
    disk.user.rename('g/h', 'h');
    expect(disk.user.read('h/f')).toBe('x');
  });

  it('pipes are noticed', async () => {
    disk.user.fifo('pipe');
    const items = [];
    for await (const batch of folder.walk()) items.push(...batch);
    expect(items).toMatchObject([{ kind: 'notice', path: 'pipe' }]);
    expect(await folder.stat(rel('pipe'))).toEqual({ kind: 'other' });
  });
});

describe('a disk that folds case', () => {
  beforeEach(() => {
    disk = createMemoryDisk({ runtime, foldsCase: true });
    folder = disk.open();
  });

  it('finds a file under every spelling and keeps the one it was given', async () => {
    disk.user.write('Docs/Été', 'x');
    expect((await folder.stat(rel('docs/e\u0301TE\u0301')))?.kind).toBe('file');
    expect(await folder.place({ ...(await placement('new', 'y')), path: rel('DOCS/été') })).toEqual({
      kind: 'changed',
    });
    expect(disk.user.tree()).toEqual({ 'Docs/Été': 'x' });
  });

  it('renames one spelling to another', async () => {
    disk.user.write('readme', 'x');
    const outcome = await folder.rename(rel('readme'), rel('README'), await fingerprintAt('readme'));
    expect(outcome.kind).toBe('renamed');
    expect(disk.user.tree()).toEqual({ README: 'x' });
  });
});

it('the same seed and steps give the same disk', async () => {
  const run = async () => {
    runtime = createFakeRuntime({ seed: 9 });
    disk = createMemoryDisk({ runtime });
    folder = disk.open();
    disk.user.write('f', 'old');
    await folder.place(await placement('f', 'new'));
    return [disk.user.tree(), disk.user.tree('.s4'), await fingerprintAt('f')];
  };
  expect(await run()).toEqual(await run());
});

it('a top that cannot be read, or whose rules cannot, is an error and not an empty folder', async () => {
  disk.user.write('.syncignore', '*.log');
  disk.setUnreadable('.syncignore', true);
  await expect(folder.walk()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'LOCAL_UNREADABLE',
  });
});

describe('a power loss in the middle of making folders durable (seed 30072)', () => {
  it.each([0, 1, 2, 3, 4])(
    'leaves a file that stepped aside under one of its names: after %i folders',
    async (done) => {
      disk.user.write('keep/f', 'local');
      const prepared = await placement('keep/f', 'new', 'keep/copy');
      await folder.sync();
      // The folder of temp files is now the first in turn.
      await stage('another');
      await folder.place(prepared);
      onStep(
        'fsync-folder',
        () => {
          throw new Error('power');
        },
        done,
      );
      await folder.sync().catch(() => undefined);
      disk.beforeStep(undefined);
      disk.powerLoss();
      expect(contents()).toContain('local');
    },
  );
});
