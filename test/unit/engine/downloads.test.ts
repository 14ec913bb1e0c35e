import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/engine/ports/store.ts';
import type { RemoteToken } from '../../../src/sync/entry.ts';
import { expectTrueBase } from '../../support/base-check.ts';
import { quiet } from '../../support/crash.ts';
import { createWorld, fileOf, type Machine, summaryOf } from '../../support/machines.ts';

async function room(options?: Parameters<typeof createWorld>[0]) {
  const world = createWorld(options);
  const [a, b] = [await world.machine('laptop'), await world.machine('desk')];
  a.user.write('f', 'base');
  a.user.write('keep', 'keep');
  await a.sync();
  await b.sync();
  world.tick(5000);
  a.events.length = 0;
  return { world, a, b };
}

const problems = ({ events }: Machine) =>
  events.flatMap((event) => (event.kind === 'problem' ? [event.problem.code] : []));

/** What the service sends of one object, damaged. */
function damaged(store: Store, name: string, damage: (bytes: Uint8Array) => Uint8Array): Store {
  return {
    ...store,
    get: async (key, options) => {
      const got = await store.get(key, options);
      if (got.kind !== 'found' || key !== (name as string)) return got;
      const body = (async function* () {
        for await (const chunk of got.body) yield damage(chunk);
      })();
      return { ...got, body };
    },
  };
}

/** The service gives the object an ETag that is no MD5, as for one sent in parts or encrypted by a key of its own. */
function encrypted(store: Store, name: string, onGet = (): void => {}): Store {
  const other = <T extends { readonly token: RemoteToken }>(state: T): T => ({
    ...state,
    token: { ...state.token, etag: `${state.token.etag}-2` },
  });
  const isIt = (key: string): boolean => key === name;
  return {
    ...store,
    list: async function* (options) {
      for await (const page of store.list(options))
        yield page.map((object) => (isIt(object.key) ? other(object) : object));
    },
    head: async (key, options) => {
      const head = await store.head(key, options);
      return head.kind === 'absent' || !isIt(key) ? head : { ...head, state: other(head.state) };
    },
    get: async (key, { etag, ...options } = {}) => {
      if (!isIt(key)) return store.get(key, { ...options, ...(etag !== undefined && { etag }) });
      const got = await store.get(key, options);
      onGet();
      return got.kind === 'found' ? { ...got, state: other(got.state) } : got;
    },
  };
}

describe('an object that was written again with the content that is here', () => {
  it('moves nothing here, and is not fetched again', async () => {
    const { world, a } = await room();
    const before = await fileOf(a, 'f');
    const calm = summaryOf(await a.sync()).requests;
    world.server.put('f', 'base', { mode: '0100644' });
    a.store = encrypted(a.store, 'f');
    summaryOf(await a.sync());
    expect(await fileOf(a, 'f')).toEqual(before);
    expect([a.user.tree('.s4/trash'), a.user.tree('.s4/tmp')]).toEqual([{}, {}]);
    expect(summaryOf(await a.sync()).requests).toEqual(calm);
  });

  it('brings its executable bit', async () => {
    const { world, a } = await room();
    const { inode } = await fileOf(a, 'f');
    const calm = summaryOf(await a.sync()).requests;
    world.server.put('f', 'base', { mode: '0100755' });
    a.store = encrypted(a.store, 'f');
    summaryOf(await a.sync());
    expect(await fileOf(a, 'f')).toMatchObject({ executable: true, inode });
    expect(a.user.tree('.s4/trash')).toEqual({});
    expect(summaryOf(await a.sync()).requests).toEqual(calm);
  });

  it('leaves a file that is edited before its bit is set, and looks again', async () => {
    const { world, a, b } = await room();
    world.server.put('f', 'base', { mode: '0100755' });
    const calm = a.store;
    a.store = encrypted(calm, 'f', () => a.user.write('f', 'edited'));
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 0 });
    a.store = calm;
    await quiet([a, b]);
    expect(Object.values(b.user.tree())).toContain('edited');
  });
});

describe('a download', () => {
  it('is recorded as what is here and there then, with its bit or as a symlink', async () => {
    const { world, a, b } = await room();
    b.user.write('f', '#!/bin/sh', { executable: true });
    b.user.write('new', 'new');
    b.user.symlink('link', 'f');
    await b.sync();
    expect(summaryOf(await a.sync())).toMatchObject({ downloaded: 3, bytesDown: 13 });
    expect(a.user.tree()).toEqual(b.user.tree());
    expect((await fileOf(a, 'f')).executable).toBe(true);
    await expectTrueBase(world, a);
  });

  it('has the time that its writer gave it, or that of the object where it tells none', async () => {
    const { world, a, b } = await room();
    b.user.write('f', 'by the desk');
    b.user.touch('f', 1_700_000_000_123_456_000n);
    await b.sync();
    world.server.put('other', 'by another tool');
    const listedMs = world.server.history('other').at(-1)?.modifiedMs ?? 0;
    await a.sync();
    expect((await fileOf(a, 'f')).mtimeNs).toBe(1_700_000_000_123_456_000n);
    expect((await fileOf(a, 'other')).mtimeNs).toBe(BigInt(listedMs) * 1_000_000n);
  });

  it('that brings what another client overtook brings that, too, where nothing guards a write', async () => {
    const { world, a } = await room({ enforces: { putIfMatch: false } });
    const idOf = (n: number): string => world.server.history('f')[n]?.versionId ?? '';
    for (const [text, over] of [
      ['hidden', 0],
      ['second', 0],
      ['newest', 2],
    ] as const) {
      world.tick(1000);
      world.server.put('f', text, { 's4-write': `other.${text}`, 's4-parent': idOf(over) });
    }
    summaryOf(await a.sync());
    expect(a.user.read('f')).toBe('newest');
    expect(Object.values(a.user.tree()).sort()).toEqual(['hidden', 'keep', 'newest']);
  });

  it('keeps the executable bit of the file that it replaces, where the object tells no mode', async () => {
    const { world, a, b } = await room();
    a.user.write('f', '#!/bin/sh', { executable: true });
    await a.sync();
    await b.sync();
    world.server.put('f', '#!/bin/bash');
    await a.sync();
    expect(a.user.read('f')).toBe('#!/bin/bash');
    expect((await fileOf(a, 'f')).executable).toBe(true);
    await expectTrueBase(world, a);
    await quiet([a, b]);
    expect((await fileOf(b, 'f')).executable).toBe(true);
  });

  it('of an archived object over a file is told, and the file stays', async () => {
    const { world, a, b } = await room();
    b.user.write('f', 'by the desk');
    await b.sync();
    world.server.archive('f');
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 1, downloaded: 0 });
    expect([problems(a), a.user.read('f')]).toEqual([['archived'], 'base']);
  });

  it('of an object that is written again before it is read is looked at again', async () => {
    const { world, a } = await room();
    world.server.put('f', 'first');
    let once = true;
    a.store = world.server.connect(a.runtime, async (at, request, key) => {
      if (!once || at !== 'request' || request !== 'GET' || key !== 'f') return;
      once = false;
      world.server.put('f', 'second');
    });
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 0 });
    expect(a.user.read('f')).toBe('second');
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['is cut off', (bytes) => bytes.subarray(1)],
    ['has a flipped bit', (bytes) => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte))],
  ])('that %s is told, and replaces nothing', async (_, damage) => {
    const { a, b } = await room();
    b.user.write('f', 'by the desk');
    await b.sync();
    a.store = damaged(a.store, 'f', damage);
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 1, downloaded: 0 });
    expect(problems(a)).toEqual(['corrupt']);
    expect(a.user.tree()).toEqual({ f: 'base', keep: 'keep' });
    expect(a.user.tree('.s4/tmp')).toEqual({});
  });

  it('is believed where neither its ETag nor a bound hash speaks of its bytes', async () => {
    const { world, a } = await room();
    const stale = createHash('sha256').update('something else').digest('hex');
    world.server.put('f', 'by another tool', { 's4-sha256': stale, 's4-md5': '0'.repeat(32) });
    a.store = damaged(a.store, 'keep', (bytes) => bytes);
    expect(summaryOf(await a.sync())).toMatchObject({ problems: 0, downloaded: 1 });
    expect(a.user.read('f')).toBe('by another tool');
  });
});
