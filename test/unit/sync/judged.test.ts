import { expect, it } from 'vitest';
import { localFile } from '../../../src/sync/judged.ts';
import { joined, localRow } from './build.ts';

it('the local file of a row is none where there is no row, nothing here, or a folder', () => {
  expect(localFile(joined('f', { local: 1 }))).toEqual(localRow('f', 1));
  expect(localFile(joined('f', { remote: 1 }))).toBeUndefined();
  expect(localFile(joined('d/', { local: 1 }))).toBeUndefined();
  expect(localFile(undefined)).toBeUndefined();
});
