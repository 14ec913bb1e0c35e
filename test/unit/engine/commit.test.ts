import { describe, expect, it } from 'vitest';
import { createCommitter } from '../../../src/engine/commit.ts';
import type { OperationResult } from '../../../src/engine/operations/context.ts';
import type { Base } from '../../../src/engine/ports/base.ts';
import { openBase } from '../../../src/engine/state/open-base.ts';
import type { LogFact } from '../../../src/formats/head-codec.ts';
import { createMemoryDisk } from '../../../src/local/memory/disk.ts';
import type { EntryKey } from '../../../src/sync/path.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';
import { baseRow } from '../sync/build.ts';

type Done = Extract<OperationResult, { kind: 'done' }>;

const done = (name: string, more: Partial<Done> = {}): Done => ({
  kind: 'done',
  changes: [{ kind: 'set', row: baseRow(name) }],
  ...more,
});
const fact = (name: string): LogFact => ({
  path: name as EntryKey,
  op: 'put',
  atMs: 0,
  etag: 'e',
  sizeBytes: 1,
  mtimeNs: 0n,
  mode: '0100644',
});

/** A committer over a base in memory; `steps` says in which order things became durable. */
async function room() {
  const runtime = createFakeRuntime();
  const folder = createMemoryDisk({ runtime }).open();
  const base = await openBase({ state: folder.state, targetId: 't', clientId: 'c', mode: 'write' });
  const steps: string[] = [];
  const told: string[][] = [];
  const logged: Base = Object.assign(Object.create(base), {
    record: async (entry: Parameters<Base['record']>[0]) => {
      steps.push('record');
      await base.record(entry);
    },
    flush: async () => {
      steps.push('flush');
      await base.flush();
    },
  });
  const committer = createCommitter({
    folder: { ...folder, sync: async () => void steps.push('sync') },
    base: logged,
    runtime,
    publish: (facts) => {
      steps.push('publish');
      told.push(facts.map(({ path }) => path));
    },
  });
  return { base, committer, steps, told, runtime };
}

describe('results', () => {
  it('are recorded once the folder is durable, and told to the others once the record is', async () => {
    const { base, committer, steps, told } = await room();
    await committer.add(done('a', { facts: [fact('a')] }));
    await committer.add(done('b', { facts: [fact('b'), fact('c')] }));
    expect(steps).toEqual([]);
    await committer.commit();
    expect(steps).toEqual(['sync', 'record', 'flush', 'publish']);
    expect(told).toEqual([['a', 'b', 'c']]);
    expect([base.size, base.cursor.unpublished]).toEqual([2, 3]);
    await committer.add(done('d', { facts: [fact('d')] }));
    await committer.commit();
    expect([told.at(-1), base.cursor.unpublished]).toEqual([['d'], 4]);
  });

  it('cost nothing where there are none', async () => {
    const { committer, steps } = await room();
    await committer.commit();
    await committer.add({ kind: 'stale' });
    await committer.commit();
    const once = [...steps];
    await committer.commit();
    expect(steps).toEqual(once);
  });

  it('close their intents, also where nothing was done, and each once', async () => {
    const { base, committer } = await room();
    const begin = () =>
      base.begin({ kind: 'unguarded-put', key: 'k' as never, write: 'w', parent: '' } as const);
    const ids = [await begin(), await begin(), await begin(), await begin()];
    const problem = { path: 'f', side: 'local', code: 'local-error', message: 'no' } as const;
    await committer.add(done('a', { finished: ids.slice(0, 1) }));
    await committer.add({ kind: 'stale', finished: ids.slice(1, 2) });
    await committer.add({ kind: 'failed', problem, finished: ids.slice(2, 3) });
    expect(base.pending).toHaveLength(4);
    await committer.commit();
    expect(base.pending.map(({ id }) => id)).toEqual(ids.slice(3));
    expect(base.size).toBe(1);
  });

  it('that deleted files are counted for the guards, by the side that lost them and the moment', async () => {
    const { base, committer, runtime } = await room();
    await committer.add(done('a', { deleted: 'local' }));
    await committer.add(done('b', { deleted: 'local' }));
    await committer.add(done('c', { deleted: 'remote' }));
    await committer.add(done('d'));
    await committer.commit();
    const atMs = runtime.nowMs();
    expect(base.recentDeletions).toEqual([
      { atMs, side: 'local', count: 2 },
      { atMs, side: 'remote', count: 1 },
    ]);
    await committer.add(done('e', { deleted: 'remote' }));
    await committer.commit();
    expect(base.recentDeletions.map(({ count }) => count)).toEqual([2, 2]);
  });

  it('are recorded by themselves after 256 of them, so that a crash costs little evidence', async () => {
    const { base, committer, steps } = await room();
    for (let i = 0; i < 255; i++) await committer.add(done(`f${i}`));
    expect(steps).toEqual([]);
    await committer.add(done('last'));
    expect(steps).toEqual(['sync', 'record', 'flush', 'publish']);
    expect(base.size).toBe(256);
    await committer.add(done('next'));
    expect(steps).toHaveLength(4);
  });

  it('that come while others are recorded are recorded after them', async () => {
    const { base, committer, steps } = await room();
    await committer.add(done('a'));
    const first = committer.commit();
    await committer.add(done('b'));
    const second = committer.commit();
    await Promise.all([first, second]);
    expect(steps.filter((step) => step === 'record')).toHaveLength(steps.length / 4);
    expect(steps.slice(0, 4)).toEqual(['sync', 'record', 'flush', 'publish']);
    expect(base.size).toBe(2);
  });
});
