import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { checkOverlap } from '../config/overlap.ts';
import { dropUndefined, type S3Settings, type TargetSettings } from '../config/schema.ts';
import type { Credentials } from '../config/secret.ts';
import { checkTargetName } from '../config/target-name.ts';
import type { StorePlace } from '../config/url.ts';
import type { ConflictChoice } from '../engine/events.ts';
import type { Folder } from '../engine/ports/folder.ts';
import type { Store, StoreCapabilities } from '../engine/ports/store.ts';
import { S4Error } from '../lib/errors.ts';
import type { Prepared } from '../stores/prepare.ts';
import type { Context } from './context.ts';
import { localPythonIndex, remotePythonIndex } from './open-target.ts';
import type { StoreAccess } from './services.ts';

/** A target as asked for, complete: nothing is asked any more. */
export interface Registration {
  /** Absolute; symlinks are resolved on the way. */
  readonly folder: string;
  readonly place: StorePlace;
  readonly name: string;
  /** The name was given; otherwise a free one like it is taken. */
  readonly nameIsFixed: boolean;
  readonly s3: S3Settings;
  readonly credentials?: Credentials;
  readonly conflicts?: ConflictChoice;
  readonly createFolder: boolean;
  readonly createBucket: boolean;
  readonly enableVersioning: boolean;
}

export interface Registered {
  readonly target: TargetSettings;
  readonly prepared: Prepared;
  /** It was registered before, and was joined again. */
  readonly rejoined: boolean;
}

/**
 * Registers a target: checks it against the others, makes what was wished for, probes the store, joins both sides, and
 * writes the config last. A crash before that leaves ids on both sides, which the next `add` finds and joins.
 *
 * @throws S4Error FOLDER_MISSING, FOLDER_NESTED, TARGET_EXISTS, MARKER_FOREIGN, STORE_*
 */
export async function register(context: Context, wanted: Registration): Promise<Registered> {
  const folder = realFolder(wanted.folder, wanted.createFolder);
  const before = context.config.read().targets;
  const candidate = { folder, place: wanted.place, endpoint: wanted.s3.endpoint };
  const known = checkOverlap(candidate, before);
  const name = chooseName(wanted, before, known);
  const access: StoreAccess = {
    place: wanted.place,
    s3: wanted.s3,
    ...(wanted.credentials === undefined ? {} : { credentials: wanted.credentials }),
  };
  const { createBucket: create, enableVersioning } = wanted;
  const prepared = await context.services.prepareStore(access, { create, enableVersioning }, context.signal);
  const joined = await probeAndJoin(context, access, folder);
  const target = settingsOf(wanted, { ...joined, folder, name });
  await context.config.update((config) => {
    // Another s4 may have registered something since.
    const now = checkOverlap(candidate, config.targets);
    const rest = config.targets.filter((other) => other !== now);
    if (rest.some((other) => other.name === name)) throw nameTaken(name);
    return { ...config, targets: [...rest, target] };
  });
  return { target, prepared, rejoined: known !== undefined };
}

interface Joined {
  readonly id: string;
  readonly clientId: string;
  readonly capabilities: StoreCapabilities;
  readonly legacy: boolean;
}

async function probeAndJoin(context: Context, access: StoreAccess, root: string): Promise<Joined> {
  const { services, signal } = context;
  const store = await services.openStore(access);
  try {
    const capabilities = await store.probe({ signal });
    signal.throwIfAborted();
    const folder = await services.openFolder(root);
    try {
      const legacy = await isLegacy(folder, store, signal);
      const { targetId, clientId } = await services.joinTarget(store, folder, capabilities, signal);
      return { id: targetId, clientId, capabilities, legacy };
    } finally {
      await folder.close();
    }
  } finally {
    await store.close();
  }
}

/** Python S4's index on either side: a fresh machine knows it by the remote one. */
export async function isLegacy(folder: Folder, store: Store, signal: AbortSignal): Promise<boolean> {
  if ((await localPythonIndex(folder.root)) !== undefined) return true;
  return (await remotePythonIndex(store, signal)) !== undefined;
}

function settingsOf(
  wanted: Registration,
  joined: Joined & { readonly folder: string; readonly name: string },
): TargetSettings {
  const s3 = dropUndefined(wanted.s3) as S3Settings;
  return {
    id: joined.id,
    clientId: joined.clientId,
    name: joined.name,
    folder: joined.folder,
    url: wanted.place.url,
    ...(wanted.conflicts === undefined ? {} : { conflicts: wanted.conflicts }),
    capabilities: joined.capabilities,
    ...(Object.keys(s3).length === 0 ? {} : { s3 }),
    ...(wanted.credentials === undefined ? {} : { credentials: wanted.credentials }),
    ...(joined.legacy ? { legacy: true } : {}),
  };
}

/** @throws S4Error FOLDER_MISSING */
export function realFolder(folder: string, create: boolean): string {
  if (create) mkdirSync(folder, { recursive: true });
  let real: string;
  try {
    real = realpathSync(folder);
  } catch (error) {
    throw new S4Error('FOLDER_MISSING', `The folder ${folder} does not exist or cannot be reached.`, {
      hint: 'Check the path, or let s4 make it with --create-folder.',
      cause: error,
    });
  }
  if (!lstatSync(real).isDirectory()) {
    throw new S4Error('FOLDER_MISSING', `${folder} is not a folder.`, {
      hint: 'A target is a whole folder.',
    });
  }
  if (real === '/') throw new S4Error('USAGE', 'The root of the file system cannot be a target.');
  return real;
}

function chooseName(
  wanted: Registration,
  targets: readonly TargetSettings[],
  known: TargetSettings | undefined,
): string {
  if (known !== undefined && !wanted.nameIsFixed) return known.name;
  const name = checkTargetName(wanted.name);
  const taken = (candidate: string): boolean =>
    targets.some((target) => target.name === candidate && target !== known);
  if (!taken(name)) return name;
  if (wanted.nameIsFixed) throw nameTaken(name);
  for (let n = 2; ; n++) {
    const next = `${name.slice(0, 60)}-${n}`;
    if (!taken(next)) return next;
  }
}

export function nameTaken(name: string): S4Error {
  return new S4Error('TARGET_EXISTS', `There is a target named "${name}" already.`, {
    hint: 'Choose another name with --name.',
  });
}
