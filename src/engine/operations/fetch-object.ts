import { decodeMetadata, type ObjectFacts } from '../../formats/metadata-codec.ts';
import { S4Error } from '../../lib/errors.ts';
import type { Content } from '../../sync/entry.ts';
import type { StagedFile, Staging } from '../ports/folder.ts';
import type { GetOutcome, ObjectKey, ObjectState } from '../ports/store.ts';
import { provenDigest } from '../proven-digest.ts';
import { callOptions, type OperationContext } from './context.ts';
import { orDiscard } from './or-discard.ts';

/** An object's content in a temp file, verified and durable, ready to be placed. */
export interface Fetched {
  readonly staged: StagedFile;
  readonly staging: Staging;
  readonly state: ObjectState;
  readonly facts: ObjectFacts;
  readonly content: Exclude<Content, { kind: 'folder' }>;
  readonly mtimeNs: bigint;
}

export interface FetchRequest {
  readonly key: ObjectKey;
  /** The state to fetch: another one is `changed`. */
  readonly etag?: string;
  readonly versionId?: string;
  /** Overrides, or stands in for, the mode in the metadata. */
  readonly executable: (published: boolean | undefined) => boolean;
}

export type FetchOutcome =
  | { readonly kind: 'fetched'; readonly fetched: Fetched }
  | { readonly kind: 'changed' }
  | { readonly kind: 'archived' };

/**
 * Downloads into a temp file. The bytes are checked by count, and against the MD5 or SHA-256 that the object carries.
 *
 * @throws S4Error OBJECT_CORRUPT when they do not match, LOCAL_DISK_FULL; the temp file is gone then
 */
export async function fetchObject(request: FetchRequest, context: OperationContext): Promise<FetchOutcome> {
  const got = await context.store.get(request.key, {
    ...(request.etag !== undefined && { etag: request.etag }),
    ...(request.versionId !== undefined && { versionId: request.versionId }),
    onBytes: (bytes) => context.onBytes('down', bytes),
    ...callOptions(context),
  });
  if (got.kind === 'archived') return { kind: 'archived' };
  if (got.kind !== 'found') return { kind: 'changed' };
  const staging = await stageFor(got, context);
  return { kind: 'fetched', fetched: await orDiscard(staging, () => fill(staging, got, request)) };
}

/** Where there is no room the body is begun, and left: one that nobody looks at would keep its connection. */
async function stageFor(
  { state, body }: Extract<GetOutcome, { kind: 'found' }>,
  { folder }: OperationContext,
): Promise<Staging> {
  try {
    return await folder.stage(state.token.sizeBytes);
  } catch (error) {
    for await (const _chunk of body) break;
    throw error;
  }
}

async function fill(
  staging: Staging,
  got: Extract<GetOutcome, { kind: 'found' }>,
  request: FetchRequest,
): Promise<Fetched> {
  const { state } = got;
  const facts = decodeMetadata(state.metadata);
  for await (const chunk of got.body) await staging.write(chunk);
  const mtimeNs = facts.mtimeNs ?? BigInt(state.token.modifiedMs) * 1_000_000n;
  const kind = facts.kind === 'symlink' ? 'symlink' : 'file';
  const executable = request.executable(facts.executable);
  const staged = await staging.finish(kind === 'symlink' ? { kind, mtimeNs } : { kind, executable, mtimeNs });
  verify(staged, state, request.key);
  const { digest, sizeBytes } = staged;
  const content: Fetched['content'] =
    kind === 'symlink' ? { kind, digest, sizeBytes } : { kind, digest, sizeBytes, executable };
  return { staged, staging, state, facts, content, mtimeNs };
}

/** An ETag that is an MD5 vouches for the bytes; so does a SHA-256 whose MD5 is the ETag. Any other claim may be stale. */
function verify(staged: StagedFile, state: ObjectState, key: ObjectKey): void {
  if (staged.sizeBytes !== state.token.sizeBytes) throw corrupt(key, 'its length is not the announced one');
  if (staged.md5 === state.token.etag) return;
  const bound = provenDigest(state);
  if (bound !== undefined && bound !== staged.digest)
    throw corrupt(key, 'its bytes do not match its SHA-256');
}

function corrupt(key: ObjectKey, message: string): S4Error {
  return new S4Error('OBJECT_CORRUPT', message, {
    hint: 'Sync again; if it stays, compare the object with an earlier version of it.',
    data: { key },
  });
}
