import type { Runtime } from '../../engine/ports/runtime.ts';
import type { ObjectKey, Store, StoreCapabilities, WriteCondition } from '../../engine/ports/store.ts';
import { S4Error } from '../../lib/errors.ts';

const EMPTY = { sizeBytes: 0, read: async () => new Uint8Array() };

/**
 * Tries on this very disk what must fail, as an object store is tried; what holds for one write holds for all, as all
 * go through the same lock.
 *
 * @throws S4Error STORE_FAILED when the disk does not do what the store is built on
 */
export async function probeFileStore(
  store: Store,
  runtime: Runtime,
  signal: AbortSignal | undefined,
): Promise<StoreCapabilities> {
  const key = `.s4/probe/${runtime.randomHex(8)}` as ObjectKey;
  const call = signal ? { signal } : {};
  const put = (condition: WriteCondition) =>
    store.put(key, EMPTY, { condition, metadata: { 's4-write': runtime.randomHex(8) }, ...call });
  try {
    const first = await put({ kind: 'absent' });
    const second = await put({ kind: 'absent' });
    const wrong = await put({ kind: 'matches', etag: 'never' });
    const removed = await store.delete(key, { condition: { kind: 'matches', etag: 'never' }, ...call });
    const refused = [second, wrong, removed].every((each) => each.kind === 'precondition-failed');
    if (first.kind !== 'stored' || !refused)
      throw new S4Error('STORE_FAILED', 'the disk of the store does not keep what was written to it');
  } finally {
    await store.delete(key, { condition: { kind: 'none' } });
  }
  return {
    putIfAbsent: true,
    putIfMatch: true,
    multipartIfAbsent: true,
    multipartIfMatch: true,
    copyIfAbsent: true,
    copyIfMatch: true,
    deleteIfMatch: true,
    versioning: 'enabled',
    listAfterWrite: true,
    sortedListing: true,
  };
}
