import type { Folder, TrashRef } from '../../engine/ports/folder.ts';
import { S4Error } from '../../lib/errors.ts';
import { conflictCopyPath } from '../../sync/conflict-name.ts';
import { type Fingerprint, sameMovedFile } from '../../sync/entry.ts';
import { byAge, expiredTrash } from '../../sync/expired-trash.ts';
import { baseName, type RelPath } from '../../sync/path.ts';
import { type ContentNode, type FolderNode, fingerprintOf, isContent } from './nodes.ts';
import { statePath, trashPath } from './paths.ts';
import { statOf } from './read.ts';
import type { Session } from './session.ts';

export interface Trash
  extends Pick<
    Folder,
    'trashRef' | 'restoreFromTrash' | 'trashStat' | 'purgeTrash' | 'listTrash' | 'readTrash'
  > {
  /**
   * Moves whatever content is at a path by now; undefined when there is none. `expected`: it was what it should be, up
   * to the move itself.
   */
  take(
    path: string,
    ref: TrashRef,
    expected: Fingerprint,
  ): { readonly node: ContentNode; readonly expected: boolean } | undefined;
  /** What was taken goes back, beside its path where that is taken by now. */
  giveBack(ref: TrashRef, path: RelPath): void;
  /** Drops what was taken: it has another name. */
  forget(ref: TrashRef): void;
}

interface TrashItem {
  readonly ref: TrashRef;
  readonly node: ContentNode;
  readonly movedMs: number;
  readonly sizeBytes: number;
}

export function createTrash(session: Session): Trash {
  const { fs, disk } = session;
  let lastRef = 0;

  const take: Trash['take'] = (path, ref, expected) => {
    session.makeParents(trashPath(ref));
    const node = session.move(path, trashPath(ref));
    if (node === undefined) return undefined;
    node.trashed = { atMs: disk.runtime.nowMs(), bytes: node.bytes, mtimeNs: node.mtimeNs };
    return { node, expected: sameMovedFile(fingerprintOf(node), expected) };
  };

  const restore = (ref: TrashRef, path: RelPath, copyPath: RelPath) => {
    const node = fs.lookup(trashPath(ref));
    if (!isContent(node)) return undefined;
    const target = placeFor(session, node, path, copyPath);
    // It is there already where a crash came between the link and the unlink.
    if (fs.lookup(target) !== node && !session.link(node, target)) {
      throw new S4Error('LOCAL_FAILED', 'its place was taken just now', { data: { path: target } });
    }
    session.unlink(trashPath(ref));
    delete node.trashed;
    return target;
  };

  return {
    take,
    giveBack: (ref, path) => {
      const node = fs.lookup(trashPath(ref));
      if (isContent(node)) restore(ref, path, copyNameOf(session, node, path));
    },
    forget: (ref) => {
      const node = fs.lookup(trashPath(ref));
      session.unlink(trashPath(ref));
      if (isContent(node)) delete node.trashed;
    },
    trashRef: (path) => `${session.runId}-${++lastRef}/${path}` as TrashRef,
    async trashStat(ref) {
      const found = session.resolve(trashPath(ref));
      return found.kind === 'here' ? statOf(found.node) : undefined;
    },
    async restoreFromTrash(ref, path, copyPath) {
      session.live();
      const target = restore(ref, path, copyPath);
      if (target === undefined) return 'absent';
      return target === path ? 'restored' : 'copied';
    },
    async listTrash() {
      session.live();
      return listTrash(session)
        .toReversed()
        .map(({ ref, node, movedMs, sizeBytes }) => ({
          ref,
          path: ref.slice(ref.indexOf('/') + 1) as RelPath,
          movedMs,
          sizeBytes,
          kind: node.kind,
          executable: node.kind === 'file' && node.executable,
          mtimeNs: node.mtimeNs,
        }));
    },
    async *readTrash(ref) {
      session.live();
      const node = fs.lookup(trashPath(ref));
      if (!isContent(node))
        throw new S4Error('LOCAL_FAILED', 'it is no longer in the trash', { data: { ref } });
      yield node.bytes.slice();
    },
    async purgeTrash(policy) {
      session.live();
      const copies: RelPath[] = [];
      for (const { ref, node } of expiredTrash(listTrash(session), policy, policy.nowMs)) {
        const path = ref.slice(ref.indexOf('/') + 1) as RelPath;
        if (isUntouched(node)) session.unlink(trashPath(ref));
        else copies.push(restore(ref, copyNameOf(session, node, path), path) ?? path);
      }
      const top = session.fs.lookup(statePath('trash'));
      if (top?.kind === 'folder') removeEmptyFolders(session, top, statePath('trash'));
      return copies;
    },
  };
}

/** Whoever had the file open when it was moved may have written since. */
function isUntouched(node: ContentNode): boolean {
  const { trashed } = node;
  return trashed !== undefined && trashed.bytes === node.bytes && trashed.mtimeNs === node.mtimeNs;
}

/** The first place that is free, or that holds this very file: the path, its copy, further copies, the top. */
function placeFor(session: Session, node: ContentNode, path: RelPath, copyPath: RelPath): RelPath {
  const { fs } = session;
  const isFree = (candidate: RelPath) => {
    const existing = fs.lookup(candidate);
    return existing === undefined || existing === node;
  };
  for (const candidate of [path, copyPath]) {
    if (session.makeParents(candidate) && isFree(candidate)) return candidate;
  }
  const near = session.makeParents(copyPath) ? copyPath : (baseName(copyPath) as RelPath);
  return isFree(near) ? near : copyNameOf(session, node, near);
}

function copyNameOf(session: Session, node: ContentNode, path: RelPath): RelPath {
  return conflictCopyPath({
    path,
    host: session.disk.runtime.host,
    whenMs: Number(node.mtimeNs / 1_000_000n),
    taken: (candidate) => session.fs.lookup(candidate) !== undefined,
  });
}

/** Oldest first. */
function listTrash(session: Session): readonly TrashItem[] {
  const items: TrashItem[] = [];
  const collect = (folder: FolderNode, below: string): void => {
    for (const { name, node } of folder.entries.values()) {
      const path = `${below}${name}`;
      if (node.kind === 'folder') collect(node, `${path}/`);
      else if (isContent(node)) {
        const movedMs = node.trashed?.atMs ?? session.disk.runtime.nowMs();
        items.push({ ref: path as TrashRef, node, movedMs, sizeBytes: node.bytes.byteLength });
      }
    }
  };
  const top = session.fs.lookup(statePath('trash'));
  if (top?.kind === 'folder') collect(top, '');
  return items.sort(byAge);
}

function removeEmptyFolders(session: Session, folder: FolderNode, path: string): void {
  for (const { name, node } of [...folder.entries.values()]) {
    if (node.kind !== 'folder') continue;
    removeEmptyFolders(session, node, `${path}/${name}`);
    if (node.entries.size === 0) session.rmdir(`${path}/${name}`);
  }
}
