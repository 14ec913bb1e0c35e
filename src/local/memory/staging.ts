import type { Folder, StagedAs, StagedFile, Staging } from '../../engine/ports/folder.ts';
import { S4Error } from '../../lib/errors.ts';
import { type FileNode, isContent } from './nodes.ts';
import { statePath, tempPath } from './paths.ts';
import { digestOf, md5Of } from './read.ts';
import type { Session } from './session.ts';

export function createStager(session: Session): Pick<Folder, 'stage' | 'cleanTemp'> {
  const { fs, disk } = session;
  // Never cleaned away under the feet of whoever still writes.
  const open = new Set<string>();
  return {
    async stage(sizeBytes) {
      session.live();
      if (disk.freeBytes !== undefined && sizeBytes > disk.freeBytes) {
        throw new S4Error('LOCAL_DISK_FULL', 'the disk is full');
      }
      const temp = disk.runtime.randomHex(8);
      session.makeParents(tempPath(temp));
      const node = session.createFile(tempPath(temp));
      open.add(temp);
      return stagingOf(session, temp, node, () => open.delete(temp));
    },
    async cleanTemp(keep) {
      session.live();
      const folder = fs.lookup(statePath('tmp'));
      if (folder?.kind !== 'folder') return;
      for (const { name } of [...folder.entries.values()]) {
        if (!keep.has(name) && !open.has(name)) session.unlink(tempPath(name));
      }
    },
  };
}

function stagingOf(session: Session, temp: string, node: FileNode, done: () => void): Staging {
  const path = tempPath(temp);
  const chunks: Uint8Array[] = [];
  return {
    temp,
    async write(chunk) {
      chunks.push(chunk.slice());
      session.write(node, path, Buffer.concat(chunks));
    },
    async finish(as) {
      const bytes = new Uint8Array(Buffer.concat(chunks));
      finishNode(session, path, node, as, bytes);
      done();
      const staged: StagedFile = {
        temp,
        digest: digestOf(bytes),
        md5: md5Of(bytes).toString('hex'),
        sizeBytes: bytes.byteLength,
      };
      return staged;
    },
    async discard() {
      session.live();
      done();
      if (isContent(session.fs.lookup(path))) session.unlink(path);
    },
  };
}

function finishNode(session: Session, path: string, node: FileNode, as: StagedAs, bytes: Uint8Array): void {
  if (as.kind === 'file') {
    session.setMeta(node, path, { executable: as.executable, mtimeNs: as.mtimeNs });
    session.fsync(node, path);
    return;
  }
  const symlink = session.fs.newSymlink(bytes);
  session.unlink(path);
  session.link(symlink, path);
  session.setMeta(symlink, path, { mtimeNs: as.mtimeNs });
}
