import { describe, expect, test } from 'vitest';
import type { ObjectKey, Store } from '../../../src/engine/ports/store.ts';
import { createMemoryServer } from '../../../src/stores/memory/memory-server.ts';
import { explicitFaults, type FaultOperation, seededFaults } from '../../../src/stores/wrap/fault-plan.ts';
import { withFaults } from '../../../src/stores/wrap/faults.ts';
import { withLimits } from '../../../src/stores/wrap/limits.ts';
import { bytesSource, collect, readAll } from '../../contract/room.ts';
import { manualRuntime } from './test-runtime.ts';

const key = 'f' as ObjectKey;
const put = (store: Store, text: string, condition: 'none' | 'absent' = 'none') =>
  store.put(key, bytesSource(new TextEncoder().encode(text)), {
    condition: { kind: condition },
    metadata: { 's4-write': text },
  });

function faulty(...faults: Parameters<typeof explicitFaults>[0]) {
  const server = createMemoryServer({ pageKeys: 2 });
  const runtime = manualRuntime();
  return { server, runtime, store: withFaults(server.connect(runtime), explicitFaults(faults), runtime) };
}

describe('faults', () => {
  test('refused does nothing, a lost response did it', async () => {
    const { server, store } = faulty(
      { operation: 'put', nth: 0, fault: { kind: 'refused' } },
      { operation: 'put', nth: 1, fault: { kind: 'lost-response', code: 'STORE_UNREACHABLE' } },
    );
    await expect(put(store, 'one')).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(server.keys()).toEqual([]);
    await expect(put(store, 'two')).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    expect(new TextDecoder().decode(server.bytes('f'))).toBe('two');
  });

  test('a stale precondition failure writes nothing, and only hits conditional writes', async () => {
    const { server, store } = faulty({ operation: 'put', fault: { kind: 'stale-precondition' } });
    expect((await put(store, 'one', 'absent')).kind).toBe('precondition-failed');
    expect(server.keys()).toEqual([]);
    expect((await put(store, 'one')).kind).toBe('stored');
  });

  test('a truncated body throws after its bytes', async () => {
    const { server, store } = faulty({ operation: 'get', fault: { kind: 'truncated', afterBytes: 2 } });
    server.put('f', 'content');
    const got = await store.get(key);
    if (got.kind !== 'found') throw new Error(got.kind);
    const seen: number[] = [];
    const reading = (async () => {
      for await (const chunk of got.body) seen.push(chunk.byteLength);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
    expect(seen).toEqual([2]);
  });

  test('a lagging listing is the one before, an unsorted one has the same keys', async () => {
    const { server, store } = faulty(
      { operation: 'list', nth: 1, fault: { kind: 'lagging' } },
      { operation: 'list', nth: 2, fault: { kind: 'unsorted' } },
      { operation: 'list', nth: 3, fault: { kind: 'clock-skew', byMs: 5000 } },
    );
    for (const name of ['a', 'b', 'c']) server.put(name, name);
    const names = async () => (await collect(store.list())).map((each) => each.key);
    expect(await names()).toEqual(['a', 'b', 'c']);
    server.put('d', 'd');
    expect(await names()).toEqual(['a', 'b', 'c']);
    expect(await names()).toEqual(['d', 'c', 'b', 'a']);
    const [skewed] = await collect(store.list());
    const [plain] = await collect(store.list());
    expect((skewed?.token.modifiedMs ?? 0) - (plain?.token.modifiedMs ?? 0)).toBe(5000);
  });

  test('latency is slept', async () => {
    const { runtime, store } = faulty({ operation: 'head', fault: { kind: 'latency', delayMs: 700 } });
    await store.head(key);
    expect(runtime.sleptMs()).toBe(700);
  });

  test('a seed gives the same faults again, another seed others', () => {
    const drawn = (seed: number) => {
      const plan = seededFaults(seed, 0.5, [{ kind: 'refused' }, { kind: 'lost-response' }]);
      return Array.from(
        { length: 40 },
        (_, nth) => plan.next({ operation: 'put' as FaultOperation, key: 'f', nth })?.kind,
      );
    };
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(7)).not.toEqual(drawn(8));
    expect(new Set(drawn(7)).size).toBe(3);
  });
});

describe('limits', () => {
  test('bodies take the time that their rate allows, up and down apart', async () => {
    const runtime = manualRuntime();
    const store = withLimits(createMemoryServer().connect(runtime), {
      upBytesPerSecond: 1000,
      downBytesPerSecond: 4000,
      runtime,
    });
    await store.put(key, bytesSource(new Uint8Array(10_000)), {
      condition: { kind: 'none' },
      metadata: { 's4-write': 'x' },
    });
    // 10 s, less the burst that may go at once.
    expect(runtime.sleptMs()).toBe(9750);
    await readAll(await store.get(key));
    expect(runtime.sleptMs()).toBe(9750 + 2250);
  });

  test('transfers share the rate', async () => {
    const runtime = manualRuntime();
    const store = withLimits(createMemoryServer().connect(runtime), { upBytesPerSecond: 1000, runtime });
    await Promise.all([put(store, 'x'.repeat(1000)), put(store, 'y'.repeat(1000))]);
    expect(runtime.sleptMs()).toBeGreaterThanOrEqual(1750);
  });
});
