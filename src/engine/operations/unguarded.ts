import type { RemoteToken } from '../../sync/entry.ts';
import { type OvertakenRequest, recoverOvertaken } from '../overtaken.ts';
import type { OperationContext } from './context.ts';

export interface UnguardedWrite extends OvertakenRequest {
  /** The store itself refuses the write when the expected state is gone: there is nothing to look for. */
  readonly guarded: boolean;
  /** The write's token; '' for a deletion. */
  readonly write: string;
}

export interface Written<T> {
  readonly outcome: T;
  readonly finished: readonly number[];
  /** A version that this write hid was brought back, and has to be uploaded. */
  readonly overtaken: boolean;
}

/**
 * Makes a write between an intent and a look at what it hid, where the store does not guard it but keeps versions (H8). A
 * crash after the write leaves the intent: the next start looks instead.
 */
export async function writeUnguarded<T extends { readonly kind: string; readonly token?: RemoteToken }>(
  request: UnguardedWrite,
  context: OperationContext,
  run: () => Promise<T>,
): Promise<Written<T>> {
  const { guarded, write, key, since } = request;
  if (guarded || context.capabilities.versioning !== 'enabled') {
    return { outcome: await run(), finished: [], overtaken: false };
  }
  const intent = await context.base.begin({ kind: 'unguarded-put', key, write, parent: since ?? '' });
  const outcome = await run();
  const landed = outcome.kind === 'stored' || outcome.kind === 'deleted';
  const overtaken =
    landed && (await recoverOvertaken({ ...request, own: outcome.token?.versionId }, context));
  // An earlier attempt may have landed whose answer was lost: unless this one did, the next start looks for it.
  const isCertain = landed || write === '';
  return { outcome, finished: isCertain ? [intent] : [], overtaken };
}
