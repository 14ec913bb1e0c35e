import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  Folder,
  LocalStat,
  Placement,
  StagedAs,
  WalkItem,
  WalkOptions,
} from '../../src/engine/ports/folder.ts';
import { type Fingerprint, sameFingerprint } from '../../src/sync/entry.ts';
import { compareKeys, parseKey, type RelPath } from '../../src/sync/path.ts';

/** The user's own hands on the folder, behind s4's back. Parents are made as needed. */
export interface UserHands {
  /** Writes in place (same inode) where a file is, else creates one. */
  write(path: string, text: string, options?: { readonly executable?: boolean }): Promise<void>;
  symlink(path: string, text: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A file, symlink or empty folder. */
  remove(path: string): Promise<void>;
  /** Text of a file, or `-> text` of a symlink; undefined when there is neither. */
  read(path: string): Promise<string | undefined>;
}

export interface FolderFixture {
  readonly folder: Folder;
  readonly user: UserHands;
  /** What the folder's runtime says the time is. */
  nowMs(): number;
  advance(ms: number): void;
  /** Another Folder over the same content, as after a restart. */
  reopen(): Promise<Folder>;
  dispose(): Promise<void>;
}

const HOUR_MS = 3_600_000;

export function relPath(text: string): RelPath {
  const parsed = parseKey(text);
  if (!parsed.ok || parsed.folder) throw new Error(`not a path: ${text}`);
  return parsed.path;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export async function collectWalk(folder: Folder, options?: WalkOptions): Promise<readonly WalkItem[]> {
  const items: WalkItem[] = [];
  for await (const batch of folder.walk(options)) items.push(...batch);
  return items;
}

export function walkKeys(items: readonly WalkItem[]): readonly string[] {
  return items.flatMap((item) => (item.kind === 'entry' ? [item.row.key] : []));
}

function fingerprintOf(stat: LocalStat | undefined): Fingerprint {
  if (stat?.kind !== 'file' && stat?.kind !== 'symlink') throw new Error(`no fingerprint: ${stat?.kind}`);
  return stat.fingerprint;
}

async function fingerprintAt(folder: Folder, path: string): Promise<Fingerprint> {
  return fingerprintOf(await folder.stat(relPath(path)));
}

const PLAIN = { kind: 'file', executable: false, mtimeNs: 1_600_000_000_123_456_000n } as const;

async function stageText(folder: Folder, text: string, as: StagedAs = PLAIN): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const staging = await folder.stage(bytes.byteLength);
  await staging.write(bytes);
  const staged = await staging.finish(as);
  expect(staged).toMatchObject({ temp: staging.temp, digest: sha256(text), sizeBytes: bytes.byteLength });
  return staged.temp;
}

function intoTrash(folder: Folder, path: string, temp: string, expected: Fingerprint | undefined): Placement {
  return {
    path: relPath(path),
    temp,
    expected: expected === undefined ? { kind: 'absent' } : { kind: 'present', fingerprint: expected },
    displaceTo: { kind: 'trash', ref: folder.trashRef(relPath(path)) },
  };
}

/** What every Folder does, real or in memory. */
export function folderContract(name: string, open: () => Promise<FolderFixture>): void {
  describe(`${name}: the folder contract`, () => {
    let fixture: FolderFixture;
    const folder = () => fixture.folder;
    const user = () => fixture.user;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(async () => {
      await fixture.dispose();
    });

    describe('walk', () => {
      test('an empty folder is an empty walk', async () => {
        expect(await collectWalk(folder())).toEqual([]);
      });

      test('yields files, symlinks and childless folders in key order', async () => {
        for (const path of ['a', 'a!', 'b/x', 'b!', 'b/y/z', 'B', '\u{1F600}', '\uFF5E', 'é'])
          await user().write(path, path);
        await user().makeFolder('empty/inner');
        await user().symlink('link', 'b');
        const keys = walkKeys(await collectWalk(folder()));
        expect(keys).toEqual([
          'B',
          'a',
          'a!',
          'b!',
          'b/x',
          'b/y/z',
          'empty/inner/',
          'link',
          'é',
          '\uFF5E',
          '\u{1F600}',
        ]);
        expect(keys).toEqual([...keys].sort(compareKeys));
      });

      test('rows say what stat says', async () => {
        await user().write('run', 'x', { executable: true });
        await user().write('plain', 'xy');
        await user().symlink('link', 'target');
        for (const item of await collectWalk(folder())) {
          if (item.kind !== 'entry' || item.row.kind === 'folder') throw new Error('unexpected item');
          const { key, ...row } = item.row;
          expect(await folder().stat(relPath(key))).toEqual(row);
        }
        expect(await folder().stat(relPath('run'))).toMatchObject({ kind: 'file', executable: true });
        expect((await fingerprintAt(folder(), 'plain')).sizeBytes).toBe(2);
        expect((await fingerprintAt(folder(), 'link')).sizeBytes).toBe(6);
      });

      test('a symlink is an entry and is never followed, even to a folder above', async () => {
        await user().write('d/f', 'x');
        await user().symlink('d/up', '..');
        expect(walkKeys(await collectWalk(folder()))).toEqual(['d/f', 'd/up']);
      });

      test('skips its own .s4 silently and says so of a deeper one', async () => {
        await folder().state.replace('index', [new Uint8Array([1])]);
        await user().write('nested/.s4/target.json', '{}');
        const items = await collectWalk(folder());
        expect(items.filter((item) => item.kind === 'notice').map((item) => item.path)).toEqual([
          'nested/.s4',
        ]);
        expect(items.filter((item) => item.kind === 'entry').map((item) => item.row)).toEqual([
          { kind: 'folder', key: 'nested/', occupied: true },
        ]);
      });

      test('rules come before the keys they rule, and what they ignore is named once', async () => {
        await user().write('.syncignore', '*.log\nbuild/\n');
        await user().write('a.log', 'x');
        await user().write('build/deep/x', 'x');
        await user().write('only/b.log', 'x');
        await user().write('sub/.syncignore', 'secret\n');
        await user().write('sub/secret', 'x');
        await user().write('sub/kept', 'x');
        const items = await collectWalk(folder());
        expect(items.map((item) => (item.kind === 'entry' ? item.row.key : { ...item }))).toEqual([
          { kind: 'rules', folder: undefined, text: '*.log\nbuild/\n' },
          '.syncignore',
          { kind: 'ignored', path: 'a.log', folder: false },
          { kind: 'ignored', path: 'build', folder: true },
          'only/',
          { kind: 'ignored', path: 'only/b.log', folder: false },
          { kind: 'rules', folder: 'sub', text: 'secret\n' },
          'sub/.syncignore',
          'sub/kept',
          { kind: 'ignored', path: 'sub/secret', folder: false },
        ]);
        expect(items.find((item) => item.kind === 'entry' && item.row.key === 'only/')).toMatchObject({
          row: { kind: 'folder', occupied: true },
        });
      });

      test('extra rules hold as well as those on disk', async () => {
        await user().write('.syncignore', '*.log\n');
        for (const path of ['a.log', 'b.tmp', 'c']) await user().write(path, 'x');
        const items = await collectWalk(folder(), { extraRules: new Map([['', '*.tmp\n']]) });
        expect(walkKeys(items)).toEqual(['.syncignore', 'c']);
      });

      test('walks one path alone, under the rules of the folders above', async () => {
        await user().write('.syncignore', '*.log\n');
        for (const path of ['a/b/c', 'a/b/x.log', 'a/b!', 'a/z', 'q']) await user().write(path, 'x');
        const under = async (path: string) => walkKeys(await collectWalk(folder(), { under: relPath(path) }));
        expect(await under('a/b')).toEqual(['a/b/c']);
        expect(await under('a/z')).toEqual(['a/z']);
        expect(await under('a/b/x.log')).toEqual([]);
        expect(await under('missing/deep')).toEqual([]);
        await user().makeFolder('hollow');
        expect(await under('hollow')).toEqual(['hollow/']);
      });

      test('an aborted walk rejects with the reason', async () => {
        await user().write('a', 'x');
        const reason = new Error('enough');
        await expect(collectWalk(folder(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      });
    });

    describe('stat and reading', () => {
      test('stat knows files, symlinks and folders, and follows no symlink above', async () => {
        await user().write('d/f', 'x');
        await user().symlink('l', 'd');
        expect(await folder().stat(relPath('d'))).toEqual({ kind: 'folder' });
        expect((await folder().stat(relPath('l')))?.kind).toBe('symlink');
        expect(await folder().stat(relPath('l/f'))).toBeUndefined();
        expect(await folder().stat(relPath('d/f/x'))).toBeUndefined();
        expect(await folder().stat(relPath('none'))).toBeUndefined();
      });

      test('a write and a replacement change the fingerprint', async () => {
        await user().write('f', 'one');
        const first = await fingerprintAt(folder(), 'f');
        expect(sameFingerprint(first, await fingerprintAt(folder(), 'f'))).toBe(true);
        await user().write('f', 'four');
        expect(sameFingerprint(first, await fingerprintAt(folder(), 'f'))).toBe(false);
      });

      test('hashes a file, a symlink text, and the ETags asked for', async () => {
        await user().write('f', 'hello world', { executable: true });
        await user().symlink('l', 'hello');
        expect(await folder().hash({ path: relPath('f'), etagPartSizes: [5, 0] })).toMatchObject({
          kind: 'hashed',
          digest: sha256('hello world'),
          executable: true,
          fingerprint: await fingerprintAt(folder(), 'f'),
          etags: ['df349a9519959b17a605009540f4b31d-3', '5eb63bbbe01eeed093cb22bb8f5acdc3'],
        });
        expect(await folder().hash({ path: relPath('l') })).toMatchObject({
          digest: sha256('hello'),
          etags: [],
        });
        expect(await folder().hash({ path: relPath('none') })).toEqual({ kind: 'absent' });
      });

      test('a file hashed in the moment of its writing is racy', async () => {
        await user().write('f', 'x');
        expect(await folder().hash({ path: relPath('f') })).toMatchObject({ kind: 'hashed', racy: true });
      });

      test('readSmall gives a small file or a symlink text, whole', async () => {
        await user().write('d/f', 'hello');
        await user().symlink('l', 'd/f');
        const text = async (path: string, maxBytes: number) => {
          const bytes = await folder().readSmall(relPath(path), maxBytes);
          return bytes && new TextDecoder().decode(bytes);
        };
        expect(await text('d/f', 5)).toBe('hello');
        expect(await text('d/f', 4)).toBeUndefined();
        expect(await text('l', 100)).toBe('d/f');
        expect(await text('none', 100)).toBeUndefined();
        expect(await text('d', 100)).toBeUndefined();
      });

      test('open reads ranges of exactly the file expected', async () => {
        await user().write('f', 'hello world');
        const source = await folder().open(relPath('f'), await fingerprintAt(folder(), 'f'));
        if (source === undefined) throw new Error('not opened');
        expect(source.sizeBytes).toBe(11);
        expect(new TextDecoder().decode(await source.read(6, 9))).toBe('wor');
        expect((await source.read(11, 11)).byteLength).toBe(0);
        expect(await source.unchanged()).toBe(true);
        await expect(source.read(6, 12)).rejects.toMatchObject({ code: 'LOCAL_UNREADABLE' });
        await user().write('f', 'HELLO worlds');
        expect(await source.unchanged()).toBe(false);
        await source.close();
      });

      test('open refuses another state, and an opened file that is replaced is not unchanged', async () => {
        await user().write('f', 'one');
        await user().symlink('l', 'text');
        const before = await fingerprintAt(folder(), 'f');
        await user().write('f', 'four');
        expect(await folder().open(relPath('f'), before)).toBeUndefined();
        expect(await folder().open(relPath('none'), before)).toBeUndefined();
        const source = await folder().open(relPath('f'), await fingerprintAt(folder(), 'f'));
        await user().rename('f', 'g');
        await user().write('f', 'four');
        expect(await source?.unchanged()).toBe(false);
        await source?.close();
        const link = await folder().open(relPath('l'), await fingerprintAt(folder(), 'l'));
        expect(new TextDecoder().decode(await link?.read(0, 4))).toBe('text');
        await link?.close();
      });
    });

    describe('place', () => {
      test('a new file, its parents, mode and time', async () => {
        const temp = await stageText(folder(), 'new', { ...PLAIN, executable: true });
        const outcome = await folder().place(intoTrash(folder(), 'a/b/new', temp, undefined));
        const stat = await folder().stat(relPath('a/b/new'));
        expect(outcome).toEqual({ kind: 'placed', fingerprint: fingerprintOf(stat), racy: false });
        expect(stat).toMatchObject({
          executable: true,
          fingerprint: { mtimeNs: 1_600_000_000_123_456_000n },
        });
        expect(await user().read('a/b/new')).toBe('new');
        await folder().sync();
        expect(walkKeys(await collectWalk(folder()))).toEqual(['a/b/new']);
      });

      test('a symlink', async () => {
        const temp = await stageText(folder(), 'some/where', {
          kind: 'symlink',
          mtimeNs: 1_600_000_000_000_000_000n,
        });
        expect(await folder().place(intoTrash(folder(), 'l', temp, undefined))).toMatchObject({
          kind: 'placed',
        });
        expect(await user().read('l')).toBe('-> some/where');
      });

      test('over the expected state, which goes to the trash', async () => {
        await user().write('f', 'old');
        const placement = intoTrash(
          folder(),
          'f',
          await stageText(folder(), 'new'),
          await fingerprintAt(folder(), 'f'),
        );
        expect(await folder().place(placement)).toMatchObject({ kind: 'placed' });
        expect(await user().read('f')).toBe('new');
        if (placement.displaceTo.kind !== 'trash') throw new Error('unexpected');
        expect(await folder().trashStat(placement.displaceTo.ref)).toMatchObject({
          kind: 'file',
          fingerprint: { sizeBytes: 3 },
        });
      });

      test('touches nothing when something else is there', async () => {
        await user().write('f', 'old');
        const stale = await fingerprintAt(folder(), 'f');
        await user().write('f', 'edited');
        const temp = await stageText(folder(), 'new');
        for (const expected of [undefined, stale])
          expect(await folder().place(intoTrash(folder(), 'f', temp, expected))).toEqual({ kind: 'changed' });
        expect(await folder().place(intoTrash(folder(), 'gone', temp, stale))).toEqual({ kind: 'changed' });
        expect(await user().read('f')).toBe('edited');
        await user().makeFolder('dir');
        expect(await folder().place(intoTrash(folder(), 'dir', temp, undefined))).toEqual({
          kind: 'changed',
        });
        expect(await folder().place(intoTrash(folder(), 'free', temp, undefined))).toMatchObject({
          kind: 'placed',
        });
      });

      test('keeps the old one beside, without clobbering', async () => {
        await user().write('f', 'old');
        await user().write('taken', 'mine');
        const expected = { kind: 'present', fingerprint: await fingerprintAt(folder(), 'f') } as const;
        const temp = await stageText(folder(), 'new');
        const at = (path: string): Placement => ({
          path: relPath('f'),
          temp,
          expected,
          displaceTo: { kind: 'copy', path: relPath(path) },
        });
        expect(await folder().place(at('taken'))).toEqual({ kind: 'changed' });
        expect([await user().read('f'), await user().read('taken')]).toEqual(['old', 'mine']);
        // Linking and unlinking in vain moved the ctime.
        const again = {
          ...at('f (copy)'),
          expected: { kind: 'present', fingerprint: await fingerprintAt(folder(), 'f') },
        } as const;
        expect(await folder().place(again)).toMatchObject({ kind: 'placed' });
        expect([await user().read('f'), await user().read('f (copy)')]).toEqual(['new', 'old']);
      });

      test('is blocked by a file or symlink above', async () => {
        await user().write('file', 'x');
        await user().write('real/x', 'x');
        await user().symlink('link', 'real');
        const temp = await stageText(folder(), 'new');
        for (const path of ['file/new', 'link/new', 'link/deep/new'])
          expect(await folder().place(intoTrash(folder(), path, temp, undefined))).toEqual({
            kind: 'blocked',
          });
        expect(await user().read('real/new')).toBeUndefined();
      });

      test('a discarded temp file is gone', async () => {
        const staging = await folder().stage(1);
        await staging.write(new Uint8Array(1));
        await staging.discard();
        await staging.discard();
        const placement = intoTrash(folder(), 'f', staging.temp, undefined);
        await expect(folder().place(placement)).rejects.toMatchObject({ code: 'LOCAL_FAILED' });
        expect(await user().read('f')).toBeUndefined();
      });
    });

    describe('remove, rename, mode and folders', () => {
      test('remove moves the expected state to the trash, and nothing else', async () => {
        await user().write('d/f', 'x');
        const expected = await fingerprintAt(folder(), 'd/f');
        const path = relPath('d/f');
        await user().write('d/f', 'edited');
        expect(await folder().remove(path, expected, folder().trashRef(path))).toEqual({ kind: 'changed' });
        const ref = folder().trashRef(path);
        expect(await folder().remove(path, await fingerprintAt(folder(), 'd/f'), ref)).toEqual({
          kind: 'removed',
        });
        expect(await folder().remove(path, expected, folder().trashRef(path))).toEqual({ kind: 'absent' });
        expect(await user().read('d/f')).toBeUndefined();
        expect(await folder().trashStat(ref)).toMatchObject({ kind: 'file' });
        expect(walkKeys(await collectWalk(folder()))).toEqual(['d/']);
      });

      test('trash references never collide', async () => {
        const paths = ['a', 'a', 'a/b', 'a/b', 'a.2', 'c/d', 'c'];
        const refs: ReturnType<Folder['trashRef']>[] = [];
        for (const text of paths) {
          const path = relPath(text);
          await user().write(text, `v${refs.length}`);
          const ref = folder().trashRef(path);
          expect(await folder().remove(path, await fingerprintAt(folder(), text), ref)).toEqual({
            kind: 'removed',
          });
          const above = text.indexOf('/') < 0 ? undefined : relPath(text.slice(0, text.indexOf('/')));
          if (above !== undefined) expect(await folder().removeFolder(above)).toBe('removed');
          refs.push(ref);
        }
        expect(new Set(refs).size).toBe(paths.length);
        for (const [i, ref] of refs.entries()) {
          const back = relPath(`back${i}`);
          expect(await folder().restoreFromTrash(ref, back, relPath('copy'))).toBe('restored');
          expect(await user().read(back)).toBe(`v${i}`);
        }
      });

      test('remove under a symlinked folder reaches nothing', async () => {
        await user().write('real/f', 'x');
        await user().symlink('link', 'real');
        const path = relPath('link/f');
        const outcome = await folder().remove(
          path,
          await fingerprintAt(folder(), 'real/f'),
          folder().trashRef(path),
        );
        expect(outcome).toEqual({ kind: 'blocked' });
        expect(await user().read('real/f')).toBe('x');
      });

      test('rename never replaces', async () => {
        await user().write('f', 'x');
        await user().write('taken', 'y');
        const expected = await fingerprintAt(folder(), 'f');
        const to = (path: string) => folder().rename(relPath('f'), relPath(path), expected);
        expect(await to('taken')).toEqual({ kind: 'occupied' });
        expect(await to('taken/below')).toEqual({ kind: 'blocked' });
        expect(await to('new/place')).toMatchObject({
          kind: 'renamed',
          fingerprint: { inode: expected.inode, mtimeNs: expected.mtimeNs },
        });
        expect([await user().read('f'), await user().read('new/place')]).toEqual([undefined, 'x']);
        expect(await to('other')).toEqual({ kind: 'changed' });
      });

      test('setExecutable changes that alone', async () => {
        await user().write('f', 'x');
        const path = relPath('f');
        const before = await fingerprintAt(folder(), 'f');
        const outcome = await folder().setExecutable(path, true, before);
        if (outcome.kind !== 'placed') throw new Error(outcome.kind);
        expect(await folder().stat(path)).toEqual({
          kind: 'file',
          executable: true,
          fingerprint: outcome.fingerprint,
        });
        expect(outcome.fingerprint.mtimeNs).toBe(before.mtimeNs);
        await user().write('f', 'longer');
        expect(await folder().setExecutable(path, false, outcome.fingerprint)).toEqual({ kind: 'changed' });
      });

      test('folders are made with their parents and removed only when empty', async () => {
        expect(await folder().makeFolder(relPath('a/b'))).toBe('made');
        expect(await folder().makeFolder(relPath('a/b'))).toBe('exists');
        await user().write('file', 'x');
        await user().symlink('link', 'a');
        expect(await folder().makeFolder(relPath('file'))).toBe('blocked');
        expect(await folder().makeFolder(relPath('file/x'))).toBe('blocked');
        expect(await folder().makeFolder(relPath('link'))).toBe('blocked');
        expect(await folder().removeFolder(relPath('a'))).toBe('not-empty');
        expect(await folder().removeFolder(relPath('a/b'))).toBe('removed');
        expect(await folder().removeFolder(relPath('a/b'))).toBe('absent');
        expect(await folder().removeFolder(relPath('file'))).toBe('blocked');
        expect(await folder().removeFolder(relPath('link'))).toBe('blocked');
      });
    });

    describe('trash and temp files', () => {
      async function trashed(path: string, text: string) {
        await user().write(path, text);
        const ref = folder().trashRef(relPath(path));
        await folder().remove(relPath(path), await fingerprintAt(folder(), path), ref);
        return ref;
      }

      test('restores to the path, beside it when taken, and once', async () => {
        const first = await trashed('d/f', 'one');
        const second = await trashed('d/f', 'two');
        const path = relPath('d/f');
        const copy = relPath('d/f (copy)');
        expect(await folder().restoreFromTrash(first, path, copy)).toBe('restored');
        expect(await folder().restoreFromTrash(first, path, copy)).toBe('absent');
        expect(await folder().restoreFromTrash(second, path, copy)).toBe('copied');
        expect([await user().read('d/f'), await user().read('d/f (copy)')]).toEqual(['one', 'two']);
        expect(await folder().trashStat(second)).toBeUndefined();
      });

      test('a taken copy path is not clobbered', async () => {
        const ref = await trashed('f.txt', 'trashed');
        await user().write('f.txt', 'new');
        await user().write('copy.txt', 'mine');
        expect(await folder().restoreFromTrash(ref, relPath('f.txt'), relPath('copy.txt'))).toBe('copied');
        expect([await user().read('f.txt'), await user().read('copy.txt')]).toEqual(['new', 'mine']);
        const texts = await Promise.all(walkKeys(await collectWalk(folder())).map((key) => user().read(key)));
        expect(texts).toContain('trashed');
      });

      test('purges by age', async () => {
        const old = await trashed('old', 'x');
        fixture.advance(30 * HOUR_MS);
        const young = await trashed('young', 'x');
        const options = { olderThanMs: 24 * HOUR_MS, maxBytes: 1e9, nowMs: fixture.nowMs() };
        expect(await folder().purgeTrash(options)).toEqual([]);
        expect(await folder().trashStat(old)).toBeUndefined();
        expect(await folder().trashStat(young)).toBeDefined();
      });

      test('purges by size, the oldest first', async () => {
        const first = await trashed('first', 'x'.repeat(600));
        fixture.advance(3 * HOUR_MS);
        const second = await trashed('second', 'x'.repeat(600));
        fixture.advance(3 * HOUR_MS);
        const options = { olderThanMs: 24 * HOUR_MS, maxBytes: 1000, nowMs: fixture.nowMs() };
        expect(await folder().purgeTrash(options)).toEqual([]);
        expect(await folder().trashStat(first)).toBeUndefined();
        expect(await folder().trashStat(second)).toBeDefined();
      });

      test('cleanTemp keeps what an intent names', async () => {
        const kept = await stageText(folder(), 'kept');
        const dropped = await stageText(folder(), 'dropped');
        const later = await fixture.reopen();
        await later.cleanTemp(new Set([kept]));
        expect(await later.place(intoTrash(later, 'kept', kept, undefined))).toMatchObject({
          kind: 'placed',
        });
        await expect(later.place(intoTrash(later, 'dropped', dropped, undefined))).rejects.toMatchObject({
          code: 'LOCAL_FAILED',
        });
        await later.close();
      });
    });

    describe('state and lock', () => {
      const bytes = (text: string) => new TextEncoder().encode(text);
      const text = async (name: string) => {
        const found = await folder().state.read(name);
        return found && new TextDecoder().decode(found);
      };

      test('replaces whole, keeping the old one where asked', async () => {
        const { state } = folder();
        expect(await state.read('index')).toBeUndefined();
        expect(await state.identity('index')).toBeUndefined();
        await state.replace('index', [bytes('one')], { keepAs: 'index.prev' });
        const first = await state.identity('index');
        await state.replace('index', [bytes('t'), bytes('wo')], { keepAs: 'index.prev' });
        expect([await text('index'), await text('index.prev')]).toEqual(['two', 'one']);
        expect(await state.identity('index')).not.toEqual(first);
        expect(new TextDecoder().decode(await state.readRange('index', 1, 3))).toBe('wo');
        await state.remove('index');
        await state.remove('index');
        expect(await text('index')).toBeUndefined();
      });

      test('a replacement that fails midway leaves the old one', async () => {
        const { state } = folder();
        await state.replace('index', [bytes('one')]);
        async function* broken(): AsyncGenerator<Uint8Array> {
          yield bytes('tw');
          throw new Error('broken source');
        }
        await expect(state.replace('index', broken())).rejects.toThrow('broken source');
        expect(await text('index')).toBe('one');
      });

      test('appends and truncates', async () => {
        const { state } = folder();
        await state.append('journal', bytes('a\n'), { sync: false });
        await state.append('journal', bytes('b\n'), { sync: true });
        expect(await text('journal')).toBe('a\nb\n');
        await state.truncate('journal', 3);
        expect(await text('journal')).toBe('a\nb');
      });

      test('state survives a restart', async () => {
        await folder().state.replace('index', [bytes('one')]);
        const later = await fixture.reopen();
        expect(await later.state.read('index')).toEqual(await folder().state.read('index'));
        await later.close();
      });

      test('one owner at a time', async () => {
        const later = await fixture.reopen();
        const first = await folder().lock({ waitMs: 0 });
        if (first.kind !== 'locked') throw new Error(first.kind);
        expect(await later.lock({ waitMs: 0 })).toMatchObject({ kind: 'busy', foreignHost: false });
        await first.release();
        const second = await later.lock({ waitMs: 0 });
        expect(second.kind).toBe('locked');
        if (second.kind === 'locked') await second.release();
        await later.close();
      });
    });
  });
}
