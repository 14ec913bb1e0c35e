import { createHash } from 'node:crypto';
import { decodeMetadata } from '../formats/metadata-codec.ts';
import type { Digest, RemoteRow } from '../sync/entry.ts';
import type { LocalFile } from '../sync/operations.ts';
import { keyPath } from '../sync/path.ts';
import type { Equality } from '../sync/reconcile.ts';
import { hashedAs, type LocalEvidence, type LookDeps } from './evidence.ts';
import { objectKey } from './keys.ts';
import type { HashOutcome } from './ports/folder.ts';
import type { ObjectKey, ObjectState } from './ports/store.ts';
import { provenDigest } from './proven-digest.ts';

export type ComparedContents =
  | {
      readonly kind: 'compared';
      readonly equality: Equality;
      readonly local: LocalFile;
      readonly state: ObjectState;
      readonly evidence?: LocalEvidence;
    }
  | { readonly kind: 'unsettled' };

const MiB = 1024 * 1024;
// Part sizes that clients use: s4 and boto 8, aws-cli 8, rclone 5, s5cmd 50, SDK defaults, then powers of two.
const PART_SIZES_MIB = [8, 5, 16, 15, 10, 32, 50, 64, 100, 128, 256, 512, 1024];

/**
 * Are a local file and an object that both are new the same? Decided without a download where it can be: by size, by a
 * SHA-256 bound to the object's bytes, by MD5 = ETag, by a recomputed multipart ETag. Joining two copies of 500 GB must
 * not move 500 GB.
 */
export async function compareContents(
  local: LocalFile,
  remote: RemoteRow,
  deps: LookDeps,
): Promise<ComparedContents> {
  const key = objectKey(remote.key);
  const signal = deps.signal ? { signal: deps.signal } : {};
  const head = await deps.store.head(key, signal);
  if (head.kind === 'absent') return { kind: 'unsettled' };
  const { state } = head;
  const metadata = decodeMetadata(state.metadata);
  const remoteKind = metadata.kind === 'symlink' ? 'symlink' : 'file';
  if (state.token.sizeBytes !== local.fingerprint.sizeBytes || remoteKind !== local.kind) {
    return { kind: 'compared', equality: 'different', local, state };
  }
  const hashed = await deps.folder.hash({
    path: keyPath(local.key),
    etagPartSizes: etagPartSizes(state),
    ...signal,
  });
  if (hashed.kind !== 'hashed') return { kind: 'unsettled' };
  const known = hashedAs(local, hashed);
  if (known === undefined) return { kind: 'unsettled' };
  const { local: seen, evidence } = known;
  // It may have been edited since the walk: what is compared is what was hashed.
  const same =
    seen.fingerprint.sizeBytes === state.token.sizeBytes &&
    (await sameAsObject(hashed, seen, state, key, deps));
  const sameMode =
    seen.kind === 'symlink' || metadata.executable === undefined || metadata.executable === seen.executable;
  const equality = !same ? 'different' : sameMode ? 'equal' : 'bytes';
  return { kind: 'compared', equality, local: seen, state, evidence };
}

type Hashed = Extract<HashOutcome, { kind: 'hashed' }>;

async function sameAsObject(
  hashed: Hashed,
  local: LocalFile,
  state: ObjectState,
  key: ObjectKey,
  deps: LookDeps,
): Promise<boolean> {
  const bound = provenDigest(state);
  if (bound !== undefined) return bound === hashed.digest;
  if (hashed.etags.includes(state.token.etag)) return true;
  const legacy = deps.legacyIndex?.get(local.key);
  if (
    legacy !== undefined &&
    legacy.localS === Number(local.fingerprint.mtimeNs / 1_000_000_000n) &&
    legacy.remoteS === Math.floor(state.token.modifiedMs / 1000)
  ) {
    return true;
  }
  // The ETag may be no MD5 at all (KMS, an unusual part size): only the bytes can tell.
  return (await digestOfObject(key, state, deps)) === hashed.digest;
}

async function digestOfObject(
  key: ObjectKey,
  state: ObjectState,
  deps: LookDeps,
): Promise<Digest | undefined> {
  const got = await deps.store.get(key, {
    etag: state.token.etag,
    ...(deps.signal && { signal: deps.signal }),
  });
  if (got.kind !== 'found') return undefined;
  const hash = createHash('sha256');
  for await (const chunk of got.body) hash.update(chunk);
  return hash.digest('hex') as Digest;
}

function etagPartSizes(state: ObjectState): number[] {
  const parts = /^[0-9a-f]{32}-(\d+)$/.exec(state.token.etag)?.[1];
  if (parts === undefined) return [0];
  const count = Number(parts);
  return PART_SIZES_MIB.map((mib) => mib * MiB).filter(
    (size) => Math.ceil(state.token.sizeBytes / size) === count,
  );
}
