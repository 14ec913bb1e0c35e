import { decodeMetadata } from '../formats/metadata-codec.ts';
import type { Content, Digest, RemoteRow } from '../sync/entry.ts';
import type { JoinedRow } from '../sync/join.ts';
import type { SideFact } from '../sync/reconcile.ts';
import { sameRemoteBytes, sameRemoteToken } from '../sync/token.ts';
import { factOf, type LookDeps } from './evidence.ts';
import { objectKey } from './keys.ts';
import type { ObjectState } from './ports/store.ts';
import { provenDigest } from './proven-digest.ts';

export interface RemoteLook {
  readonly kind: 'seen';
  readonly fact: SideFact;
  readonly remote?: RemoteRow;
  readonly state?: ObjectState;
}

/** What became of the remote side: by the listing where that is enough, else by a HEAD. */
export async function lookRemote(
  row: JoinedRow,
  localFact: SideFact,
  deps: LookDeps,
): Promise<RemoteLook | { kind: 'unsettled' }> {
  const { base, remote } = row;
  if (remote === undefined) return { kind: 'seen', fact: 'absent' };
  if (base === undefined || base.content.kind === 'folder') return { kind: 'seen', fact: 'changed', remote };
  if (sameRemoteToken(base.remote, remote.token)) return { kind: 'seen', fact: 'same', remote };
  // Equal bytes with a new time may be a chmod; a rewrite of a file that is deleted here may be the very same content.
  if (!sameRemoteBytes(base.remote, remote.token) && localFact !== 'absent') {
    return { kind: 'seen', fact: 'changed', remote };
  }
  const head = await deps.store.head(objectKey(remote.key), deps.signal ? { signal: deps.signal } : {});
  if (head.kind === 'absent') return { kind: 'unsettled' };
  const fresh: RemoteRow = { ...remote, token: head.state.token };
  const content = remoteContent(head.state, base.content, sameRemoteBytes(base.remote, head.state.token));
  const fact = content === undefined ? 'changed' : factOf(base.content, content);
  return { kind: 'seen', fact, remote: fresh, state: head.state };
}

/** The content that an object's metadata proves it to have, or undefined. */
function remoteContent(
  state: ObjectState,
  base: Exclude<Content, { kind: 'folder' }>,
  sameBytesAsBase: boolean,
): Content | undefined {
  const metadata = decodeMetadata(state.metadata);
  const digest: Digest | undefined = sameBytesAsBase ? base.digest : provenDigest(state);
  if (digest === undefined) return undefined;
  const sizeBytes = state.token.sizeBytes;
  if ((metadata.kind ?? base.kind) === 'symlink') return { kind: 'symlink', digest, sizeBytes };
  const known = base.kind === 'file' ? base.executable : false;
  return { kind: 'file', digest, sizeBytes, executable: metadata.executable ?? known };
}
