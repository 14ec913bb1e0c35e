import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Folder } from '../../../src/engine/ports/folder.ts';
import {
  createTrashNames,
  splitTrashRef,
  trashRunName,
  trashRunTimeMs,
} from '../../../src/local/trash-names.ts';
import { relPath } from '../../contract/folder-contract.ts';
import { type DiskFixture, diskFixture } from './disk-fixture.ts';

let fixture: DiskFixture;
beforeEach(async () => {
  fixture = await diskFixture();
});
afterEach(() => fixture.dispose());
const at = (name: string) => path.join(fixture.root, name);
const modeOf = (name: string) => fs.lstatSync(at(name)).mode & 0o7777;

function errno(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'link' });
}

async function stageText(folder: Folder, text: string, executable = false): Promise<string> {
  const staging = await folder.stage(text.length);
  await staging.write(Buffer.from(text));
  await staging.finish({ kind: 'file', executable, mtimeNs: 1_600_000_000_000_000_000n });
  return staging.temp;
}

async function replace(folder: Folder, name: string, text: string, executable = false) {
  const temp = await stageText(folder, text, executable);
  const stat = await folder.stat(relPath(name));
  return folder.place({
    path: relPath(name),
    temp,
    expected: stat?.kind === 'file' ? { kind: 'present', fingerprint: stat.fingerprint } : { kind: 'absent' },
    displaceTo: { kind: 'trash', ref: folder.trashRef(relPath(name)) },
  });
}

describe('permissions', () => {
  test('a new file has those of any new file', async () => {
    await replace(fixture.folder, 'plain', 'x');
    await replace(fixture.folder, 'run', 'x', true);
    expect([modeOf('plain'), modeOf('run')]).toEqual([0o666 & ~process.umask(), 0o777 & ~process.umask()]);
  });

  test.each([
    [0o600, false, 0o600],
    [0o600, true, 0o700],
    [0o644, true, 0o755],
    [0o750, false, 0o640],
    [0o755, true, 0o755],
  ])('a replaced file keeps its own: %o, executable %s, is %o', async (before, executable, after) => {
    await fixture.user.write('f', 'old');
    fs.chmodSync(at('f'), before);
    expect((await replace(fixture.folder, 'f', 'new', executable)).kind).toBe('placed');
    expect(modeOf('f')).toBe(after);
  });

  test('setExecutable gives execute to whoever may read', async () => {
    await fixture.user.write('f', 'x');
    fs.chmodSync(at('f'), 0o640);
    const stat = await fixture.folder.stat(relPath('f'));
    if (stat?.kind !== 'file') throw new Error('no file');
    await fixture.folder.setExecutable(relPath('f'), true, stat.fingerprint);
    expect(modeOf('f')).toBe(0o750);
  });
});

describe('.s4', () => {
  test('is made with the first thing kept there, private, and ignored by git', async () => {
    expect(fs.readdirSync(fixture.root)).toEqual([]);
    await fixture.folder.state.replace('x', []);
    expect(modeOf('.s4')).toBe(0o700);
    expect(fs.readFileSync(at('.s4/.gitignore'), 'utf8')).toBe('*\n');
    expect(fs.readdirSync(at('.s4/tmp'))).toEqual([]);
  });

  test('a symlink in its place is refused', async () => {
    fs.symlinkSync('/tmp', at('.s4'));
    await expect(fixture.folder.state.replace('x', [])).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
    await expect(fixture.folder.stage(1)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
  });

  test('state names lead nowhere else', async () => {
    for (const name of ['../x', 'a/b', '', '.', '..', '.gitignore'])
      await expect(fixture.folder.state.read(name)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
  });

  test.each([undefined, 'index.prev'])(
    'a crash at any step of a replacement (keepAs %s) leaves it whole',
    async (keepAs) => {
      for (let atStep = 0; ; atStep++) {
        let step = -1;
        const folder = await fixture.reopen({
          beforeStep: () => {
            if (step >= 0 && step++ === atStep) throw new Error('crash');
          },
        });
        const options = keepAs === undefined ? {} : { keepAs };
        await folder.state.replace('index', [Buffer.from('one')], options);
        await folder.state.replace('index', [Buffer.from('two')], options);
        step = 0;
        const done = await folder.state.replace('index', [Buffer.from('three')], options).then(
          () => true,
          () => false,
        );
        await folder.close();
        const read = (name: string) => fs.readFileSync(at(`.s4/${name}`), 'utf8');
        expect(read('index')).toBe(done ? 'three' : 'two');
        if (keepAs !== undefined) expect(['one', 'two']).toContain(read(keepAs));
        await fixture.folder.cleanTemp(new Set());
        expect(fs.readdirSync(at('.s4/tmp'))).toEqual([]);
        if (done) break;
      }
    },
  );
});

describe('what fails', () => {
  test.each([
    ['the last step', undefined, 0],
    ['keeping the old one', 'index.prev', 0],
    ['the last step, after the old one was kept', 'index.prev', 1],
  ])('a state file that cannot be replaced leaves no temp file: %s', async (_, keepAs, fails) => {
    await fixture.folder.state.replace('index', [Buffer.from('one')]);
    let renames = 0;
    const failing = await fixture.reopen({
      sys: {
        rename: (from, to) => {
          if (renames++ === fails) throw errno('EIO');
          fs.renameSync(from, to);
        },
      },
    });
    const options = keepAs === undefined ? {} : { keepAs };
    await expect(failing.state.replace('index', [Buffer.from('two')], options)).rejects.toMatchObject({
      code: 'LOCAL_FAILED',
    });
    await failing.close();
    expect(fs.readFileSync(at('.s4/index'), 'utf8')).toBe('one');
    expect(fs.readdirSync(at('.s4/tmp'))).toEqual([]);
  });

  test.each([
    ['ENOSPC', 'LOCAL_DISK_FULL'],
    ['EDQUOT', 'LOCAL_DISK_FULL'],
    ['EACCES', 'LOCAL_UNREADABLE'],
    ['EIO', 'LOCAL_FAILED'],
  ])('%s is %s, with the path', async (code, expected) => {
    const failing = await fixture.reopen({
      sys: {
        rename: () => {
          throw errno(code);
        },
      },
    });
    await fixture.user.write('d/f', 'x');
    await expect(replace(failing, 'd/f', 'new')).rejects.toMatchObject({
      code: expected,
      data: { path: 'd/f', errno: code },
    });
    expect(await fixture.user.read('d/f')).toBe('x');
    await failing.close();
  });

  test('more bytes than the disk has are refused before any is written', async () => {
    await expect(fixture.folder.stage(2 ** 60)).rejects.toMatchObject({ code: 'LOCAL_DISK_FULL' });
    expect(fs.readdirSync(at('.s4/tmp'))).toEqual([]);
  });

  test('a text that no symlink can have', async () => {
    for (const text of ['', 'a\0b', 'x'.repeat(5000)]) {
      const staging = await fixture.folder.stage(text.length);
      await staging.write(Buffer.from(text));
      await expect(staging.finish({ kind: 'symlink', mtimeNs: 0n })).rejects.toMatchObject({
        code: 'LOCAL_FAILED',
      });
      await staging.discard();
    }
    expect(fs.readdirSync(at('.s4/tmp'))).toEqual([]);
  });

  test('a reference that leads out of the trash', async () => {
    await fixture.user.write('f', 'x');
    for (const ref of ['run/../../../f', '../f', 'run', 'run//f', '/f'])
      await expect(fixture.folder.trashStat(ref as never)).rejects.toMatchObject({ code: 'LOCAL_FAILED' });
  });
});

describe('the trash', () => {
  test('is laid out for people, with a manifest', async () => {
    await fixture.user.write('docs/a.txt', 'old');
    await replace(fixture.folder, 'docs/a.txt', 'new');
    const [run, manifest] = fs.readdirSync(at('.s4/trash')).sort();
    expect(run).toMatch(/^\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\dZ-[0-9a-f]{4}$/);
    expect(manifest).toBe(`${run}.jsonl`);
    expect(fs.readFileSync(at(`.s4/trash/${run}/docs/a.txt`), 'utf8')).toBe('old');
    const line = JSON.parse(fs.readFileSync(at(`.s4/trash/${manifest}`), 'utf8'));
    expect(line).toMatchObject({ ref: `${run}/docs/a.txt`, path: 'docs/a.txt', sizeBytes: 3 });
    await fixture.folder.purgeTrash({ olderThanMs: 0, maxBytes: 0, nowMs: fixture.nowMs() + 1 });
    expect(fs.readdirSync(at('.s4/trash'))).toEqual([]);
  });

  test('gives up a hard link that was written to under its other name: it does not come back', async () => {
    await fixture.user.write('docs/a.txt', 'old');
    fs.linkSync(at('docs/a.txt'), at('docs/b.txt'));
    await replace(fixture.folder, 'docs/a.txt', 'new');
    fs.writeFileSync(at('docs/b.txt'), 'written under the other name');
    const options = { olderThanMs: 0, maxBytes: 0, nowMs: fixture.nowMs() + 86_400_000 };
    expect(await fixture.folder.purgeTrash(options)).toEqual([]);
    expect(fs.readdirSync(at('docs')).sort()).toEqual(['a.txt', 'b.txt']);
    expect(fs.readFileSync(at('docs/b.txt'), 'utf8')).toBe('written under the other name');
    expect(fs.readdirSync(at('.s4/trash'))).toEqual([]);
  });

  test('what no manifest tells of comes back instead of being purged', async () => {
    await fixture.user.write('docs/a.txt', 'old');
    await replace(fixture.folder, 'docs/a.txt', 'new');
    const manifest = fs.readdirSync(at('.s4/trash')).find((name) => name.endsWith('.jsonl'));
    fs.writeFileSync(at(`.s4/trash/${manifest}`), '{"ref":"torn');
    const options = { olderThanMs: 0, maxBytes: 0, nowMs: fixture.nowMs() + 86_400_000 };
    const [copy] = await fixture.folder.purgeTrash(options);
    expect(await fixture.user.read(copy ?? '')).toBe('old');
  });

  test('names are numbered where they are taken, within the longest name', () => {
    const ref = createTrashNames('run');
    const long = 'é'.repeat(127);
    expect(['a', 'a', 'a/b', 'a.2', long, long].map((name) => ref(relPath(name)))).toEqual([
      'run/a',
      'run/a.2',
      'run/a.3/b',
      'run/a.2.2',
      `run/${long}`,
      `run/${'é'.repeat(126)}.2`,
    ]);
  });

  test('run names tell their time', () => {
    const name = trashRunName(Date.UTC(2026, 10, 21, 3, 12, 7, 900), '1f2e');
    expect(name).toBe('2026-11-21T03.12.07Z-1f2e');
    expect(trashRunTimeMs(name)).toBe(Date.UTC(2026, 10, 21, 3, 12, 7));
    expect(trashRunTimeMs('mine')).toBeUndefined();
    expect(() => splitTrashRef('a/../b' as never)).toThrow();
  });
});

test('opening a root that is missing, or a file, fails', async () => {
  const gone = await diskFixture();
  await gone.dispose();
  await expect(gone.reopen()).rejects.toMatchObject({ code: 'FOLDER_MISSING' });
  fs.writeFileSync(gone.root, 'x');
  await expect(gone.reopen()).rejects.toMatchObject({ code: 'FOLDER_MISSING' });
  fs.rmSync(gone.root);
});
