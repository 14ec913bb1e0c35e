import { createHash } from 'node:crypto';
import { openBase } from '../../src/engine/state/open-base.ts';
import type { BaseRow } from '../../src/sync/entry.ts';
import { sameFingerprint } from '../../src/sync/entry.ts';
import { createIgnoreRules, IGNORE_FILE } from '../../src/sync/ignore.ts';
import { foldKey } from '../../src/sync/names.ts';
import { type EntryKey, parseKey } from '../../src/sync/path.ts';
import { type Client, startCycle } from './client.ts';
import { textOf } from './foreign.ts';
import { syncCalmly } from './settle.ts';
import { isOwn, type World } from './world.ts';

const decoder = new TextDecoder();

/** The invariants at rest. */
export async function checkEnd(world: World, { strict }: { readonly strict: boolean }): Promise<void> {
  checkTrees(world);
  checkLedger(world, strict);
  checkContainment(world);
  for (const { name, user } of world.clients) {
    const temps = Object.keys(user.tree('.s4/tmp')).filter((name) => !world.stuckTemps.has(name));
    if (temps.length > 0) world.violations.push(`${name} keeps temp files: ${temps.join(', ')}`);
  }
  await checkBases(world, 'at rest');
  await checkIdle(world);
}

/** Local = remote on every client, what is ignored by the rules left aside. */
function checkTrees(world: World): void {
  const folds = world.config.folding === true;
  const rules = rulesOf(world);
  const keep = (key: string): boolean =>
    !rules.ignores(key.replace(/\/$/, ''), key.endsWith('/')) && parseKey(key).ok;
  const lines = (tree: readonly (readonly [string, string])[]): string[] =>
    tree
      .filter(([key, content]) => keep(key) && content !== '(special)' && !key.endsWith('/'))
      .map(([key, content]) => `${foldKey(key as EntryKey, folds)}: ${content}`)
      .sort();
  const store = lines(
    world.server
      .keys()
      .filter((key) => !isOwn(key))
      .map((key) => [key, textOf(world.server, key)]),
  );
  for (const { name, user } of world.clients) {
    const here = lines(Object.entries(user.tree()));
    const [more, less] = [minus(here, store), minus(store, here)];
    if (more.length + less.length > 0) {
      world.violations.push(`${name} differs from the store: here ${list(more)}; there ${list(less)}`);
    }
  }
  checkFolders(world, keep);
}

/** An empty folder of one client is a folder of every client, but where the store has only ignored objects under it. */
function checkFolders(world: World, keep: (key: string) => boolean): void {
  const fold = (key: string): string => foldKey(key as EntryKey, world.config.folding === true);
  const ignored = world.server.keys().filter((key) => !keep(key));
  for (const one of world.clients) {
    const empty = Object.keys(one.user.tree()).filter(
      (key) => key.endsWith('/') && keep(key) && !ignored.some((other) => fold(other).startsWith(fold(key))),
    );
    for (const other of world.clients) {
      const all = Object.keys(other.user.tree()).map(fold);
      const missing = empty.filter((key) => !all.some((each) => each.startsWith(fold(key))));
      if (missing.length > 0)
        world.violations.push(`${other.name} lacks folders of ${one.name}: ${list(missing)}`);
    }
  }
}

function rulesOf({ server }: World) {
  const rules = createIgnoreRules();
  for (const key of server.keys()) {
    if (key !== IGNORE_FILE && !key.endsWith(`/${IGNORE_FILE}`)) continue;
    const folder = key === IGNORE_FILE ? '' : key.slice(0, -IGNORE_FILE.length - 1);
    rules.addRules(folder, textOf(server, key));
  }
  return rules;
}

/** Everything owed is in a tree (then it is there for its users), or at least in a trash or a version. */
function checkLedger(world: World, strict: boolean): void {
  const { ledger, server, clients, keys } = world;
  const trees = new Set(clients.flatMap(({ user }) => Object.values(user.tree())));
  for (const key of server.keys()) trees.add(textOf(server, key));
  const kept = new Set(clients.flatMap(({ user }) => Object.values(user.tree('.s4/trash'))));
  for (const key of keys) {
    for (const { content } of server.history(key)) {
      if (content === undefined) continue;
      const text = decoder.decode(content.bytes);
      kept.add(text).add(`-> ${text}`);
    }
  }
  const missing = [...ledger.owed].filter((content) => !trees.has(content));
  const lost = missing.filter((content) => !kept.has(content));
  if (lost.length > 0) world.violations.push(`LOST: ${list(lost)}`);
  for (const content of missing) world.hidden.add(content);
  if (strict && missing.length > 0) world.violations.push(`HIDDEN in a trash or a version: ${list(missing)}`);
}

/** No name of s4's own, and none that a folder cannot hold, came from a client. */
function checkContainment(world: World): void {
  for (const { name, user } of world.clients) {
    const bad = Object.keys(user.tree()).filter((key) => !parseKey(key).ok);
    if (bad.length > 0) world.violations.push(`${name} holds names from nowhere: ${list(bad)}`);
  }
}

/** Each row's evidence: where stat and token still are what it says, the contents must be, too. */
export async function checkBases(world: World, when: string): Promise<void> {
  for (const client of world.clients) {
    if (client.running.length > 0) continue;
    const folder = client.disk.open();
    try {
      const { id, clientId } = client.target;
      const base = await openBase({ state: folder.state, targetId: id, clientId, mode: 'read' });
      if (base.trust !== 'sound') continue;
      for await (const rows of base.rows()) {
        for (const row of rows) await checkRow(row, client, folder, world, when);
      }
    } finally {
      await folder.close();
    }
  }
}

async function checkRow(
  row: BaseRow,
  client: Client,
  folder: ReturnType<Client['disk']['open']>,
  world: World,
  when: string,
): Promise<void> {
  const { content, local, key, remote } = row;
  if (content.kind === 'folder') return;
  const parsed = parseKey(key);
  if (!parsed.ok) return;
  const stat = await folder.stat(parsed.path);
  const sameStat =
    (stat?.kind === 'file' || stat?.kind === 'symlink') &&
    local !== undefined &&
    sameFingerprint(stat.fingerprint, local);
  if (sameStat && row.racy !== true) {
    const hashed = await folder.hash({ path: parsed.path });
    if (hashed.kind === 'hashed' && hashed.digest !== content.digest)
      world.violations.push(`${when}, the base of ${client.name} is wrong about the local ${key}`);
  }
  const current = world.server.history(key).at(-1)?.content;
  if (current?.etag !== remote.etag) return;
  const digest = createHash('sha256').update(current.bytes).digest('hex');
  if (digest !== content.digest)
    world.violations.push(`${when}, the base of ${client.name} is wrong about the object ${key}`);
}

/** A further look changes nothing: a preview plans nothing, a sync writes nothing anywhere. */
async function checkIdle(world: World): Promise<void> {
  let before = stateOf(world);
  for (const client of world.clients) {
    const preview = startCycle(client, world, { mode: 'preview' });
    await preview.done;
    const summary = await syncCalmly(client, world);
    if (summary === undefined) return;
    const writes = Object.keys(summary.requests).filter(
      (request) => !['GET', 'HEAD', 'LIST'].includes(request),
    );
    if (writes.length > 0)
      world.violations.push(`${client.name} at rest still makes requests: ${list(writes)}`);
    // The end of a line tells what was appended.
    const after = stateOf(world);
    const changed = minus(after, before).map((line) => `${line.slice(0, 40)} ... ${line.slice(-700)}`);
    if (changed.length > 0) world.violations.push(`${client.name} at rest still changes ${list(changed)}`);
    before = after;
  }
}

function stateOf({ clients, server }: World): readonly string[] {
  const disks = clients.flatMap(({ name, user }) =>
    [...Object.entries(user.tree()), ...Object.entries(user.tree('.s4'))].map(
      ([path, content]) => `${name} ${path}: ${content}`,
    ),
  );
  return [...disks, ...server.keys().map((key) => `${key}: ${server.history(key).length} versions`)];
}

function minus(a: readonly string[], b: readonly string[]): string[] {
  const rest = [...b];
  return a.filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

function list(items: readonly string[]): string {
  return items.map((item) => JSON.stringify(item)).join(', ') || 'nothing';
}
