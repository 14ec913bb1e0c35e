import { createHash } from 'node:crypto';
import type { Folder, HashOutcome, HashRequest, LocalSource, LocalStat } from '../../engine/ports/folder.ts';
import { S4Error } from '../../lib/errors.ts';
import { type Digest, type Fingerprint, sameFingerprint } from '../../sync/entry.ts';
import type { RelPath } from '../../sync/path.ts';
import { type ContentNode, fingerprintOf, isContent, type MemoryNode } from './nodes.ts';
import type { DiskState, Session } from './session.ts';

const HASH_ATTEMPTS = 3;

export function createReader(session: Session): Pick<Folder, 'stat' | 'hash' | 'readSmall' | 'open'> {
  const contentAt = (path: RelPath): ContentNode | undefined => {
    const found = session.resolve(path);
    const node = found.kind === 'here' ? found.node : undefined;
    if (!isContent(node)) return undefined;
    if (node.kind === 'file') session.assertReadable(path);
    return node;
  };
  return {
    async stat(path) {
      const found = session.resolve(path);
      return found.kind === 'here' ? statOf(found.node) : undefined;
    },
    hash: (request) => hash(session, request, () => contentAt(request.path)),
    async readSmall(path, maxBytes) {
      const node = contentAt(path);
      return node === undefined || node.bytes.byteLength > maxBytes ? undefined : node.bytes.slice();
    },
    async open(path, expected) {
      const node = contentAt(path);
      if (node === undefined || !sameFingerprint(fingerprintOf(node), expected)) return undefined;
      return openedSource(session, node, path, expected, () => contentAt(path) === node);
    },
  };
}

export function statOf(node: MemoryNode | undefined): LocalStat | undefined {
  switch (node?.kind) {
    case undefined:
      return undefined;
    case 'file':
      return { kind: 'file', fingerprint: fingerprintOf(node), executable: node.executable };
    case 'symlink':
      return { kind: 'symlink', fingerprint: fingerprintOf(node) };
    case 'folder':
      return { kind: 'folder' };
    case 'other':
      return { kind: 'other' };
  }
}

/** A later write in the same tick of the clock would set the same times: only then could it go unseen. */
export function isRacy(disk: DiskState, fingerprint: Fingerprint): boolean {
  const now = disk.runtime.nowMs();
  const isNow = (timeNs: bigint) => Math.abs(now - Number(timeNs / 1_000_000n)) < disk.granularityMs;
  return isNow(fingerprint.mtimeNs) && isNow(fingerprint.ctimeNs);
}

async function hash(
  session: Session,
  request: HashRequest,
  find: () => ContentNode | undefined,
): Promise<HashOutcome> {
  for (let attempt = 0; attempt < HASH_ATTEMPTS; attempt++) {
    request.signal?.throwIfAborted();
    const node = find();
    if (node === undefined) return { kind: 'absent' };
    const fingerprint = fingerprintOf(node);
    const { bytes } = node;
    // A real file takes time to read: whoever shares the loop may write now.
    await Promise.resolve();
    if (find() !== node || !sameFingerprint(fingerprintOf(node), fingerprint)) continue;
    return {
      kind: 'hashed',
      entry: node.kind,
      digest: digestOf(bytes),
      fingerprint,
      executable: node.kind === 'file' && node.executable,
      racy: isRacy(session.disk, fingerprint),
      etags: (request.etagPartSizes ?? []).map((partSize) => etagOf(bytes, partSize)),
    };
  }
  return { kind: 'unsettled' };
}

function openedSource(
  session: Session,
  node: ContentNode,
  path: RelPath,
  expected: Fingerprint,
  stillThere: () => boolean,
): LocalSource {
  return {
    sizeBytes: expected.sizeBytes,
    async read(startByte, endByte) {
      session.live();
      if (endByte > node.bytes.byteLength) throw new S4Error('LOCAL_UNREADABLE', 'the file became shorter');
      return node.bytes.slice(startByte, endByte);
    },
    unchanged: async () => stillThere() && sameFingerprint(fingerprintOf(node), expected),
    makeDurable: async () => {
      if (node.kind === 'file') session.fsync(node, path);
    },
    close: async () => undefined,
  };
}

export function digestOf(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest;
}

export function md5Of(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

/** S3's ETag of an upload in parts of this size; 0: of a plain upload. */
function etagOf(bytes: Uint8Array, partSize: number): string {
  if (partSize === 0) return md5Of(bytes).toString('hex');
  const count = Math.max(1, Math.ceil(bytes.byteLength / partSize));
  const parts = Array.from({ length: count }, (_, i) =>
    md5Of(bytes.subarray(i * partSize, (i + 1) * partSize)),
  );
  return `${md5Of(Buffer.concat(parts)).toString('hex')}-${count}`;
}
