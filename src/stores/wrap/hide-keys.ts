import type { Store } from '../../engine/ports/store.ts';

/** A store whose listing leaves out these keys: files of another program that are not content. */
export function hideKeys(store: Store, hidden: ReadonlySet<string>): Store {
  return {
    ...store,
    list: async function* (options) {
      for await (const page of store.list(options)) yield page.filter((object) => !hidden.has(object.key));
    },
  };
}
