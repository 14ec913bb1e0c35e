import type { StoreCapabilities, WriteCondition } from '../ports/store.ts';

/** Files up to this size are read once, hashed and sent from memory; larger ones part by part. */
export const WHOLE_READ_BYTES = 8 * 1024 * 1024;

/** Does the store itself refuse this write when the expected state is gone? */
export function isGuardedPut(
  capabilities: StoreCapabilities,
  condition: WriteCondition,
  sizeBytes: number,
): boolean {
  const inParts = sizeBytes > WHOLE_READ_BYTES;
  switch (condition.kind) {
    case 'none':
      return false;
    case 'absent':
      return inParts ? capabilities.multipartIfAbsent : capabilities.putIfAbsent;
    case 'matches':
      return inParts ? capabilities.multipartIfMatch : capabilities.putIfMatch;
  }
}

/** Did every condition hold when the store was tried? */
export function guardsAllWrites(capabilities: StoreCapabilities): boolean {
  const { putIfAbsent, putIfMatch, multipartIfAbsent, multipartIfMatch } = capabilities;
  const { copyIfAbsent, copyIfMatch, deleteIfMatch } = capabilities;
  const puts = putIfAbsent && putIfMatch && multipartIfAbsent && multipartIfMatch;
  return puts && copyIfAbsent && copyIfMatch && deleteIfMatch;
}
