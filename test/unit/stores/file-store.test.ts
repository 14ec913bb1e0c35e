import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectKey, ObjectState } from '../../../src/engine/ports/store.ts';
import { openFileStore } from '../../../src/stores/file/open.ts';
import { bytesSource, collect } from '../../contract/room.ts';
import { type Disk, makeDisk, putText, textAt } from './file-store-support.ts';
import { manualRuntime } from './test-runtime.ts';

const key = 'folder/f' as ObjectKey;
let disk: Disk;
beforeEach(() => {
  disk = makeDisk();
});
afterEach(() => disk.remove());

const at = (name: string) => path.join(disk.root, name);
const names = async () => (await collect(disk.store.list())).map((each) => each.key as string);
const stateOf = async (name: string): Promise<ObjectState> => {
  const outcome = await disk.store.head(name as ObjectKey);
  if (outcome.kind !== 'found') throw new Error(outcome.kind);
  return outcome.state;
};
/** Until the file system's clock has moved on, an edit that keeps size and time cannot be told by stat. */
const tick = (name: string): void => {
  const before = lstatSync(at(name), { bigint: true }).ctimeNs;
  do writeFileSync(at('.s4/store/tmp/tick'), '');
  while (lstatSync(at('.s4/store/tmp/tick'), { bigint: true }).ctimeNs <= before);
};
const remove = (name: string) => disk.store.delete(name as ObjectKey, { condition: { kind: 'none' } });

describe('a plain directory', () => {
  test('objects are files with their time and executable bit', async () => {
    await putText(disk.store, 'a/run.sh', 'echo', { mtime: '1700000000.123456789', mode: '0100755' });
    await putText(disk.store, 'a/link', 'run.sh', { mode: '0120777' });
    expect(readFileSync(at('a/run.sh'), 'utf8')).toBe('echo');
    expect(statSync(at('a/run.sh')).mtimeMs).toBeCloseTo(1_700_000_000_123.456, 2);
    expect(statSync(at('a/run.sh')).mode & 0o100).toBe(0o100);
    expect(statSync(at('a/link')).mode & 0o100).toBe(0);
    expect(lstatSync(at('a/link')).isFile()).toBe(true);
  });

  test('files that lay there before are objects, with what stat says as metadata', async () => {
    mkdirSync(at('old'));
    writeFileSync(at('old/photo.jpg'), 'jpeg', { mode: 0o644 });
    utimesSync(at('old/photo.jpg'), 1_600_000_000, 1_600_000_000);
    expect(await names()).toEqual(['old/photo.jpg']);
    const state = await stateOf('old/photo.jpg');
    expect(state.metadata).toEqual({ mtime: '1600000000.000000000', mode: '0100644' });
    expect(state.token.modifiedMs).toBe(1_600_000_000_000);
    expect(await textAt(disk.store, 'old/photo.jpg')).toBe('jpeg');
    const second = await putText(disk.store, 'old/photo.jpg', 'new');
    expect(second).not.toBe(state.token.etag);
    expect(await textAt(disk.store, 'old/photo.jpg', state.token.versionId)).toBe('jpeg');
  });

  test("another program's edit is a new version, and a matching write is refused", async () => {
    const etag = await putText(disk.store, key, 'ours', { 's4-sha256': 'claimed' });
    appendFileSync(at(key), ' and theirs');
    const state = await stateOf(key);
    expect(state.token.etag).not.toBe(etag);
    expect(state.metadata['s4-sha256']).toBeUndefined();
    const outcome = await disk.store.put(key, bytesSource(new Uint8Array(1)), {
      condition: { kind: 'matches', etag },
      metadata: { 's4-write': 'late' },
    });
    expect(outcome.kind).toBe('precondition-failed');
    expect((await collect(disk.store.list()))[0]?.token).toEqual(state.token);
    await putText(disk.store, key, 'third');
    expect(await textAt(disk.store, key, state.token.versionId)).toBe('ours and theirs');
  });

  test('an edit that keeps size and time is seen', async () => {
    const etag = await putText(disk.store, key, 'ours', { mtime: '1700000000.000000000' });
    tick(key);
    writeFileSync(at(key), 'mine');
    utimesSync(at(key), 1_700_000_000, 1_700_000_000);
    expect((await stateOf(key)).token.etag).not.toBe(etag);
  });

  test('a touched, linked or restored file keeps its version and metadata', async () => {
    const etag = await putText(disk.store, key, 'ours', { mark: 'm' });
    const touches = [
      () => utimesSync(at(key), 1_600_000_000, 1_600_000_000),
      () => linkSync(at(key), at('hardlink')),
      () => {
        const bytes = readFileSync(at(key));
        rmSync(at(key));
        writeFileSync(at(key), bytes);
      },
    ];
    for (const touch of touches) {
      touch();
      const listed = (await collect(disk.store.list({ under: 'folder/' })))[0];
      expect(listed?.token.etag).toBe(etag);
      expect((await stateOf(key)).metadata['mark']).toBe('m');
    }
  });

  test('a chmod by another program is a new version', async () => {
    const etag = await putText(disk.store, key, 'ours', { mode: '0100644' });
    tick(key);
    chmodSync(at(key), 0o755);
    const state = await stateOf(key);
    expect(state.token.etag).not.toBe(etag);
    expect(state.metadata['mode']).toBe('0100755');
  });

  test('a file that another program moved away is absent, its versions are not lost', async () => {
    const first = await putText(disk.store, key, 'one');
    await putText(disk.store, key, 'two');
    renameSync(at(key), at('elsewhere'));
    expect((await disk.store.head(key)).kind).toBe('absent');
    expect(await names()).toEqual(['elsewhere', 'folder/']);
    expect(await textAt(disk.store, key, first)).toBe('one');
    expect((await collect(disk.store.versions(key))).map((each) => each.isLatest)).toEqual([false]);
  });
});

describe('folders', () => {
  test('an empty folder is a marker, a removed file leaves none', async () => {
    mkdirSync(at('empty/deep'), { recursive: true });
    await putText(disk.store, 'made/f', 'x');
    expect(await names()).toEqual(['empty/deep/', 'made/f']);
    await remove('made/f');
    expect(existsSync(at('made'))).toBe(false);
  });

  test('a marker put beside a file outlives the file', async () => {
    await putText(disk.store, 'd/f', 'x');
    await putText(disk.store, 'd/', '');
    expect(await names()).toEqual(['d/', 'd/f']);
    await remove('d/f');
    expect(await names()).toEqual(['d/']);
    expect((await remove('d/')).kind).toBe('deleted');
    expect(await names()).toEqual([]);
    expect(existsSync(at('d'))).toBe(false);
  });

  test('a marker is never removed with what is in it', async () => {
    await putText(disk.store, 'd/', '');
    writeFileSync(at('d/theirs'), 'x');
    await remove('d/');
    expect(readFileSync(at('d/theirs'), 'utf8')).toBe('x');
  });
});

describe('the root', () => {
  test('missing, or not a store, is no bucket', async () => {
    const runtime = manualRuntime();
    const bare = path.join(disk.root, 'sub');
    mkdirSync(bare);
    for (const root of [path.join(disk.root, 'missing'), bare]) {
      const store = openFileStore({ root, runtime });
      await expect(collect(store.list())).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
      await expect(store.head(key)).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
      await expect(putText(store, key, 'x')).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
    }
    expect(readdirSync(bare)).toEqual([]);
  });

  test.skipIf(process.getuid?.() === 0)('a folder that cannot be read fails the listing', async () => {
    await putText(disk.store, key, 'x');
    chmodSync(at('folder'), 0);
    await expect(collect(disk.store.list())).rejects.toMatchObject({ code: 'STORE_DENIED' });
    chmodSync(at('folder'), 0o755);
  });

  test('a listing during which the disk goes away is an error', async () => {
    for (let i = 0; i < 600; i++) writeFileSync(at(`f${i}`), '');
    const pages = disk.store.list()[Symbol.asyncIterator]();
    await pages.next();
    renameSync(at('.s4'), at('.gone'));
    await expect(pages.next()).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
  });

  test("control keys are plain files without versions, the store's own are never shown or written", async () => {
    await putText(disk.store, '.s4/heads/a.json', '1');
    await putText(disk.store, '.s4/heads/a.json', '2');
    expect(readFileSync(at('.s4/heads/a.json'), 'utf8')).toBe('2');
    expect(await names()).toEqual(['.s4/heads/a.json']);
    expect(await collect(disk.store.versions('.s4/heads/a.json' as ObjectKey))).toEqual([]);
    await expect(putText(disk.store, '.s4/store/meta/x', 'x')).rejects.toMatchObject({
      code: 'OBJECT_KEY_REFUSED',
    });
    await remove('.s4/heads/a.json');
    expect(await names()).toEqual([]);
  });
});

describe('symlinks in the store', () => {
  test('one to a file is its text, and replacing it leaves the file alone', async () => {
    const outside = path.join(disk.root, '..', `${path.basename(disk.root)}-outside`);
    writeFileSync(outside, 'secret');
    symlinkSync(outside, at('link'));
    expect(await textAt(disk.store, 'link')).toBe(outside);
    expect((await stateOf('link')).metadata['mode']).toBe('0120777');
    const { etag } = (await stateOf('link')).token;
    await putText(disk.store, 'link', 'ours');
    expect(readFileSync(outside, 'utf8')).toBe('secret');
    expect(await textAt(disk.store, 'link')).toBe('ours');
    expect(await textAt(disk.store, 'link', etag)).toBe(outside);
    rmSync(outside);
  });

  test('one to a folder is never walked, read or written through', async () => {
    const outside = `${disk.root}-outside`;
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'secret'), 'secret');
    symlinkSync(outside, at('dir'));
    expect(await names()).toEqual(['dir']);
    expect((await disk.store.head('dir/secret' as ObjectKey)).kind).toBe('absent');
    expect(await collect(disk.store.list({ under: 'dir/' }))).toEqual([]);
    await expect(putText(disk.store, 'dir/new', 'x')).rejects.toMatchObject({ code: 'OBJECT_KEY_REFUSED' });
    expect((await remove('dir/secret')).kind).toBe('absent');
    expect(readdirSync(outside)).toEqual(['secret']);
    rmSync(outside, { recursive: true });
  });
});

describe('locks', () => {
  const lockFolder = () => at('.s4/store/locks');

  test("a dead process's lock is removed, a foreign machine's is respected", async () => {
    let lock = '';
    const watching = openFileStore({
      root: disk.root,
      runtime: manualRuntime(),
      atStep(step) {
        if (step === 'record-pending') lock = readdirSync(lockFolder())[0] ?? '';
      },
    });
    await putText(watching, key, 'one');
    const [hash, machine, boot, , , nonce] = lock.split('.');
    writeFileSync(path.join(lockFolder(), [hash, machine, boot, '4194300', '1', nonce].join('.')), '');
    await putText(disk.store, key, 'two');
    expect(readdirSync(lockFolder())).toEqual([]);
    const foreign = path.join(lockFolder(), [hash, 'ffffffffffff', boot, '1', '1', nonce].join('.'));
    writeFileSync(foreign, 'nas\n');
    const waiting = openFileStore({ root: disk.root, runtime: manualRuntime() });
    await expect(putText(waiting, key, 'three')).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('nas'),
    });
    expect(await textAt(disk.store, key)).toBe('two');
    expect(existsSync(foreign)).toBe(true);
  });

  test('a pid that was given to another process does not keep a lock', async () => {
    let lock = '';
    const watching = openFileStore({
      root: disk.root,
      runtime: manualRuntime(),
      atStep(step) {
        if (step === 'record-pending') lock = readdirSync(lockFolder())[0] ?? '';
      },
    });
    await putText(watching, key, 'one');
    const [hash, machine, boot, pid, start, nonce] = lock.split('.');
    if (start === '0') return;
    writeFileSync(path.join(lockFolder(), [hash, machine, boot, pid, '1', nonce].join('.')), '');
    await putText(disk.store, key, 'two');
    expect(readdirSync(lockFolder())).toEqual([]);
  });
});
