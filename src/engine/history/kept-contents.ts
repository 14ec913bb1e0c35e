import { decodeMetadata } from '../../formats/metadata-codec.ts';
import { isS4Error } from '../../lib/errors.ts';
import { fileKey, type RelPath } from '../../sync/path.ts';
import type { ConflictContents } from '../cycle.ts';
import { objectKey } from '../keys.ts';
import type { Folder } from '../ports/folder.ts';
import type { Store } from '../ports/store.ts';
import { MAX_SHOWN_BYTES, readNamedState } from '../read-state.ts';
import type { WaitingCopy } from './waiting-copies.ts';

export interface KeptContentsDeps {
  readonly folder: Pick<Folder, 'readSmall'>;
  readonly store: Pick<Store, 'head' | 'get' | 'versions'>;
  readonly signal?: AbortSignal;
}

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
        const name = await ancestorOf(copy, deps);
        return name === undefined ? undefined : await readNamedState(objectKey(fileKey(path)), name, deps);
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
  return ancestor;
}
