import { beforeEach, describe, expect, it } from 'vitest';
import { storedSide } from '../../../src/commands/contents.ts';
import { objectKey } from '../../../src/engine/keys.ts';
import type { Store } from '../../../src/engine/ports/store.ts';
import { MAX_SHOWN_BYTES, readNamedState, readState } from '../../../src/engine/read-state.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { fileKey, type RelPath } from '../../../src/sync/path.ts';
import { countedBodies } from '../../support/counted-bodies.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';

const F = objectKey(fileKey('f' as RelPath));

let world: World;
let a: Machine;
beforeEach(async () => {
  world = createWorld();
  a = await world.machine('laptop');
});

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

describe('the bytes of an object', () => {
  it('are those of the state that is asked for', async () => {
    world.server.put('f', 'one');
    const [one] = world.server.history('f');
    world.server.put('f', 'two');
    const { store, open } = countedBodies(a.store);
    expect(text(await readState(F, {}, { store }))).toBe('two');
    expect(text(await readState(F, { versionId: one?.versionId ?? '' }, { store }))).toBe('one');
    expect(await readState(F, { etag: 'another' }, { store })).toBeUndefined();
    for (const name of [one?.versionId, one?.content?.etag])
      expect(text(await readNamedState(F, name ?? '', { store }))).toBe('one');
    expect(await readNamedState(F, 'null', { store })).toBeUndefined();
    expect(open()).toBe(0);
  });

  it('that are too many to be shown are left, and keep no connection', async () => {
    world.server.put('f', 'x'.repeat(MAX_SHOWN_BYTES));
    const { store, open } = countedBodies(a.store);
    expect((await readState(F, {}, { store }))?.byteLength).toBe(MAX_SHOWN_BYTES);
    world.server.put('f', 'x'.repeat(MAX_SHOWN_BYTES + 1));
    expect(await readState(F, {}, { store })).toBeUndefined();
    expect(open()).toBe(0);
  });

  it('that are too many for a difference are left, too', async () => {
    const sizeBytes = 8 * 1024 * 1024 + 1;
    world.server.put('f', 'x'.repeat(sizeBytes));
    const { store, open } = countedBodies(a.store);
    const { content } = await storedSide(store, 'f' as RelPath, { label: 'f' });
    expect([content, open()]).toEqual([{ kind: 'large', sizeBytes }, 0]);
  });

  it('are not known by name where the versions may not be listed, and else that is told', async () => {
    world.server.put('f', 'one');
    const named = (code: 'STORE_DENIED' | 'OBJECT_DENIED' | 'STORE_UNREACHABLE') => {
      const versions: Store['versions'] = async function* () {
        yield* [];
        throw new S4Error(code, 'for a test');
      };
      return readNamedState(F, 'x', { store: { ...a.store, versions } });
    };
    expect([await named('STORE_DENIED'), await named('OBJECT_DENIED')]).toEqual([undefined, undefined]);
    await expect(named('STORE_UNREACHABLE')).rejects.toThrow('for a test');
  });

  it('end with the wish to stop', async () => {
    world.server.put('f', 'one');
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(readState(F, {}, { store: a.store, signal })).rejects.toThrow('stopped');
    await expect(readNamedState(F, 'x', { store: a.store, signal })).rejects.toThrow('stopped');
  });
});
