import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyPresence } from '../../../src/engine/state/key-presence.ts';
import {
  lowerBound,
  mergeRows,
  type OverlayEntry,
  sortOverlay,
} from '../../../src/engine/state/merge-rows.ts';
import type { BaseRow, Digest } from '../../../src/sync/entry.ts';
import { compareKeys, type EntryKey } from '../../../src/sync/path.ts';

/** The small parts under the base, each against the plainest way to say the same. */

function row(key: string, version: number): BaseRow {
  const digest = version.toString(16).padStart(64, '0') as Digest;
  return {
    key: key as EntryKey,
    content: { kind: 'file', digest, sizeBytes: version, executable: false },
    mtimeNs: 0n,
    remote: { etag: `e${version}`, sizeBytes: version, modifiedMs: 1 },
  };
}

const keys = fc.uniqueArray(fc.constantFrom('a', 'a!', 'a/', 'a/b', 'b', 'é', '😀', '\uFFFD'));
const overlays = fc.array(fc.tuple(fc.constantFrom('a', 'a!', 'a/', 'b', 'é', '😀'), fc.boolean()));

const overlayOf = (changes: readonly (readonly [string, boolean])[]) =>
  new Map(changes.map(([key, kept]) => [key as EntryKey, kept ? row(key, 2) : undefined]));

describe('changes over rows', () => {
  it('are sorted as the index is', () => {
    fc.assert(
      fc.property(keys, (some) => {
        const sorted = sortOverlay(new Map(some.map((key) => [key as EntryKey, row(key, 1)])));
        expect(sorted.map(({ key }) => key)).toEqual([...some].sort(compareKeys));
        expect(sorted.every(({ key, row: each }) => each?.key === key)).toBe(true);
      }),
    );
  });

  it('are cut where a key is, or would be', () => {
    fc.assert(
      fc.property(keys, fc.constantFrom('', 'a', 'a!', 'a/0', 'b', 'z', '😀', '😁'), (some, key) => {
        const sorted: readonly OverlayEntry[] = sortOverlay(
          new Map(some.map((each) => [each as EntryKey, undefined])),
        );
        const below = sorted.filter((entry) => compareKeys(entry.key, key) < 0);
        expect(lowerBound(sorted, key as EntryKey)).toBe(below.length);
      }),
    );
  });

  it('replace, remove and add rows', () => {
    fc.assert(
      fc.property(keys, overlays, (some, changes) => {
        const rows = some.map((key) => row(key, 1)).sort((a, b) => compareKeys(a.key, b.key));
        const overlay = overlayOf(changes);
        const model = new Map<string, BaseRow | undefined>([
          ...rows.map((each) => [each.key, each] as const),
          ...overlay,
        ]);
        const expected = [...model.values()]
          .filter((each) => each !== undefined)
          .sort((a, b) => compareKeys(a.key, b.key));
        expect(mergeRows(rows, sortOverlay(overlay))).toEqual(expected);
      }),
    );
  });
});

describe('which keys an index holds', () => {
  const names = (start: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${start}${i}`);

  it('is unknown before the rows of that member were seen', () => {
    const presence = createKeyPresence();
    expect(presence.has(0, 'a' as EntryKey)).toBeUndefined();
    presence.learn(1, [row('b', 1)]);
    expect(presence.has(0, 'b' as EntryKey)).toBeUndefined();
    expect(presence.has(1, 'b' as EntryKey)).toBe(true);
    expect(presence.has(1, 'a' as EntryKey)).toBe(false);
    expect(presence.has(-1, 'a' as EntryKey)).toBeUndefined();
  });

  it('is exact for keys that resemble each other', () => {
    for (const [there, missing] of [
      [names('folder/file-', 3000), names('folder/file_', 3000)],
      [names('', 3000), names('0', 3000).filter((key) => key.length > 1)],
      [names('é/😀', 500), names('e/😀', 500)],
      [
        ['ab', 'b', ''],
        ['ba', 'a', 'abab', '\0'],
      ],
    ] as const) {
      const presence = createKeyPresence();
      presence.learn(
        0,
        there.map((key) => row(key, 1)),
      );
      expect(there.filter((key) => presence.has(0, key as EntryKey) !== true)).toEqual([]);
      expect(missing.filter((key) => presence.has(0, key as EntryKey) !== false)).toEqual([]);
    }
  });

  it('is that of an empty member, and stays what was learned first', () => {
    const presence = createKeyPresence();
    presence.learn(0, []);
    expect(presence.has(0, 'a' as EntryKey)).toBe(false);
    presence.learn(1, [row('a', 1)]);
    presence.learn(1, []);
    expect(presence.has(1, 'a' as EntryKey)).toBe(true);
  });
});
