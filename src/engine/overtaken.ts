import { decodeMetadata } from '../formats/metadata-codec.ts';
import { isS4Error, S4Error } from '../lib/errors.ts';
import { baseName, parentPath, type RelPath } from '../sync/path.ts';
import { callOptions, type OperationContext } from './operations/context.ts';
import { type Fetched, fetchObject } from './operations/fetch-object.ts';
import { guardsAllWrites } from './operations/guarded.ts';
import { orDiscard } from './operations/or-discard.ts';
import { placeFetched } from './operations/place-fetched.ts';
import type { ObjectKey, ObjectVersion } from './ports/store.ts';

export interface OvertakenRequest {
  readonly key: ObjectKey;
  /** Where copies go: beside this path. */
  readonly path: RelPath;
  /** Version or ETag of the last state of the key that this client knew; absent: it knew of none. */
  readonly since?: string;
  /** Version of our own write: what lies between it and `since` was hidden by it, also when it is deleted by now. */
  readonly own?: string | undefined;
  /** Token of our own write, of which no answer came: whether it landed, and as which version, is to be found out. */
  readonly write?: string;
  /** Our own write is a deletion of `since`: what lies between the two we never saw. */
  readonly deleted?: boolean;
}

/**
 * Without conditional writes two clients can replace the same version: the later write hides the earlier one. Every
 * write names the version it replaces, so the chain of parents tells which versions were replaced by somebody who had
 * seen them, and which were merely hidden (H8). Those are brought back as conflict copies, named after the hidden
 * version, so that whoever else recovers it arrives at the same name.
 *
 * @returns true when something was brought back: it still has to be uploaded
 */
export async function recoverOvertaken(
  request: OvertakenRequest,
  context: OperationContext,
): Promise<boolean> {
  if (context.capabilities.versioning !== 'enabled') return false;
  let recovered = false;
  for (const { version, client } of await findWhereAllowed(request, context)) {
    recovered = (await bringBack(version, client, request, context)) || recovered;
  }
  return recovered;
}

interface Overtaken {
  readonly version: ObjectVersion;
  readonly client: string;
}

/** Who may not look at versions relies on a store that guards all writes itself; elsewhere nothing else would tell. */
async function findWhereAllowed(
  request: OvertakenRequest,
  context: OperationContext,
): Promise<readonly Overtaken[]> {
  try {
    return await findOvertaken(request, context);
  } catch (error) {
    const isDenied = isS4Error(error, 'STORE_DENIED', 'OBJECT_DENIED');
    if (isDenied && guardsAllWrites(context.capabilities)) return [];
    throw error;
  }
}

async function findOvertaken(
  request: OvertakenRequest,
  context: OperationContext,
): Promise<readonly Overtaken[]> {
  const own = await ownVersion(request, context);
  // What never landed hides nothing.
  if (own === undefined && request.write !== undefined && request.since === undefined) return [];
  const { newer: chain, isWhole } = await versionsSince({ ...request, own }, context);
  // What our deletion meant is no version by now (versioning was suspended): older ones, that others replaced, would pass for
  // hidden.
  if (request.deleted === true && !isWhole) return [];
  const overtaken: Overtaken[] = [];
  // The parent that the newest link of the chain names; undefined: whatever is right below it (a foreign writer).
  let expected: string | undefined;
  for (const [i, version] of chain.entries()) {
    // Whoever deleted meant what was there. Our own deletion meant `since`, and any of the markers may be its: somebody may
    // have written over it meanwhile.
    if (version.content === undefined) {
      expected = request.deleted === true ? request.since : undefined;
      continue;
    }
    const head = await context.store.head(request.key, {
      versionId: version.versionId,
      ...callOptions(context),
    });
    if (head.kind === 'absent') continue;
    const facts = decodeMetadata(head.state.metadata);
    const linked =
      i === 0 ||
      expected === undefined ||
      expected === version.versionId ||
      expected === version.content.etag;
    if (!linked) {
      overtaken.push({ version, client: facts.write?.split('.', 1)[0] ?? 'other' });
      continue;
    }
    // Our own first write of a key has no parent: everything below it was hidden.
    expected = facts.parent ?? (facts.write === undefined ? undefined : '');
  }
  return overtaken;
}

/**
 * Where a write landed of which no answer came. Asked only of a key that was believed absent: elsewhere `since` tells where
 * to stop. Further back than one page nobody writes within a request.
 */
async function ownVersion(
  { key, since, own, write }: OvertakenRequest,
  context: OperationContext,
): Promise<string | undefined> {
  if (own !== undefined || write === undefined || since !== undefined) return own;
  for await (const page of context.store.versions(key, callOptions(context))) {
    for (const { versionId, content } of page) {
      if (content === undefined) continue;
      const head = await context.store.head(key, { versionId, ...callOptions(context) });
      if (head.kind !== 'absent' && decodeMetadata(head.state.metadata).write === write) return versionId;
    }
    break;
  }
  return undefined;
}

interface VersionsSince {
  /** Newest first. */
  readonly newer: readonly ObjectVersion[];
  /** The last known one was among them: these are all, and no others. */
  readonly isWhole: boolean;
}

/** The versions of a key newer than the last known one. */
async function versionsSince(
  { key, since, own }: OvertakenRequest,
  context: OperationContext,
): Promise<VersionsSince> {
  const newer: ObjectVersion[] = [];
  let belowOwn = own === undefined;
  for await (const page of context.store.versions(key, callOptions(context))) {
    for (const version of page) {
      if (isKnown(version, since)) return { newer, isWhole: true };
      // A key that this client believed absent: what lies below a delete marker is history.
      if (since === undefined && version.content === undefined && belowOwn) return { newer, isWhole: true };
      belowOwn ||= version.versionId === own;
      newer.push(version);
    }
  }
  return { newer, isWhole: false };
}

function isKnown(version: ObjectVersion, since: string | undefined): boolean {
  return since !== undefined && (version.versionId === since || version.content?.etag === since);
}

// Whatever takes the place between the look at it and the placing is there at the next look.
const ATTEMPTS = 3;

/** @throws S4Error LOCAL_FAILED where no place for it stays free: what was begun is then not ended, and looked at again */
async function bringBack(
  version: ObjectVersion,
  client: string,
  request: OvertakenRequest,
  context: OperationContext,
): Promise<boolean> {
  const host = await context.hostOf(client);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const done = await tryToBringBack(version, host, request, context);
    if (done !== undefined) return done;
  }
  throw new S4Error('LOCAL_FAILED', 'a version written at the same time could not be put beside it', {
    hint: 'It is among the versions of the bucket; the next sync tries again.',
    data: { path: request.path, versionId: version.versionId },
  });
}

/** Undefined: something took the place in that moment. */
async function tryToBringBack(
  version: ObjectVersion,
  host: string,
  { key, path }: OvertakenRequest,
  context: OperationContext,
): Promise<boolean | undefined> {
  const outcome = await fetchObject(
    { key, versionId: version.versionId, executable: (published) => published ?? false },
    context,
  );
  if (outcome.kind !== 'fetched') return false;
  const { fetched } = outcome;
  const copy = await orDiscard(fetched.staging, async () => {
    const place = await besideWhatStands(path, context);
    const plain = context.copyNames.plain(place, version.modifiedMs, host);
    const isThere = await holds(plain, fetched, context);
    return isThere ? undefined : context.copyNames.free(place, version.modifiedMs, host);
  });
  if (copy === undefined) {
    await fetched.staging.discard();
    return false;
  }
  const placed = await placeFetched(fetched, copy, undefined, context);
  if (placed.kind === 'refused') return undefined;
  context.notice('overtaken-recovered', path, `a version written at the same time is kept as ${copy}`);
  return true;
}

/** The path; where something that is no folder has the name of one above it, its last name beside that. */
async function besideWhatStands(path: RelPath, { folder }: OperationContext): Promise<RelPath> {
  let place = path;
  for (let above = parentPath(path); above !== undefined; above = parentPath(above)) {
    const found = await folder.stat(above);
    if (found === undefined || found.kind === 'folder') continue;
    const beside = parentPath(above);
    place = (beside === undefined ? baseName(path) : `${beside}/${baseName(path)}`) as RelPath;
  }
  return place;
}

/** Was this version brought back before, by a run that was interrupted or by another machine? */
export async function holds(path: RelPath, fetched: Fetched, context: OperationContext): Promise<boolean> {
  if ((await context.folder.stat(path)) === undefined) return false;
  const outcome = await context.folder.hash({ path, ...callOptions(context) });
  return outcome.kind === 'hashed' && outcome.digest === fetched.content.digest;
}
