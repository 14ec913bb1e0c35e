import type { Folder, Placement, PlaceOutcome, RenameOutcome } from '../../engine/ports/folder.ts';
import { isS4Error, S4Error } from '../../lib/errors.ts';
import { type Fingerprint, sameFingerprint, sameMovedFile } from '../../sync/entry.ts';
import { parentPath, type RelPath } from '../../sync/path.ts';
import { type ContentNode, fingerprintOf, isContent, type MemoryNode } from './nodes.ts';
import { tempPath } from './paths.ts';
import { isRacy } from './read.ts';
import type { Session } from './session.ts';
import type { Trash } from './trash.ts';

type Changes = Pick<
  Folder,
  'place' | 'remove' | 'rename' | 'setExecutable' | 'makeFolder' | 'removeFolder' | 'touch' | 'sync'
>;

export function createChanger(session: Session, trash: Trash): Changes {
  return {
    place: async (placement) => place(session, trash, placement),
    async remove(path, expected, ref) {
      const found = session.resolve(path);
      if (found.kind === 'blocked') return { kind: 'blocked' };
      if (found.kind === 'no-parent' || found.node === undefined) return { kind: 'absent' };
      if (!isExpected(found.node, expected)) return { kind: 'changed' };
      const moved = trash.take(path, ref, expected);
      if (moved !== undefined) return { kind: moved.expected ? 'removed' : 'displaced' };
      return { kind: session.fs.lookup(path) === undefined ? 'absent' : 'changed' };
    },
    rename: async (from, to, expected) => rename(session, trash, from, to, expected),
    setExecutable: async (path, executable, expected) => setExecutable(session, path, executable, expected),
    async makeFolder(path) {
      const found = session.resolve(path);
      if (found.kind === 'here' && found.node !== undefined) {
        return found.node.kind === 'folder' ? 'exists' : 'blocked';
      }
      if (found.kind === 'blocked' || !session.makeParents(path)) return 'blocked';
      session.makeFolder(path);
      return 'made';
    },
    async removeFolder(path) {
      const found = session.resolve(path);
      if (found.kind === 'blocked') return 'blocked';
      if (found.kind === 'no-parent' || found.node === undefined) return 'absent';
      if (found.node.kind !== 'folder') return 'blocked';
      return session.rmdir(path) ? 'removed' : 'not-empty';
    },
    touch(path) {
      for (let at: RelPath | undefined = path; at !== undefined; at = parentPath(at)) session.touch(at);
    },
    async sync() {
      session.live();
      session.syncFolders();
    },
  };
}

function isExpected(node: MemoryNode | undefined, expected: Fingerprint): node is ContentNode {
  return isContent(node) && sameFingerprint(fingerprintOf(node), expected);
}

/** The state that was put there, with the ctime that doing so left: a later write shows as a difference. */
function stateOf(session: Session, node: ContentNode, put: Fingerprint) {
  const fingerprint = { ...put, ctimeNs: node.ctimeNs };
  return { fingerprint, racy: isRacy(session.disk, fingerprint) };
}

function setExecutable(
  session: Session,
  path: RelPath,
  executable: boolean,
  expected: Fingerprint,
): PlaceOutcome {
  const found = session.resolve(path);
  if (found.kind === 'blocked') return { kind: 'blocked' };
  const node = found.kind === 'here' ? found.node : undefined;
  if (node?.kind !== 'file' || !isExpected(node, expected)) return { kind: 'changed' };
  session.setMeta(node, path, { executable });
  session.fsync(node, path);
  const same = session.fs.lookup(path) === node && sameMovedFile(fingerprintOf(node), expected);
  return same ? { kind: 'placed', ...stateOf(session, node, expected) } : { kind: 'changed' };
}

/**
 * What is there goes away whatever it is by then, the new file is linked in where nothing is, and only then is what went
 * looked at: between any two of these a user may write and the process may die.
 */
function place(session: Session, trash: Trash, placement: Placement): PlaceOutcome {
  const { path, expected } = placement;
  const temp = tempPath(placement.temp);
  const found = session.resolve(path);
  const staged = session.fs.lookup(temp);
  if (!isContent(staged)) throw new S4Error('LOCAL_FAILED', 'the staged file is gone', { data: { temp } });
  if (found.kind === 'blocked') return { kind: 'blocked' };
  const node = found.kind === 'here' ? found.node : undefined;
  if (expected.kind === 'absent' ? node !== undefined : !isExpected(node, expected.fingerprint)) {
    return { kind: 'changed' };
  }
  if (!session.makeParents(path)) return { kind: 'blocked' };
  const put = fingerprintOf(staged);
  const cleared =
    expected.kind === 'absent' ? 'as-expected' : clear(session, trash, placement, expected.fingerprint);
  if (cleared === 'changed') return { kind: 'changed' };
  const undo = () => {
    if (placement.displaceTo.kind === 'trash') trash.giveBack(placement.displaceTo.ref, path);
  };
  try {
    if (!session.link(staged, path)) {
      // Written before and again after it was cleared: both states are a user's.
      if (cleared === 'otherwise') undo();
      return { kind: 'changed' };
    }
  } catch (error) {
    if (isS4Error(error)) undo();
    throw error;
  }
  session.unlink(temp);
  return { kind: cleared === 'otherwise' ? 'displaced' : 'placed', ...stateOf(session, staged, put) };
}

/** `otherwise`: something went, and it is not what was expected. `changed`: nothing went. */
type Cleared = 'as-expected' | 'otherwise' | 'changed';

function clear(session: Session, trash: Trash, placement: Placement, expected: Fingerprint): Cleared {
  const { path, displaceTo } = placement;
  if (displaceTo.kind === 'copy') {
    const moved = moveName(session, trash, path, displaceTo.path, expected);
    return moved === 'moved' ? 'as-expected' : 'changed';
  }
  const moved = trash.take(path, displaceTo.ref, expected);
  if (moved === undefined) return 'changed';
  return moved.expected ? 'as-expected' : 'otherwise';
}

function rename(
  session: Session,
  trash: Trash,
  from: RelPath,
  to: RelPath,
  expected: Fingerprint,
): RenameOutcome {
  const source = session.resolve(from);
  const target = session.resolve(to);
  if (source.kind === 'blocked' || target.kind === 'blocked') return { kind: 'blocked' };
  const node = source.kind === 'here' ? source.node : undefined;
  if (!isExpected(node, expected)) return { kind: 'changed' };
  if (target.kind === 'here' && target.node === node && to !== from) {
    // One name in two spellings, on a disk that folds them: there is no second name to link.
    session.replace(from, to);
    return { kind: 'renamed', ...stateOf(session, node, expected) };
  }
  if (target.kind === 'here' && target.node !== undefined) return { kind: 'occupied' };
  const moved = moveName(session, trash, from, to, expected);
  return moved === 'moved' ? { kind: 'renamed', ...stateOf(session, node, expected) } : { kind: moved };
}

/**
 * Moves exactly the expected file, and over nothing: the new name first, then the old one into the trash, where it is
 * seen whether it was still that file. If not, all is put back.
 */
function moveName(
  session: Session,
  trash: Trash,
  from: RelPath,
  to: RelPath,
  expected: Fingerprint,
): 'moved' | 'changed' | 'occupied' | 'blocked' {
  const node = session.fs.lookup(from);
  if (!isContent(node)) return 'changed';
  if (!session.makeParents(to)) return 'blocked';
  if (!session.link(node, to)) return 'occupied';
  const ref = trash.trashRef(from);
  const taken = trash.take(from, ref, expected);
  if (taken?.node === node && taken.expected) {
    trash.forget(ref);
    return 'moved';
  }
  if (taken !== undefined) trash.giveBack(ref, from);
  session.unlink(to);
  return 'changed';
}
