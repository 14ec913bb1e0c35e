import type { FileSystem } from './file-system.ts';
import { type FolderNode, isContent } from './nodes.ts';
import { STATE_FOLDER } from './paths.ts';

/**
 * A user's hands on the disk, behind s4's back. Parents are made as needed. What a user does is durable at once: it was
 * long ago when the power fails.
 */
export interface MemoryUser {
  /** Into the file that is there (same inode), else a new one. */
  write(path: string, content: string | Uint8Array, options?: { readonly executable?: boolean }): void;
  append(path: string, content: string | Uint8Array): void;
  /** As editors save: a new file (new inode) renamed over the old one. */
  save(path: string, content: string | Uint8Array): void;
  symlink(path: string, text: string): void;
  mkdir(path: string): void;
  fifo(path: string): void;
  chmod(path: string, executable: boolean): void;
  /** Sets the modification time, as `touch -d` does. */
  touch(path: string, mtimeNs: bigint): void;
  /** A file, symlink or whole folder to a new name; a file there is replaced. */
  rename(from: string, to: string): void;
  /** Whatever is there, with all below it. Nothing there is fine. */
  remove(path: string): void;
  /** Text of a file, or `-> text` of a symlink; undefined when there is neither. */
  read(path: string): string | undefined;
  /** Every file, symlink (as `read`) and empty folder (`a/`: ''), without s4's own unless asked for by name. */
  tree(under?: string): Readonly<Record<string, string>>;
}

const decoder = new TextDecoder();

export function createUser(fs: FileSystem): MemoryUser {
  const parents = (path: string) => {
    const names = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= names.length; depth++) {
      const above = names.slice(0, depth).join('/');
      if (fs.lookup(above) === undefined) fs.mkdir(above);
      fs.settle(above);
    }
  };
  const create = (path: string, bytes: Uint8Array, executable = false) => {
    parents(path);
    fs.link(fs.newFile(bytes, executable), path);
    fs.settle(path);
  };
  const write: MemoryUser['write'] = (path, content, { executable } = {}) => {
    const node = fs.lookup(path);
    if (node?.kind !== 'file') return create(path, toBytes(content), executable);
    fs.write(node, toBytes(content));
    if (executable !== undefined) fs.setMeta(node, { executable });
    fs.settle(path);
  };
  const remove = (path: string) => {
    const node = fs.lookup(path);
    if (node === undefined) return;
    if (node.kind === 'folder') {
      for (const { name } of [...node.entries.values()]) remove(`${path}/${name}`);
      fs.rmdir(path);
    } else {
      fs.unlink(path);
    }
    fs.settle(path);
  };
  const fileAt = (path: string) => {
    const node = fs.lookup(path);
    if (node?.kind !== 'file') throw new Error(`no file: ${path}`);
    return node;
  };
  return {
    write,
    remove,
    append(path, content) {
      const node = fs.lookup(path);
      const before = node?.kind === 'file' ? node.bytes : new Uint8Array();
      write(path, Buffer.concat([before, toBytes(content)]));
    },
    save(path, content) {
      const temp = `${path}.saving`;
      create(temp, toBytes(content), fs.lookup(path)?.kind === 'file' && fileAt(path).executable);
      fs.rename(temp, path);
      fs.settle(path);
      fs.settle(temp);
    },
    symlink(path, text) {
      parents(path);
      fs.link(fs.newSymlink(toBytes(text)), path);
      fs.settle(path);
    },
    mkdir: (path) => parents(`${path}/.`),
    fifo(path) {
      parents(path);
      fs.link(fs.newSpecial(), path);
      fs.settle(path);
    },
    chmod(path, executable) {
      fs.setMeta(fileAt(path), { executable });
      fs.settle(path);
    },
    touch(path, mtimeNs) {
      fs.setMeta(fileAt(path), { mtimeNs });
      fs.settle(path);
    },
    rename(from, to) {
      parents(to);
      fs.rename(from, to);
      fs.settle(to);
      fs.settle(from);
    },
    read(path) {
      const node = fs.lookup(path);
      return isContent(node) ? textOf(node) : undefined;
    },
    tree(under) {
      const found: Record<string, string> = {};
      const top = under === undefined ? fs.root : fs.lookup(under);
      if (top?.kind === 'folder') collect(top, '', found, under === undefined);
      return found;
    },
  };
}

function collect(
  folder: FolderNode,
  below: string,
  found: Record<string, string>,
  withoutState: boolean,
): void {
  for (const { name, node } of folder.entries.values()) {
    if (withoutState && name === STATE_FOLDER && node.kind === 'folder') continue;
    const path = `${below}${name}`;
    if (node.kind === 'folder' && node.entries.size > 0) collect(node, `${path}/`, found, false);
    else if (node.kind === 'folder') found[`${path}/`] = '';
    else found[path] = isContent(node) ? textOf(node) : '(special)';
  }
}

function textOf(node: { readonly kind: 'file' | 'symlink'; readonly bytes: Uint8Array }): string {
  const text = decoder.decode(node.bytes);
  return node.kind === 'symlink' ? `-> ${text}` : text;
}

function toBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content.slice();
}
