import { describe, expect, test } from 'vitest';
import {
  collectWalk,
  type FolderFixture,
  fingerprintAt,
  HOUR_MS,
  intoTrash,
  relPath,
  stageText,
  walkKeys,
} from './support.ts';

export function trashCases(current: () => FolderFixture): void {
  const folder = () => current().folder;
  const user = () => current().user;
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

    test('lists what was moved away, newest first, and gives its content', async () => {
      const first = await trashed('d/f', 'one');
      current().advance(HOUR_MS);
      const second = await trashed('g', 'two');
      const listed = await folder().listTrash();
      expect(listed.map(({ ref, path, sizeBytes, kind }) => ({ ref, path, sizeBytes, kind }))).toEqual([
        { ref: second, path: 'g', sizeBytes: 3, kind: 'file' },
        { ref: first, path: 'd/f', sizeBytes: 3, kind: 'file' },
      ]);
      expect((listed[0]?.movedMs ?? 0) - (listed[1]?.movedMs ?? 0)).toBeGreaterThanOrEqual(HOUR_MS);
      const chunks: Uint8Array[] = [];
      for await (const chunk of folder().readTrash(first)) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toBe('one');
    });

    test('says when it is no longer there', async () => {
      const ref = await trashed('f', 'text');
      await folder().restoreFromTrash(ref, relPath('f'), relPath('copy'));
      const read = async () => {
        for await (const _ of folder().readTrash(ref)) throw new Error('nothing is there to read');
      };
      await expect(read()).rejects.toMatchObject({ code: 'LOCAL_FAILED' });
    });

    test('purges by age', async () => {
      const old = await trashed('old', 'x');
      current().advance(30 * HOUR_MS);
      const young = await trashed('young', 'x');
      const options = { olderThanMs: 24 * HOUR_MS, maxBytes: 1e9, nowMs: current().nowMs() };
      expect(await folder().purgeTrash(options)).toEqual([]);
      expect(await folder().trashStat(old)).toBeUndefined();
      expect(await folder().trashStat(young)).toBeDefined();
    });

    test('takes more after a purge has emptied it', async () => {
      await trashed('d/f', 'x');
      current().advance(30 * HOUR_MS);
      await folder().purgeTrash({ olderThanMs: 24 * HOUR_MS, maxBytes: 1e9, nowMs: current().nowMs() });
      const next = await trashed('d/f', 'y');
      expect(await folder().trashStat(next)).toBeDefined();
    });

    test('purges by size, the oldest first', async () => {
      const first = await trashed('first', 'x'.repeat(600));
      current().advance(3 * HOUR_MS);
      const second = await trashed('second', 'x'.repeat(600));
      current().advance(3 * HOUR_MS);
      const options = { olderThanMs: 24 * HOUR_MS, maxBytes: 1000, nowMs: current().nowMs() };
      expect(await folder().purgeTrash(options)).toEqual([]);
      expect(await folder().trashStat(first)).toBeUndefined();
      expect(await folder().trashStat(second)).toBeDefined();
    });

    test('cleanTemp keeps what an intent names', async () => {
      const kept = await stageText(folder(), 'kept');
      const dropped = await stageText(folder(), 'dropped');
      const later = await current().reopen();
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
}
