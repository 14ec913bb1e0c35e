import { expect } from 'vitest';
import type { StoreCapabilities } from '../../../src/engine/ports/store.ts';
import { type ContractCase, type Room, readAll, writeToken } from '../room.ts';

const versioned = (capabilities: StoreCapabilities): string | undefined =>
  capabilities.versioning === 'enabled' ? undefined : `versioning is ${capabilities.versioning}`;

export const versionCases: readonly ContractCase[] = [
  {
    name: 'versions come newest first, with the delete marker',
    unlessCapable: versioned,
    async run(room) {
      const first = await room.store1('f', 'one');
      const second = await room.store1('f', 'second');
      await room.store.delete(room.key('f'), { condition: { kind: 'none' } });
      const versions = await room.versions('f');
      expect(versions.map((each) => each.isLatest)).toEqual([true, false, false]);
      expect(versions.map((each) => each.content?.sizeBytes)).toEqual([undefined, 6, 3]);
      expect(versions.map((each) => each.content?.etag)).toEqual([undefined, second.etag, first.etag]);
      expect(versions.slice(1).map((each) => each.versionId)).toEqual([second.versionId, first.versionId]);
      expect(new Set(versions.map((each) => each.key))).toEqual(new Set([room.key('f')]));
      expect(new Set(versions.map((each) => each.versionId)).size).toBe(3);
    },
  },
  {
    name: 'versions are of exactly one key',
    unlessCapable: versioned,
    async run(room) {
      await room.store1('k', '1');
      await room.store1('k2', '2');
      await room.store1('k3/k', '3');
      expect(await room.versions('k')).toHaveLength(1);
      expect(await room.versions('nothing')).toEqual([]);
    },
  },
  {
    name: 'an old version is read by its id, also behind a delete marker',
    unlessCapable: versioned,
    async run(room) {
      const first = await room.store1('f', 'one', { metadata: { mode: '0100755' } });
      const second = await room.store1('f', 'second');
      expect(await textOf(room, 'f', first.versionId)).toBe('one');
      expect(await textOf(room, 'f', second.versionId)).toBe('second');
      await room.store.delete(room.key('f'), { condition: { kind: 'none' } });
      expect((await room.store.get(room.key('f'))).kind).toBe('absent');
      expect(await textOf(room, 'f', first.versionId)).toBe('one');
      expect(await textOf(room, 'f', second.versionId)).toBe('second');
      const old = await room.store.head(room.key('f'), versionId(first.versionId));
      expect(old.kind === 'found' && old.state.metadata['mode']).toBe('0100755');
      expect(old.kind === 'found' && old.state.token.etag).toBe(first.etag);
    },
  },
  {
    name: 'a version that never was, and a delete marker, are absent',
    unlessCapable: versioned,
    async run(room) {
      const { versionId: foreign } = await room.store1('other', 'x');
      await room.store1('f', 'one');
      await room.store.delete(room.key('f'), { condition: { kind: 'none' } });
      const marker = (await room.versions('f'))[0];
      if (!marker) throw new Error('no marker');
      for (const id of [marker.versionId, foreign]) {
        expect((await room.store.get(room.key('f'), versionId(id))).kind).toBe('absent');
        expect((await room.store.head(room.key('f'), versionId(id))).kind).toBe('absent');
      }
    },
  },
  {
    name: 'writers without a condition overtake each other, and no version is lost',
    unlessCapable: versioned,
    async run(room) {
      const texts = Array.from({ length: room.options.writers }, (_, index) => `writer ${index}`);
      const tokens = await Promise.all(texts.map((text) => room.store1('f', text)));
      const versions = await room.versions('f');
      expect(versions.map((each) => each.versionId).sort()).toEqual(
        tokens.map((each) => each.versionId).sort(),
      );
      const found = await Promise.all(versions.map((each) => textOf(room, 'f', each.versionId)));
      expect(found.sort()).toEqual([...texts].sort());
    },
  },
  {
    name: 'an old version is restored by copying it',
    unlessCapable: versioned,
    async run(room) {
      const first = await room.store1('f', 'one');
      await room.store.delete(room.key('f'), { condition: { kind: 'none' } });
      const outcome = await room.store.copy(room.key('f'), room.key('f'), {
        source: versionId(first.versionId),
        condition: { kind: 'none' },
        metadata: writeToken(),
      });
      expect(outcome.kind).toBe('stored');
      expect(await room.text('f')).toBe('one');
      expect(await room.versions('f')).toHaveLength(3);
    },
  },
];

function versionId(id: string | undefined): { readonly versionId: string } {
  if (id === undefined) throw new Error('the token has no version id');
  return { versionId: id };
}

async function textOf(room: Room, name: string, id: string | undefined): Promise<string | undefined> {
  const bytes = await readAll(await room.store.get(room.key(name), versionId(id)));
  return bytes && new TextDecoder().decode(bytes);
}
