import { describe, expect, test } from 'vitest';
import type { FolderFixture } from './support.ts';

export function stateCases(current: () => FolderFixture): void {
  const folder = () => current().folder;
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
      expect(await state.size('index')).toBe((await state.read('index'))?.byteLength);
      expect(await state.size('nothing')).toBeUndefined();
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

    test('appends', async () => {
      const { state } = folder();
      await state.append('journal', bytes('a\n'), { sync: false });
      await state.append('journal', bytes('b\n'), { sync: true });
      expect(await text('journal')).toBe('a\nb\n');
    });

    test('state survives a restart', async () => {
      await folder().state.replace('index', [bytes('one')]);
      const later = await current().reopen();
      expect(await later.state.read('index')).toEqual(await folder().state.read('index'));
      await later.close();
    });

    test('one owner at a time', async () => {
      const later = await current().reopen();
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
}
