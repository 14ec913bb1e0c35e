import type { Store } from '../engine/ports/store.ts';
import { headClient } from './keys.ts';
import { type HistoryEntry, listHeads, readHistory } from './reader.ts';

/**
 * What all clients recorded, newest first by the clock of each: for people. A segment of each client is in memory.
 *
 * @throws S4Error STORE_*, OBJECT_DENIED
 */
export async function* mergedHistory(
  store: Pick<Store, 'list' | 'get'>,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<HistoryEntry> {
  const cursors: Cursor[] = [];
  for (const { key } of await listHeads({ store, known: undefined, ...options })) {
    const client = headClient(key);
    if (client !== undefined) cursors.push(createCursor(readHistory(store, client, options)));
  }
  await Promise.all(cursors.map((cursor) => cursor.advance()));
  try {
    for (;;) {
      const newest = cursors.reduce(newer, undefined);
      if (newest?.entry === undefined) return;
      yield newest.entry;
      await newest.advance();
    }
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()));
  }
}

interface Cursor {
  /** Undefined at the end. */
  readonly entry: HistoryEntry | undefined;
  advance(): Promise<void>;
  close(): Promise<void>;
}

function createCursor(batches: AsyncIterable<readonly HistoryEntry[]>): Cursor {
  const iterator = batches[Symbol.asyncIterator]();
  let batch: readonly HistoryEntry[] = [];
  let next = 0;
  return {
    get entry() {
      return batch[next];
    },
    advance: async () => {
      next++;
      if (next < batch.length) return;
      const more = await iterator.next();
      batch = more.done === true ? [] : more.value;
      next = 0;
    },
    close: async () => {
      await iterator.return?.();
    },
  };
}

function newer(best: Cursor | undefined, cursor: Cursor): Cursor | undefined {
  if (cursor.entry === undefined) return best;
  if (best?.entry === undefined) return cursor;
  return cursor.entry.entry.atMs > best.entry.entry.atMs ? cursor : best;
}
