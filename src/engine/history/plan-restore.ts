import { assertNever } from '../../lib/assert-never.ts';
import { S4Error } from '../../lib/errors.ts';
import { mapConcurrent } from '../../lib/map-concurrent.ts';
import { mergedHistory } from '../../remote-log/history.ts';
import { sameFingerprint } from '../../sync/entry.ts';
import { compareKeys, fileKey, isFolderKey, keyPath, parseKey, type RelPath } from '../../sync/path.ts';
import { lastingVersionId, sameRemoteToken } from '../../sync/token.ts';
import type { Base } from '../ports/base.ts';
import type { Folder } from '../ports/folder.ts';
import type { RestorePlan, RestoreStep } from '../ports/history.ts';
import type { ListedObject, ObjectVersion, Store } from '../ports/store.ts';
import { storedVersions } from './file-versions.ts';

export type RestoreRequest =
  | { readonly kind: 'version'; readonly path: RelPath; readonly versionId: string }
  /** Without a path: the whole target. */
  | { readonly kind: 'moment'; readonly path: RelPath | undefined; readonly atMs: number };

export interface PlanRestoreDeps {
  readonly store: Pick<Store, 'versions' | 'list' | 'get'>;
  readonly folder: Pick<Folder, 'stat'>;
  /** Only asked. */
  readonly base: Pick<Base, 'get'>;
  readonly signal?: AbortSignal;
}

const AT_ONCE = 16;

/**
 * What restoring would do. A path that is a folder, here or in the store or in its past, means all files below it.
 * Files that came later stay: bringing back the past removes nothing.
 *
 * @throws S4Error USAGE when there is no such version or the file was not there; STORE_*
 */
export async function planRestore(request: RestoreRequest, deps: PlanRestoreDeps): Promise<RestorePlan> {
  switch (request.kind) {
    case 'version': {
      const { path } = request;
      const version = chooseVersion(await storedVersions(deps.store, path, deps), request.versionId, path);
      return { steps: [await stepFor(path, version, deps)], later: [] };
    }
    case 'moment': {
      const { path, atMs } = request;
      const versions = path === undefined ? [] : await storedVersions(deps.store, path, deps);
      if (path === undefined || versions.length === 0 || (await deps.folder.stat(path))?.kind === 'folder')
        return planFolder(path, atMs, deps);
      return { steps: [await stepFor(path, versionAt(versions, atMs, path), deps)], later: [] };
    }
    default:
      return assertNever(request);
  }
}

/** A version by its id, or by as much of its beginning as names one alone. @throws S4Error USAGE */
export function chooseVersion(versions: readonly ObjectVersion[], id: string, path: RelPath): ObjectVersion {
  const exact = versions.filter(({ versionId }) => versionId === id);
  const found = exact.length > 0 ? exact : versions.filter(({ versionId }) => versionId.startsWith(id));
  const [version] = found;
  if (version === undefined || found.length > 1) {
    throw new S4Error(
      'USAGE',
      version === undefined
        ? `there is no version ${id} of ${path}`
        : `several versions of ${path} begin with ${id}`,
      { hint: 'See "s4 versions".' },
    );
  }
  if (version.content !== undefined) return version;
  throw new S4Error('USAGE', `that version of ${path} is its deletion`, {
    hint: 'Choose the version below it in "s4 versions".',
  });
}

function versionAt(versions: readonly ObjectVersion[], atMs: number, path: RelPath): ObjectVersion {
  const version = newestAt(versions, atMs);
  if (version?.content === undefined) throw wasNotThere(path, atMs);
  return version;
}

/** What a reader would have got at that moment. */
function newestAt(versions: readonly ObjectVersion[], atMs: number): ObjectVersion | undefined {
  return versions.find(({ modifiedMs }) => modifiedMs <= atMs);
}

function wasNotThere(path: string, atMs: number): S4Error {
  const when = new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
  return new S4Error('USAGE', `the store had no ${path} at ${when} UTC`, { hint: 'See "s4 versions".' });
}

async function stepFor(path: RelPath, version: ObjectVersion, deps: PlanRestoreDeps): Promise<RestoreStep> {
  const { versionId, modifiedMs, content } = version;
  const now = await deps.folder.stat(path);
  const action = now === undefined ? 'create' : (await isHere(path, version, deps)) ? 'same' : 'replace';
  return { path, versionId, modifiedMs, sizeBytes: content?.sizeBytes ?? 0, action };
}

/** By the base alone: what cannot be told without reading is looked at again when it is restored. */
async function isHere(path: RelPath, version: ObjectVersion, deps: PlanRestoreDeps): Promise<boolean> {
  const row = await deps.base.get(fileKey(path));
  const known = row && lastingVersionId(row.remote);
  const isBase =
    known === undefined
      ? version.isLatest && row?.remote.etag === version.content?.etag
      : known === version.versionId;
  return isBase && (await isUntouched(path, deps));
}

async function isUntouched(path: RelPath, { base, folder }: PlanRestoreDeps): Promise<boolean> {
  const [row, now] = await Promise.all([base.get(fileKey(path)), folder.stat(path)]);
  if (row?.local === undefined || row.racy === true || now === undefined || !('fingerprint' in now))
    return false;
  return sameFingerprint(row.local, now.fingerprint);
}

async function planFolder(
  path: RelPath | undefined,
  atMs: number,
  deps: PlanRestoreDeps,
): Promise<RestorePlan> {
  const below = path === undefined ? '' : `${path}/`;
  const listed = await listBelow(below, deps);
  const paths = new Set([...listed.keys(), ...(await loggedBelow(below, deps))]);
  const name = path ?? 'files';
  if (paths.size === 0) throw new S4Error('USAGE', `the store never had "${name}", as far as its log tells`);
  const steps: RestoreStep[] = [];
  const later: RelPath[] = [];
  await mapConcurrent([...paths], AT_ONCE, async (each) => {
    const step = await stepAt(each, listed.get(each), atMs, deps);
    if (step === 'later') later.push(each);
    else if (step !== undefined) steps.push(step);
  });
  if (steps.length === 0) throw wasNotThere(name, atMs);
  return { steps: steps.sort((a, b) => compareKeys(a.path, b.path)), later: later.sort(compareKeys) };
}

async function stepAt(
  path: RelPath,
  current: ListedObject | undefined,
  atMs: number,
  deps: PlanRestoreDeps,
): Promise<RestoreStep | 'later' | undefined> {
  // Nothing was written since: the version of that moment is the current one, and mostly it is here.
  if (current !== undefined && current.token.modifiedMs <= atMs) {
    const row = await deps.base.get(fileKey(path));
    if (row !== undefined && sameRemoteToken(row.remote, current.token) && (await isUntouched(path, deps))) {
      const { modifiedMs, sizeBytes } = current.token;
      return { path, versionId: row.remote.versionId ?? '', modifiedMs, sizeBytes, action: 'same' };
    }
  }
  const version = newestAt(await storedVersions(deps.store, path, deps), atMs);
  if (version?.content !== undefined) return stepFor(path, version, deps);
  return current === undefined ? undefined : 'later';
}

async function listBelow(
  below: string,
  { store, signal }: PlanRestoreDeps,
): Promise<ReadonlyMap<RelPath, ListedObject>> {
  const listed = new Map<RelPath, ListedObject>();
  for await (const page of store.list({ under: below, ...(signal && { signal }) })) {
    for (const object of page) {
      const parsed = parseKey(object.key);
      if (parsed.ok && !parsed.folder) listed.set(parsed.path, object);
    }
  }
  return listed;
}

/** Files that are gone are in no listing: the log knows those that an s4 had written or deleted. */
async function loggedBelow(below: string, { store, signal }: PlanRestoreDeps): Promise<ReadonlySet<RelPath>> {
  const logged = new Set<RelPath>();
  for await (const { entry } of mergedHistory(store, signal === undefined ? {} : { signal })) {
    if (entry.path.startsWith(below) && !isFolderKey(entry.path)) logged.add(keyPath(entry.path));
  }
  return logged;
}
