import { decodeMetadata, formatMode, formatMtime } from '../../formats/metadata-codec.ts';
import type { BaseRow, Content } from '../../sync/entry.ts';
import type { OperationOf } from '../../sync/operations.ts';
import { keyPath } from '../../sync/path.ts';
import { nameOfState, sameRemoteBytes } from '../../sync/token.ts';
import { objectKey } from '../keys.ts';
import type { ObjectMetadata } from '../ports/store.ts';
import { callOptions, type OperationContext, type OperationResult, STALE, wasRacy } from './context.ts';
import { modeFact } from './facts.ts';
import { writeUnguarded } from './unguarded.ts';

/**
 * Publishes an executable bit: the object is copied onto itself with new metadata. Expects the listed ETag as source
 * and as destination; other tools' metadata is kept. A crash before leaves the old mode, after it the new one.
 */
export async function modeUp(
  operation: OperationOf<'mode-up'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, local, remote } = operation;
  const content = context.evidence.get(key)?.local?.content;
  if (content === undefined || content.kind !== 'file' || local.kind !== 'file') return STALE;
  const at = objectKey(remote.key);
  const head = await context.store.head(at, callOptions(context));
  if (head.kind === 'absent' || !sameRemoteBytes(remote.token, head.state.token)) return STALE;
  const { etag } = head.state.token;
  const write = `${context.clientId}.${context.runtime.randomHex(8)}`;
  const since = nameOfState(head.state.token);
  const mtimeNs = decodeMetadata(head.state.metadata).mtimeNs ?? local.fingerprint.mtimeNs;
  const metadata: ObjectMetadata = {
    ...head.state.metadata,
    mtime: formatMtime(mtimeNs),
    mode: formatMode('file', local.executable),
    's4-write': write,
    's4-parent': since,
  };
  const guarded = context.capabilities.copyIfMatch;
  const copied = await writeUnguarded({ key: at, path: keyPath(key), since, guarded, write }, context, () =>
    context.store.copy(at, at, {
      source: { etag },
      condition: { kind: 'matches', etag },
      metadata,
      ...callOptions(context),
    }),
  );
  const { outcome, finished, overtaken } = copied;
  if (outcome.kind !== 'stored') return { kind: 'stale', finished };
  const racy = wasRacy(key, context);
  const row: BaseRow = {
    key: local.key,
    content: { ...content, executable: local.executable },
    mtimeNs,
    local: local.fingerprint,
    ...(racy && { racy }),
    remote: outcome.token,
  };
  return {
    kind: 'done',
    changes: [{ kind: 'set', row }],
    finished,
    facts: [modeFact(row, write, head.state.token, context.runtime.nowMs())],
    ...(overtaken && { lookAgain: true }),
  };
}

/** Takes over the executable bit of the other side. Expects the walked local state; content is not touched. */
export async function modeDown(
  operation: OperationOf<'mode-down'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, local, remote, base } = operation;
  if (base.content.kind !== 'file' || local.kind !== 'file') return STALE;
  const executable = !base.content.executable;
  context.signal?.throwIfAborted();
  const outcome = await context.folder.setExecutable(keyPath(local.key), executable, local.fingerprint);
  if (outcome.kind !== 'placed') return STALE;
  const content: Content = { ...base.content, executable };
  const racy = outcome.racy || wasRacy(key, context);
  const row: BaseRow = {
    key: base.key,
    content,
    mtimeNs: base.mtimeNs,
    local: outcome.fingerprint,
    ...(racy && { racy }),
    remote: remote.token,
  };
  return { kind: 'done', changes: [{ kind: 'set', row }] };
}
