import { describe, expect, test } from 'vitest';
import { compareKeys } from '../../../src/sync/path.ts';
import { collectWalk, type FolderFixture, fingerprintAt, relPath, walkKeys } from './support.ts';

export function walkCases(current: () => FolderFixture): void {
  const folder = () => current().folder;
  const user = () => current().user;
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
      expect(items.filter((item) => item.kind === 'notice').map((item) => item.path)).toEqual(['nested/.s4']);
      expect(items.filter((item) => item.kind === 'entry').map((item) => item.row)).toEqual([
        { kind: 'folder', key: 'nested/', occupied: true },
      ]);
    });

    test('rules that are a symlink are an entry, are said to be, and rule nothing', async () => {
      await user().write('rules', '*.log\n');
      await user().symlink('.syncignore', 'rules');
      await user().write('a.log', 'x');
      const items = await collectWalk(folder());
      expect(walkKeys(items)).toEqual(['.syncignore', 'a.log', 'rules']);
      expect(items.filter(({ kind }) => kind !== 'entry')).toEqual([
        { kind: 'notice', path: '.syncignore', message: expect.stringContaining('symbolic link') },
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
}
