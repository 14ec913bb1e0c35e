import { createHash } from 'node:crypto';
import type { BaseRow, Content, Digest, Fingerprint, LocalRow, RemoteRow } from '../../../src/sync/entry.ts';
import {
  compareKeys,
  type EntryKey,
  fileKey,
  folderKey,
  isFolderKey,
  keyPath,
  parentPath,
  type RelPath,
} from '../../../src/sync/path.ts';

/** What a side holds under a name. Folders of a disk are nodes of their own; a store has markers at most. */
export type Node =
  | { readonly kind: 'file'; readonly text: string; readonly executable: boolean; readonly stamp: number }
  | { readonly kind: 'symlink'; readonly text: string; readonly stamp: number }
  | { readonly kind: 'folder'; readonly stamp: number };

/** By key: `a/b`, and `a/` for a folder. */
export type Side = Map<EntryKey, Node>;

export interface Sides {
  readonly base: Map<EntryKey, BaseRow>;
  readonly local: Side;
  readonly remote: Side;
}

const digestOf = (text: string): Digest => createHash('sha256').update(text).digest('hex') as Digest;

export function contentOf(node: Node): Content {
  if (node.kind === 'folder') return { kind: 'folder' };
  const content = { digest: digestOf(node.text), sizeBytes: node.text.length };
  return node.kind === 'symlink'
    ? { kind: 'symlink', ...content }
    : { kind: 'file', ...content, executable: node.executable };
}

export function fingerprintOf(node: Node): Fingerprint {
  const size = node.kind === 'folder' ? 0 : node.text.length;
  const mtimeNs = BigInt(node.stamp) * 1_000_000_000n;
  return { inode: BigInt(node.stamp), sizeBytes: size, mtimeNs, ctimeNs: mtimeNs };
}

export function remoteRow(key: EntryKey, node: Node): RemoteRow {
  const text = node.kind === 'folder' ? '' : node.text;
  const etag = digestOf(text).slice(0, 32);
  return { key, token: { etag, sizeBytes: text.length, modifiedMs: node.stamp * 1000 } };
}

export function baseRow(key: EntryKey, local: Node, remote: Node): BaseRow {
  const folder = local.kind === 'folder';
  return {
    key,
    content: contentOf(local),
    mtimeNs: folder ? 0n : fingerprintOf(local).mtimeNs,
    ...(!folder && { local: fingerprintOf(local) }),
    remote: remoteRow(key, remote).token,
  };
}

/** As the walk reports a disk: folders only where nothing is in them. */
export function localRows(side: Side): LocalRow[] {
  const keys = [...side.keys()].sort(compareKeys);
  return keys.flatMap((key): LocalRow[] => {
    const node = side.get(key);
    if (node === undefined) return [];
    if (node.kind === 'folder') {
      const empty = !keys.some((other) => other !== key && other.startsWith(key));
      return empty ? [{ kind: 'folder', key, occupied: false }] : [];
    }
    const fingerprint = fingerprintOf(node);
    return node.kind === 'file'
      ? [{ kind: 'file', key, fingerprint, executable: node.executable }]
      : [{ kind: 'symlink', key, fingerprint }];
  });
}

export function remoteRows(side: Side): RemoteRow[] {
  return [...side].sort(([a], [b]) => compareKeys(a, b)).map(([key, node]) => remoteRow(key, node));
}

/** Puts a file on a disk, its folders with it. False where a file is in the way of a folder, or the other way round. */
export function putLocal(side: Side, key: EntryKey, node: Node): boolean {
  const path = keyPath(key);
  for (let above = parentPath(path); above !== undefined; above = parentPath(above)) {
    if (side.has(fileKey(above))) return false;
  }
  const other = isFolderKey(key) ? fileKey(path) : folderKey(path);
  if (side.has(other)) return false;
  for (let above = parentPath(path); above !== undefined; above = parentPath(above)) {
    const folder = folderKey(above);
    if (!side.has(folder)) side.set(folder, { kind: 'folder', stamp: node.stamp });
  }
  side.set(key, node);
  return true;
}

/** rmdir: only an empty folder goes. */
export function removeFolder(side: Side, key: EntryKey): void {
  const empty = ![...side.keys()].some((other) => other !== key && other.startsWith(key));
  if (empty) side.delete(key);
}

/** What a user sees: contents by name, and empty folders. */
export function picture(
  rows: readonly (LocalRow | RemoteRow)[],
  side: Side,
): Readonly<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const { key } of rows) {
    const node = side.get(key);
    if (node === undefined) continue;
    // A marker beside children, as other tools leave it, says nothing.
    const implied = isFolderKey(key) && rows.some((other) => other.key !== key && other.key.startsWith(key));
    if (implied) continue;
    seen[key] =
      node.kind === 'folder'
        ? ''
        : node.kind === 'symlink'
          ? `-> ${node.text}`
          : `${node.text}${node.executable ? '*' : ''}`;
  }
  return seen;
}

export function textsOf(side: Side): Set<string> {
  return new Set([...side.values()].flatMap((node) => (node.kind === 'folder' ? [] : [node.text])));
}

export function freeName(path: RelPath, taken: (key: EntryKey) => boolean): RelPath {
  for (let n = 1; ; n++) {
    const name = `${path}~${n}` as RelPath;
    if (!taken(fileKey(name)) && !taken(folderKey(name))) return name;
  }
}
