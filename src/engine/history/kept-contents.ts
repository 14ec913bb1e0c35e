import { decodeMetadata } from '../../formats/metadata-codec.ts';
import { isS4Error } from '../../lib/errors.ts';
import { fileKey, type RelPath } from '../../sync/path.ts';
import type { ConflictContents } from '../cycle.ts';
import { objectKey } from '../keys.ts';
import type { Folder } from '../ports/folder.ts';
import type { Store } from '../ports/store.ts';
import type { WaitingCopy } from './waiting-copies.ts';

export interface KeptContentsDeps {
  readonly folder: Pick<Folder, 'readSmall'>;
  readonly store: Pick<Store, 'head' | 'get'>;
  readonly signal?: AbortSignal;
}

/** Larger ones are told apart by size and time. */
const MAX_SHOWN_BYTES = 4 * 1024 * 1024;
const NS_PER_US = 1000n;

/**
 * What is behind a conflict that was kept as both: the copy is `local` (it was the local version where it was made), the
 * original `remote`. Their common ancestor is the version that whoever made the copy wrote down with it; without that
 * note, without that version or without the store it is not known.
 */
export function keptContents({ copy, path }: WaitingCopy, deps: KeptContentsDeps): ConflictContents {
  const { folder } = deps;
  return {
    local: () => folder.readSmall(copy.key as string as RelPath, MAX_SHOWN_BYTES),
    remote: () => folder.readSmall(path, MAX_SHOWN_BYTES),
    base: async () => {
      try {
        const versionId = await ancestorOf(copy, deps);
        return versionId === undefined ? undefined : await readVersion(path, versionId, deps);
      } catch (error) {
        // Both can be looked at and decided about without it.
        if (isS4Error(error)) return undefined;
        throw error;
      }
    },
  };
}

/** The note counts only for the very version that is here: another tool may have put something else under that name. */
async function ancestorOf(
  { key, fingerprint }: WaitingCopy['copy'],
  { store, signal }: KeptContentsDeps,
): Promise<string | undefined> {
  const head = await store.head(objectKey(key), signal === undefined ? {} : { signal });
  if (head.kind === 'absent' || head.state.token.sizeBytes !== fingerprint.sizeBytes) return undefined;
  const { ancestor, mtimeNs } = decodeMetadata(head.state.metadata);
  if (mtimeNs === undefined || mtimeNs / NS_PER_US !== fingerprint.mtimeNs / NS_PER_US) return undefined;
  // The one version of a bucket without versioning: whatever is current by now.
  return ancestor === 'null' ? undefined : ancestor;
}

async function readVersion(
  path: RelPath,
  versionId: string,
  { store, signal }: KeptContentsDeps,
): Promise<Uint8Array | undefined> {
  const got = await store.get(objectKey(fileKey(path)), { versionId, ...(signal && { signal }) });
  if (got.kind !== 'found' || got.state.token.sizeBytes > MAX_SHOWN_BYTES) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of got.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
