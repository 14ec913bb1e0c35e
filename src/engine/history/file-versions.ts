import { decodeMetadata } from '../../formats/metadata-codec.ts';
import { isS4Error } from '../../lib/errors.ts';
import { mapConcurrent } from '../../lib/map-concurrent.ts';
import { mergedHistory } from '../../remote-log/history.ts';
import type { HistoryEntry } from '../../remote-log/reader.ts';
import { fileKey, type RelPath } from '../../sync/path.ts';
import { objectKey } from '../keys.ts';
import type { Author, FileVersion, VersionState } from '../ports/history.ts';
import type { ObjectState, ObjectVersion, Store } from '../ports/store.ts';

export interface FileVersionsOptions {
  /** Names a client; see `hostLookup`. */
  readonly hostOf: (client: string) => Promise<string | undefined>;
  readonly signal?: AbortSignal;
}

/** Each costs a request: older ones are told without an author. */
const MAX_HEADS = 200;
const HEADS_AT_ONCE = 16;
/** Of the log, in search of who deleted. */
const MAX_LOG_ENTRIES = 20_000;

/**
 * All versions of a file that the store keeps, newest first. The store says what there is; metadata and log add who
 * and when. What only the log knows is not told: it could not be brought back.
 *
 * @throws S4Error STORE_*, OBJECT_DENIED
 */
export async function fileVersions(
  store: Pick<Store, 'versions' | 'head' | 'list' | 'get'>,
  path: RelPath,
  options: FileVersionsOptions,
): Promise<readonly FileVersion[]> {
  const found = await storedVersions(store, path, options);
  const described = new Map<string, ObjectState>();
  const asked = found.filter(({ content }) => content !== undefined).slice(0, MAX_HEADS);
  await mapConcurrent(asked, HEADS_AT_ONCE, async ({ key, versionId }) => {
    const head = await store.head(key, { versionId, ...signalOf(options) });
    if (head.kind === 'found') described.set(versionId, head.state);
  });
  const deleters = await findDeleters(store, path, found, options);
  const versions: FileVersion[] = [];
  for (const version of found) {
    const state = described.get(version.versionId);
    const author =
      version.content === undefined ? deleters.get(version.versionId) : await authorOf(state, options);
    versions.push({
      path,
      versionId: version.versionId,
      latest: version.isLatest,
      modifiedMs: version.modifiedMs,
      ...(author !== undefined && { author }),
      state: stateOf(version, state),
    });
  }
  return versions;
}

/** The versions as the store has them, without a further look. @throws S4Error STORE_*, OBJECT_DENIED */
export async function storedVersions(
  store: Pick<Store, 'versions'>,
  path: RelPath,
  options: { readonly signal?: AbortSignal },
): Promise<readonly ObjectVersion[]> {
  const found: ObjectVersion[] = [];
  for await (const page of store.versions(objectKey(fileKey(path)), signalOf(options))) found.push(...page);
  return found;
}

function signalOf({ signal }: { readonly signal?: AbortSignal }): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function stateOf({ content }: ObjectVersion, state: ObjectState | undefined): VersionState {
  if (content === undefined) return { kind: 'deleted' };
  if (state === undefined) return { kind: 'file', ...content };
  const { kind, executable, mtimeNs, digest } = decodeMetadata(state.metadata);
  return {
    kind: kind === 'symlink' ? 'symlink' : 'file',
    ...content,
    ...(executable !== undefined && { executable }),
    ...(mtimeNs !== undefined && { mtimeNs }),
    ...(digest !== undefined && { digest }),
    ...(state.archived === true && { archived: true }),
  };
}

async function authorOf(
  state: ObjectState | undefined,
  { hostOf }: FileVersionsOptions,
): Promise<Author | undefined> {
  const client = state && decodeMetadata(state.metadata).write?.split('.', 1)[0];
  if (client === undefined) return undefined;
  const host = await hostOf(client);
  return { client, ...(host !== undefined && { host }) };
}

/** A delete marker carries no metadata: the log says who deleted the version below it. */
async function findDeleters(
  store: Pick<Store, 'list' | 'get'>,
  path: RelPath,
  found: readonly ObjectVersion[],
  options: FileVersionsOptions,
): Promise<ReadonlyMap<string, Author>> {
  const markerOver = new Map<string, string>();
  for (const [i, version] of found.entries()) {
    const below = found[i + 1]?.content === undefined ? undefined : found[i + 1];
    if (version.content === undefined && below !== undefined)
      markerOver.set(below.versionId, version.versionId);
  }
  const deleters = new Map<string, Author>();
  if (markerOver.size === 0) return deleters;
  let read = 0;
  try {
    for await (const { client, host, entry } of mergedHistory(store, signalOf(options))) {
      const marker = deletedVersion(entry, path, found);
      const markerId = marker === undefined ? undefined : markerOver.get(marker);
      if (markerId !== undefined) deleters.set(markerId, { client, host });
      if (deleters.size === markerOver.size || ++read >= MAX_LOG_ENTRIES) break;
    }
  } catch (error) {
    // The log is notice, never needed: without it nobody is named.
    if (!isS4Error(error)) throw error;
  }
  return deleters;
}

function deletedVersion(
  entry: HistoryEntry['entry'],
  path: RelPath,
  found: readonly ObjectVersion[],
): string | undefined {
  if (entry.op !== 'delete' || entry.path !== fileKey(path)) return undefined;
  return entry.versionId ?? found.find(({ content }) => content?.etag === entry.etag)?.versionId;
}
