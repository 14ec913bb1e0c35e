import type { Store } from '../../src/engine/ports/store.ts';

/** A store, and how many bodies it gave out that were neither read to their end nor left: each keeps a connection. */
export function countedBodies(store: Store): { readonly store: Store; open(): number } {
  let open = 0;
  const get: Store['get'] = async (...asked) => {
    const got = await store.get(...asked);
    if (got.kind !== 'found') return got;
    open++;
    const body = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* got.body;
      } finally {
        open--;
      }
    };
    return { ...got, body: body() };
  };
  return { store: { ...store, get }, open: () => open };
}
