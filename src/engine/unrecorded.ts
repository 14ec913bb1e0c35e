import type { Base } from './ports/base.ts';
import type { Store } from './ports/store.ts';

/**
 * A process that is killed between a request and its record leaves something in the store that it can adopt at its next
 * start, but not tell of: an object may name its writer, a deletion does not. So the cursor says that writing has begun,
 * durably, before the first write of a cycle, and no longer once the cycle's facts are published. Who opens a base that
 * still says so owes the others a gap in the numbers, at which they look at everything.
 */
export function announceWrites(store: Store, base: Base): Store {
  let announced: Promise<void> | undefined;
  const announce = async (): Promise<void> => {
    if (base.cursor.writing === true) return;
    await base.record({ cursor: { ...base.cursor, writing: true } });
    await base.flush();
  };
  const first = (): Promise<void> => {
    announced ??= announce();
    return announced;
  };
  return {
    ...store,
    put: async (...args) => {
      await first();
      return store.put(...args);
    },
    copy: async (...args) => {
      await first();
      return store.copy(...args);
    },
    delete: async (...args) => {
      await first();
      return store.delete(...args);
    },
  };
}

/** What the last process wrote and did not tell is owed from now on. For who opened the base to write. */
export async function oweUnrecorded(base: Base): Promise<void> {
  const { writing, ...cursor } = base.cursor;
  if (writing === true) await base.record({ cursor: { ...cursor, unpublished: cursor.unpublished + 1 } });
}

/** All that was written is told, or was nothing. Where a crash forgets this, the others look at everything once for nothing. */
export async function forgetWriting(base: Base): Promise<void> {
  const { writing, ...cursor } = base.cursor;
  if (writing === true) await base.record({ cursor });
}
