import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Watcher } from '../../src/engine/ports/watcher.ts';
import { type Listening, listen } from '../support/listening.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

/** What every watcher does, on a real folder. Tests wait for events: the deadline only ends those that fail. */
export function watcherContract(name: string, open: (root: string) => Watcher): void {
  describe(`${name}: the watcher contract`, () => {
    let temp: TempDir;
    let root: string;
    let watch: Listening | undefined;
    const at = (path: string): string => join(root, path);
    const start = async (): Promise<Listening> => {
      watch = await listen(open(root));
      return watch;
    };
    /** All that happened before it is told when this returns. */
    const settle = async (listening: Listening, path = 'last.txt'): Promise<void> => {
      writeFileSync(at(path), `${listening.events.length}`);
      await listening.hears(path);
    };

    beforeEach(async () => {
      temp = await createTempDir();
      root = join(temp.path, 'folder');
      mkdirSync(root);
    });
    afterEach(async () => {
      await watch?.close();
      watch = undefined;
      await temp.remove();
    });

    test('a file that is created, written, made executable, removed', async () => {
      const heard = await start();
      writeFileSync(at('a.txt'), 'one');
      await heard.hears('a.txt');
      heard.forget();
      appendFileSync(at('a.txt'), 'two');
      await heard.hears('a.txt');
      heard.forget();
      chmodSync(at('a.txt'), 0o755);
      await heard.hears('a.txt');
      heard.forget();
      unlinkSync(at('a.txt'));
      await heard.hears('a.txt');
    });

    test('an editor that writes a temp file and renames it over the old one', async () => {
      writeFileSync(at('report.txt'), 'old');
      const heard = await start();
      writeFileSync(at('.report.txt.swp'), 'new');
      renameSync(at('.report.txt.swp'), at('report.txt'));
      await heard.hears('report.txt');
    });

    test('an editor that truncates and writes', async () => {
      writeFileSync(at('report.txt'), 'old');
      const heard = await start();
      truncateSync(at('report.txt'), 0);
      appendFileSync(at('report.txt'), 'new');
      await heard.hears('report.txt');
      expect(new Set(heard.paths)).toEqual(new Set(['report.txt']));
    });

    test('a file deep in folders that were there before', async () => {
      mkdirSync(at('a/b/c'), { recursive: true });
      const heard = await start();
      writeFileSync(at('a/b/c/d.txt'), 'one');
      await heard.hears('a/b/c/d.txt');
    });

    test('new folders are heard into, however quickly they are filled', async () => {
      const heard = await start();
      mkdirSync(at('x/y/z'), { recursive: true });
      writeFileSync(at('x/y/z/early.txt'), 'one');
      await heard.hears('x/y/z/early.txt');
      await settle(heard, 'x/y/settled.txt');
      heard.forget();
      writeFileSync(at('x/y/z/late.txt'), 'two');
      await heard.hears('x/y/z/late.txt');
    });

    test('a renamed tree of folders is heard under its new name', async () => {
      mkdirSync(at('old/sub'), { recursive: true });
      writeFileSync(at('old/sub/f.txt'), 'one');
      const heard = await start();
      renameSync(at('old'), at('new'));
      await heard.hears('old');
      await heard.hears('new/sub/f.txt');
      await settle(heard);
      heard.forget();
      appendFileSync(at('new/sub/f.txt'), 'two');
      await heard.hears('new/sub/f.txt');
    });

    test('a folder that takes the place of another one', async () => {
      mkdirSync(at('a'));
      mkdirSync(at('b'));
      const heard = await start();
      const { watches } = heard.running;
      renameSync(at('a'), at('gone'));
      renameSync(at('b'), at('a'));
      await heard.hears('a');
      await heard.hears('b');
      await settle(heard);
      heard.forget();
      writeFileSync(at('a/in-new.txt'), 'one');
      writeFileSync(at('gone/in-old.txt'), 'one');
      await heard.hears('a/in-new.txt');
      await heard.hears('gone/in-old.txt');
      await expect.poll(() => heard.running.watches, { timeout: 10_000 }).toBe(watches);
    });

    test('a folder that is removed and made again', async () => {
      mkdirSync(at('a/b'), { recursive: true });
      const heard = await start();
      rmSync(at('a'), { recursive: true });
      mkdirSync(at('a/b'), { recursive: true });
      await heard.hears('a');
      await settle(heard);
      await settle(heard, 'a/b/settled.txt');
      heard.forget();
      writeFileSync(at('a/b/c.txt'), 'one');
      await heard.hears('a/b/c.txt');
    });

    test('removed folders drop their watches', async () => {
      mkdirSync(at('keep'));
      const few = (await start()).running.watches;
      await watch?.close();
      mkdirSync(at('go/1/2/3'), { recursive: true });
      const heard = await start();
      expect(heard.running.watches).toBeGreaterThan(few);
      rmSync(at('go'), { recursive: true });
      await heard.hears('go');
      await settle(heard);
      expect(heard.running.watches).toBe(few);
    });

    test('ignored folders and files, and .s4, are not told', async () => {
      writeFileSync(at('.syncignore'), 'build/\n*.log\n!keep.log\n');
      mkdirSync(at('build/deep'), { recursive: true });
      mkdirSync(at('.s4/tmp'), { recursive: true });
      mkdirSync(at('sub/build'), { recursive: true });
      const heard = await start();
      for (const path of ['build/a', 'build/deep/b', 'noise.log', '.s4/tmp/t', 'sub/build/c', 'sub/n.log'])
        writeFileSync(at(path), 'one');
      writeFileSync(at('sub/keep.log'), 'one');
      await heard.hears('sub/keep.log');
      await settle(heard);
      expect(new Set(heard.paths)).toEqual(new Set(['sub/keep.log', 'last.txt']));
    });

    test('rules that change rule from then on', async () => {
      mkdirSync(at('out/deep'), { recursive: true });
      writeFileSync(at('.syncignore'), 'out\n');
      const heard = await start();
      writeFileSync(at('.syncignore'), 'other\n');
      await heard.hears('.syncignore');
      await heard.hears('out/deep');
      await settle(heard);
      heard.forget();
      writeFileSync(at('out/deep/f.txt'), 'one');
      await heard.hears('out/deep/f.txt');
    });

    test('a new folder with rules of its own', async () => {
      mkdirSync(join(temp.path, 'made/skip'), { recursive: true });
      writeFileSync(join(temp.path, 'made/.syncignore'), 'skip\n');
      const heard = await start();
      renameSync(join(temp.path, 'made'), at('made'));
      await heard.hears('made');
      await settle(heard, 'made/settled.txt');
      heard.forget();
      writeFileSync(at('made/skip/f.txt'), 'one');
      await settle(heard, 'made/again.txt');
      expect(heard.paths).not.toContain('made/skip/f.txt');
    });

    test('symlinks are told and never followed', async () => {
      const outside = join(temp.path, 'outside');
      mkdirSync(outside);
      symlinkSync(outside, at('before'));
      const heard = await start();
      symlinkSync(outside, at('after'));
      await heard.hears('after');
      writeFileSync(join(outside, 'f.txt'), 'one');
      await settle(heard);
      expect(heard.paths.filter((path) => path.includes('/'))).toEqual([]);
    });

    test('names that no key can hold are passed over', async () => {
      mkdirSync(at('back\\slash'));
      const heard = await start();
      writeFileSync(at('back\\slash/f.txt'), 'one');
      writeFileSync(at('other\\name'), 'one');
      mkdirSync(at('sub'));
      mkdirSync(at('sub/.S4'));
      writeFileSync(at('sub/.S4/f'), 'one');
      await settle(heard);
      expect(heard.paths.filter((path) => /\\|\.S4/.test(path))).toEqual([]);
    });

    test('thousands of files dropped in are all told', async () => {
      const heard = await start();
      mkdirSync(at('drop'));
      const names = Array.from({ length: 3000 }, (_, i) => `drop/${i}.txt`);
      for (const name of names) writeFileSync(at(name), 'one');
      for (const name of [names[0], names[1500], names[2999]]) await heard.hears(name ?? '');
    });

    test('a root that is removed is gone, once', async () => {
      mkdirSync(at('sub'));
      const heard = await start();
      rmSync(root, { recursive: true });
      await heard.event('gone');
      mkdirSync(root);
      expect(heard.events.filter(({ kind }) => kind === 'gone')).toHaveLength(1);
      expect(heard.running.watches).toBe(0);
    });

    test('a folder that is not there cannot be watched', async () => {
      rmSync(root, { recursive: true });
      await expect(start()).rejects.toMatchObject({ code: 'FOLDER_MISSING' });
    });

    test('after close nothing is told', async () => {
      const heard = await start();
      await heard.close();
      writeFileSync(at('a.txt'), 'one');
      const second = await listen(open(root));
      writeFileSync(at('b.txt'), 'one');
      await second.hears('b.txt');
      await second.close();
      expect(heard.events).toEqual([]);
    });
  });
}
