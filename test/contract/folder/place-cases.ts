import { describe, expect, test } from 'vitest';
import type { Placement } from '../../../src/engine/ports/folder.ts';
import {
  collectWalk,
  type FolderFixture,
  fingerprintAt,
  fingerprintOf,
  intoTrash,
  PLAIN,
  relPath,
  stageText,
  walkKeys,
} from './support.ts';

export function placeCases(current: () => FolderFixture): void {
  const folder = () => current().folder;
  const user = () => current().user;
  describe('place', () => {
    test('a new file, its parents, mode and time', async () => {
      const temp = await stageText(folder(), 'new', { ...PLAIN, executable: true });
      const outcome = await folder().place(intoTrash(folder(), 'a/b/new', temp, undefined));
      const stat = await folder().stat(relPath('a/b/new'));
      expect(outcome).toEqual({ kind: 'placed', fingerprint: fingerprintOf(stat), racy: false });
      expect(stat).toMatchObject({ executable: true });
      // Node keeps times to the microsecond.
      expect(fingerprintOf(stat).mtimeNs / 1000n).toBe(1_600_000_000_123_456n);
      expect(await user().read('a/b/new')).toBe('new');
      await folder().sync();
      expect(walkKeys(await collectWalk(folder()))).toEqual(['a/b/new']);
    });

    test('a time of whole seconds, exactly', async () => {
      const mtimeNs = 1_700_000_001_000_000_000n;
      const temp = await stageText(folder(), 'new', { ...PLAIN, mtimeNs });
      const outcome = await folder().place(intoTrash(folder(), 'new', temp, undefined));
      expect(outcome).toMatchObject({ kind: 'placed', fingerprint: { mtimeNs } });
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
}
