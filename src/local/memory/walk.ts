import type { WalkItem, WalkOptions } from '../../engine/ports/folder.ts';
import { S4Error } from '../../lib/errors.ts';
import { createIgnoreRules, IGNORE_FILE, type IgnoreRules, LINKED_RULES } from '../../sync/ignore.ts';
import type { EntryKey, RelPath } from '../../sync/path.ts';
import { compareKeys, isReservedSegment, parseKey } from '../../sync/path.ts';
import { type FolderNode, fingerprintOf, type MemoryEntry, type MemoryNode } from './nodes.ts';
import { STATE_FOLDER } from './paths.ts';
import type { Session } from './session.ts';

const BATCH = 256;
const decoder = new TextDecoder();

/** One look at the tree, taken at the first item asked for. */
export async function* walk(session: Session, options: WalkOptions = {}): AsyncIterable<readonly WalkItem[]> {
  options.signal?.throwIfAborted();
  session.live();
  const items = createWalker(session, options.extraRules ?? new Map()).start(options.under);
  for (let start = 0; start < items.length; start += BATCH) {
    options.signal?.throwIfAborted();
    session.live();
    yield items.slice(start, start + BATCH);
  }
}

interface FolderWalk {
  readonly items: readonly WalkItem[];
  /** Some entry in it is synced. */
  readonly hasEntries: boolean;
  /** It holds something that is not synced. */
  readonly occupied: boolean;
}

function createWalker(session: Session, extraRules: ReadonlyMap<string, string>) {
  const { fs, disk } = session;
  const rules = createIgnoreRules();
  for (const [folder, text] of extraRules) rules.addRules(folder, text);

  /** @returns undefined where the rules cannot be read: then nothing below can be judged */
  const takeRules = (folder: FolderNode, path: RelPath | undefined): readonly WalkItem[] | undefined => {
    const place = path === undefined ? IGNORE_FILE : `${path}/${IGNORE_FILE}`;
    const node = [...folder.entries.values()].find(({ name }) => name === IGNORE_FILE)?.node;
    if (node?.kind !== 'file') {
      if (extraRules.has(path ?? '')) rules.addRules(path ?? '', '');
      return [];
    }
    if (disk.unreadable.has(place)) return undefined;
    const text = decoder.decode(node.bytes);
    rules.addRules(path ?? '', text);
    return [{ kind: 'rules', folder: path, text }];
  };

  const walkFolder = (folder: FolderNode, path: RelPath | undefined): FolderWalk => {
    if (path !== undefined && disk.unreadable.has(path)) return unknown(path, 'permission denied');
    const ruleItems = takeRules(folder, path);
    if (ruleItems === undefined) return unknown(path, `its ${IGNORE_FILE} cannot be read`);
    const parts = childrenOf(folder, path).map((child) => walkChild(child, rules, walkFolder));
    return {
      items: [...ruleItems, ...parts.flatMap((part) => part.items)],
      hasEntries: parts.some((part) => part.hasEntries),
      occupied: parts.some((part) => part.occupied),
    };
  };

  /** Takes the rules on the way down to a path; undefined where there is no way. */
  const descend = (under: RelPath): { readonly items: readonly WalkItem[]; readonly child?: Child } => {
    const items: WalkItem[] = [];
    let folder = fs.root;
    let path: RelPath | undefined;
    for (const name of under.split('/')) {
      if (path !== undefined && disk.unreadable.has(path)) return unknown(path, 'permission denied');
      const ruleItems = takeRules(folder, path);
      if (ruleItems === undefined) return unknown(path, `its ${IGNORE_FILE} cannot be read`);
      items.push(...ruleItems);
      const child = childrenOf(folder, path).find((each) => each.name === name);
      if (child === undefined) return { items };
      if (child.path === under) return { items, child };
      const refused = refuse(child, rules);
      if (refused !== undefined) return { items: [...items, ...refused.items] };
      if (child.node.kind !== 'folder') return { items };
      folder = child.node;
      path = child.path as RelPath;
    }
    return { items };
  };

  return {
    start(under: RelPath | undefined): readonly WalkItem[] {
      if (under === undefined) return walkFolder(fs.root, undefined).items;
      const { items, child } = descend(under);
      return child === undefined ? items : [...items, ...walkChild(child, rules, walkFolder).items];
    },
  };
}

interface Child {
  readonly name: string;
  readonly path: string;
  readonly node: MemoryNode;
}

/** In the order of their keys: a folder sorts with its slash. */
function childrenOf(folder: FolderNode, path: RelPath | undefined): readonly Child[] {
  const sortKey = ({ name, node }: MemoryEntry) => (node.kind === 'folder' ? `${name}/` : name);
  return [...folder.entries.values()]
    .sort((a, b) => compareKeys(sortKey(a), sortKey(b)))
    .filter(({ name }) => path !== undefined || name !== STATE_FOLDER)
    .map(({ name, node }) => ({ name, node, path: path === undefined ? name : `${path}/${name}` }));
}

function walkChild(
  child: Child,
  rules: IgnoreRules,
  walkFolder: (folder: FolderNode, path: RelPath) => FolderWalk,
): FolderWalk {
  const { name, path, node } = child;
  const refused = refuse(child, rules);
  if (refused !== undefined) return refused;
  if (node.kind === 'other') {
    return unsynced({ kind: 'notice', path, message: 'a FIFO, socket or device; not synced' });
  }
  if (node.kind !== 'folder') {
    const isLinkedRules = node.kind === 'symlink' && name === IGNORE_FILE;
    const notices: readonly WalkItem[] = isLinkedRules
      ? [{ kind: 'notice', path, message: LINKED_RULES }]
      : [];
    return { items: [...notices, entryItem(path as EntryKey, node)], hasEntries: true, occupied: false };
  }
  const inside = walkFolder(node, path as RelPath);
  const isUnknown = inside.items.some((item) => item.kind === 'problem' && item.path === path);
  if (isUnknown) return { items: inside.items, hasEntries: false, occupied: true };
  const key = `${path}/` as EntryKey;
  const row: WalkItem = { kind: 'entry', row: { kind: 'folder', key, occupied: inside.occupied } };
  const own = inside.hasEntries ? [] : [row];
  return { items: [...own, ...inside.items], hasEntries: true, occupied: false };
}

/** What is said instead of a name that is not synced, whatever it is. */
function refuse({ name, path, node }: Child, rules: IgnoreRules): FolderWalk | undefined {
  const folder = node.kind === 'folder';
  if (isReservedSegment(name)) {
    return unsynced({ kind: 'notice', path, message: 'the name is reserved for s4; not synced' });
  }
  const parsed = parseKey(folder ? `${path}/` : path);
  if (!parsed.ok) return badName(path, parsed.fault);
  return rules.ignores(path, folder) ? unsynced({ kind: 'ignored', path: parsed.path, folder }) : undefined;
}

function entryItem(key: EntryKey, node: Exclude<MemoryNode, { kind: 'folder' | 'other' }>): WalkItem {
  const fingerprint = fingerprintOf(node);
  return node.kind === 'file'
    ? { kind: 'entry', row: { kind: 'file', key, fingerprint, executable: node.executable } }
    : { kind: 'entry', row: { kind: 'symlink', key, fingerprint } };
}

function unsynced(item: WalkItem): FolderWalk {
  return { items: [item], hasEntries: false, occupied: true };
}

/** @throws S4Error LOCAL_UNREADABLE for the top: it must not pass for an empty folder */
function unknown(path: RelPath | undefined, message: string): FolderWalk {
  if (path === undefined) throw new S4Error('LOCAL_UNREADABLE', message);
  const problem = { path, side: 'local', code: 'unreadable', message } as const;
  return unsynced({ kind: 'problem', problem, path, subtree: true });
}

function badName(path: string, fault: string): FolderWalk {
  const message = `a name like this cannot be synced (${fault})`;
  const problem = { path, side: 'local', code: 'bad-name', message } as const;
  return unsynced({ kind: 'problem', problem, path: undefined, subtree: true });
}
