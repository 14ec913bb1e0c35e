import { describe, expect, it } from 'vitest';
import {
  type Content,
  sameBytes,
  sameContent,
  sameFingerprint,
  sameMovedFile,
} from '../../../src/sync/entry.ts';
import { digest, fingerprint } from './build.ts';

const FILE: Content = { kind: 'file', digest: digest(1), sizeBytes: 3, executable: false };
const LINK: Content = { kind: 'symlink', digest: digest(1), sizeBytes: 3 };
const FOLDER: Content = { kind: 'folder' };

describe('two contents', () => {
  it.each<[string, Content, Content, boolean, boolean]>([
    ['equal files', FILE, { ...FILE }, true, true],
    ['another executable bit', FILE, { ...FILE, executable: true }, false, true],
    ['another digest', FILE, { ...FILE, digest: digest(2) }, false, false],
    ['another size', FILE, { ...FILE, sizeBytes: 4 }, false, false],
    ['a symlink whose text is the content of a file', FILE, LINK, false, false],
    ['equal symlinks', LINK, { ...LINK }, true, true],
    ['other symlinks', LINK, { ...LINK, digest: digest(2) }, false, false],
    ['folders', FOLDER, FOLDER, true, true],
    ['a folder and a file', FOLDER, FILE, false, false],
    ['a file and a folder', FILE, FOLDER, false, false],
  ])('%s', (_, a, b, content, bytes) => {
    expect(sameContent(a, b)).toBe(content);
    expect(sameBytes(a, b)).toBe(bytes);
  });
});

describe('two fingerprints', () => {
  it.each([
    ['nothing', {}, true, true],
    ['ctime, which a rename moves', { ctimeNs: 9n }, false, true],
    ['mtime', { mtimeNs: 9n }, false, false],
    ['inode', { inode: 9n }, false, false],
    ['size', { sizeBytes: 9 }, false, false],
  ])('differ in %s', (_, change, same, moved) => {
    expect(sameFingerprint(fingerprint(1), { ...fingerprint(1), ...change })).toBe(same);
    expect(sameMovedFile(fingerprint(1), { ...fingerprint(1), ...change })).toBe(moved);
  });
});
