import { describe, expect, it } from 'vitest';
import { factOf, hashedAs } from '../../../src/engine/evidence.ts';
import type { HashOutcome } from '../../../src/engine/ports/folder.ts';
import type { Digest } from '../../../src/sync/entry.ts';
import type { LocalFile } from '../../../src/sync/operations.ts';
import { digest, fingerprint, key } from '../sync/build.ts';

/** What hashing a file proves of it. */

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const LARGEST_SMALL = 8 * 1024 * 1024;
const walked: LocalFile = { kind: 'file', key: key('f'), fingerprint: fingerprint(1), executable: false };
const link: LocalFile = { kind: 'symlink', key: key('f'), fingerprint: fingerprint(1) };

const hashed = (more: Partial<Extract<HashOutcome, { kind: 'hashed' }>> = {}) => ({
  ...({ kind: 'hashed', entry: 'file', digest: digest(3), fingerprint: fingerprint(2) } as const),
  ...{ executable: true, racy: false, etags: [] },
  ...more,
});

describe('a file that was hashed', () => {
  it('is what it was then, not what the walk saw', () => {
    expect(hashedAs(walked, hashed({ racy: true }))).toStrictEqual({
      local: { ...walked, fingerprint: fingerprint(2), executable: true },
      evidence: {
        content: { kind: 'file', digest: digest(3), sizeBytes: 10, executable: true },
        racy: true,
      },
    });
  });

  it('as a symlink has no bit', () => {
    expect(hashedAs(link, hashed({ entry: 'symlink' }))).toStrictEqual({
      local: { ...link, fingerprint: fingerprint(2) },
      evidence: { content: { kind: 'symlink', digest: digest(3), sizeBytes: 10 }, racy: false },
    });
  });

  it('proves nothing where it became a symlink since, or ceased to be one', () => {
    expect(hashedAs(walked, hashed({ entry: 'symlink' }))).toBeUndefined();
    expect(hashedAs(link, hashed())).toBeUndefined();
  });

  it.each([
    ['its MD5, which is no multipart ETag', LARGEST_SMALL, [`${MD5}-2`, MD5], { md5: MD5 }],
    ['no MD5 where only multipart ETags were asked for', 10, [`${MD5}-2`], {}],
    ['no MD5 where it is sent in parts', LARGEST_SMALL + 1, [MD5], {}],
  ] as const)('brings %s', (_, sizeBytes, etags, md5) => {
    const outcome = hashed({ etags, fingerprint: { ...fingerprint(2), sizeBytes } });
    const plain = { racy: false, content: { kind: 'file', digest: digest(3), sizeBytes, executable: true } };
    expect(hashedAs(walked, outcome)?.evidence).toStrictEqual({ ...plain, ...md5 });
    const asLink = hashedAs(link, { ...outcome, entry: 'symlink' })?.evidence;
    expect(asLink).toStrictEqual({
      racy: false,
      content: { kind: 'symlink', digest: digest(3), sizeBytes },
      ...md5,
    });
  });
});

describe('a content since the base', () => {
  const file = (content: Digest, executable = false) =>
    ({ kind: 'file', digest: content, sizeBytes: 10, executable }) as const;

  it('is the same, has another bit alone, or was changed', () => {
    expect(factOf(file(digest(1)), file(digest(1)))).toBe('same');
    expect(factOf(file(digest(1)), file(digest(1), true))).toBe('meta');
    expect(factOf(file(digest(1)), file(digest(2)))).toBe('changed');
    expect(factOf(file(digest(1)), file(digest(2), true))).toBe('changed');
    expect(factOf(file(digest(1)), { kind: 'symlink', digest: digest(1), sizeBytes: 10 })).toBe('changed');
  });
});
