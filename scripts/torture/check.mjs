// The proof at the end: what is on the disks and in the store, against what the writers know. No code of s4's.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ledgerFile } from './client.mjs';
import { EMPTY, lookAt } from './hash.mjs';
import { readLedgers } from './ledger.mjs';
import { filesBelow } from './store.mjs';

const SHOWN = 12;
const COPY_NAME = /\(conflict, /;

/**
 * @typedef {object} Findings
 * @property {string[]} violations
 * @property {Record<string, number>} contents how many are where
 */

/**
 * @param {{clients: readonly import('./client.mjs').Client[], view: import('./store.mjs').StoreView, outside: string,
 *   outsideBefore: string}} world
 * @returns {Promise<Findings>}
 */
export async function check({ clients, view, outside, outsideBefore }) {
  const violations = [];
  const trees = clients.map(({ folder }) => treeOf(folder));
  const current = await view.current();
  clients.slice(1).forEach((client, i) => {
    violations.push(...differences(clients[0].name, trees[0], client.name, trees[i + 1]));
  });
  violations.push(...differences(clients[0].name, trees[0], 'the store', current));
  const contents = await account(clients, trees, current, view, violations);
  for (const client of clients) violations.push(...untidy(client));
  violations.push(...(await view.leftovers()).map((path) => `left behind in the store: ${path}`));
  if (stampsOf(outside) !== outsideBefore) violations.push('what lies outside the folders was touched');
  return { violations, contents };
}

/** Everything of a client's tree, and its empty folders. */
function treeOf(folder) {
  const tree = lookAt(folder, (name, path) => name === '.s4' && path === '');
  tree.delete('');
  return tree;
}

function differences(nameA, a, nameB, b) {
  const found = [];
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const [inA, inB] = [a.get(path), b.get(path)];
    if (inA?.kind === inB?.kind && inA?.hash === inB?.hash) continue;
    const say = (seen) => (seen === undefined ? 'absent' : `${seen.kind} ${seen.hash.slice(0, 8)}`);
    found.push(`${path}: ${say(inA)} in ${nameA}, ${say(inB)} in ${nameB}`);
  }
  return shorten(found, 'more differences');
}

/** Where each content is that anyone ever wrote. */
async function account(clients, trees, current, view, violations) {
  const { written, givenUp } = readLedgers(
    clients.map(({ name, base }) => ({ client: name, file: ledgerFile(base) })),
  );
  const places = { current: new Set(), copies: new Set(), trash: new Set() };
  for (const tree of [...trees, current])
    for (const [path, { hash }] of tree) (COPY_NAME.test(path) ? places.copies : places.current).add(hash);
  for (const { folder } of clients) {
    const trash = join(folder, '.s4', 'trash');
    if (existsSync(trash)) for (const { hash } of lookAt(trash).values()) places.trash.add(hash);
  }
  const versions = await view.versions();
  const contents = {
    written: written.size,
    current: 0,
    'in conflict copies': 0,
    'given up by a user': 0,
    'only in a trash': 0,
    'only a version': 0,
    lost: 0,
  };
  const lost = [];
  for (const [hash, { client, path, edit, at }] of written) {
    if (places.current.has(hash)) contents.current++;
    else if (places.copies.has(hash)) contents['in conflict copies']++;
    else if (givenUp.has(hash)) contents['given up by a user']++;
    else if (places.trash.has(hash)) contents['only in a trash']++;
    else if (versions.has(hash)) contents['only a version']++;
    else lost.push(`LOST: ${hash}, written by ${client} to ${path} (${edit}) at ${at}`);
  }
  contents.lost = lost.length;
  violations.push(...shorten(lost, 'more contents lost'));
  return contents;
}

/** What should not be there after the last sync. */
function untidy({ name, folder, home, temp }) {
  const found = filesBelow(join(folder, '.s4', 'tmp')).map((path) => `${name}: .s4/tmp/${path} is left`);
  found.push(...filesBelow(temp).map((path) => `${name}: ${path} is left in the system's temporary folder`));
  const config = new Set(['.config', 'folder']);
  const strange = readdirSync(home).filter((path) => !config.has(path));
  found.push(...strange.map((path) => `${name}: ${path} appeared in the home`));
  const own = [
    'target.json',
    'index.json.gz',
    'index.prev.json.gz',
    'journal.jsonl',
    'halted.json',
    'tmp',
    'trash',
    '.gitignore',
  ];
  const state = readdirSync(join(folder, '.s4')).filter(
    (path) => !own.includes(path) && !path.startsWith('lock.'),
  );
  found.push(...state.map((path) => `${name}: .s4/${path} is no file that is documented`));
  return shorten(found, 'more left behind');
}

/** Files that came into a folder after the user had moved it out of the tree. */
export function latecomers(clients) {
  return clients.flatMap(({ name, base }) => {
    const attic = join(base, 'attic');
    if (!existsSync(attic)) return [];
    return [...lookAt(attic)]
      .filter(([, { kind, hash }]) => kind !== 'folder' && hash !== EMPTY)
      .map(([path, { hash }]) => `${name}: ${path} ${hash}`);
  });
}

export function stampsOf(folder) {
  return [...lookAt(folder)].map(([path, { kind, hash }]) => `${path} ${kind} ${hash}`).join('\n');
}

function shorten(lines, what) {
  return lines.length <= SHOWN ? lines : [...lines.slice(0, SHOWN), `${lines.length - SHOWN} ${what}`];
}
