import { boundDigest, decodeMetadata } from '../formats/metadata-codec.ts';
import type { Digest } from '../sync/entry.ts';
import type { ObjectState } from './ports/store.ts';

/** An object's SHA-256, if it is more than a claim: the store computed it, or it is tied to the ETag (H4). */
export function provenDigest(state: ObjectState): Digest | undefined {
  return state.digest ?? boundDigest(decodeMetadata(state.metadata), state.token.etag);
}
