import { describe, expect, it } from 'vitest';
import { problemFrom } from '../../../src/engine/problem-from.ts';
import { S4_ERROR_CODES, S4Error } from '../../../src/lib/errors.ts';

/** Which failures concern one path, and which end the cycle. */

const OF_ONE_PATH = [
  ['OBJECT_DENIED', 'denied', 'remote'],
  ['OBJECT_ARCHIVED', 'archived', 'remote'],
  ['OBJECT_KEY_REFUSED', 'bad-key', 'remote'],
  ['OBJECT_TOO_LARGE', 'too-large', 'remote'],
  ['OBJECT_CORRUPT', 'corrupt', 'remote'],
  ['STORE_FAILED', 'store-error', 'remote'],
  ['LOCAL_UNREADABLE', 'unreadable', 'local'],
  ['LOCAL_DISK_FULL', 'disk-full', 'local'],
  ['LOCAL_FAILED', 'local-error', 'local'],
] as const;

describe('a failure', () => {
  it.each(OF_ONE_PATH)('%s is a problem of its path: %s, %s', (code, problem, side) => {
    const error = new S4Error(code, 'it did not. work.', { hint: 'Try again.' });
    expect(problemFrom(error, 'a/f')).toStrictEqual({
      ...{ path: 'a/f', code: problem, side, message: 'it did not. work', hint: 'Try again.' },
    });
  });

  it('without a hint is a problem without one', () => {
    expect(problemFrom(new S4Error('LOCAL_FAILED', 'no'), 'f')).toStrictEqual({
      ...{ path: 'f', code: 'local-error', side: 'local', message: 'no' },
    });
  });

  const known: readonly string[] = OF_ONE_PATH.map(([code]) => code);
  it.each(S4_ERROR_CODES.filter((code) => !known.includes(code)))('%s is thrown on', (code) => {
    const error = new S4Error(code, 'all is lost');
    expect(() => problemFrom(error, 'f')).toThrow(error);
  });

  it.each([new Error('a bug'), new DOMException('stop', 'AbortError'), undefined])(
    'that is none of ours is thrown on: %s',
    (error) => {
      let thrown: unknown = 'nothing';
      try {
        problemFrom(error, 'f');
      } catch (caught) {
        thrown = caught;
      }
      expect(thrown).toBe(error);
    },
  );
});
