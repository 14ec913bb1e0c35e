import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WalkItem } from '../../../src/engine/ports/folder.ts';
import { walkFolder } from '../../../src/local/walk-core.ts';
import { collectWalk, relPath, walkKeys } from '../../contract/folder-contract.ts';
import { buildWorkers, type DiskFixture, diskFixture } from './disk-fixture.ts';

let workers: Awaited<ReturnType<typeof buildWorkers>>;
beforeAll(async () => {
  workers = await buildWorkers();
});
afterAll(() => workers.dispose());

const isRoot = process.getuid?.() === 0;

function problemsOf(items: readonly WalkItem[]) {
  return items.flatMap((item) =>
    item.kind === 'problem'
      ? [{ path: item.path, shown: item.problem.path, code: item.problem.code, subtree: item.subtree }]
      : [],
  );
}

describe.each([
  ['in this thread', false],
  ['in a worker', true],
])('the walk %s', (_name, threaded) => {
  let fixture: DiskFixture;
  beforeEach(async () => {
    fixture = await diskFixture(threaded ? { workerUrl: workers.url } : {});
  });
  afterEach(() => fixture.dispose());
  const at = (name: string) => path.join(fixture.root, name);

  test('many folders, of which some have nothing to sync, keep their order over batches', async () => {
    await fixture.user.write('.syncignore', '*.log\n');
    for (let i = 0; i < 60; i++) {
      for (let j = 0; j < 40; j++) {
        await fixture.user.write(`d${i}/${j % 2 === 0 ? 'only/x' : 'y'}${j}.log`, '');
        if (i % 3 === 0) await fixture.user.write(`d${i}/z/file${j}`, '');
      }
    }
    const items = await collectWalk(fixture.folder);
    const keys = walkKeys(items);
    const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(keys).toEqual(sorted);
    expect(keys.filter((key) => key.endsWith('/'))).toHaveLength(60);
    // A folder's row stands before what is said of its contents.
    for (const key of keys.filter((name) => name.endsWith('/'))) {
      const row = items.findIndex((item) => item.kind === 'entry' && item.row.key === key);
      const ignored = items.findIndex((item) => item.kind === 'ignored' && item.path.startsWith(key));
      expect(row).toBeLessThan(ignored);
    }
  });

  test('names that are no text are problems, each of its own, and nothing below them is walked', async () => {
    fs.mkdirSync(Buffer.from(`${fixture.root}/d\xe9`, 'latin1'));
    fs.writeFileSync(Buffer.from(`${fixture.root}/d\xe9/x`, 'latin1'), '');
    fs.writeFileSync(Buffer.from(`${fixture.root}/f\xe9`, 'latin1'), '');
    fs.writeFileSync(Buffer.from(`${fixture.root}/f\xe8`, 'latin1'), '');
    await fixture.user.write('back\\slash', '');
    await fixture.user.write('good', '');
    const items = await collectWalk(fixture.folder);
    expect(walkKeys(items)).toEqual(['good']);
    const shown = problemsOf(items).map((problem) => problem.shown);
    expect(shown.sort()).toEqual(['back\\slash', 'd\\xe9', 'f\\xe8', 'f\\xe9']);
    expect(problemsOf(items).every(({ code, path }) => code === 'bad-name' && path === undefined)).toBe(true);
  });

  test('a FIFO is a notice, and makes its folder occupied', async () => {
    fs.mkdirSync(at('d'));
    execFileSync('mkfifo', [at('d/pipe')]);
    expect(await collectWalk(fixture.folder)).toEqual([
      { kind: 'entry', row: { kind: 'folder', key: 'd/', occupied: true } },
      { kind: 'notice', path: 'd/pipe', message: expect.stringContaining('FIFO') },
    ]);
    expect(await fixture.folder.hash({ path: relPath('d/pipe') })).toEqual({ kind: 'absent' });
    expect(await fixture.folder.readSmall(relPath('d/pipe'), 10)).toBeUndefined();
  });

  test('a root that is gone or replaced is an error, not an empty folder', async () => {
    await fixture.user.write('f', 'x');
    fs.renameSync(fixture.root, `${fixture.root}.away`);
    const missing = { code: 'FOLDER_MISSING' };
    await expect(collectWalk(fixture.folder)).rejects.toMatchObject(missing);
    fs.mkdirSync(fixture.root);
    await expect(collectWalk(fixture.folder)).rejects.toMatchObject(missing);
    await expect(fixture.folder.stat(relPath('f'))).rejects.toMatchObject(missing);
    await expect(fixture.folder.makeFolder(relPath('d'))).rejects.toMatchObject(missing);
    fs.rmSync(`${fixture.root}.away`, { recursive: true });
  });

  /** More than a batch. */
  const MANY = 2000;
  function makeMany(): void {
    for (let i = 0; i < 10; i++) {
      fs.mkdirSync(`${fixture.root}/d${i}`);
      for (let j = 0; j < MANY / 10; j++) fs.closeSync(fs.openSync(`${fixture.root}/d${i}/f${j}`, 'w'));
    }
  }

  test('may be left early, and walked twice at once', async () => {
    makeMany();
    for await (const batch of fixture.folder.walk()) {
      expect(batch.length).toBeLessThan(MANY);
      break;
    }
    const [a, b] = await Promise.all([collectWalk(fixture.folder), collectWalk(fixture.folder)]);
    expect(a).toHaveLength(MANY);
    expect(b).toEqual(a);
  });

  test('stops when aborted between batches', async () => {
    makeMany();
    const abort = new AbortController();
    const reason = new Error('enough');
    const walk = async () => {
      for await (const _batch of fixture.folder.walk({ signal: abort.signal })) abort.abort(reason);
    };
    await expect(walk()).rejects.toBe(reason);
    expect((await collectWalk(fixture.folder)).length).toBe(MANY);
  });
});

describe('what cannot be read is unknown', () => {
  let fixture: DiskFixture;
  beforeEach(async () => {
    fixture = await diskFixture();
  });
  afterEach(() => fixture.dispose());

  /** Permissions mean nothing to root: the walk then runs as nobody. */
  async function walkUnprivileged(): Promise<readonly WalkItem[]> {
    if (!isRoot) return collectWalk(fixture.folder);
    fs.chmodSync(fixture.root, 0o755);
    process.seteuid?.(65534);
    try {
      return await collectWalk(fixture.folder);
    } finally {
      process.seteuid?.(0);
    }
  }

  test('a folder, with all below it', async () => {
    await fixture.user.write('d/sub/f', 'x');
    await fixture.user.write('e', 'x');
    fs.chmodSync(path.join(fixture.root, 'd/sub'), 0o000);
    const items = await walkUnprivileged();
    fs.chmodSync(path.join(fixture.root, 'd/sub'), 0o755);
    expect(problemsOf(items)).toEqual([{ path: 'd/sub', shown: 'd/sub', code: 'unreadable', subtree: true }]);
    expect(walkKeys(items)).toEqual(['d/', 'e']);
  });

  test('a folder whose rules cannot be read', async () => {
    await fixture.user.write('d/.syncignore', 'secret');
    await fixture.user.write('d/secret', 'x');
    fs.chmodSync(path.join(fixture.root, 'd/.syncignore'), 0o000);
    const items = await walkUnprivileged();
    fs.chmodSync(path.join(fixture.root, 'd/.syncignore'), 0o644);
    expect(problemsOf(items)).toEqual([{ path: 'd', shown: 'd', code: 'unreadable', subtree: true }]);
    expect(walkKeys(items)).toEqual([]);
  });

  test('a folder that is swapped for a symlink while it is walked', async () => {
    const outside = fs.mkdtempSync(path.join(path.dirname(fixture.root), 's4-outside-'));
    fs.writeFileSync(path.join(outside, 'foreign'), 'x');
    for (let j = 0; j < 1600; j++) await fixture.user.write(`a/f${j}`, '');
    await fixture.user.write('b/f', 'x');
    const stats = fs.lstatSync(fixture.root, { bigint: true });
    const identity = { dev: stats.dev, ino: stats.ino };
    const walk = walkFolder({
      root: fixture.root,
      identity,
      under: undefined,
      extraRules: undefined,
      exactNames: false,
    });
    const first = walk.next();
    expect(first.done).toBe(false);
    fs.renameSync(path.join(fixture.root, 'b'), path.join(fixture.root, 'moved'));
    fs.symlinkSync(outside, path.join(fixture.root, 'b'));
    const rest = [...walk].map((batch) => batch.keys).join('\0');
    expect(rest).not.toContain('foreign');
    expect(rest.split('\0')).toContain('b');
    fs.rmSync(outside, { recursive: true });
  });

  test.skipIf(!isRoot || process.platform !== 'linux')(
    'another file system (needs the right to mount one)',
    async () => {
      await fixture.user.makeFolder('mnt');
      execFileSync('mount', ['-t', 'tmpfs', 'none', path.join(fixture.root, 'mnt')]);
      try {
        await fixture.user.write('mnt/f', 'x');
        const items = await collectWalk(fixture.folder);
        expect(problemsOf(items)).toEqual([
          { path: 'mnt', shown: 'mnt', code: 'other-device', subtree: true },
        ]);
        expect(await fixture.folder.stat(relPath('mnt/f'))).toBeUndefined();
        expect(await fixture.folder.hash({ path: relPath('mnt/f') })).toEqual({ kind: 'absent' });
      } finally {
        execFileSync('umount', [path.join(fixture.root, 'mnt')]);
      }
    },
  );
});
