import { expect, it } from 'vitest';
import type { Store } from '../../../src/engine/ports/store.ts';
import { createWorld, summaryOf } from '../../support/machines.ts';

/** As SeaweedFS: a folder whose files were deleted is not listed, and yet it is there for HEAD and for conditions. */
function withHiddenFolders(store: Store, hidden: ReadonlySet<string>): Store {
  return {
    ...store,
    head: async (key, options) => {
      const found = await store.head(key, options);
      if (found.kind === 'found' || !hidden.has(key)) return found;
      return {
        kind: 'found',
        state: { token: { etag: '"none-0"', sizeBytes: 0, modifiedMs: 0 }, metadata: {} },
      };
    },
    put: async (key, source, options) => {
      if (hidden.has(key) && options.condition.kind !== 'none') return { kind: 'precondition-failed' };
      return store.put(key, source, options);
    },
  };
}

it('a folder that became empty is stored where the service still holds it, unlisted', async () => {
  const world = createWorld();
  const a = await world.machine('laptop');
  const b = await world.machine('desk');
  for (const machine of [a, b]) machine.store = withHiddenFolders(machine.store, new Set(['left/']));
  a.user.write('left/gone.txt', 'gone');
  a.user.write('other.txt', 'other');
  await a.sync();
  a.user.remove('left/gone.txt');
  await a.sync();
  expect(summaryOf(await a.sync()).requests).not.toHaveProperty('PUT');
  await b.sync();
  expect(b.user.tree()).toEqual(a.user.tree());
  expect(Object.keys(b.user.tree())).toContain('left/');
});
