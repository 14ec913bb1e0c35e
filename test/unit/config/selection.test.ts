import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TargetSettings } from '../../../src/config/schema.ts';
import { findTarget, resolveSelection, type SelectionContext } from '../../../src/config/selection.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

const target = (name: string, folder: string) => ({ name, folder }) as TargetSettings;
const docs = target('docs', '/home/u/docs');
const notes = target('notes', '/home/u/notes');

function context(options: {
  readonly cwd: string;
  readonly on?: readonly string[];
  readonly known?: readonly string[];
  readonly targets?: readonly TargetSettings[];
}): SelectionContext {
  return {
    targets: options.targets ?? [notes, docs],
    cwd: options.cwd,
    exists: (path) => options.on?.includes(path) ?? false,
    isKnown: async (_target, path) => options.known?.includes(path) ?? false,
  };
}

async function shown(args: readonly string[], at: SelectionContext) {
  return (await resolveSelection(args, at)).map(({ target: { name }, paths }) => [name, ...paths].join(' '));
}

describe('TARGET|PATH arguments', () => {
  test('none: all targets, by name', async () => {
    expect(await shown([], context({ cwd: '/tmp' }))).toEqual(['docs', 'notes']);
  });

  test('a target name wins, wherever one is', async () => {
    expect(await shown(['notes'], context({ cwd: '/tmp' }))).toEqual(['notes']);
  });

  test('a dot is the target here, and a subfolder of it below', async () => {
    expect(await shown(['.'], context({ cwd: '/home/u/notes' }))).toEqual(['notes']);
    const cwd = '/home/u/notes/sub';
    expect(await shown(['.'], context({ cwd, on: [cwd] }))).toEqual(['notes sub']);
    expect(await shown(['..'], context({ cwd }))).toEqual(['notes']);
  });

  test('a bare word that is no target is a path here', async () => {
    const cwd = '/home/u/notes';
    expect(await shown(['a.txt'], context({ cwd, on: [`${cwd}/a.txt`] }))).toEqual(['notes a.txt']);
  });

  test('a path may be known to the base or the remote only', async () => {
    const at = context({ cwd: '/home/u/notes', known: ['gone.txt', 'sub/far.txt'] });
    expect(await shown(['gone.txt', './sub/far.txt'], at)).toEqual(['notes gone.txt sub/far.txt']);
  });

  test('a word that nobody knows is an error that lists the targets', async () => {
    await expect(shown(['nope'], context({ cwd: '/home/u/notes' }))).rejects.toMatchObject({
      code: 'TARGET_UNKNOWN',
      hint: 'Choices are: docs, notes.',
    });
    await expect(shown(['nope'], context({ cwd: '/tmp' }))).rejects.toMatchObject({ code: 'TARGET_UNKNOWN' });
  });

  test('a path that nobody knows, or outside of all targets, is an error', async () => {
    await expect(shown(['./nope'], context({ cwd: '/home/u/notes' }))).rejects.toMatchObject({
      code: 'USAGE',
    });
    await expect(shown(['./x'], context({ cwd: '/tmp', on: ['/tmp/x'] }))).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('a folder above targets names them', async () => {
    await expect(shown(['.'], context({ cwd: '/home/u' }))).rejects.toMatchObject({
      hint: 'Targets below it: docs, notes. Name them.',
    });
  });

  test('a name that is both target and path is refused, with the way out', async () => {
    const cwd = '/home/u/notes';
    await expect(shown(['docs'], context({ cwd, on: [`${cwd}/docs`] }))).rejects.toMatchObject({
      code: 'USAGE',
      hint: 'Write ./docs for the path.',
    });
    await expect(shown(['docs'], context({ cwd, known: ['docs'] }))).rejects.toMatchObject({ code: 'USAGE' });
    expect(await shown(['./docs'], context({ cwd, on: [`${cwd}/docs`] }))).toEqual(['notes docs']);
  });

  test("a name that is both target and that target's own folder is no contradiction", async () => {
    expect(await shown(['docs'], context({ cwd: '/home/u', on: ['/home/u/docs'] }))).toEqual(['docs']);
  });

  test('the whole target swallows its paths', async () => {
    const cwd = '/home/u/notes';
    expect(await shown(['./a', 'notes'], context({ cwd, on: [`${cwd}/a`] }))).toEqual(['notes']);
    expect(await shown(['notes', './a'], context({ cwd, on: [`${cwd}/a`] }))).toEqual(['notes']);
  });

  test("s4's own folder is not synced", async () => {
    const cwd = '/home/u/notes';
    await expect(shown(['./.S4/index'], context({ cwd, on: [`${cwd}/.S4/index`] }))).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('without targets there is a first word', async () => {
    await expect(shown([], context({ cwd: '/', targets: [] }))).rejects.toMatchObject({
      code: 'TARGET_UNKNOWN',
    });
    expect(() => findTarget('x', [])).toThrowError(/no targets yet/);
  });
});

describe('through symlinks', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(() => temp.remove());

  test('a path is found, and a symlink at its end is itself meant', async () => {
    symlinkSync(temp.path, join(temp.path, 'link'));
    const here = target('here', temp.path);
    const at = context({ cwd: join(temp.path, 'link'), targets: [here], known: ['link', 'a/b'] });
    expect(await shown(['./link', './a/b'], at)).toEqual(['here a/b link']);
  });
});
