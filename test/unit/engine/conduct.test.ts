import { describe, expect, it } from 'vitest';
import { conductCycle } from '../../../src/engine/conduct.ts';
import type { CycleDeps, CycleOptions } from '../../../src/engine/cycle.ts';
import type { SyncEvent } from '../../../src/engine/events.ts';
import type { PassOutcome } from '../../../src/engine/pass.ts';
import type { Tally } from '../../../src/engine/tally.ts';
import { createFakeRuntime } from '../../support/fake-runtime.ts';

/** What is told of a cycle as a whole. */

const DONE: PassOutcome = { kind: 'done', lookAgain: false, left: [] };

async function conduct(work: (tally: Tally) => Promise<PassOutcome>, options: Partial<CycleOptions> = {}) {
  const events: SyncEvent[] = [];
  const runtime = createFakeRuntime();
  const requests = new Map([
    ['GET', 5],
    ['LIST', 1],
  ]);
  const deps = {
    target: { name: 'docs' },
    folder: { root: '/docs' },
    store: { url: 's3://bucket/docs', requests },
    runtime,
    emit: (event: SyncEvent) => void events.push(event),
  } as unknown as CycleDeps;
  const running = conductCycle(deps, { mode: 'sync', ...options }, async (tally) => {
    runtime.advance(1500);
    requests.set('GET', 7).set('PUT', 1);
    return work(tally);
  });
  const result = await running.catch((error: unknown) => ({ kind: 'threw', error }) as const);
  return { events, result };
}

const started = (dryRun: boolean) => ({
  ...{ kind: 'cycle-started', target: 'docs', local: '/docs', remote: 's3://bucket/docs', dryRun },
});
const SUMMARY = { conflicts: 1, requests: { GET: 2, PUT: 1 }, elapsedMs: 1500 };
const counted = async (tally: Tally): Promise<PassOutcome> => {
  tally.conflicts(1);
  return DONE;
};

describe('a cycle', () => {
  it.each([
    ['sync', false],
    ['preview', true],
  ] as const)('that ends well (%s) is told with what it did, took and cost', async (mode, dryRun) => {
    const { events, result } = await conduct(counted, { mode });
    expect(result).toEqual({ kind: 'synced', summary: expect.objectContaining(SUMMARY) });
    const finished = {
      kind: 'cycle-finished',
      target: 'docs',
      summary: expect.objectContaining(SUMMARY),
      dryRun,
    };
    expect(events).toEqual([started(dryRun), finished]);
  });

  it('that halts says so, and is not told as finished', async () => {
    const halted: PassOutcome = { kind: 'halted', planId: 'p', guards: [] };
    const { events, result } = await conduct(async () => halted);
    expect(result).toEqual(halted);
    expect(events).toEqual([started(false)]);
  });

  it('that is interrupted is an outcome, with what was done until then', async () => {
    const stop = new AbortController();
    const work = async (tally: Tally): Promise<PassOutcome> => {
      stop.abort(new Error('Ctrl-C'));
      await counted(tally);
      throw stop.signal.reason;
    };
    const { events, result } = await conduct(work, { signal: stop.signal });
    expect(result).toEqual({ kind: 'interrupted', summary: expect.objectContaining(SUMMARY) });
    expect(events).toEqual([started(false)]);
  });

  it.each([undefined, new AbortController().signal])('that fails throws (signal: %s)', async (signal) => {
    const error = new Error('no route');
    const work = async (): Promise<PassOutcome> => {
      throw error;
    };
    const { result } = await conduct(work, signal && { signal });
    expect(result).toEqual({ kind: 'threw', error });
  });
});
