// The store as the checker sees it: objects and versions over signed requests, or files in a directory.
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookAt, sha256 } from './hash.mjs';

/**
 * @typedef {object} StoreView
 * @property {() => Promise<Map<string, {kind: string, hash: string}>>} current by path; folders count where they are empty
 * @property {() => Promise<Map<string, string>>} versions hash of every version that can still be read, to where it lies
 * @property {() => Promise<string>} state equal as long as nobody writes
 * @property {() => Promise<readonly string[]>} leftovers what an interrupted write left behind
 */

/** @returns {StoreView} */
export function s3View(s3) {
  const isOwn = (key) => key === '.s4' || key.startsWith('.s4/');
  return {
    current: async () => {
      const found = new Map();
      const keys = (await s3.list()).map(({ key }) => key).filter((key) => !isOwn(key));
      await atOnce(keys, async (key) => {
        const { bytes, mode } = await s3.read(key);
        if (!key.endsWith('/')) found.set(key, { kind: kindOf(mode), hash: sha256(bytes) });
        else if (!keys.some((other) => other !== key && other.startsWith(key)))
          found.set(key.slice(0, -1), { kind: 'folder', hash: sha256(bytes) });
      });
      return found;
    },
    versions: async () => {
      const found = new Map();
      const all = (await s3.listVersions()).filter(({ key, isMarker }) => !isMarker && !isOwn(key));
      await atOnce(all, async ({ key, versionId }) => {
        found.set(sha256((await s3.read(key, versionId)).bytes), `${key} version ${versionId}`);
      });
      return found;
    },
    state: async () => {
      const all = await s3.listVersions();
      return all
        .map(({ key, versionId, etag }) => `${key} ${versionId} ${etag}`)
        .sort()
        .join('\n');
    },
    leftovers: async () => [],
  };
}

function kindOf(mode) {
  if (mode.startsWith('0120') || mode.startsWith('120')) return 'symlink';
  return (Number.parseInt(mode.slice(-3), 8) & 0o100) === 0 ? 'file' : 'executable';
}

/** @returns {StoreView} */
export function directoryView(directory) {
  const own = join(directory, '.s4', 'store');
  return {
    current: async () => {
      const found = lookAt(directory, (name, path) => name === '.s4' && path === '');
      found.delete('');
      // A symlink is a file there: its text. Its record says so.
      for (const path of linksIn(join(own, 'meta'))) {
        const seen = found.get(path);
        if (seen?.kind === 'file') found.set(path, { ...seen, kind: 'symlink' });
      }
      return found;
    },
    versions: async () => {
      const found = new Map();
      const versions = join(own, 'versions');
      for (const path of filesBelow(versions))
        if (path.endsWith('.data')) found.set(hashOf(join(versions, path)), path);
      return found;
    },
    state: async () =>
      filesBelow(directory)
        .filter((path) => !path.startsWith('.s4/store/locks/'))
        .map((path) => `${path} ${stampOf(join(directory, path))}`)
        .sort()
        .join('\n'),
    leftovers: async () => filesBelow(join(own, 'tmp')).map((path) => join(own, 'tmp', path)),
  };
}

/** Keys whose current record says symlink. */
function linksIn(meta) {
  const records = filesBelow(meta).filter((path) => !path.endsWith('.pending'));
  const parsed = records.map((path) => JSON.parse(readFileSync(join(meta, path), 'utf8')));
  return parsed.filter(({ metadata }) => metadata?.mode?.startsWith('0120')).map(({ key }) => key);
}

function hashOf(path) {
  const [seen] = lookAt(path).values();
  return seen.hash;
}

function stampOf(path) {
  const { ino, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** Relative paths of everything that is no folder. */
export function filesBelow(root) {
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

async function atOnce(items, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
