import { expect, test } from 'vitest';
import { withFoldersAbove } from '../../../src/local/touched.ts';

test('the way to each folder belongs to it, once, and after the folders themselves', () => {
  expect([...withFoldersAbove(['a/b/c', 'd'])]).toEqual(['a/b/c', 'd', 'a/b', '', 'a']);
  expect([...withFoldersAbove([''])]).toEqual(['']);
  expect([...withFoldersAbove([])]).toEqual([]);
});
