import { describe, expect, it } from 'vitest';
import type { LogCursor } from '../../../src/engine/ports/base.ts';
import type { Store } from '../../../src/engine/ports/store.ts';
import type { LogFact } from '../../../src/formats/head-codec.ts';
import { S4Error } from '../../../src/lib/errors.ts';
import { pollBell, ringBell } from '../../../src/remote-log/bell.ts';
import { headKey, segmentKey } from '../../../src/remote-log/keys.ts';
import { type KnownHeads, readHeads, readHistory } from '../../../src/remote-log/reader.ts';
import { type PublishDeps, publish } from '../../../src/remote-log/writer.ts';
import { createMemoryServer, type MemoryServer } from '../../../src/stores/memory/memory-server.ts';
import type { EntryKey } from '../../../src/sync/path.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';

const A = 'a'.repeat(16);
const B = 'b'.repeat(16);

function fact(path: string): LogFact {
  return {
    path: path as EntryKey,
    op: 'put',
    etag: 'e',
    sizeBytes: 1,
    mtimeNs: 1n,
    mode: '0100644',
    atMs: 5,
  };
}

const facts = (count: number): LogFact[] => Array.from({ length: count }, (_, i) => fact(`f${i}`));

interface Writer {
  readonly deps: PublishDeps;
  cursor: LogCursor;
  /** As the engine does: counted when recorded, then published. */
  publish(facts: readonly LogFact[]): ReturnType<typeof publish>;
}

function writer(server: MemoryServer, clientId = A, over: Partial<PublishDeps> = {}): Writer {
  const runtime = createFakeRuntime({ seed: clientId.charCodeAt(0), host: `host-${clientId[0]}` });
  const self: Writer = {
    cursor: { sequence: 0, unpublished: 0 },
    deps: {
      store: server.connect(runtime),
      capabilities: { putIfAbsent: true, putIfMatch: true },
      runtime,
      clientId,
      cursor: () => self.cursor,
      saveCursor: async (cursor) => {
        self.cursor = cursor;
      },
      ...over,
    },
    publish: async (added) => {
      self.cursor = { ...self.cursor, unpublished: self.cursor.unpublished + added.length };
      return publish(self.deps, added);
    },
  };
  return self;
}

function reader(server: MemoryServer): { read(): ReturnType<typeof readHeads>; store: Store } {
  const store = server.connect(createFakeRuntime({ seed: 9 }));
  let known: KnownHeads | undefined;
  return {
    store,
    read: async () => {
      const reading = await readHeads({ store, known, self: 'c'.repeat(16) });
      known = reading.known;
      return reading;
    },
  };
}

describe('publishing', () => {
  it('writes the head, then the bell, and tells readers who changed what', async () => {
    const server = createMemoryServer();
    const [a, b, r] = [writer(server), writer(server, B), reader(server)];
    expect(await a.publish([])).toEqual({ kind: 'nothing-new' });
    expect(await pollBell(r.store, undefined)).toEqual({ kind: 'absent' });
    await r.read();
    expect(await a.publish([fact('x'), fact('y')])).toEqual({ kind: 'published', entries: 2 });
    await b.publish([fact('z')]);
    const rang = await pollBell(r.store, undefined);
    expect(rang.kind).toBe('rang');
    const { news, complete, ignored } = await r.read();
    expect([complete, ignored]).toEqual([true, []]);
    expect(
      news.map(({ client, host, entries, gap }) => [client, host, entries.map((e) => e.path), gap]),
    ).toEqual([
      [A, 'host-a', ['x', 'y'], false],
      [B, 'host-b', ['z'], false],
    ]);
    expect((await r.read()).news).toEqual([]);
    expect(await pollBell(r.store, rang.kind === 'rang' ? rang.etag : '')).toEqual({ kind: 'quiet' });
    await a.publish([fact('y')]);
    expect((await r.read()).news.map(({ entries }) => entries.map((e) => [e.sequence, e.path]))).toEqual([
      [[3, 'y']],
    ]);
    expect(a.cursor).toMatchObject({ sequence: 3, unpublished: 0 });
    expect(a.cursor).not.toHaveProperty('bellPending');
    expect(a.cursor).not.toHaveProperty('headWrite');
  });

  it('moves older entries to segments, which a reader that was away reads', async () => {
    const server = createMemoryServer();
    const [a, r] = [writer(server), reader(server)];
    await a.publish(facts(3));
    await r.read();
    for (let i = 0; i < 4; i++) await a.publish(facts(60));
    await a.publish(facts(4500));
    const { news, complete } = await r.read();
    expect(complete).toBe(true);
    expect(news[0]?.entries.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 4740 }, (_, i) => i + 4),
    );
    expect(server.keys().filter((key) => key.startsWith('.s4/segments/')).length).toBeGreaterThan(3);
    const history: number[] = [];
    for await (const batch of readHistory(r.store, A))
      history.push(...batch.map(({ entry }) => entry.sequence));
    expect(history).toEqual(Array.from({ length: 4743 }, (_, i) => 4743 - i));
  });

  it('leaves a gap where facts were lost, also at the end', async () => {
    const server = createMemoryServer();
    const [a, r] = [writer(server), reader(server)];
    await a.publish([fact('x')]);
    await r.read();
    a.cursor = { ...a.cursor, unpublished: 2 };
    await a.publish([fact('y')]);
    const first = await r.read();
    expect(first.news).toMatchObject([{ sequence: 4, gap: true, entries: [{ sequence: 4, path: 'y' }] }]);
    expect(first.complete).toBe(false);
    a.cursor = { ...a.cursor, unpublished: 2 };
    expect(await publish(a.deps, [])).toEqual({ kind: 'published', entries: 0 });
    expect((await r.read()).news).toMatchObject([{ sequence: 6, gap: true, entries: [] }]);
    await a.publish([fact('z')]);
    expect((await r.read()).news).toMatchObject([{ sequence: 7, gap: false, entries: [{ path: 'z' }] }]);
  });

  it('sees a head that somebody else wrote under its id, and leaves it alone', async () => {
    const server = createMemoryServer();
    const a = writer(server);
    await a.publish([fact('x')]);
    const clone = writer(server);
    clone.cursor = a.cursor;
    await clone.publish([fact('clone')]);
    const before = server.history(headKey(A)).length;
    expect(await a.publish([fact('y')])).toEqual({ kind: 'foreign-head' });
    expect(server.history(headKey(A))).toHaveLength(before);
    expect(a.cursor.unpublished).toBe(1);
    const unaware = writer(server);
    expect(await unaware.publish([fact('q')])).toEqual({ kind: 'foreign-head' });
    server.put(headKey(A), 'rubbish');
    expect(await clone.publish([fact('q')])).toEqual({ kind: 'foreign-head' });
    server.put(headKey(A), 'x'.repeat(2 * 1024 * 1024));
    expect(await clone.publish([fact('q')])).toEqual({ kind: 'foreign-head' });
    server.remove(headKey(A));
    expect(await clone.publish([fact('q')])).toEqual({ kind: 'published', entries: 1 });
  });

  it('sees a head that appears between its look and its write', async () => {
    const server = createMemoryServer();
    const a = writer(server);
    const store: PublishDeps['store'] = {
      get: a.deps.store.get,
      put: (key, source, options) => {
        if (key === headKey(A)) server.put(key, 'another');
        return a.deps.store.put(key, source, options);
      },
    };
    a.cursor = { sequence: 0, unpublished: 1 };
    expect(await publish({ ...a.deps, store }, [fact('x')])).toEqual({ kind: 'foreign-head' });
  });

  it('works without conditional writes', async () => {
    const server = createMemoryServer({ enforces: { putIfAbsent: false, putIfMatch: false } });
    const a = writer(server, A, { capabilities: { putIfAbsent: false, putIfMatch: false } });
    await a.publish([fact('x')]);
    await a.publish([fact('y')]);
    expect(a.cursor.sequence).toBe(2);
  });

  it('completes what a crash interrupted, at every request', async () => {
    for (let call = 1; ; call++) {
      const server = createMemoryServer();
      const [a, r] = [writer(server), reader(server)];
      await a.publish(facts(80));
      await r.read();
      const heard = server.history('.s4/bell').length;
      let calls = 0;
      const dying = <T>(go: () => Promise<T>): Promise<T> => {
        if (++calls === call) throw new Error('crash');
        return go();
      };
      const deps: PublishDeps = {
        ...a.deps,
        saveCursor: (cursor) => dying(() => a.deps.saveCursor(cursor)),
        store: {
          get: (key, options) => dying(() => a.deps.store.get(key, options)),
          put: (key, source, options) => dying(() => a.deps.store.put(key, source, options)),
        },
      };
      a.cursor = { ...a.cursor, unpublished: 30 };
      const outcome = await publish(deps, facts(30)).catch(() => 'crashed');
      if (outcome !== 'crashed') {
        expect(calls).toBeGreaterThan(5);
        break;
      }
      expect(['published', 'nothing-new']).toContain((await publish(a.deps, [])).kind);
      const { news } = await r.read();
      expect(news[0]?.sequence).toBe(110);
      expect(news[0]?.gap === true || news[0]?.entries.length === 30).toBe(true);
      expect(server.history('.s4/bell').length).toBeGreaterThan(heard);
      expect(a.cursor).toMatchObject({ sequence: 110, unpublished: 0 });
      expect(await a.publish([fact('next')])).toEqual({ kind: 'published', entries: 1 });
      expect((await r.read()).news).toMatchObject([{ sequence: 111, gap: false }]);
    }
  });
});

describe('reading heads', () => {
  it('tells a gap when a segment is missing or forged, and when numbers go back', async () => {
    const server = createMemoryServer();
    const [a, r] = [writer(server), reader(server)];
    await a.publish(facts(10));
    await r.read();
    await a.publish(facts(200));
    const segment = server.keys().find((key) => key.startsWith('.s4/segments/')) ?? '';
    expect(segment).toBe(segmentKey(A, 160));
    server.put(segment, 'rubbish');
    expect((await r.read()).news).toMatchObject([{ gap: true, sequence: 210 }]);
    const again = writer(server);
    server.remove(headKey(A));
    await again.publish([fact('x')]);
    expect((await r.read()).news).toMatchObject([{ gap: true, sequence: 1, entries: [{ path: 'x' }] }]);
  });

  it('ignores what is no head, once, and says why', async () => {
    const server = createMemoryServer();
    const [b, r] = [writer(server, B), reader(server)];
    await b.publish([fact('x')]);
    await r.read();
    const head = Buffer.from(server.bytes(headKey(B)) ?? []).toString();
    server.put('.s4/heads/README', 'hello');
    server.put(headKey('1'.repeat(16)), 'rubbish');
    server.put(headKey('2'.repeat(16)), ' '.repeat(3 * 1024 * 1024));
    server.put(headKey('3'.repeat(16)), head);
    server.put(headKey('4'.repeat(16)), head.replace('"version":1', '"version":9'));
    server.put(headKey(B), head.replace('"path":"x"', '"path":"../x"'));
    const { news, ignored, complete } = await r.read();
    expect(news).toEqual([]);
    expect(complete).toBe(false);
    expect(ignored.map(({ key, reason }) => `${key.slice(10, 12)} ${reason}`)).toEqual([
      '11 the head is not JSON',
      '22 too large for a head',
      '33 it is the head of another client',
      '44 a newer s4 wrote this head',
      'RE not the name of a head',
      'bb path is dot-segment',
    ]);
    const second = await r.read();
    expect(second.ignored.map(({ key }) => key)).toEqual(['.s4/heads/README']);
    expect(second.complete).toBe(true);
  });

  it('does not read its own head', async () => {
    const server = createMemoryServer();
    await writer(server).publish([fact('x')]);
    const store = server.connect(createFakeRuntime());
    expect((await readHeads({ store, known: undefined, self: A })).news).toEqual([]);
  });
});

describe('the bell', () => {
  it('is rung with fresh bytes until the store has taken it', async () => {
    const runtime = createFakeRuntime();
    const rung: string[] = [];
    const put: Store['put'] = async (_key, source) => {
      rung.push(Buffer.from(await source.read(0, source.sizeBytes)).toString());
      if (rung.length < 3) throw new S4Error('STORE_UNREACHABLE', 'timeout');
      return { kind: 'stored', token: { etag: 'e', sizeBytes: 1, modifiedMs: 1 } };
    };
    await ringBell({ put }, runtime);
    expect(new Set(rung).size).toBe(3);
    expect(runtime.sleptMs).toBeGreaterThan(0);
  });

  it('gives up when it is denied, or after some attempts', async () => {
    const runtime = createFakeRuntime();
    let calls = 0;
    const failing =
      (code: 'STORE_DENIED' | 'STORE_FAILED'): Store['put'] =>
      async () => {
        calls++;
        throw new S4Error(code, 'no');
      };
    await expect(ringBell({ put: failing('STORE_DENIED') }, runtime)).rejects.toMatchObject({
      code: 'STORE_DENIED',
    });
    expect(calls).toBe(1);
    await expect(ringBell({ put: failing('STORE_FAILED') }, runtime)).rejects.toMatchObject({
      code: 'STORE_FAILED',
    });
    expect(calls).toBe(6);
  });
});
