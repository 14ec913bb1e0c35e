import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryKey } from '../../../src/sync/path.ts';
import {
  baseRow,
  localRows,
  type Node,
  picture,
  putLocal,
  remoteRows,
  type Side,
  type Sides,
  textsOf,
} from '../../simulation/planner/model.ts';
import { converge } from '../../simulation/planner/planner.ts';

const RUNS = process.env['S4_FULL'] === '1' ? 20_000 : 250;
const MAX_LOOKS = 12;
const PATHS = ['a', 'b', 'a/x', 'a/y', 'a/x/z', 'b/x', 'c', 'c/x', 'a!'];

/** One act of a user on a disk. */
type Act = readonly ['write' | 'copy' | 'link' | 'remove' | 'chmod' | 'mkdir' | 'move', number, number];

const act: fc.Arbitrary<Act> = fc.tuple(
  fc.constantFrom('write', 'write', 'copy', 'link', 'remove', 'chmod', 'mkdir', 'move'),
  fc.nat(PATHS.length - 1),
  fc.nat(PATHS.length - 1),
);
const acts = fc.array(act, { maxLength: 7 });

interface Ledger {
  stamp: number;
  readonly owed: Set<string>;
}

/** Makes room as a person does: what is at the name, or in its way as a file, goes first. */
function clear(side: Side, path: string, ledger: Ledger): void {
  for (const [key, node] of [...side]) {
    if (key !== path && !key.startsWith(`${path}/`)) continue;
    side.delete(key);
    // Also where it has another name: somebody else may give up that one.
    if (node.kind !== 'folder') ledger.owed.delete(node.text);
  }
}

function perform(side: Side, [what, at, to]: Act, who: string, ledger: Ledger): void {
  const [path, other] = [PATHS[at] ?? 'a', PATHS[to] ?? 'b'];
  const stamp = ++ledger.stamp;
  const node = side.get(path as EntryKey);
  const put = (name: string, fresh: Node): void => {
    for (const above of name.split('/').map((_, i, parts) => parts.slice(0, i).join('/'))) {
      if (above !== '' && side.has(above as EntryKey)) clear(side, above, ledger);
    }
    clear(side, name, ledger);
    putLocal(side, (fresh.kind === 'folder' ? `${name}/` : name) as EntryKey, fresh);
  };
  const text = `${who} ${stamp}`;
  if (what === 'write' || what === 'link') ledger.owed.add(text);
  if (what === 'write') put(path, { kind: 'file', text, executable: to === 0, stamp });
  else if (what === 'link') put(path, { kind: 'symlink', text, stamp });
  else if (what === 'remove') clear(side, path, ledger);
  else if (what === 'mkdir') put(path, { kind: 'folder', stamp });
  else if (node === undefined || node.kind === 'folder') return;
  else if (what === 'chmod' && node.kind === 'file')
    side.set(path as EntryKey, { ...node, executable: to % 2 === 0, stamp });
  else if (what === 'copy') put(other, { ...node, stamp });
  else if (
    what === 'move' &&
    !other.startsWith(`${path}/`) &&
    !path.startsWith(`${other}/`) &&
    path !== other
  ) {
    put(other, { ...node, stamp });
    side.delete(path as EntryKey);
  }
}

/** A disk's tree as a store holds it: markers for empty folders only. */
function asStore(side: Side): Side {
  return new Map(
    localRows(side).flatMap(({ key }) => {
      const node = side.get(key);
      return node === undefined ? [] : [[key, { ...node, stamp: node.stamp + 10_000 }] as const];
    }),
  );
}

interface World {
  readonly start: Side;
  readonly ledger: Ledger;
}

function plant(first: readonly Act[]): World {
  const ledger: Ledger = { stamp: 0, owed: new Set() };
  const start: Side = new Map();
  for (const each of first) perform(start, each, 'base', ledger);
  return { start, ledger };
}

function sidesOf(start: Side, local: Side, remote: Side): Sides {
  const store = asStore(start);
  const base = new Map([...store].map(([key, node]) => [key, baseRow(key, start.get(key) ?? node, node)]));
  // What was not touched is the very object that the base knows.
  const there = new Map(
    [...asStore(remote)].map(([key, node]) => [
      key,
      store.get(key)?.stamp === node.stamp ? (store.get(key) ?? node) : node,
    ]),
  );
  return { base, local: new Map(local), remote: there };
}

function shuffler(seed: number): <T>(items: readonly T[]) => T[] {
  let state = seed >>> 0;
  const next = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  return (items) => {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = next(i + 1);
      [result[i], result[j]] = [result[j] as (typeof result)[0], result[i] as (typeof result)[0]];
    }
    return result;
  };
}

function seen(sides: Sides) {
  return {
    local: picture(localRows(sides.local), sides.local),
    remote: picture(remoteRows(sides.remote), sides.remote),
  };
}

describe('one tree, perturbed on both sides, planned and done in any order', { timeout: 120_000 }, () => {
  it('comes to rest with equal sides, all contents, and nothing more to do', () => {
    fc.assert(
      fc.property(acts, acts, acts, fc.nat(), (first, here, there, seed) => {
        const { start, ledger } = plant(first);
        const [local, remote] = [new Map(start), new Map(start)];
        for (const each of here) perform(local, each, 'here', ledger);
        for (const each of there) perform(remote, each, 'there', ledger);
        const sides = sidesOf(start, local, remote);
        expect(converge(sides, shuffler(seed), MAX_LOOKS).problems).toBe(0);
        const { local: l, remote: r } = seen(sides);
        expect(l).toEqual(r);
        expect([...ledger.owed].filter((text) => !textsOf(sides.local).has(text))).toEqual([]);
        expect([...sides.base.keys()].sort()).toEqual(Object.keys(l).sort());
        expect(converge(sides, shuffler(seed), 1).operations).toBe(0);
      }),
      { numRuns: RUNS },
    );
  });

  it('comes to the same contents when the sides are swapped', () => {
    fc.assert(
      fc.property(acts, acts, acts, fc.nat(), (first, here, there, seed) => {
        const reach = (swap: boolean): string[] => {
          const { start, ledger } = plant(first);
          const [one, two] = [new Map(start), new Map(start)];
          for (const each of here) perform(one, each, 'one', ledger);
          for (const each of there) perform(two, each, 'two', ledger);
          const sides = swap ? sidesOf(start, two, one) : sidesOf(start, one, two);
          converge(sides, shuffler(seed), MAX_LOOKS);
          return [...textsOf(sides.local)].sort();
        };
        expect(reach(true)).toEqual(reach(false));
      }),
      { numRuns: RUNS },
    );
  });

  it('comes to rest for several disks around one store', () => {
    fc.assert(
      fc.property(acts, fc.array(acts, { minLength: 2, maxLength: 4 }), fc.nat(), (first, all, seed) => {
        const { start, ledger } = plant(first);
        const remote = sidesOf(start, start, start).remote;
        const disks = all.map((edits, i): Sides => {
          const local: Side = new Map(start);
          for (const each of edits) perform(local, each, `m${i}`, ledger);
          return { ...sidesOf(start, local, start), remote };
        });
        for (let round = 0; round < 3; round++) {
          for (const disk of disks) converge(disk, shuffler(seed + round), MAX_LOOKS);
        }
        for (const disk of disks) {
          expect(seen(disk).local).toEqual(seen(disk).remote);
          expect(converge(disk, shuffler(seed), 1).operations).toBe(0);
        }
        expect([...ledger.owed].filter((text) => !textsOf(remote).has(text))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
