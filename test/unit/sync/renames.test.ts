import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../src/sync/entry.ts';
import type { EntryKey } from '../../../src/sync/path.ts';
import { findRenames, type RenameCandidate } from '../../../src/sync/renames.ts';

function candidate(key: string, digest: string, options: { inode?: number; sizeBytes?: number } = {}) {
  const { inode, sizeBytes = 1 } = options;
  const base = { key: key as EntryKey, digest: digest as Digest, sizeBytes };
  return inode === undefined ? base : { ...base, inode: BigInt(inode) };
}

describe('renames', () => {
  it('pairs by content, sorted by the new key', () => {
    const created = [candidate('z', 'h1'), candidate('b', 'h2'), candidate('new', 'h3')];
    const deleted = [candidate('a', 'h1'), candidate('c', 'h2'), candidate('old', 'h4')];
    expect(findRenames(created, deleted)).toEqual([
      { from: 'c', to: 'b' },
      { from: 'a', to: 'z' },
    ]);
  });

  it('leaves out empty files', () => {
    const empty = { sizeBytes: 0 };
    expect(findRenames([candidate('a', 'h', empty)], [candidate('b', 'h', empty)])).toEqual([]);
  });

  it('prefers the same inode, then the same base name, then the same folder, then order', () => {
    const deleted = [
      candidate('a/one', 'h', { inode: 1 }),
      candidate('b/two', 'h', { inode: 2 }),
      candidate('c/three', 'h', { inode: 3 }),
      candidate('d/four', 'h', { inode: 4 }),
    ];
    const created = [
      candidate('a/two', 'h', { inode: 1 }),
      candidate('x/two', 'h', { inode: 12 }),
      candidate('c/renamed', 'h', { inode: 13 }),
      candidate('a/last', 'h', { inode: 14 }),
    ];
    expect(findRenames(created, deleted)).toEqual([
      { from: 'd/four', to: 'a/last' },
      { from: 'a/one', to: 'a/two' },
      { from: 'c/three', to: 'c/renamed' },
      { from: 'b/two', to: 'x/two' },
    ]);
  });

  it('takes no trait from what has no inode', () => {
    expect(findRenames([candidate('x', 'h')], [candidate('a', 'h'), candidate('x', 'h')])).toEqual([
      { from: 'x', to: 'x' },
    ]);
  });

  it('is one to one, of equal content, as large as it can be, and independent of input order', () => {
    const side = (prefix: string) =>
      fc
        .array(
          fc.record({
            folder: fc.constantFrom('a', 'b', 'c'),
            name: fc.constantFrom('x', 'y', 'z', 'w'),
            digest: fc.constantFrom('h1', 'h2', 'h3'),
            inode: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
            sizeBytes: fc.constantFrom(0, 1),
          }),
          { maxLength: 20 },
        )
        .map((rows) =>
          rows.map(({ folder, name, digest, inode, sizeBytes }, i): RenameCandidate => {
            const options = inode === undefined ? { sizeBytes } : { sizeBytes, inode };
            return candidate(`${prefix}${i}/${folder}/${name}`, `${digest}${sizeBytes}`, options);
          }),
        );
    const shuffled = (rows: readonly RenameCandidate[]) =>
      fc.shuffledSubarray([...rows], { minLength: rows.length, maxLength: rows.length });
    const inputs = fc.tuple(side('new'), side('old')).chain(([created, deleted]) =>
      fc.record({
        created: fc.constant(created),
        deleted: fc.constant(deleted),
        createdShuffled: shuffled(created),
        deletedShuffled: shuffled(deleted),
      }),
    );
    fc.assert(
      fc.property(inputs, ({ created, deleted, createdShuffled, deletedShuffled }) => {
        const renames = findRenames(created, deleted);
        expect(findRenames(createdShuffled, deletedShuffled)).toEqual(renames);
        expect(new Set(renames.map(({ from }) => from)).size).toBe(renames.length);
        expect(new Set(renames.map(({ to }) => to)).size).toBe(renames.length);
        const digestOf = (rows: readonly RenameCandidate[], key: EntryKey) =>
          rows.find((row) => row.key === key)?.digest;
        for (const { from, to } of renames) expect(digestOf(deleted, from)).toBe(digestOf(created, to));
        const count = (rows: readonly RenameCandidate[], digest: string) =>
          rows.filter((row) => row.digest === digest && row.sizeBytes > 0).length;
        const possible = ['h11', 'h21', 'h31'].map((h) => Math.min(count(created, h), count(deleted, h)));
        expect(renames.length).toBe(possible.reduce((sum, n) => sum + n, 0));
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  it('pairs 100,000 files of one content', () => {
    const many = (prefix: string) =>
      Array.from({ length: 100_000 }, (_, i) => candidate(`${prefix}/${i}`, 'h', { inode: i }));
    expect(findRenames(many('b'), many('a'))).toHaveLength(100_000);
  });
});
