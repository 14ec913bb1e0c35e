import { isS4Error } from '../../../src/lib/errors.ts';
import { stateFromHeaders } from '../../../src/stores/s3/object-state.ts';
import { type FuzzTarget, refusedOr } from '../target.ts';
import { checkToken, objectHeaders } from './xml.ts';

/** The headers of an object are a state that can be kept, or a refusal. */
export const headers: FuzzTarget = {
  name: 'headers',
  share: 20,
  short: 2000,
  limitMs: 1000,
  run(dice) {
    const state = refusedOr(
      () => stateFromHeaders(objectHeaders(dice)),
      (error) => isS4Error(error),
    );
    if (state !== undefined) checkToken(state.token);
  },
};
