import { FormatError } from '../formats/fields.ts';
import {
  decodeFolderMarker,
  decodeStoreMarker,
  encodeFolderMarker,
  encodeStoreMarker,
  type FolderMarker,
  MAX_MARKER_BYTES,
  type StoreMarker,
} from '../formats/marker-codec.ts';
import { isS4Error, S4Error } from '../lib/errors.ts';
import { bytesSource, readWhole } from '../remote-log/small-object.ts';
import type { Folder } from './ports/folder.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ObjectKey, Store, StoreCapabilities } from './ports/store.ts';
import type { Target } from './target.ts';

export const FOLDER_MARKER = 'target.json';
const STORE_MARKER = '.s4/target.json' as ObjectKey;
// Without conditional writes two clients may create the marker at once: by then both writes have landed.
const SETTLE_MS = 2000;
const MARKER_READS = 5;

type IdentityFolder = Pick<Folder, 'root' | 'state'>;
type IdentityStore = Pick<Store, 'url' | 'get' | 'put'>;

export interface JoinOptions {
  readonly store: IdentityStore;
  readonly folder: IdentityFolder;
  readonly runtime: Runtime;
  readonly capabilities: Pick<StoreCapabilities, 'putIfAbsent'>;
  /** Leave the target that the folder's marker names, whatever it is. */
  readonly rejoin?: boolean;
  readonly signal?: AbortSignal;
}

export interface Joined {
  readonly targetId: string;
  readonly clientId: string;
  /** This call made the remote marker. */
  readonly created: boolean;
}

/**
 * Makes the folder a client of the target at the store's prefix, always under a new client id: a base left from
 * before is evidence only, so that joining unites both sides and deletes nothing.
 *
 * Writes, in this order: the remote marker, only where none is (expects absence; a crash after it leaves a target
 * without clients, which the next join obeys); the folder's marker (a crash before it leaves nothing here).
 *
 * @throws S4Error MARKER_FOREIGN when the folder belongs to another target, STORE_FOREIGN when something that is not a
 *   marker lies in its place, STATE_TOO_NEW, STORE_*
 */
export async function joinTarget(options: JoinOptions): Promise<Joined> {
  const { store, folder, runtime } = options;
  const here = options.rejoin === true ? undefined : await readFolderMarker(folder);
  const there = await readStoreMarker(store, options);
  if (here !== undefined && here.targetId !== there?.marker.targetId) throw foreignFolder(folder, 'rejoin');
  const made = there === undefined ? await createStoreMarker(options) : { ...there, created: false };
  const { targetId } = made.marker;
  const clientId = await writeFolderMarker(folder, runtime, targetId);
  return { targetId, clientId, created: made.created };
}

export type IdentityCheck = (
  | { readonly kind: 'ok' }
  /** The config must take it over; the base is opened under it, and is evidence only. */
  | { readonly kind: 'new-client'; readonly clientId: string }
) & {
  /** The store's marker carries a version id: the bucket keeps versions. */
  readonly versioned: boolean;
};

export interface CheckOptions {
  readonly store: IdentityStore;
  readonly folder: IdentityFolder;
  readonly target: Pick<Target, 'id' | 'clientId' | 'name'>;
  readonly runtime: Runtime;
  /** `preview` writes nothing: a new client id is then told, not kept. */
  readonly mode?: 'sync' | 'preview';
  readonly signal?: AbortSignal;
}

/**
 * Is this the folder, and that the store, that belong together? Asked before every cycle looks at anything else.
 *
 * Its one write is the folder's marker, when config and marker disagree about the client; a crash after it leaves them
 * disagreeing, and the next check takes yet another id.
 *
 * @throws S4Error MARKER_MISSING (an unmounted or emptied folder; never approvable), MARKER_FOREIGN, STORE_FOREIGN (an
 *   unmounted, emptied or swapped store), STATE_TOO_NEW, STORE_*
 */
export async function checkIdentity(options: CheckOptions): Promise<IdentityCheck> {
  const here = await checkFolderMarker(options);
  const { versioned } = await checkStoreMarker(options);
  if (here.clientId === options.target.clientId) return { kind: 'ok', versioned };
  return { kind: 'new-client', clientId: await renewClient(options), versioned };
}

/** The folder's half of `checkIdentity`: costs one small read. @throws S4Error MARKER_*, STATE_TOO_NEW */
export async function checkFolderMarker({
  folder,
  target,
}: Pick<CheckOptions, 'folder' | 'target'>): Promise<FolderMarker> {
  const here = await readFolderMarker(folder);
  if (here === undefined) throw missingMarker(folder);
  if (here.targetId !== target.id) throw foreignFolder(folder, 'check');
  return here;
}

/** The store's half of `checkIdentity`: costs one GET. @throws S4Error STORE_*, STATE_TOO_NEW */
export async function checkStoreMarker(
  options: Pick<CheckOptions, 'store' | 'target' | 'signal'>,
): Promise<Pick<IdentityCheck, 'versioned'>> {
  const { store, target } = options;
  const there = await readStoreMarker(store, { ...options, expected: target.id });
  if (there?.marker.targetId !== target.id) {
    throw foreignStore(store, there === undefined ? 'missing' : 'other');
  }
  return { versioned: there.versioned };
}

/**
 * Takes a new client id and writes it to the folder's marker: for a head that is not the one we last wrote, or a base
 * that turned out to be copied. The caller saves it in the config, and opens the base anew.
 */
export async function renewClient({
  folder,
  target,
  runtime,
  mode,
}: Pick<CheckOptions, 'folder' | 'target' | 'runtime' | 'mode'>): Promise<string> {
  return mode === 'preview' ? newClientId(runtime) : writeFolderMarker(folder, runtime, target.id);
}

function newClientId(runtime: Runtime): string {
  return runtime.randomHex(8);
}

/** Replaces the marker durably: a crash leaves the old one or the new one. */
async function writeFolderMarker(
  folder: IdentityFolder,
  runtime: Runtime,
  targetId: string,
): Promise<string> {
  const clientId = newClientId(runtime);
  const marker = { targetId, clientId, host: runtime.host, joinedMs: runtime.nowMs() };
  await folder.state.replace(FOLDER_MARKER, [encodeFolderMarker(marker)]);
  return clientId;
}

/** @throws S4Error MARKER_FOREIGN when it is no marker at all, STATE_TOO_NEW, STATE_UNREADABLE */
async function readFolderMarker(folder: IdentityFolder): Promise<FolderMarker | undefined> {
  const bytes = await folder.state.read(FOLDER_MARKER);
  if (bytes === undefined) return undefined;
  try {
    return decodeFolderMarker(bytes);
  } catch (cause) {
    if (cause instanceof FormatError) throw foreignFolder(folder, 'rejoin', cause);
    throw cause;
  }
}

interface FoundMarker {
  readonly marker: StoreMarker;
  readonly versioned: boolean;
}

/**
 * Over plain HTTP bytes may be damaged on their way. A marker that is `expected` could not have become so by damage;
 * any other is believed when two reads in a row say the same.
 */
async function readStoreMarker(
  store: IdentityStore,
  { signal, expected }: { readonly signal?: AbortSignal; readonly expected?: string },
): Promise<FoundMarker | undefined> {
  let before: string | undefined;
  for (let attempt = 1; ; attempt++) {
    const found = await readWhole(
      store,
      STORE_MARKER,
      MAX_MARKER_BYTES,
      signal === undefined ? {} : { signal },
    );
    if (found.kind === 'absent') return undefined;
    if (found.kind === 'unusable') throw foreignStore(store, 'damaged');
    const text = Buffer.from(found.bytes).toString('latin1');
    const isLast = text === before || attempt === MARKER_READS;
    before = text;
    try {
      const marker = decodeStoreMarker(found.bytes);
      if (isLast || marker.targetId === expected)
        return { marker, versioned: found.state.token.versionId !== undefined };
    } catch (cause) {
      // One flipped bit makes a newer version of a marker, too.
      if (!(cause instanceof FormatError || isS4Error(cause, 'STATE_TOO_NEW'))) throw cause;
      if (isLast) throw cause instanceof FormatError ? foreignStore(store, 'damaged', cause) : cause;
    }
  }
}

/** Whoever is first makes the marker; everybody, also who wrote, obeys what is found there afterwards. */
async function createStoreMarker(
  options: JoinOptions,
): Promise<{ readonly marker: StoreMarker; readonly created: boolean }> {
  const { store, runtime, capabilities, signal } = options;
  const marker = { targetId: runtime.randomHex(16), host: runtime.host, createdMs: runtime.nowMs() };
  signal?.throwIfAborted();
  await store.put(STORE_MARKER, bytesSource(encodeStoreMarker(marker)), {
    condition: capabilities.putIfAbsent ? { kind: 'absent' } : { kind: 'none' },
    metadata: { 's4-write': runtime.randomHex(16) },
    contentType: 'application/json',
    ...(signal === undefined ? {} : { signal }),
  });
  if (!capabilities.putIfAbsent) await runtime.sleep(SETTLE_MS, signal === undefined ? {} : { signal });
  const found = await readStoreMarker(store, { ...options, expected: marker.targetId });
  if (found === undefined) throw foreignStore(store, 'missing');
  return { marker: found.marker, created: found.marker.targetId === marker.targetId };
}

function missingMarker(folder: IdentityFolder): S4Error {
  return new S4Error(
    'MARKER_MISSING',
    `${folder.root} has no .s4/target.json: it is not the folder that was added`,
    {
      hint: 'Mount it, if it lives on another disk. If it was emptied or replaced on purpose, run `s4 add` on it again: both sides are then united and nothing is deleted.',
      data: { folder: folder.root },
    },
  );
}

function foreignFolder(folder: IdentityFolder, when: 'check' | 'rejoin', cause?: unknown): S4Error {
  return new S4Error('MARKER_FOREIGN', `${folder.root} belongs to another target`, {
    hint:
      when === 'check'
        ? 'Another folder was mounted or copied here. Run `s4 add` on it to join it to this target: nothing is deleted.'
        : 'A folder has one target. `s4 rm` the other one with --forget-state, or remove `.s4/target.json` here, then `s4 add` again.',
    data: { folder: folder.root },
    ...(cause === undefined ? {} : { cause }),
  });
}

function foreignStore(
  store: Pick<Store, 'url'>,
  found: 'missing' | 'other' | 'damaged',
  cause?: unknown,
): S4Error {
  const what = {
    missing: 'has no .s4/target.json: it is not, or no longer, what this folder was joined to',
    other: 'belongs to another target than this folder',
    damaged: 'has a .s4/target.json that s4 did not write',
  }[found];
  return new S4Error('STORE_FOREIGN', `${store.url} ${what}`, {
    hint: 'Mount the disk, or check bucket, prefix and endpoint. If it was emptied or swapped on purpose, run `s4 rm` and `s4 add` again: both sides are then united and nothing is deleted.',
    data: { store: store.url, found },
    ...(cause === undefined ? {} : { cause }),
  });
}
