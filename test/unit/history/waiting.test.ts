import { beforeEach, describe, expect, test } from 'vitest';
import { parseMoment } from '../../../src/commands/moment.ts';
import { waitingCopies } from '../../../src/engine/history/waiting-copies.ts';
import { mergedHistory } from '../../../src/remote-log/history.ts';
import { parseConflictCopy } from '../../../src/sync/conflict-name.ts';
import type { RelPath } from '../../../src/sync/path.ts';
import { createWorld, type Machine, type World } from '../../support/machines.ts';
import { write as writeIn } from './act.ts';

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
});

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
