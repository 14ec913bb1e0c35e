import type { Folder } from '../../src/engine/ports/folder.ts';
import type { Store } from '../../src/engine/ports/store.ts';
import type { Client } from './client.ts';

/** Parts of s4 replaced by worse ones: whoever checks that nothing is lost must see that something is. */
export interface Weakening {
  readonly folder?: (folder: Folder, client: Client) => Folder;
  readonly store?: (store: Store) => Store;
}

/** Downloads go over whatever is there by then, as `rename` would do it, without a look and without the trash. */
export const OVERWRITES_IN_PLACE: Weakening = {
  folder: (folder, { user }) => ({
    ...folder,
    place: (placement) => {
      user.remove(placement.path);
      return folder.place({ ...placement, expected: { kind: 'absent' } });
    },
  }),
};

/** What is moved to the trash is gone at once. */
export const WITHOUT_TRASH: Weakening = {
  folder: (folder, { user }) => ({
    ...folder,
    place: async (placement) => {
      const outcome = await folder.place(placement);
      user.remove('.s4/trash');
      return outcome;
    },
    remove: async (...args) => {
      const outcome = await folder.remove(...args);
      user.remove('.s4/trash');
      return outcome;
    },
  }),
};

/** Writes to the store without conditions, and nothing is kept of what was replaced here. */
export const UNGUARDED_AND_WITHOUT_TRASH: Weakening = {
  ...WITHOUT_TRASH,
  store: (store) => ({
    ...store,
    put: (key, source, options) => store.put(key, source, { ...options, condition: { kind: 'none' } }),
    delete: (key, options) => store.delete(key, { ...options, condition: { kind: 'none' } }),
  }),
};
