import { expect, it } from 'vitest';
import { isGuardedPut, WHOLE_READ_BYTES } from '../../../src/engine/operations/guarded.ts';
import { createWorld } from '../../support/machines.ts';

it('a write is guarded by what the store proved for its kind: new or not, whole or in parts', async () => {
  const { target } = await createWorld().machine('laptop');
  const none = {
    ...target.capabilities,
    putIfAbsent: false,
    putIfMatch: false,
    multipartIfAbsent: false,
    multipartIfMatch: false,
  };
  const matches = { kind: 'matches', etag: 'e' } as const;
  const whole = WHOLE_READ_BYTES;
  const cases = [
    ['putIfAbsent', { kind: 'absent' }, whole],
    ['putIfMatch', matches, whole],
    ['multipartIfAbsent', { kind: 'absent' }, whole + 1],
    ['multipartIfMatch', matches, whole + 1],
  ] as const;
  for (const [flag, condition, size] of cases) {
    expect(isGuardedPut(none, condition, size)).toBe(false);
    const guarded = cases.filter((other) => isGuardedPut({ ...none, [flag]: true }, other[1], other[2]));
    expect(guarded.map(([name]) => name)).toEqual([flag]);
  }
  expect(isGuardedPut(target.capabilities, { kind: 'none' }, 1)).toBe(false);
});
