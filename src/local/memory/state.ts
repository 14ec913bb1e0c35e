import type { StateFiles } from '../../engine/ports/folder.ts';
import { isS4Error, S4Error } from '../../lib/errors.ts';
import type { FileNode } from './nodes.ts';
import { STATE_FOLDER, statePath, tempPath } from './paths.ts';
import type { Session } from './session.ts';

export function createStateFiles(session: Session): StateFiles {
  const find = (name: string): FileNode | undefined => {
    try {
      const found = session.resolve(statePath(name));
      session.assertReadable(statePath(name));
      return found.kind === 'here' && found.node?.kind === 'file' ? found.node : undefined;
    } catch (error) {
      if (!isS4Error(error, 'LOCAL_UNREADABLE')) throw error;
      throw new S4Error('STATE_UNREADABLE', `.s4/${name} cannot be read`, { cause: error });
    }
  };
  const make = (path: string): FileNode => {
    session.makeParents(path);
    return session.createFile(path);
  };
  return {
    read: async (name) => find(name)?.bytes.slice(),
    async readRange(name, startByte, endByte) {
      const node = find(name);
      if (node === undefined) throw new S4Error('STATE_UNREADABLE', `.s4/${name} is gone`);
      return node.bytes.slice(startByte, endByte);
    },
    async replace(name, chunks, options) {
      session.live();
      const temp = tempPath(session.disk.runtime.randomHex(8));
      const node = make(temp);
      const path = statePath(name);
      try {
        for await (const chunk of chunks) {
          session.write(node, temp, Buffer.concat([node.bytes, chunk]));
        }
        session.fsync(node, temp);
        if (options?.keepAs !== undefined && find(name) !== undefined) keepAs(session, path, options.keepAs);
        session.replace(temp, path);
      } catch (error) {
        if (session.isLive()) session.unlink(temp);
        throw error;
      }
      session.syncFolder(STATE_FOLDER);
    },
    async append(name, bytes, { sync }) {
      const path = statePath(name);
      const node = find(name) ?? make(path);
      session.write(node, path, Buffer.concat([node.bytes, bytes]));
      if (!sync) return;
      session.fsync(node, path);
      session.syncFolder(STATE_FOLDER);
    },
    async remove(name) {
      if (find(name) === undefined) return;
      session.unlink(statePath(name));
      session.syncFolder(STATE_FOLDER);
    },
    size: async (name) => find(name)?.bytes.byteLength,
    async identity(name) {
      const node = find(name);
      return node === undefined ? undefined : { inode: node.inode, ctimeNs: node.ctimeNs };
    },
  };
}

/** The old file gets its second name before the new one takes the first: there is a whole one at every moment. */
function keepAs(session: Session, path: string, name: string): void {
  const node = session.fs.lookup(path);
  if (node?.kind !== 'file') return;
  const temp = tempPath(session.disk.runtime.randomHex(8));
  session.link(node, temp);
  try {
    session.replace(temp, statePath(name));
  } catch (error) {
    if (session.isLive()) session.unlink(temp);
    throw error;
  }
}
