import { describe, expect, it } from 'vitest';
import { forgetHalt, isApproved, planId, rememberHalt } from '../../../src/engine/approval.ts';
import type { Operation } from '../../../src/sync/operations.ts';
import { createMemoryDisk } from '../../support/memory-state.ts';
import { baseRow, key, localRow, remoteRow } from '../sync/build.ts';

/** What an approval is bound to, and what of it is remembered. */

/** A deletion there, of an object in one of its states. */
const deletion = (name: string, state = 0): Operation => ({
  ...{ kind: 'delete-remote', key: key(name) },
  ...{ remote: remoteRow(name, state), base: baseRow(name, state) },
});
const [A, B, C] = [deletion('a'), deletion('b'), deletion('c')] as const;

const room = () => {
  const disk = createMemoryDisk();
  return { disk, state: disk.open() };
};

describe('the id of a plan', () => {
  it('is the same for equal operations in any order, ten digits of hex', () => {
    expect(planId([A, B])).toBe(planId([B, A]));
    expect(planId([A, B])).toMatch(/^[0-9a-f]{10}$/);
  });

  it('is another for each other set of operations, states and kinds', () => {
    const local = localRow('a') as Extract<ReturnType<typeof localRow>, { kind: 'file' }>;
    const here: Operation = { kind: 'delete-local', key: key('a'), local, base: baseRow('a') };
    // Names that read as the rest of a line and the next one: a file may have any.
    const both = ['', '\n', ',', '","'].map((between) => [deletion(`a${between}delete-remote etag-0 b`)]);
    const ids = [[], [A], [B], [A, B], [A, A], [deletion('a', 1)], [here], ...both].map(planId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('an approval', () => {
  it('covers the plan of that id without a memory of it', async () => {
    const { state } = room();
    expect(await isApproved(state, planId([A, B]), [B, A])).toBe(true);
    expect(await isApproved(state, planId([A, B]), [A])).toBe(false);
  });

  it('covers what is left of a plan that was shown, in the states that were shown, and nothing else', async () => {
    const { state } = room();
    const id = await rememberHalt(state, [A, B]);
    expect(id).toBe(planId([A, B]));
    expect(await isApproved(state, id, [B])).toBe(true);
    expect(await isApproved(state, id, [])).toBe(true);
    expect(await isApproved(state, id, [A, C])).toBe(false);
    expect(await isApproved(state, id, [deletion('a', 1)])).toBe(false);
    expect(await isApproved(state, 'another', [B])).toBe(false);
  });

  it('covers nothing where the memory of the plan is another than its id says', async () => {
    const { disk, state } = room();
    const id = await rememberHalt(state, [A]);
    const forged = Buffer.from(disk.read('halted.json') ?? []).toString();
    const more = JSON.parse(forged);
    more.plans[0].guarded.push('delete-remote etag-0 b');
    disk.write('halted.json', Buffer.from(JSON.stringify(more)));
    expect(await isApproved(state, id, [B])).toBe(false);
  });

  it.each([
    ['no JSON', '{"version":1,"plans":['],
    ['another version', '{"version":2,"plans":[]}'],
    ['no plans', '{"version":1}'],
    ['plans of another shape', '{"version":1,"plans":[{"id":1,"guarded":[]}]}'],
    ['lines that are none', '{"version":1,"plans":[{"id":"1","guarded":[7]}]}'],
  ])('is void, and does no harm, where what was remembered is damaged: %s', async (_, text) => {
    const { disk, state } = room();
    disk.write('halted.json', Buffer.from(text));
    expect(await isApproved(state, planId([A, B]), [A])).toBe(false);
    const id = await rememberHalt(state, [A, B]);
    expect(await isApproved(state, id, [A])).toBe(true);
  });
});

describe('what was shown', () => {
  it('is kept for the last eight plans, and the one that is shown again is not forgotten', async () => {
    const { state } = room();
    const plans = Array.from({ length: 9 }, (_, i) => [deletion(`f${i}`), A]);
    const ids: string[] = [];
    const covered = () => Promise.all(ids.map((id) => isApproved(state, id, [A])));
    for (const plan of plans.slice(0, 8)) ids.push(await rememberHalt(state, plan));
    expect(await covered()).toEqual(Array(8).fill(true));
    await rememberHalt(state, plans[0] ?? []);
    ids.push(await rememberHalt(state, plans[8] ?? []));
    expect(await covered()).toEqual([true, false, ...Array(7).fill(true)]);
  });

  it('is not crowded out by one plan that halts again and again', async () => {
    const { state } = room();
    const id = await rememberHalt(state, [A, B]);
    for (let halt = 0; halt < 9; halt++) await rememberHalt(state, [B, C]);
    expect(await isApproved(state, id, [A])).toBe(true);
  });

  it('is a file that another version of s4 can read', async () => {
    const { disk, state } = room();
    const id = await rememberHalt(state, [B, A]);
    const text = Buffer.from(disk.read('halted.json') ?? []).toString();
    const guarded = ['delete-remote etag-0 a', 'delete-remote etag-0 b'];
    expect(text).toBe(`${JSON.stringify({ version: 1, plans: [{ id, guarded }] })}\n`);
  });

  it('is forgotten when the approval was used', async () => {
    const { state } = room();
    const id = await rememberHalt(state, [A, B]);
    await forgetHalt(state);
    expect(await isApproved(state, id, [A])).toBe(false);
  });
});
