import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodePythonIndex,
  joinPythonIndexes,
  type LegacyEvidence,
  PYTHON_INDEX,
  type PythonIndex,
} from '../config/python-index.ts';
import type { TargetSettings } from '../config/schema.ts';
import { parseStoreUrl } from '../config/url.ts';
import type { Folder } from '../engine/ports/folder.ts';
import type { Store } from '../engine/ports/store.ts';
import { isS4Error } from '../lib/errors.ts';
import { readWhole } from '../remote-log/small-object.ts';
import type { Context } from './context.ts';
import { accessOf } from './services.ts';

export interface OpenTarget {
  readonly store: Store;
  readonly folder: Folder;
}

/** Opens both sides, hands them to `work`, and closes them whatever happens. */
export async function withTarget<T>(
  context: Context,
  target: TargetSettings,
  work: (open: OpenTarget) => Promise<T>,
): Promise<T> {
  const folder = await context.services.openFolder(target.folder, { legacy: target.legacy === true });
  try {
    return await withStore(context, target, (store) => work({ store, folder }));
  } finally {
    await folder.close();
  }
}

export async function withStore<T>(
  context: Context,
  target: TargetSettings,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await context.services.openStore(
    accessOf(target, parseStoreUrl(target.url)),
    context.flags.limits,
  );
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/**
 * Python S4's evidence for the first sync of a folder that it kept; undefined when there is none, or when our own base
 * knows the folder. A damaged index is no evidence, and the sync compares contents.
 */
export async function legacyEvidence(
  { services, signal }: Context,
  target: TargetSettings,
  { store, folder }: OpenTarget,
): Promise<LegacyEvidence | undefined> {
  if (target.legacy !== true) return undefined;
  const base = await services.openBase(target, folder);
  if (base.trust === 'sound' && base.size > 0) return undefined;
  const local = await localPythonIndex(folder.root);
  if (local === undefined || local.size === 0) return undefined;
  const remote = await remotePythonIndex(store, signal);
  return remote === undefined ? undefined : joinPythonIndexes(local, remote);
}

/** Undefined when it is absent or not one of Python S4's. */
export async function localPythonIndex(root: string): Promise<PythonIndex | undefined> {
  const bytes = await readPlain(join(root, PYTHON_INDEX));
  return bytes === undefined ? undefined : decodeOrNothing(bytes);
}

/** Of millions of files. */
const MAX_INDEX_BYTES = 256 * 1024 * 1024;
const NOT_A_FILE: ReadonlySet<string> = new Set(['ENOENT', 'EISDIR', 'EACCES', 'ELOOP', 'ENXIO']);

/** The name may come from another machine: a symlink is not followed, a FIFO not waited for. */
async function readPlain(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      return stats.isFile() && stats.size <= MAX_INDEX_BYTES ? await file.readFile() : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (NOT_A_FILE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Undefined when it is absent or not one of Python S4's. */
export async function remotePythonIndex(store: Store, signal: AbortSignal): Promise<PythonIndex | undefined> {
  const found = await readWhole(store, PYTHON_INDEX, MAX_INDEX_BYTES, { signal });
  return found.kind === 'read' ? decodeOrNothing(found.bytes) : undefined;
}

async function decodeOrNothing(bytes: Uint8Array): Promise<PythonIndex | undefined> {
  try {
    return await decodePythonIndex(bytes);
  } catch (error) {
    if (isS4Error(error, 'STATE_UNREADABLE')) return undefined;
    throw error;
  }
}
