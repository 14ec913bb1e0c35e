import { decodeMetadata } from '../formats/metadata-codec.ts';
import type { JoinedRow } from '../sync/join.ts';
import type { Judged } from '../sync/judged.ts';
import type { EntryKey } from '../sync/path.ts';
import type { LookDeps } from './evidence.ts';
import { objectKey } from './keys.ts';

/**
 * Two machines that make `x` and `x/y` in the same moment leave both in the store: no condition of S3 covers two keys.
 * Finds the files that an s4 wrote to a name under which this machine has a synced folder: no disk of theirs holds
 * both, so that the file may step aside. What other programs keep under such names stays as it is.
 *
 * @throws S4Error STORE_*
 */
export async function findOwnClashes(
  judged: readonly Judged[],
  { store, signal }: LookDeps,
): Promise<ReadonlySet<EntryKey>> {
  const own = new Set<EntryKey>();
  for (const { kind, row, decision } of judged) {
    if (kind !== 'entry' || row.remote === undefined || !isOverSyncedFolder(row)) continue;
    if (decision.kind === 'delete-remote') continue;
    const { etag } = row.remote.token;
    const head = await store.head(objectKey(row.remote.key), signal === undefined ? {} : { signal });
    if (head.kind === 'absent' || head.state.token.etag !== etag) continue;
    if (decodeMetadata(head.state.metadata).write !== undefined) own.add(row.key);
  }
  return own;
}

/** Also where this machine had the file, made a folder of it, and another edited the file meanwhile. */
function isOverSyncedFolder({ local, beneath }: JoinedRow): boolean {
  return local === undefined && beneath.base && beneath.local && beneath.remote;
}
