import { describe, expect, it } from 'vitest';
import type { RemoteToken } from '../../../src/sync/entry.ts';
import { nameOfState, sameRemoteBytes, sameRemoteToken } from '../../../src/sync/token.ts';

const KNOWN: RemoteToken = { etag: 'e', sizeBytes: 3, modifiedMs: 10_000 };

describe('the token of an object', () => {
  it.each<[string, Partial<RemoteToken>, Partial<RemoteToken>, boolean]>([
    ['all equal', {}, {}, true],
    ['another ETag', {}, { etag: 'f' }, false],
    ['another size', {}, { sizeBytes: 4 }, false],
    ['a time within the same second', {}, { modifiedMs: 10_999 }, true],
    ['a second later', {}, { modifiedMs: 11_000 }, false],
    ['a second earlier', {}, { modifiedMs: 9_999 }, false],
    ['equal versions, other times', { versionId: 'v' }, { versionId: 'v', modifiedMs: 99_000 }, true],
    ['other versions, equal times', { versionId: 'v' }, { versionId: 'w' }, false],
    [
      'no versions kept, and a later time: it was written again',
      { versionId: 'null' },
      { versionId: 'null', modifiedMs: 12_000 },
      false,
    ],
    ['no versions kept, and the same time', { versionId: 'null' }, { versionId: 'null' }, true],
    ['a listing that tells no version', { versionId: 'v' }, {}, true],
    ['a listing that tells no version, and a later time', { versionId: 'v' }, { modifiedMs: 12_000 }, false],
    ['a version that only one of them tells', {}, { versionId: 'v' }, true],
    ['our own write, stamped a little later', { modifiedIsEstimate: true }, { modifiedMs: 12_000 }, true],
    ['our own write, begun long before', { modifiedIsEstimate: true }, { modifiedMs: 1_000 }, true],
    ['our own write, and a later copy of it', { modifiedIsEstimate: true }, { modifiedMs: 12_001 }, false],
    ['our own version, and another', { modifiedIsEstimate: true, versionId: 'v' }, { versionId: 'w' }, false],
  ])('%s: %o', (_, known, seen, same) => {
    expect(sameRemoteToken({ ...KNOWN, ...known }, { ...KNOWN, ...seen })).toBe(same);
  });

  it('has equal bytes by ETag and size, whatever the time and the version', () => {
    expect(sameRemoteBytes(KNOWN, { ...KNOWN, modifiedMs: 0, versionId: 'v' })).toBe(true);
    expect(sameRemoteBytes(KNOWN, { ...KNOWN, etag: 'f' })).toBe(false);
    expect(sameRemoteBytes(KNOWN, { ...KNOWN, sizeBytes: 4 })).toBe(false);
  });

  it('is named by its version for good, and by its ETag where no version is kept', () => {
    expect(nameOfState({ ...KNOWN, versionId: 'v' })).toBe('v');
    expect(nameOfState({ ...KNOWN, versionId: 'null' })).toBe('e');
    expect(nameOfState(KNOWN)).toBe('e');
  });
});
