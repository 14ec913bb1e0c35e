import type { CallOptions, DeleteOutcome, ObjectKey, WriteCondition } from '../../engine/ports/store.ts';
import type { StoreContext } from './context.ts';
import { Fault, isAbsent, isPreconditionFailed, isWriteConflict } from './errors.ts';
import { headObject } from './head.ts';
import { quotedEtag } from './keys.ts';
import type { S3Request } from './transport.ts';

/**
 * `Store.delete`. With `matches` the service checks where that was proved; elsewhere a HEAD comes first, and a write
 * between the two is deleted too (and kept as a version, where there are versions). Without a condition `deleted` is
 * what S3 says of absent keys as well.
 */
export async function deleteObject(
  context: StoreContext,
  key: ObjectKey,
  options: CallOptions & { readonly condition: WriteCondition },
): Promise<DeleteOutcome> {
  const { transport } = context;
  const { condition, signal } = options;
  const full = context.keys.writable(key);
  const guarded = condition.kind === 'matches' && context.capabilities().deleteIfMatch;
  const request: S3Request = {
    operation: 'DeleteObject',
    method: 'DELETE',
    key: full,
    headers: guarded ? { 'if-match': quotedEtag(condition.etag) } : {},
  };
  let sent = false;
  return transport.retrying(request, signal, async (): Promise<DeleteOutcome> => {
    // Gone after an attempt without an answer: that attempt did it.
    const gone: DeleteOutcome = { kind: sent ? 'deleted' : 'absent' };
    if (condition.kind !== 'none' && !guarded) {
      const found = await headObject(context, full, { signal });
      if (found.kind === 'absent') return gone;
      if (condition.kind === 'absent' || found.state.token.etag !== condition.etag)
        return { kind: 'precondition-failed' };
    }
    signal?.throwIfAborted();
    sent = true;
    const reply = await transport.attempt(request, { signal });
    if (reply.refusal === undefined) return { kind: 'deleted' };
    if (isWriteConflict(reply.refusal))
      throw new Fault('another write came first', { refusal: reply.refusal });
    if (isAbsent(reply.refusal)) return gone;
    if (!isPreconditionFailed(reply.refusal)) throw transport.refused(request, reply.refusal);
    const found = await headObject(context, full, { signal });
    return found.kind === 'absent' ? gone : { kind: 'precondition-failed' };
  });
}
