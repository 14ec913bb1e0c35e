import { describe, expect, test } from 'vitest';
import type { Folder } from '../../../src/engine/ports/folder.ts';
import { collectWalk, type FolderFixture, fingerprintAt, relPath, walkKeys } from './support.ts';

export function changeCases(current: () => FolderFixture): void {
  const folder = () => current().folder;
  const user = () => current().user;
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
}
