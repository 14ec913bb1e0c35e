import { beforeEach, describe, expect, test } from 'vitest';
import { parseMoment } from '../../../src/commands/moment.ts';
import { type Fulfilled, fulfil } from '../../../src/engine/history/fulfil.ts';
import { keptContents } from '../../../src/engine/history/kept-contents.ts';
import { statesOfKept, waitingCopies } from '../../../src/engine/history/waiting-copies.ts';
import type { Wish } from '../../../src/engine/ports/history.ts';
import type { ContentSource, ObjectKey } from '../../../src/engine/ports/store.ts';
import { mergedHistory } from '../../../src/remote-log/history.ts';
import { parseConflictCopy } from '../../../src/sync/conflict-name.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';
import { locked, write as writeIn } from './act.ts';

let world: World;
let a: Machine;
let b: Machine;
beforeEach(async () => {
  world = createWorld();
  a = await world.machine('laptop');
  b = await world.machine('desk');
});

async function waiting(machine: Machine) {
  const folder = machine.disk.open();
  try {
    return await waitingCopies(folder);
  } finally {
    await folder.close();
  }
}

describe('conflict copies that wait', () => {
  beforeEach(async () => {
    await writeIn(world, a, 'd/f.txt', 'base');
    await b.sync();
    world.tick(60_000);
    a.user.write('d/f.txt', 'by the laptop');
    world.tick(5000);
    b.user.write('d/f.txt', 'by the desk');
    await a.sync();
    await b.sync();
    await a.sync();
  });

  test('are found on every machine, with the path that both had changed', async () => {
    for (const machine of [a, b]) {
      const [one, ...more] = await waiting(machine);
      expect(more).toEqual([]);
      expect(one).toMatchObject({ path: 'd/f.txt', host: 'desk', original: { key: 'd/f.txt' } });
      expect(one?.copy.key).toMatch(/^d\/f \(conflict, desk, .*\)\.txt$/);
      expect(one?.settled).toMatch(/^d\/f \(desk, .*\)\.txt$/);
    }
  });

  test('wait no more once they are edited, removed, or have an ordinary name', async () => {
    const [one] = await waiting(a);
    const { key } = one?.copy ?? { key: '' };
    world.tick(60_000);
    a.user.write(key, 'edited');
    expect(await waiting(a)).toEqual([]);
    b.user.rename(key, one?.settled ?? '');
    expect(await waiting(b)).toEqual([]);
  });

  async function contents(machine: Machine): Promise<readonly (string | undefined)[]> {
    const [one] = await waiting(machine);
    if (one === undefined) throw new Error('none waits');
    const folder = machine.disk.open();
    const { local, remote, base } = keptContents(one, { folder, store: machine.store });
    const read = await Promise.all([local(), remote(), base()]);
    await folder.close();
    return read.map((bytes) => bytes && Buffer.from(bytes).toString());
  }

  async function done(machine: Machine, wish: Wish): Promise<readonly Fulfilled[]> {
    const ends: Fulfilled[] = [];
    await locked(machine, (context) => fulfil([wish], context, (end) => ends.push(end)));
    return ends;
  }

  test('can be compared with what both came from, on every machine, also after the original was edited', async () => {
    for (const machine of [a, b])
      expect(await contents(machine)).toEqual(['by the desk', 'by the laptop', 'base']);
    await writeIn(world, b, 'd/f.txt', 'again by the desk');
    await a.sync();
    expect(await contents(a)).toEqual(['by the desk', 'again by the desk', 'base']);
  });

  test('have no known origin once another tool wrote something else under the name', async () => {
    const [one] = await waiting(a);
    const key = (one?.copy.key ?? '') as ObjectKey;
    const head = await a.store.head(key);
    if (head.kind === 'absent') throw new Error('no copy in the store');
    await a.store.put(key, bytesOf('by another tool'), {
      condition: { kind: 'none' },
      metadata: head.state.metadata,
    });
    expect((await contents(a))[2]).toBeUndefined();
  });

  test('are settled by a text that was made of both, and both versions stay in the trash', async () => {
    const [one] = await waiting(a);
    if (one === undefined) throw new Error('none waits');
    const path = one.copy.key as string as RelPath;
    const ends = await done(a, { kind: 'copy-text', path, text: 'of both', about: statesOfKept(one) });
    expect(ends).toMatchObject([{ kind: 'done' }]);
    expect(a.user.tree('d')).toEqual({ 'f.txt': 'of both' });
    expect(Object.values(a.user.tree('.s4/trash'))).toEqual(
      expect.arrayContaining(['by the laptop', 'by the desk']),
    );
    await a.sync();
    await b.sync();
    expect(b.user.tree('d')).toEqual({ 'f.txt': 'of both' });
  });

  test.each(['original', 'copy', 'both'] as const)('are settled by keeping: %s', async (keep) => {
    const [one] = await waiting(a);
    if (one === undefined) throw new Error('none waits');
    const path = one.copy.key as string as RelPath;
    const ends = await done(a, { kind: 'copy', path, keep, about: statesOfKept(one) });
    expect(ends).toMatchObject([{ kind: 'done' }]);
    expect(await waiting(a)).toEqual([]);
    const kept = {
      original: { 'd/f.txt': 'by the laptop' },
      copy: { 'd/f.txt': 'by the desk' },
      both: { 'd/f.txt': 'by the laptop', [one.settled]: 'by the desk' },
    };
    expect(a.user.tree()).toEqual(kept[keep]);
  });

  test('take the name of an original that is gone', async () => {
    a.user.remove('d/f.txt');
    const [one] = await waiting(a);
    const path = (one?.copy.key ?? '') as RelPath;
    await done(a, { kind: 'copy', path, keep: 'copy' });
    expect(a.user.tree()).toEqual({ 'd/f.txt': 'by the desk' });
  });

  test('are left as they are when one was edited since it was shown', async () => {
    const [one] = await waiting(a);
    if (one === undefined) throw new Error('none waits');
    const path = one.copy.key as string as RelPath;
    const about = statesOfKept(one);
    world.tick(5000);
    a.user.write('d/f.txt', 'edited');
    for (const wish of [
      { kind: 'copy-text', path, text: 'of both', about },
      { kind: 'copy', path, keep: 'copy', about },
    ] as const)
      expect(await done(a, wish)).toMatchObject([{ kind: 'failed', problem: { code: 'changed-meanwhile' } }]);
    expect(a.user.read('d/f.txt')).toBe('edited');
    expect(a.user.read(path)).toBe('by the desk');
  });
});

function bytesOf(text: string): ContentSource {
  const bytes = Buffer.from(text);
  return { sizeBytes: bytes.byteLength, read: async (start, end) => bytes.subarray(start, end) };
}

test('the name of a conflict copy tells its path, host and time', () => {
  const whenMs = Date.UTC(2026, 10, 21, 3, 12, 7);
  expect(parseConflictCopy('a/r (conflict, lap top, 2026-11-21 03.12.07).tar.gz' as RelPath)).toEqual({
    original: 'a/r.tar.gz',
    host: 'lap top',
    whenMs,
    settled: 'a/r (lap top, 2026-11-21 03.12.07).tar.gz',
  });
  expect(parseConflictCopy('r (conflict, l, 2026-11-21 03.12.07, 2)' as RelPath)).toMatchObject({
    original: 'r',
    settled: 'r (l, 2026-11-21 03.12.07, 2)',
  });
  for (const name of ['r.txt', 'r (l, 2026-11-21 03.12.07).txt', 'r (conflict, l, 2026-99-21 03.12.07).txt'])
    expect(parseConflictCopy(name as RelPath)).toBeUndefined();
});

test('the history of all machines is told newest first', async () => {
  await writeIn(world, a, 'one', '1');
  await writeIn(world, b, 'two', '2');
  await writeIn(world, a, 'three', '3');
  const told: string[] = [];
  for await (const { entry } of mergedHistory(a.store)) told.push(entry.path);
  expect(told).toEqual(['three', 'two', 'one']);
});

test('a moment is a time as s4 shows it, an ISO time, or how long ago', () => {
  const now = Date.UTC(2026, 10, 21, 12);
  const at = (text: string): string => new Date(parseMoment(text, now)).toISOString();
  expect(at('2026-11-21 05:00')).toBe('2026-11-21T05:00:00.000Z');
  expect(at('2026-11-21 05:00:07')).toBe('2026-11-21T05:00:07.000Z');
  expect(at('2026-11-21')).toBe('2026-11-21T00:00:00.000Z');
  expect(at('2026-11-21T05:00:00+02:00')).toBe('2026-11-21T03:00:00.000Z');
  expect([at('90min'), at('2h'), at('1d'), at('1w ago')]).toEqual([
    '2026-11-21T10:30:00.000Z',
    '2026-11-21T10:00:00.000Z',
    '2026-11-20T12:00:00.000Z',
    '2026-11-14T12:00:00.000Z',
  ]);
  for (const wrong of ['yesterday', '', '12', '2026-13-01', '3 moons'])
    expect(() => parseMoment(wrong, now)).toThrow();
});
