import { describe, expect, it } from 'vitest';
import { checkIdentity, joinTarget, renewClient } from '../../../src/engine/identity.ts';
import type { Store } from '../../../src/engine/ports/store.ts';
import { createMemoryServer } from '../../../src/stores/memory/memory-server.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';
import { createMemoryDisk } from '../../support/memory-state.ts';

const ALL = { putIfAbsent: true };

function room(options: Parameters<typeof createMemoryServer>[0] = {}) {
  const server = createMemoryServer(options);
  const runtime = createFakeRuntime();
  const disk = createMemoryDisk();
  const folder = { root: '/home/me/docs', state: disk.open() };
  return { server, runtime, disk, folder, store: server.connect(runtime) };
}

/** The first object that is read arrives with another bit at this offset. */
function damagedOnce(get: Store['get'], offset: number, bit = 1): Store['get'] {
  let done = false;
  return async (...args) => {
    const outcome = await get(...args);
    if (done || outcome.kind !== 'found') return outcome;
    done = true;
    async function* body(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
      for await (const chunk of chunks) yield chunk.map((byte, i) => (i === offset ? byte ^ bit : byte));
    }
    return { ...outcome, body: body(outcome.body) };
  };
}

describe('joining a target', () => {
  it('makes the remote marker once; others join it under ids of their own', async () => {
    const { server, store, runtime, folder } = room();
    const first = await joinTarget({ store, folder, runtime, capabilities: ALL });
    expect(first.created).toBe(true);
    const other = { root: '/b', state: createMemoryDisk().open() };
    const second = await joinTarget({ store, folder: other, runtime, capabilities: ALL });
    expect(second).toMatchObject({ targetId: first.targetId, created: false });
    expect(second.clientId).not.toBe(first.clientId);
    expect(server.history('.s4/target.json')).toHaveLength(1);
    const again = await joinTarget({ store, folder, runtime, capabilities: ALL });
    expect(again.targetId).toBe(first.targetId);
    expect(again.clientId).not.toBe(first.clientId);
  });

  it('obeys what is there when another client was faster, with and without conditional writes', async () => {
    for (const putIfAbsent of [true, false]) {
      const { server, store, runtime, folder } = room({ enforces: { putIfAbsent } });
      const rival = createMemoryDisk();
      let racing = true;
      const slow = {
        ...store,
        put: async (...args: Parameters<typeof store.put>) => {
          if (!putIfAbsent) await store.put(...args);
          if (racing) {
            racing = false;
            const there = { root: '/r', state: rival.open() };
            server.remove('.s4/target.json');
            await joinTarget({
              store: server.connect(createFakeRuntime({ seed: 5 })),
              folder: there,
              runtime: createFakeRuntime({ seed: 6 }),
              capabilities: { putIfAbsent },
            });
          }
          return putIfAbsent ? store.put(...args) : { kind: 'abandoned' as const };
        },
      };
      const joined = await joinTarget({ store: slow, folder, runtime, capabilities: { putIfAbsent } });
      expect(joined.created).toBe(false);
      const marker = JSON.parse(Buffer.from(rival.read('target.json') ?? []).toString());
      expect(joined.targetId).toBe(marker.targetId);
    }
  });

  it.each([
    [true, 'absent', 0],
    [false, 'none', 2000],
  ])(
    'expects no marker (by a condition: %s), or waits for a rival to have written',
    async (putIfAbsent, condition, waitedMs) => {
      const { store, runtime, folder } = room();
      const conditions: string[] = [];
      const put: Store['put'] = (name, content, options) => {
        conditions.push(options.condition.kind);
        return store.put(name, content, options);
      };
      await joinTarget({ store: { ...store, put }, folder, runtime, capabilities: { putIfAbsent } });
      expect([conditions, runtime.sleptMs]).toEqual([[condition], waitedMs]);
      const other = { root: '/b', state: createMemoryDisk().open() };
      await joinTarget({ store: { ...store, put }, folder: other, runtime, capabilities: { putIfAbsent } });
      expect([conditions, runtime.sleptMs]).toEqual([[condition], waitedMs]);
    },
  );

  it('refuses a folder of another target, and leaves no trace, unless told to rejoin', async () => {
    const { folder, runtime, disk, store } = room();
    await joinTarget({ store, folder, runtime, capabilities: ALL });
    const elsewhere = createMemoryServer();
    const other = elsewhere.connect(runtime);
    const refused = joinTarget({ store: other, folder, runtime, capabilities: ALL });
    await expect(refused).rejects.toMatchObject({
      ...{ code: 'MARKER_FOREIGN', data: { folder: '/home/me/docs' } },
      hint: expect.stringContaining('`s4 rm` the other one'),
    });
    expect(elsewhere.keys()).toEqual([]);
    const joined = await joinTarget({ store: other, folder, runtime, capabilities: ALL, rejoin: true });
    expect(joined.created).toBe(true);
    disk.write('target.json', Buffer.from('rubbish'));
    await expect(joinTarget({ store: other, folder, runtime, capabilities: ALL })).rejects.toMatchObject({
      code: 'MARKER_FOREIGN',
    });
    disk.write('target.json', Buffer.from('{"s4":"folder","version":2}'));
    await expect(joinTarget({ store: other, folder, runtime, capabilities: ALL })).rejects.toMatchObject({
      code: 'STATE_TOO_NEW',
    });
  });

  it('is completed by joining again after a crash at any write', async () => {
    const { server, store, runtime, disk } = room();
    const dying = { root: '/f', state: disk.open({ call: 1, at: 'before' }) };
    await expect(joinTarget({ store, folder: dying, runtime, capabilities: ALL })).rejects.toThrow();
    expect(server.keys()).toEqual(['.s4/target.json']);
    const joined = await joinTarget({
      store,
      folder: { root: '/f', state: disk.open() },
      runtime,
      capabilities: ALL,
    });
    expect(joined.created).toBe(false);
  });
});

describe('the markers', () => {
  const parsed = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes ?? []).toString());

  it('say who made them and when, and are made with a token', async () => {
    const { server, store, runtime, folder, disk } = room();
    const puts: Parameters<Store['put']>[2][] = [];
    const put: Store['put'] = (name, content, options) => {
      puts.push(options);
      return store.put(name, content, options);
    };
    const { targetId, clientId } = await joinTarget({
      ...{ store: { ...store, put }, folder, runtime, capabilities: ALL },
    });
    const [at, host] = [runtime.nowMs(), runtime.host];
    expect(parsed(server.bytes('.s4/target.json'))).toEqual({
      ...{ s4: 'target', version: 1, targetId, host, createdMs: at },
    });
    expect(parsed(disk.read('target.json'))).toEqual({
      ...{ s4: 'folder', version: 1, targetId, clientId, host, joinedMs: at },
    });
    expect([targetId, clientId].map((id) => id.length)).toEqual([32, 16]);
    expect(puts).toEqual([
      {
        ...{ condition: { kind: 'absent' }, contentType: 'application/json' },
        metadata: { 's4-write': expect.stringMatching(/^[0-9a-f]{32}$/) },
      },
    ]);
  });

  it('that vanish as they are made are told as missing', async () => {
    const { store, runtime, folder, disk } = room();
    const put = async () => ({ kind: 'abandoned' as const });
    await expect(
      joinTarget({ store: { ...store, put }, folder, runtime, capabilities: ALL }),
    ).rejects.toMatchObject({ code: 'STORE_FOREIGN', data: { found: 'missing' } });
    expect(disk.read('target.json')).toBeUndefined();
  });

  it.each<[string, readonly string[], number, string]>([
    ['as expected, after one', ['mine'], 1, 'ok'],
    ['as expected, whatever it was before', ['other', 'rubbish', 'another', 'mine'], 4, 'ok'],
    ["another's, after two that are equal", ['other', 'other', 'mine'], 2, 'other'],
    ["another's, where it goes and comes", ['other', 'another', 'other', 'other', 'mine'], 4, 'other'],
    ['damaged, after two that are equal', ['rubbish', 'rubbish', 'mine'], 2, 'damaged'],
    ['damaged each time in another way, after five', ['1', '2', '3', '4', '5', 'mine'], 5, 'damaged'],
    ["another's, as the fifth says", ['1', '2', '3', '4', 'other', 'mine'], 5, 'other'],
    ['of a newer s4, after two that say so', ['newer', 'newer', 'mine'], 2, 'STATE_TOO_NEW'],
    ['gone', ['other', ''], 2, 'missing'],
  ])('of the store are believed: %s', async (_, answers, reads, outcome) => {
    const { store, runtime, folder, server } = room();
    const { targetId, clientId } = await joinTarget({ store, folder, runtime, capabilities: ALL });
    const mine = Buffer.from(server.bytes('.s4/target.json') ?? []).toString();
    const texts: Record<string, string> = {
      mine,
      other: mine.replace(targetId, 'e'.repeat(32)),
      another: mine.replace(targetId, 'f'.repeat(32)),
      newer: '{"s4":"target","version":2}',
    };
    let asked = 0;
    const get: Store['get'] = (name, options) => {
      const answer = answers[asked++] ?? '';
      if (answer === '') server.remove('.s4/target.json');
      else server.put('.s4/target.json', texts[answer] ?? answer);
      return store.get(name, options);
    };
    const target = { id: targetId, clientId, name: 'docs' };
    const checking = checkIdentity({ store: { ...store, get }, folder, target, runtime });
    if (outcome === 'ok') await expect(checking).resolves.toMatchObject({ kind: 'ok' });
    else
      await expect(checking).rejects.toMatchObject(
        outcome === 'STATE_TOO_NEW' ? { code: outcome } : { code: 'STORE_FOREIGN', data: { found: outcome } },
      );
    expect(asked).toBe(reads);
  });

  it('are not made, nor asked for, once it was stopped', async () => {
    for (const putIfAbsent of [true, false]) {
      const { server, store, runtime, folder, disk } = room();
      const controller = new AbortController();
      const { signal } = controller;
      const joining = { folder, runtime, capabilities: { putIfAbsent }, signal };
      const get: Store['get'] = (name, options) => {
        expect(options?.signal).toBe(signal);
        controller.abort(new Error('stopped'));
        return store.get(name);
      };
      await expect(joinTarget({ ...joining, store: { ...store, get } })).rejects.toThrow('stopped');
      expect([server.keys(), disk.read('target.json')]).toEqual([[], undefined]);
      await expect(joinTarget({ ...joining, store })).rejects.toThrow('stopped');
    }
  });

  it('are made with the wish to stop at hand, which ends also the wait for a rival', async () => {
    for (const [putIfAbsent, made] of [
      [true, true],
      [false, false],
    ] as const) {
      const { store, runtime, folder, disk } = room();
      const controller = new AbortController();
      const { signal } = controller;
      const put: Store['put'] = async (name, content, options) => {
        expect(options.signal).toBe(signal);
        const { signal: _, ...rest } = options;
        const outcome = await store.put(name, content, rest);
        controller.abort(new Error('stopped'));
        return outcome;
      };
      const get: Store['get'] = (name) => store.get(name);
      const joining = { folder, runtime, capabilities: { putIfAbsent }, signal };
      const joined = joinTarget({ ...joining, store: { ...store, get, put } });
      if (made) await expect(joined).resolves.toMatchObject({ created: true });
      else await expect(joined).rejects.toThrow('stopped');
      expect(disk.read('target.json') !== undefined).toBe(made);
    }
  });
});

describe('checking who belongs together', () => {
  async function joined() {
    const all = room();
    const { targetId, clientId } = await joinTarget({ ...all, capabilities: ALL });
    return { ...all, target: { id: targetId, clientId, name: 'docs' } };
  }

  it('is content with the folder and the store that were joined', async () => {
    const all = await joined();
    expect(await checkIdentity(all)).toMatchObject({ kind: 'ok' });
  });

  it.each(['enabled', 'off'] as const)('tells whether the bucket keeps versions (%s)', async (versioning) => {
    const all = room({ versioning });
    const { targetId, clientId } = await joinTarget({ ...all, capabilities: ALL });
    const checked = await checkIdentity({ ...all, target: { id: targetId, clientId, name: 'docs' } });
    expect(checked.versioned).toBe(versioning === 'enabled');
  });

  it('knows an unmounted folder and another folder', async () => {
    const all = await joined();
    const empty = { root: '/e', state: createMemoryDisk().open() };
    await expect(checkIdentity({ ...all, folder: empty })).rejects.toMatchObject({ code: 'MARKER_MISSING' });
    const other = await joined();
    await expect(
      checkIdentity({ ...all, target: { ...all.target, id: 'f'.repeat(32) } }),
    ).rejects.toMatchObject({ code: 'MARKER_FOREIGN', hint: expect.stringContaining('Run `s4 add` on it') });
    await expect(checkIdentity({ ...all, store: room().store })).rejects.toMatchObject({
      code: 'STORE_FOREIGN',
      data: { found: 'missing' },
    });
    expect(other.target.name).toBe('docs');
  });

  it('knows an emptied, a swapped and a damaged store', async () => {
    const all = await joined();
    for (const [text, found] of [
      ['rubbish', 'damaged'],
      ['x'.repeat(100_000), 'damaged'],
      [`{"s4":"target","version":1,"targetId":"${'e'.repeat(32)}","host":"h","createdMs":1}`, 'other'],
    ] as const) {
      all.server.put('.s4/target.json', text);
      await expect(checkIdentity(all)).rejects.toMatchObject({ code: 'STORE_FOREIGN', data: { found } });
    }
    all.server.put('.s4/target.json', '{"s4":"target","version":2}');
    await expect(checkIdentity(all)).rejects.toMatchObject({ code: 'STATE_TOO_NEW' });
  });

  it('reads a marker again that was damaged on its way', async () => {
    // The last makes version 3 of version 1.
    const version = '{\n  "s4": "target",\n  "version": '.length;
    for (const [offset, bit] of [
      [0, 1],
      [40, 1],
      [60, 1],
      [version, 2],
    ] as const) {
      const { store, runtime, folder, server } = room();
      const { targetId, clientId } = await joinTarget({ store, folder, runtime, capabilities: ALL });
      expect(Buffer.from(server.bytes('.s4/target.json') ?? []).toString()[version]).toBe('1');
      const target = { id: targetId, clientId, name: 'docs' };
      const damaged = () => ({ ...store, get: damagedOnce(store.get, offset, bit) });
      expect((await checkIdentity({ store: damaged(), folder, target, runtime })).kind).toBe('ok');
      const other = { root: '/b', state: createMemoryDisk().open() };
      const joined = await joinTarget({ store: damaged(), folder: other, runtime, capabilities: ALL });
      expect(joined.targetId).toBe(targetId);
    }
  });

  it('takes a new client id when config and marker disagree, and writes none in a preview', async () => {
    const all = await joined();
    const target = { ...all.target, clientId: 'd'.repeat(16) };
    const before = Buffer.from(all.disk.read('target.json') ?? []).toString();
    const preview = await checkIdentity({ ...all, target, mode: 'preview' });
    expect(preview.kind).toBe('new-client');
    expect(Buffer.from(all.disk.read('target.json') ?? []).toString()).toBe(before);
    const taken = await checkIdentity({ ...all, target });
    if (taken.kind !== 'new-client') throw new Error('expected a new client');
    expect([target.clientId, all.target.clientId]).not.toContain(taken.clientId);
    expect(await checkIdentity({ ...all, target: { ...target, clientId: taken.clientId } })).toMatchObject({
      kind: 'ok',
    });
    const renewed = await renewClient({ ...all, target });
    expect(await checkIdentity({ ...all, target: { ...target, clientId: renewed } })).toMatchObject({
      kind: 'ok',
    });
  });
});
