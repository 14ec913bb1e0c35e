import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/engine/ports/store.ts';
import { quiet } from '../../support/crash.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';

const BEFORE = 'same';
/** Of the same length. */
const AFTER = 'edit';

async function pair(): Promise<{ world: World; a: Machine; b: Machine }> {
  const world = createWorld();
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  a.user.write('keep', 'keep');
  a.user.write('f', BEFORE);
  await a.sync();
  await b.sync();
  world.tick(60_000);
  return { world, a, b };
}

/**
 * `f` is saved with the content it has as a cycle begins, so that it is hashed. In that very tick of the clock it is edited
 * again, when `isTime` says that it was hashed by now: the edit leaves the times and the size that were hashed. Then the
 * tick ends, and s4 goes on.
 */
function editsInTheTickOfTheHash(
  world: World,
  a: Machine,
  isTime: (request: string, key: string) => boolean,
): { edit(): void } {
  let state: 'begin' | 'saved' | 'edited' = 'begin';
  const edit = (): void => {
    if (state !== 'saved') return;
    state = 'edited';
    a.user.write('f', AFTER);
    world.tick(500);
  };
  a.store = world.server.connect(a.runtime, async (at, request, key) => {
    if (at !== 'request') return;
    if (state === 'begin') {
      state = 'saved';
      a.user.write('f', BEFORE);
    }
    if (isTime(request, key)) edit();
  });
  return { edit };
}

async function expectEditArrives(a: Machine, b: Machine): Promise<void> {
  a.disk.beforeStep(undefined);
  await quiet([a, b]);
  expect(Object.values(a.user.tree())).toContain(AFTER);
  expect(Object.values(b.user.tree())).toContain(AFTER);
}

describe('an edit in the tick of the clock in which a file was hashed is seen', () => {
  it('also when the file was then renamed, because it was in the store', async () => {
    const { world, a, b } = await pair();
    b.user.rename('f', 'g');
    await b.sync();
    editsInTheTickOfTheHash(world, a, (request, key) => request === 'HEAD' && key === 'f');
    await a.sync();
    await expectEditArrives(a, b);
  });

  it('also when the file then took over an executable bit', async () => {
    const { world, a, b } = await pair();
    b.user.chmod('f', true);
    await b.sync();
    const edits = editsInTheTickOfTheHash(world, a, () => false);
    a.disk.beforeStep((step, path) => {
      if (step === 'chmod' && path === 'f') edits.edit();
    });
    await a.sync();
    await expectEditArrives(a, b);
  });

  it('also when the object was then found to hold the same bytes', async () => {
    const { world, a, b } = await pair();
    editsInTheTickOfTheHash(world, a, (request, key) => request === 'GET' && key === 'f');
    a.store = sentInParts(a.store, 'f');
    await a.sync();
    await expectEditArrives(a, b);
  });
});

/** A tool sent the same content again in parts: it has another ETag, and only its bytes tell. */
function sentInParts(store: Store, object: string): Store {
  const etag = '00000000000000000000000000000000-2';
  const renamed = <T extends { readonly etag: string }>(key: string, token: T): T =>
    key === object ? { ...token, etag } : token;
  return {
    ...store,
    async *list(options) {
      for await (const page of store.list(options))
        yield page.map((each) => ({ ...each, token: renamed(each.key, each.token) }));
    },
    head: async (key, options) => {
      const found = await store.head(key, options);
      if (found.kind === 'absent') return found;
      return { ...found, state: { ...found.state, token: renamed(key, found.state.token) } };
    },
    get: async (key, options) => {
      const { etag: _, ...rest } = options ?? {};
      const got = await store.get(key, key === object ? rest : options);
      if (got.kind !== 'found') return got;
      return { ...got, state: { ...got.state, token: renamed(key, got.state.token) } };
    },
    put: (key, source, options) => {
      const { condition } = options;
      const meant = key === object && condition.kind === 'matches' ? { kind: 'none' as const } : condition;
      return store.put(key, source, { ...options, condition: meant });
    },
  };
}
