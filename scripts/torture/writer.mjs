// A user at one machine, as a process of its own: edits at random until it is told to stop.
import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createDesk } from './desk.mjs';
import { createLedger } from './ledger.mjs';
import { createRandom } from './random.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;
const MANY_FILES = 160;
const FOLDERS = ['', '', 'docs', 'docs/deep', 'Bilder', 'a b', 'src', 'src/lib', '日本'];
const NAMES = [
  'a.txt',
  'b.txt',
  'c',
  'report.md',
  'große.bin',
  'x y.dat',
  'docs',
  'src',
  'emoji 🎉',
  '.hidden',
];
const EDITS = {
  create: 20,
  overwrite: 14,
  append: 12,
  exchange: 14,
  save: 8,
  remove: 9,
  'rename to new': 5,
  'rename over': 4,
  chmod: 4,
  symlink: 3,
  'link out': 1,
  mkdir: 2,
  rmdir: 2,
  'move folder': 1,
  'remove folder': 1,
  'file to folder': 1,
  'folder to file': 1,
};
const CONTENDED_EDITS = { exchange: 40, overwrite: 25, append: 15, save: 10, remove: 10 };

const { root, attic, outside, client, ledgerFile, seed, mode, pauseMs } = JSON.parse(process.argv[2]);
const random = createRandom(seed, 'writer', client);
const ledger = createLedger(ledgerFile);
mkdirSync(attic, { recursive: true });
const desk = createDesk({ root, attic, client, ledger });
const counts = {};
let unique = 0;
let stopped = false;

function edit() {
  const name = random.weighted(mode === 'contended' ? CONTENDED_EDITS : EDITS);
  if (edits[name]()) counts[name] = (counts[name] ?? 0) + 1;
}

const edits = {
  create: () => !tooMany() && desk.replace('create', anyPath(), desk.content(size()), mode0()),
  overwrite: () => desk.overwrite(somePath(), desk.content(size())),
  append: () => desk.append(somePath(), desk.content(random.between(40, 3000))),
  exchange: () => desk.replace('exchange', somePath(), desk.content(size()), mode0()),
  save: () => desk.saveAs(somePath(), desk.content(size())),
  remove: () => desk.remove('remove', somePath()),
  'rename to new': () => desk.renameToNew(somePath(), `${folderOf(anyPath())}moved-${client}-${++unique}`),
  'rename over': () => desk.renameOver(somePath(), somePath()),
  chmod: () => desk.turnExecutable(somePath()),
  symlink: () => desk.symlink(anyPath(), `nowhere/${client}-${++unique}-${random.between(0, 2 ** 40)}`),
  // What lies there must never be read, written or removed through it.
  'link out': () => desk.symlink(`${folderOf(anyPath())}out-${client}-${++unique}`, outside),
  mkdir: () => desk.makeFolder(`${folderOf(anyPath())}folder-${random.between(1, 9)}`),
  rmdir: () => desk.removeFolder(someFolder()),
  'move folder': () => desk.renameToNew(someFolder(), `moved-${client}-${++unique}`),
  'remove folder': () => desk.remove('remove folder', someFolder()),
  'file to folder': () => {
    const path = somePath();
    return (
      desk.isFile(path) &&
      desk.remove('file to folder', path) &&
      desk.replace('in it', `${path}/inside`, desk.content(200))
    );
  },
  'folder to file': () => desk.replace('folder to file', someFolder(), desk.content(300)),
};

function mode0() {
  return random.chance(0.1) ? 0o755 : 0o644;
}

function size() {
  const kind = random.weighted({
    none: 2,
    small: 88,
    medium: 8.5,
    large: 1.3,
    huge: mode === 'contended' ? 0 : 0.2,
  });
  if (kind === 'none') return 0;
  if (kind === 'small') return random.between(60, 4 * KIB);
  if (kind === 'medium') return random.between(4 * KIB, 200 * KIB);
  return kind === 'large' ? random.between(200 * KIB, 2 * MIB) : random.between(5 * MIB, 20 * MIB);
}

/** A path as any user would choose it: others choose the same. */
function anyPath() {
  if (mode === 'contended') return `file-${random.between(1, 20)}`;
  const folder = random.pick(FOLDERS);
  const name = random.chance(0.6) ? random.pick(NAMES) : `file-${random.between(1, 30)}.txt`;
  return folder === '' ? name : `${folder}/${name}`;
}

/** Something that is there, mostly. */
function somePath() {
  if (mode === 'contended' || random.chance(0.1)) return anyPath();
  const { files } = list();
  return files.length === 0 ? anyPath() : random.pick(files);
}

function someFolder() {
  const { folders } = list();
  return folders.length === 0 ? `folder-${random.between(1, 9)}` : random.pick(folders);
}

function tooMany() {
  return mode !== 'contended' && list().files.length > MANY_FILES;
}

function folderOf(path) {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function list() {
  const files = [];
  const folders = [];
  const visit = (folder) => {
    for (const entry of namesIn(folder)) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (path === '.s4') continue;
      if (!entry.isDirectory()) files.push(path);
      else {
        folders.push(path);
        visit(path);
      }
    }
  };
  visit('');
  return { files, folders };
}

/** None when the folder went away meanwhile. */
function namesIn(folder) {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  }
}

function work() {
  if (stopped) {
    process.send({ counts }, () => process.disconnect());
    return;
  }
  try {
    edit();
  } catch (error) {
    appendFileSync(`${ledgerFile}.errors`, `${error.stack}\n`);
    throw error;
  }
  // Now and then many in a row.
  setTimeout(work, random.chance(0.3) ? 1 : random.between(pauseMs / 5, pauseMs * 3));
}

process.on('message', () => {
  stopped = true;
});
work();
