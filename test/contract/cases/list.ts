import { expect } from 'vitest';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import { compareKeys } from '../../../src/sync/path.ts';
import {
  bytesSource,
  type ContractCase,
  collect,
  expectSameToken,
  inParallel,
  needs,
  writeToken,
} from '../room.ts';

export const listCases: readonly ContractCase[] = [
  {
    name: 'list yields every key once with its token',
    async run(room) {
      const names = ['a!', 'a-b', 'a/b', 'a/c/d', 'a0', 'z'];
      const tokens = await Promise.all(names.map((name) => room.store1(name, `content of ${name}`)));
      const listed = await room.listed();
      expect(listed.map((each) => each.key).sort()).toEqual(names.map(room.key).sort());
      for (const [index, name] of names.entries()) {
        const token = tokens[index];
        const found = listed.find((each) => each.key === room.key(name));
        if (!token || !found) throw new Error(`${name} is not listed`);
        expectSameToken(token, found.token);
      }
    },
  },
  {
    name: 'list without `under` reaches everything, s4 keys included',
    async run(room) {
      const control = `.s4/${room.folder}head.json` as ObjectKey;
      await room.store1('plain', 'x');
      await room.store.put(control, bytesSource(new Uint8Array([1])), {
        condition: { kind: 'none' },
        metadata: writeToken(),
      });
      const keys = (await collect(room.store.list())).map((each) => each.key);
      expect(keys).toContain(room.key('plain'));
      expect(keys).toContain(control);
      expect(new Set(keys).size).toBe(keys.length);
    },
  },
  {
    name: 'list keeps to a folder whose name begins like another',
    async run(room) {
      await room.store1('folder1/x', '1');
      await room.store1('folder10/x', '10');
      await room.store1('folder1.txt', 't');
      expect(await room.names('folder1/')).toEqual(['folder1/x']);
      expect(await room.names('no-such-folder/')).toEqual([]);
    },
  },
  {
    name: 'list goes on past one page',
    async run(room) {
      const names = Array.from({ length: room.options.pageKeys }, (_, index) => `k${index}`);
      const queue = names.values();
      await inParallel(16, async () => {
        for (const name of queue) await room.store1(name, '');
      });
      const listed = await room.names();
      expect(listed).toEqual([...names].sort());
    },
  },
  {
    name: 'list comes in UTF-8 byte order of the whole key',
    unlessCapable: needs('sortedListing'),
    async run(room) {
      const names = ['a!', 'a-b', 'a/b', 'a/c/d', 'a0', 'B', 'é', '\uff5e', '😀', 'z'];
      await Promise.all(names.map((name) => room.store1(name, name)));
      const keys = (await room.listed()).map((each) => each.key as string);
      expect(keys).toHaveLength(names.length);
      expect(keys).toEqual([...keys].sort(compareKeys));
    },
  },
  {
    name: 'a write, a replacement and a removal show in the very next listing',
    unlessCapable: needs('listAfterWrite'),
    async run(room) {
      await room.store1('f', 'one');
      expect(await room.names()).toEqual(['f']);
      const second = await room.store1('f', 'second');
      expect((await room.listed()).map((each) => each.token.etag)).toEqual([second.etag]);
      await room.store.delete(room.key('f'), { condition: { kind: 'none' } });
      expect(await room.names()).toEqual([]);
    },
  },
  {
    name: 'two stores do not see each other',
    async run(room) {
      const key = room.key('mine');
      await room.store1('mine', 'x');
      expect((await room.other.head(key)).kind).toBe('absent');
      expect(await collect(room.other.list({ under: room.folder }))).toEqual([]);
    },
  },
  {
    name: 'probing leaves nothing behind',
    async run(room) {
      expect(await collect(room.store.list({ under: '.s4/probe/' }))).toEqual([]);
      const again = await room.store.probe();
      expect(again).toEqual(room.capabilities);
      expect(await collect(room.store.list({ under: '.s4/probe/' }))).toEqual([]);
    },
  },
];
