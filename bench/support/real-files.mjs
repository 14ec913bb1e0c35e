// Real files: published packages as npm packs them, and what folders of people have besides.
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './programs.mjs';

const PACKAGES = [
  'typescript@5',
  '@types/node@20',
  'lodash@4',
  'lodash-es@4',
  'date-fns@4',
  'rxjs@7',
  'three',
  'core-js@3',
  'aws-sdk@2',
  '@material-design-icons/svg',
];
const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

const ODD_TEXTS = {
  'Grüße aus Köln/Übergröße.txt': 'Viele Grüße\n',
  '日本語/こんにちは.txt': 'こんにちは\n',
  'עברית/שלום.txt': 'שלום\n',
  'emoji 🎉🚀/👩‍👩‍👧‍👦 family.txt': 'party\n',
  ' leading and trailing /  two  spaces .txt': 'spaces\n',
  'a+b/c%20d & e.txt': 'plus, percent, ampersand\n',
  'quotes/it\'s "quoted".txt': 'quotes\n',
  'quotes/$HOME `id` ;#?*[x]{y}~!@^|<>=,:.txt': 'what shells and URLs dislike\n',
  '100%/%zz/%2F.txt': 'percent\n',
  'order/a': 'a',
  'order/a!': 'a!',
  'order/a-b': 'a-b',
  'order/a0/x': 'below a0',
  'dots/..hidden..': 'dots\n',
  'dots/.../three.txt': 'three dots\n',
  'zero.bin': '',
};

/**
 * @param {string} root made here
 * @param {{ atLeast: number, scratch: string, say: (line: string) => void }} options
 */
export async function makeRealFiles(root, { atLeast, scratch, say }) {
  for (const name of PACKAGES) await unpack(name, join(root, 'packages'), scratch, say);
  await makeOddFiles(join(root, 'odd'));
  // Executable bits and links as npm installs them.
  await cp(NODE_MODULES, join(root, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !/esbuild|biome/.test(source.slice(NODE_MODULES.length)),
  });
  for (let copy = 2; (await countFiles(root)) < atLeast; copy++) {
    say(`copying node_modules again: fewer than ${atLeast} files so far`);
    await cp(join(root, 'node_modules'), join(root, `copy-${copy}`), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

async function unpack(name, root, scratch, say) {
  await mkdir(scratch, { recursive: true });
  const packed = await run('npm', ['pack', '--silent', name], { env: process.env, cwd: scratch });
  const file = packed.stdout.trim().split('\n').at(-1) ?? '';
  if (packed.code !== 0 || file === '') {
    say(`MISSING: npm pack ${name} ended with ${packed.code}; going on without it`);
    return;
  }
  const folder = join(root, name.replace(/@[^@/]*$/, ''));
  await mkdir(folder, { recursive: true });
  const tar = await run('tar', ['-xzf', join(scratch, file), '-C', folder], { env: process.env });
  if (tar.code !== 0) throw new Error(`tar -xzf ${file}: ${tar.stderr}`);
  await rm(join(scratch, file));
}

async function makeOddFiles(root) {
  for (const [path, text] of Object.entries(ODD_TEXTS)) await write(join(root, path), text);
  await write(join(root, 'bin/run.sh'), '#!/bin/sh\necho run\n');
  await chmod(join(root, 'bin/run.sh'), 0o755);
  await write(join(root, 'large.bin'), randomBytes(40_000_000));
  await write(join(root, 'old.txt'), 'from before\n');
  await utimes(join(root, 'old.txt'), 1, 86_400.654321);
  await mkdir(join(root, 'links'), { recursive: true });
  await symlink('../bin/run.sh', join(root, 'links/to-file'));
  await symlink('../order', join(root, 'links/to-folder'));
  await symlink('nowhere/Grüße 🎉', join(root, 'links/dangling'));
  await mkdir(join(root, 'empty folders/one'), { recursive: true });
  await mkdir(join(root, 'empty folders/leer & 空 🎉'), { recursive: true });
}

export async function write(path, content) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

async function countFiles(root) {
  let count = 0;
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) count++;
  return count;
}

/** Regular files below a folder, by path, sorted; not s4's own. */
export async function filesBelow(root) {
  const found = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1);
    if (entry.isFile() && !path.startsWith('.s4/')) found.push(path);
  }
  return found.sort();
}
