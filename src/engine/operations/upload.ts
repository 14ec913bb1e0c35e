import { createHash } from 'node:crypto';
import { encodeMetadata } from '../../formats/metadata-codec.ts';
import type { BaseRow, Digest, Fingerprint } from '../../sync/entry.ts';
import { sameFingerprint } from '../../sync/entry.ts';
import type { LocalFile, OperationOf } from '../../sync/operations.ts';
import { keyPath } from '../../sync/path.ts';
import { lastingVersionId, nameOfState } from '../../sync/token.ts';
import { objectKey } from '../keys.ts';
import { recoverOvertaken } from '../overtaken.ts';
import type { LocalSource } from '../ports/folder.ts';
import type { ContentSource, PutOutcome, WriteCondition } from '../ports/store.ts';
import { callOptions, type OperationContext, type OperationResult, STALE } from './context.ts';
import { putFact } from './facts.ts';
import { isGuardedPut, WHOLE_READ_BYTES } from './guarded.ts';
import { isRefusedName, refusedName } from './refused-name.ts';

/**
 * Sends a local file. Expects the object it replaces (or none), proved by a condition where the store honours one;
 * expects the file to stay as it was walked from the hash to the moment the object becomes visible. A crash leaves the
 * old object, or the new one with a base that does not know it: equal content, adopted by the next run.
 */
export async function upload(
  operation: OperationOf<'upload'>,
  context: OperationContext,
): Promise<OperationResult> {
  const { local, key } = operation;
  const hashed = await hashForUpload(local, context);
  if (hashed === undefined) return STALE;
  const source = await context.folder.open(keyPath(local.key), local.fingerprint);
  if (source === undefined) return STALE;
  try {
    return await send({ ...operation, key }, hashed, source, context);
  } finally {
    await source.close();
  }
}

interface Hashed {
  readonly digest: Digest;
  readonly md5?: string;
  readonly racy: boolean;
}

async function hashForUpload(local: LocalFile, context: OperationContext): Promise<Hashed | undefined> {
  const known = context.evidence.get(local.key)?.local;
  if (known?.md5 !== undefined) return { digest: known.content.digest, md5: known.md5, racy: known.racy };
  const outcome = await context.folder.hash({
    path: keyPath(local.key),
    etagPartSizes: local.fingerprint.sizeBytes <= WHOLE_READ_BYTES ? [0] : [],
    ...callOptions(context),
  });
  if (outcome.kind !== 'hashed' || !sameFingerprint(outcome.fingerprint, local.fingerprint)) return undefined;
  const md5 = outcome.etags[0];
  return { digest: outcome.digest, racy: outcome.racy, ...(md5 !== undefined && { md5 }) };
}

interface SentPut {
  readonly outcome: PutOutcome;
  readonly guarded: boolean;
  readonly finished: readonly number[];
}

async function send(
  operation: OperationOf<'upload'>,
  hashed: Hashed,
  source: LocalSource,
  context: OperationContext,
): Promise<OperationResult> {
  const { key, local, replaces, ancestor } = operation;
  const executable = operation.executable ?? (local.kind === 'file' && local.executable);
  const write = `${context.clientId}.${context.runtime.randomHex(8)}`;
  const known = operation.base && lastingVersionId(operation.base.remote);
  const parent = replaces && (known ?? nameOfState(replaces.token));
  const metadata = encodeMetadata({
    kind: local.kind,
    executable,
    mtimeNs: local.fingerprint.mtimeNs,
    digest: hashed.digest,
    ...(hashed.md5 !== undefined && { md5: hashed.md5 }),
    write,
    ...(parent !== undefined && { parent }),
    ...(ancestor !== undefined && { ancestor }),
  });
  const condition: WriteCondition =
    replaces === undefined ? { kind: 'absent' } : { kind: 'matches', etag: replaces.token.etag };
  const content = await contentToSend(source, hashed);
  if (content === undefined) return STALE;
  const sentAs = objectKey(replaces?.key ?? key);
  const put = async (guarded: boolean, byLooking: boolean): Promise<SentPut> => {
    const intent = guarded
      ? undefined
      : await context.base.begin({ kind: 'unguarded-put', key: sentAs, write, parent: parent ?? '' });
    const outcome = await context.store.put(sentAs, content, {
      condition,
      ...(byLooking && { byLooking }),
      metadata,
      confirm: () => source.unchanged(),
      onBytes: (bytes) => context.onBytes('up', bytes),
      ...callOptions(context),
    });
    return { outcome, guarded, finished: intent === undefined ? [] : [intent] };
  };
  let sent = await put(isGuardedPut(context.capabilities, condition, source.sizeBytes), false);
  if (isRefusedName(sent.outcome)) {
    if (context.capabilities.versioning !== 'enabled')
      return { kind: 'failed', problem: refusedName(key), finished: sent.finished };
    sent = await put(false, true);
  }
  const { outcome, guarded, finished } = sent;
  // An earlier attempt may have landed whose answer was lost: the intent stays, and the next start looks for it.
  if (outcome.kind !== 'stored') return { kind: 'stale', finished: [] };
  await settleOnDisk(local, source, context);
  const overtaken = guarded
    ? false
    : await recoverOvertaken(
        {
          key: sentAs,
          path: keyPath(local.key),
          own: outcome.token.versionId,
          ...(replaces && { since: nameOfState(replaces.token) }),
        },
        context,
      );
  return record(operation, hashed, outcome, { executable, write, finished, overtaken }, context);
}

/**
 * A small file is read once, and the very bytes that were hashed are sent. A large one is read part by part, with the
 * open file's state as the proof that no part is newer than the hash.
 */
async function contentToSend(source: LocalSource, hashed: Hashed): Promise<ContentSource | undefined> {
  if (source.sizeBytes > WHOLE_READ_BYTES || hashed.md5 === undefined) return source;
  const bytes = await source.read(0, source.sizeBytes);
  if (createHash('md5').update(bytes).digest('hex') !== hashed.md5) return undefined;
  return { sizeBytes: bytes.byteLength, read: async (start, end) => bytes.subarray(start, end) };
}

/** Longer than any system keeps written data in memory alone (Linux: 35 s). */
const UNSETTLED_MS = 120_000;

/**
 * A file saved a moment ago may be in memory only. The base must not say more than the disk after a power loss: a file
 * that is then missing, or empty, would be taken for the user's deletion or edit, and sent to everybody.
 */
async function settleOnDisk(local: LocalFile, source: LocalSource, context: OperationContext): Promise<void> {
  const { mtimeNs, ctimeNs } = local.fingerprint;
  const changedMs = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n);
  if (context.runtime.nowMs() - changedMs > UNSETTLED_MS) return;
  await source.makeDurable();
  context.folder.touch(keyPath(local.key));
}

interface Sent {
  readonly executable: boolean;
  readonly write: string;
  readonly finished: readonly number[];
  readonly overtaken: boolean;
}

async function record(
  operation: OperationOf<'upload'>,
  hashed: Hashed,
  outcome: Extract<PutOutcome, { kind: 'stored' }>,
  sent: Sent,
  context: OperationContext,
): Promise<OperationResult> {
  const { local } = operation;
  const sizeBytes = local.fingerprint.sizeBytes;
  const settled = await settleMode(local, sent.executable, context);
  const row: BaseRow = {
    key: local.key,
    content:
      local.kind === 'symlink'
        ? { kind: 'symlink', digest: hashed.digest, sizeBytes }
        : { kind: 'file', digest: hashed.digest, sizeBytes, executable: sent.executable },
    mtimeNs: local.fingerprint.mtimeNs,
    local: settled.fingerprint,
    ...((hashed.racy || settled.racy) && { racy: true }),
    remote: outcome.token,
  };
  return {
    kind: 'done',
    changes: [{ kind: 'set', row }],
    finished: sent.finished,
    facts: [putFact(row, sent.write, operation.replaces?.token, context.runtime.nowMs())],
    ...(sent.overtaken && { lookAgain: true }),
  };
}

/** The other side changed the executable bit of the file whose content this side changed. */
async function settleMode(
  local: LocalFile,
  executable: boolean,
  context: OperationContext,
): Promise<{ readonly fingerprint: Fingerprint; readonly racy: boolean }> {
  if (local.kind === 'symlink' || local.executable === executable) {
    return { fingerprint: local.fingerprint, racy: false };
  }
  const set = await context.folder.setExecutable(keyPath(local.key), executable, local.fingerprint);
  return set.kind === 'placed' ? set : { fingerprint: local.fingerprint, racy: true };
}
