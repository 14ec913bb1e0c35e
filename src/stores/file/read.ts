import type {
  CallOptions,
  GetOutcome,
  HeadOutcome,
  ObjectKey,
  ObjectState,
  ObjectVersion,
  PollOutcome,
  ProgressOptions,
  ReadExpectation,
} from '../../engine/ports/store.ts';
import { archivedVersions } from './archive.ts';
import { readBytes } from './body.ts';
import { currentAt } from './current.ts';
import type { FileContext } from './file-context.ts';
import { canExist, type FoundVersion, findVersion } from './find-version.ts';
import { type Marker, markerAt, markerMetadata } from './folders.ts';
import { isControlKey, keyHash, modifiedMsOf } from './layout.ts';
import { tokenOf } from './list.ts';

export async function headFile(
  context: FileContext,
  key: ObjectKey,
  options: CallOptions & ReadExpectation,
): Promise<HeadOutcome> {
  const state = key.endsWith('/')
    ? markerState(findMarker(context, key, options))
    : stateOf(await findVersion(context, key, options, options.signal));
  return state ? { kind: 'found', state } : { kind: 'absent' };
}

export async function getFile(
  context: FileContext,
  key: ObjectKey,
  options: ProgressOptions & ReadExpectation,
): Promise<GetOutcome> {
  const isFolder = key.endsWith('/');
  const found = isFolder ? undefined : await findVersion(context, key, options, options.signal);
  const state = isFolder ? markerState(findMarker(context, key, options)) : stateOf(found);
  if (!state) return { kind: 'absent' };
  if (options.etag !== undefined && state.token.etag !== options.etag) return { kind: 'changed' };
  return { kind: 'found', state, body: found ? readBytes(context, found, options) : nothing() };
}

export async function pollFile(
  context: FileContext,
  key: ObjectKey,
  etag: string | undefined,
  options: CallOptions,
): Promise<PollOutcome> {
  const found = await findVersion(context, key, {}, options.signal);
  if (!found) return { kind: 'absent' };
  if (found.id === etag) return { kind: 'unchanged' };
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBytes(context, found, options)) chunks.push(chunk);
  return { kind: 'changed', etag: found.id, bytes: new Uint8Array(Buffer.concat(chunks)) };
}

/** Newest first. What another program removed left no delete marker, so then none is the latest. */
export async function versionsOf(
  context: FileContext,
  key: ObjectKey,
  signal: AbortSignal | undefined,
): Promise<readonly ObjectVersion[]> {
  if (!canExist(key) || key.endsWith('/') || isControlKey(key)) return [];
  const current = await currentAt(context, key, signal);
  const earlier = archivedVersions(context.layout, keyHash(key)).filter((each) => each.id !== current?.id);
  const newest = current && {
    key,
    versionId: current.id,
    isLatest: true,
    modifiedMs: modifiedMsOf(current.id, current.stats.mtimeNs),
    content: { etag: current.id, sizeBytes: Number(current.stats.size) },
  };
  const rows = earlier.map((each, index): ObjectVersion => {
    const isLatest = !current && index === 0 && !each.data;
    const row = {
      key,
      versionId: each.id,
      isLatest,
      modifiedMs: modifiedMsOf(each.id, each.data?.stats.mtimeNs ?? 0n),
    };
    return each.data ? { ...row, content: { etag: each.id, sizeBytes: Number(each.data.stats.size) } } : row;
  });
  return newest ? [newest, ...rows] : rows;
}

function findMarker(
  context: FileContext,
  key: ObjectKey,
  { versionId }: ReadExpectation,
): Marker | undefined {
  return versionId === undefined && canExist(key) ? markerAt(context.layout, key) : undefined;
}

function markerState(marker: Marker | undefined): ObjectState | undefined {
  return marker && { token: marker.token, metadata: markerMetadata(marker) };
}

function stateOf(found: FoundVersion | undefined): ObjectState | undefined {
  if (found === undefined) return undefined;
  const { id, stats, metadata, digest } = found;
  return { token: tokenOf(id, stats), metadata, ...(digest !== undefined && { digest }) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
