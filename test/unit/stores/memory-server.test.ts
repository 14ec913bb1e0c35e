import { describe, expect, test } from 'vitest';
import type { ObjectKey, Store } from '../../../src/engine/ports/store.ts';
import { createMemoryServer } from '../../../src/stores/memory/memory-server.ts';
import { bytesSource, collect } from '../../contract/room.ts';
import { manualRuntime } from './test-runtime.ts';

const key = (name: string) => name as ObjectKey;
const put = (store: Store, name: string, text: string, condition: 'none' | 'absent' = 'none') =>
  store.put(key(name), bytesSource(new TextEncoder().encode(text)), {
    condition: { kind: condition },
    metadata: { 's4-write': text },
  });

describe('memory server', () => {
  test('clients share its objects, each counts its own requests', async () => {
    const server = createMemoryServer();
    const [a, b] = [server.connect(manualRuntime()), server.connect(manualRuntime())];
    await put(a, 'f', 'one');
    expect((await b.head(key('f'))).kind).toBe('found');
    expect([...a.requests]).toEqual([['PUT', 1]]);
    expect([...b.requests]).toEqual([['HEAD', 1]]);
  });

  test('a lying service claims conditions and ignores them once versioning is on', async () => {
    const server = createMemoryServer({
      versioning: 'off',
      enforces: { putIfAbsent: 'unversioned' },
      claims: { putIfAbsent: true },
    });
    const store = server.connect(manualRuntime());
    await put(store, 'f', 'one');
    expect((await put(store, 'f', 'two', 'absent')).kind).toBe('precondition-failed');
    server.setVersioning('enabled');
    expect((await put(store, 'f', 'two', 'absent')).kind).toBe('stored');
    expect((await store.probe()).putIfAbsent).toBe(true);
  });

  test('an unsorted listing goes folder by folder and still shows every key once', async () => {
    const server = createMemoryServer({ sortedListing: false, pageKeys: 2 });
    for (const name of ['a!', 'a', 'a/c/d', 'a-b', 'a/b']) server.put(name, name);
    const listed = await collect(server.connect(manualRuntime()).list());
    expect(listed.map((each) => each.key)).toEqual(['a', 'a/b', 'a/c/d', 'a!', 'a-b']);
  });

  test('a write while suspended replaces the null version and keeps the others', async () => {
    const server = createMemoryServer();
    server.put('f', 'one');
    server.setVersioning('suspended');
    server.put('f', 'two');
    server.put('f', 'three');
    expect(server.history('f').map((each) => each.versionId)).toEqual(['v1', 'null']);
    const store = server.connect(manualRuntime());
    await store.delete(key('f'), { condition: { kind: 'none' } });
    expect(server.history('f').map((each) => each.content?.bytes.byteLength)).toEqual([3, undefined]);
  });

  test('times are whole seconds, and a write knows only the Date of its response', async () => {
    const server = createMemoryServer({ clock: () => 1_700_000_000_987 });
    const store = server.connect(manualRuntime());
    const outcome = await put(store, 'f', 'one');
    expect(outcome).toMatchObject({ token: { modifiedMs: 1_700_000_000_000, modifiedIsEstimate: true } });
    const head = await store.head(key('f'));
    expect(head.kind === 'found' && head.state.token.modifiedIsEstimate).toBeUndefined();
  });

  test('an archived object is listed and headed as such, and not read', async () => {
    const server = createMemoryServer();
    server.put('f', 'cold');
    server.archive('f');
    const store = server.connect(manualRuntime());
    expect((await store.get(key('f'))).kind).toBe('archived');
    expect((await collect(store.list()))[0]?.archived).toBe(true);
  });

  test('the gate sees each request before its effect and before its response', async () => {
    const server = createMemoryServer();
    const seen: string[] = [];
    const store = server.connect(manualRuntime(), async (at, request, name) => {
      seen.push(`${at} ${request} ${name} ${server.keys().length}`);
    });
    await put(store, 'f', 'one');
    expect(seen).toEqual(['request PUT f 0', 'response PUT f 1']);
  });
});
