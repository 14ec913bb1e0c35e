import { createHash } from 'node:crypto';
import { createCopyNames } from '../../src/engine/copy-names.ts';
import type { Evidence } from '../../src/engine/evidence.ts';
import type { OperationContext } from '../../src/engine/operations/context.ts';
import type { Base } from '../../src/engine/ports/base.ts';
import type { Folder } from '../../src/engine/ports/folder.ts';
import type { ObjectKey, Store } from '../../src/engine/ports/store.ts';
import { openBase } from '../../src/engine/state/open-base.ts';
import { createMemoryDisk, type MemoryDisk } from '../../src/local/memory/disk.ts';
import {
  createMemoryServer,
  type MemoryServer,
  type MemoryServerOptions,
} from '../../src/stores/memory/memory-server.ts';
import type { MemoryGate } from '../../src/stores/memory/memory-store.ts';
import type { BaseRow, Digest, RemoteRow } from '../../src/sync/entry.ts';
import type { LocalFile } from '../../src/sync/operations.ts';
import type { EntryKey, RelPath } from '../../src/sync/path.ts';
import { createFakeRuntime, type FakeRuntime } from './fake-runtime.ts';

/** One machine's disk, store and base, for a single operation: no cycle around it. */
export interface OperationRoom {
  readonly server: MemoryServer;
  readonly disk: MemoryDisk;
  readonly user: MemoryDisk['user'];
  readonly runtime: FakeRuntime;
  readonly folder: Folder;
  readonly base: Base;
  readonly notices: string[];
  readonly bytes: { up: number; down: number };
  readonly evidence: Map<EntryKey, Evidence>;
  store: Store;
  /** Acts at the client's requests. */
  gate(hook: MemoryGate): void;
  /** The file or symlink as a walk finds it now. */
  local(path: string): Promise<LocalFile>;
  /** The object as a listing shows it now. */
  remote(key: string): Promise<RemoteRow>;
  /** Hashes a file as judging does, and keeps that as evidence. */
  look(path: string, racy?: boolean): Promise<LocalFile>;
  context(changes?: Partial<OperationContext>): OperationContext;
}

export const key = (path: string): EntryKey => path as EntryKey;
export const digestOf = (text: string | Uint8Array): Digest =>
  createHash('sha256').update(text).digest('hex') as Digest;
export const md5Of = (text: string | Uint8Array): string => createHash('md5').update(text).digest('hex');

export async function operationRoom(options: MemoryServerOptions = {}): Promise<OperationRoom> {
  const runtime = createFakeRuntime();
  const server = createMemoryServer({ clock: runtime.nowMs, ...options });
  const disk = createMemoryDisk({ runtime });
  const folder = disk.open();
  const ids = { targetId: 'target', clientId: 'me' };
  const base = await openBase({ ...ids, state: folder.state, mode: 'write' });
  const plain = server.connect(runtime);
  const capabilities = await plain.probe();
  const local = async (path: string): Promise<LocalFile> => {
    const now = await folder.stat(path as RelPath);
    if (now === undefined || !('fingerprint' in now)) throw new Error(`${path} is no file`);
    return { ...now, key: key(path) };
  };
  const room: OperationRoom = {
    server,
    disk,
    user: disk.user,
    runtime,
    folder,
    base,
    notices: [],
    bytes: { up: 0, down: 0 },
    evidence: new Map(),
    store: plain,
    gate: (hook) => {
      room.store = server.connect(runtime, hook);
    },
    local,
    remote: async (path) => {
      const head = await plain.head(path as ObjectKey);
      if (head.kind === 'absent') throw new Error(`${path} is not there`);
      return { key: key(path), token: head.state.token };
    },
    look: async (path, racy) => {
      const hashed = await folder.hash({ path: path as RelPath, etagPartSizes: [0] });
      if (hashed.kind !== 'hashed') throw new Error(`${path} cannot be hashed`);
      const { digest, executable, fingerprint, entry } = hashed;
      const same = { digest, sizeBytes: fingerprint.sizeBytes };
      const content = entry === 'file' ? { kind: entry, ...same, executable } : { kind: entry, ...same };
      const md5 = hashed.etags[0] ?? '';
      room.evidence.set(key(path), { local: { content, racy: racy ?? hashed.racy, md5 } });
      return local(path);
    },
    context: (changes = {}) => ({
      ...{ folder, store: room.store, base, runtime, capabilities, clientId: 'me' },
      evidence: room.evidence,
      copyNames: createCopyNames(folder, 0, () => false),
      respelled: new Set(),
      seenInTheWay: new Map(),
      hostOf: async () => 'desk',
      notice: (code, path) => void room.notices.push(`${code} ${path}`),
      publish: () => {},
      onBytes: (direction, count) => {
        room.bytes[direction] += count;
      },
      ...changes,
    }),
  };
  return room;
}

/** A row of the base for a file that both sides have. */
export function baseRow(file: LocalFile, text: string, { token }: RemoteRow): BaseRow {
  const content = {
    kind: 'file',
    digest: digestOf(text),
    sizeBytes: Buffer.byteLength(text),
    executable: file.kind === 'file' && file.executable,
  } as const;
  return {
    key: file.key,
    content,
    mtimeNs: file.fingerprint.mtimeNs,
    local: file.fingerprint,
    remote: token,
  };
}
