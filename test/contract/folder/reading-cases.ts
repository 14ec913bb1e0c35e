import { describe, expect, test } from 'vitest';
import { sameFingerprint } from '../../../src/sync/entry.ts';
import { type FolderFixture, fingerprintAt, relPath, sha256 } from './support.ts';

export function readingCases(current: () => FolderFixture): void {
  const folder = () => current().folder;
  const user = () => current().user;
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
}
