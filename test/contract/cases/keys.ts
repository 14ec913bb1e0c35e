import { expect } from 'vitest';
import type { ObjectKey } from '../../../src/engine/ports/store.ts';
import { isS4Error } from '../../../src/lib/errors.ts';
import { utf8Bytes } from '../../../src/sync/path.ts';
import type { ContractCase, Room } from '../room.ts';

const ODD: readonly (readonly [string, string])[] = [
  ['a space', 'a b  c'],
  ['a space at each end', ' a '],
  ['a plus', 'a+b'],
  ['a percent sign', '100% %41 %2F'],
  ['reserved characters', `a&b=c?d#e<f>g"h'i;j:k@l$m,n*o`],
  ['brackets and a tilde', 'a[b]{c}(d)|e^f`g~h!'],
  ['a carriage return', 'a\rb'],
  ['a line feed and a tab', 'a\nb\tc'],
  ['a control character', 'a\u0001b'],
  ['an emoji', 'smile 😀 👩‍👩‍👧'],
  ['other scripts', '日本語/العربية/Ελληνικά'],
  ['leading dots', '...a/.b'],
  ['a trailing dot', 'a.'],
];

export const keyCases: readonly ContractCase[] = [
  ...ODD.map(
    ([what, name]): ContractCase => ({ name: `key with ${what}`, run: (room) => roundTrip(room, name) }),
  ),
  {
    name: 'key in NFC beside the same in NFD',
    async run(room) {
      const [nfc, nfd] = ['\u00e9', 'e\u0301'];
      await room.store1(nfc, 'composed');
      await room.store1(nfd, 'decomposed');
      expect(await room.names()).toEqual([nfc, nfd].sort());
      expect([await room.text(nfc), await room.text(nfd)]).toEqual(['composed', 'decomposed']);
    },
  },
  {
    name: 'keys that differ in case only',
    async run(room) {
      await room.store1('Readme', 'upper');
      await room.store1('readme', 'lower');
      expect([await room.text('Readme'), await room.text('readme')]).toEqual(['upper', 'lower']);
    },
  },
  {
    name: 'key of 1024 bytes, the prefix included',
    async run(room) {
      const taken = room.store.prefixBytes + utf8Bytes(room.folder);
      const name = `${'d'.repeat(199)}/`.repeat(6).slice(0, 1022 - taken);
      await roundTrip(room, `${name}ab`);
    },
  },
  {
    name: 'a segment of 300 bytes is stored, or refused as a key',
    run: (room) => storedOrRefused(room, 's'.repeat(300)),
  },
  {
    name: '`x` beside `x/y` is stored, or refused as a key without harm',
    async run(room) {
      await room.store1('x', 'file');
      await storedOrRefused(room, 'x/y');
      expect(await room.text('x')).toBe('file');
      await room.store1('p/q', 'below');
      await storedOrRefused(room, 'p');
      expect(await room.text('p/q')).toBe('below');
    },
  },
  {
    name: 'a folder marker is an empty object',
    async run(room) {
      await room.store1('dir/sub/', '');
      expect(await room.names()).toEqual(['dir/sub/']);
      expect((await room.state('dir/sub/'))?.token.sizeBytes).toBe(0);
      expect(await room.text('dir/sub/')).toBe('');
      expect((await room.store.delete(room.key('dir/sub/'), { condition: { kind: 'none' } })).kind).toBe(
        'deleted',
      );
      expect(await room.names()).toEqual([]);
    },
  },
  {
    name: 'removing the last file of a folder leaves no folder marker',
    async run(room) {
      await room.store1('deep/er/file', 'x');
      await room.store.delete(room.key('deep/er/file'), { condition: { kind: 'none' } });
      expect(await room.names()).toEqual([]);
    },
  },
  ...['', 'a/../b', '../b', './x', 'a\0b', 'a/./b'].map(
    (name): ContractCase => ({
      name: `key ${JSON.stringify(name)} is refused`,
      async run(room) {
        const key = (name === '' ? '' : room.folder + name) as ObjectKey;
        const attempt = room.store.put(
          key,
          { sizeBytes: 0, read: async () => new Uint8Array() },
          { condition: { kind: 'none' }, metadata: { 's4-write': 'refused' } },
        );
        await expect(attempt).rejects.toMatchObject({ code: 'OBJECT_KEY_REFUSED' });
      },
    }),
  ),
];

async function roundTrip(room: Room, name: string): Promise<void> {
  const { etag } = await room.store1(name, `content of ${name}`);
  expect(await room.names()).toEqual([name]);
  expect(await room.text(name)).toBe(`content of ${name}`);
  expect((await room.state(name))?.token.etag).toBe(etag);
  await room.store
    .copy(room.key(name), room.key(`${name}2`), {
      source: { etag },
      condition: { kind: 'none' },
      metadata: { 's4-write': 'copy-of-odd' },
    })
    .catch((error: unknown) => {
      if (!isS4Error(error, 'OBJECT_KEY_REFUSED')) throw error;
    });
  expect((await room.store.delete(room.key(name), { condition: { kind: 'none' } })).kind).toBe('deleted');
  expect(await room.text(name)).toBeUndefined();
}

async function storedOrRefused(room: Room, name: string): Promise<void> {
  try {
    await room.store1(name, 'odd');
  } catch (error) {
    if (!isS4Error(error, 'OBJECT_KEY_REFUSED')) throw error;
    expect(await room.names()).not.toContain(name);
    expect(await room.text(name)).toBeUndefined();
    return;
  }
  expect(await room.text(name)).toBe('odd');
  expect(await room.names()).toContain(name);
}
