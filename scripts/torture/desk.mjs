// How a careful user changes files that a sync program changes as well: whatever is replaced is first moved away in one
// step, and looked at where nobody else can change it any more.
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EMPTY, lookAt, sha256 } from './hash.mjs';

const ATTEMPTS = 20;
const POOL = randomBytes(256 * 1024);

/** @typedef {ReturnType<typeof createDesk>} Desk */
/** @typedef {{hash: string, path: string}} Gone */

/**
 * @param {{root: string, attic: string, client: string, ledger: ReturnType<import('./ledger.mjs').createLedger>}} place
 *   `attic`: a folder outside `root`, on the same file system
 */
export function createDesk({ root, attic, client, ledger }) {
  let count = 0;
  let moved = 0;
  const at = (path) => join(root, path);
  const spot = () => join(attic, `${++moved}`);

  /** No two are equal, but those of no bytes. */
  const content = (sizeBytes) => {
    const header = `${client} ${++count} ${randomBytes(12).toString('hex')}\n`;
    if (sizeBytes === 0) return Buffer.alloc(0);
    const body = Buffer.alloc(Math.max(0, sizeBytes - header.length));
    for (let offset = 0; offset < body.length; offset += POOL.length) POOL.copy(body, offset);
    return Buffer.concat([Buffer.from(header), body]);
  };

  /** Whatever is at the path by now goes to the attic; undefined when nothing is. */
  const moveAway = (path) => {
    const to = spot();
    if (!ifThere(() => fs.renameSync(at(path), to))) return undefined;
    const files = [...lookAt(to)].filter(([, { kind }]) => kind !== 'folder');
    const gone = files
      .filter(([, { hash }]) => hash !== EMPTY)
      .map(([below, { hash }]) => ({ hash, path: below === '' ? path : `${path}/${below}` }));
    return { to, gone, files: files.map(([below]) => join(to, below)) };
  };

  /** Files go; folders stay, empty: who still holds one open may put something there, and the checker looks. */
  const forget = ({ files }) => {
    for (const file of files) fs.rmSync(file, { force: true });
  };

  /**
   * Puts something at a path where nothing is, having moved away what was. `put` throws EEXIST when it is too late.
   * @returns {Gone[] | undefined} undefined when it could not be put there
   */
  const putInto = (path, put) => {
    const gone = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (!makeParents(path)) return giveUp(path, gone);
      const before = moveAway(path);
      if (before !== undefined) {
        gone.push(...before.gone);
        forget(before);
      }
      const code = codeOf(() => put(at(path)));
      if (code === undefined) return gone;
      if (code !== 'EEXIST' && code !== 'ENOENT' && code !== 'ENOTDIR') throw new Error(`${code}: ${path}`);
    }
    return giveUp(path, gone);
  };

  const isFile = (path) => {
    let is = false;
    ifThere(() => (is = fs.lstatSync(at(path)).isFile()));
    return is;
  };

  const giveUp = (path, gone) => {
    ledger.note({ edit: 'given up', path, gone });
    return undefined;
  };

  const makeParents = (path) => {
    const code = codeOf(() => fs.mkdirSync(dirname(at(path)), { recursive: true }));
    return code === undefined;
  };

  /** A new file beside, then into place. */
  const replace = (edit, path, bytes, mode = 0o644) => {
    const temp = spot();
    fs.writeFileSync(temp, bytes, { mode });
    const gone = putInto(path, (to) => fs.linkSync(temp, to));
    fs.unlinkSync(temp);
    if (gone === undefined) return false;
    ledger.note({ edit, path, wrote: sha256(bytes), gone });
    return true;
  };

  /** Through one descriptor, so that what is looked at is what is written to, wherever it lies by then. */
  const inPlace = (edit, path, change) => {
    let file;
    const flags = fs.constants.O_RDWR | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
    if (codeOf(() => (file = fs.openSync(at(path), flags))) !== undefined) return false;
    try {
      const before = fs.readFileSync(file);
      change(file, before);
      const after = Buffer.alloc(fs.fstatSync(file).size);
      fs.readSync(file, after, 0, after.length, 0);
      ledger.note({ edit, path, wrote: sha256(after), gone: goneOf(path, before) });
      return true;
    } finally {
      fs.closeSync(file);
    }
  };

  return {
    at,
    content,
    replace,
    overwrite: (path, bytes) =>
      inPlace('overwrite', path, (file) => {
        fs.ftruncateSync(file, 0);
        // In two steps, so that a half of it can be seen.
        const half = bytes.length >> 1;
        fs.writeSync(file, bytes, 0, half, 0);
        fs.writeSync(file, bytes, half, bytes.length - half, half);
      }),
    append: (path, bytes) =>
      inPlace('append', path, (file, before) => fs.writeSync(file, bytes, 0, bytes.length, before.length)),
    /** As editors save: a temp file in the very folder, which the sync may catch, then into place. */
    saveAs: (path, bytes) => {
      // A conflict copy's name may have no room left.
      const name = basename(path);
      const short = Buffer.byteLength(name) > 200 ? name.slice(0, 40) : name;
      const temp = join(dirname(path), `${short}.~${client}-${++moved}`);
      if (!makeParents(temp)) return false;
      if (codeOf(() => fs.writeFileSync(at(temp), bytes, { flag: 'wx' })) !== undefined) return false;
      ledger.note({ edit: 'save', path: temp, wrote: sha256(bytes) });
      const gone = putInto(path, (to) => fs.linkSync(at(temp), to));
      if (gone !== undefined) ledger.note({ edit: 'saved', path, gone });
      const rest = moveAway(temp);
      if (rest === undefined) return true;
      // It is not given up where it now has its name.
      const others = rest.gone.filter(({ hash }) => gone === undefined || hash !== sha256(bytes));
      ledger.note({ edit: 'temp gone', path: temp, gone: others });
      forget(rest);
      return true;
    },
    remove: (edit, path) => {
      const before = moveAway(path);
      if (before === undefined) return false;
      ledger.note({ edit, path, gone: before.gone });
      forget(before);
      return true;
    },
    symlink: (path, text) => {
      const gone = putInto(path, (to) => fs.symlinkSync(text, to));
      if (gone === undefined) return false;
      ledger.note({ edit: 'symlink', path, wrote: sha256(text), gone });
      return true;
    },
    /** To a name that nobody else would ever make: one step. */
    renameToNew: (from, to) => makeParents(to) && ifThere(() => fs.renameSync(at(from), at(to))),
    /** A file, over whatever is there. */
    renameOver: (from, to) => {
      if (!isFile(from)) return false;
      const taken = moveAway(from);
      if (taken === undefined) return false;
      const put = putInto(to, (target) => fs.linkSync(taken.to, target));
      ledger.note({ edit: 'rename over', path: to, gone: put ?? taken.gone });
      forget(taken);
      return put !== undefined;
    },
    makeFolder: (path) => codeOf(() => fs.mkdirSync(at(path), { recursive: true })) === undefined,
    removeFolder: (path) => codeOf(() => fs.rmdirSync(at(path))) === undefined,
    turnExecutable: (path) => {
      let file;
      const flags = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
      if (codeOf(() => (file = fs.openSync(at(path), flags))) !== undefined) return false;
      const stats = fs.fstatSync(file);
      if (stats.isFile()) fs.fchmodSync(file, stats.mode ^ 0o111);
      fs.closeSync(file);
      return stats.isFile();
    },
    isFile,
  };
}

function goneOf(path, before) {
  const hash = sha256(before);
  return hash === EMPTY ? [] : [{ hash, path }];
}

const RACES = new Set([
  'ENOENT',
  'ENOTDIR',
  'EEXIST',
  'ENOTEMPTY',
  'EISDIR',
  'ELOOP',
  'ENXIO',
  'EINVAL',
  'EPERM',
]);

/** What somebody else's change made impossible is told by its code; everything else is thrown. */
function codeOf(act) {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!RACES.has(error.code)) throw error;
    return error.code;
  }
}

function ifThere(act) {
  return codeOf(act) === undefined;
}
