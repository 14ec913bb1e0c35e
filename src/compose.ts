import type { Limits, Services, StoreAccess } from './commands/services.ts';
import type { Folder } from './engine/ports/folder.ts';
import type { Runtime } from './engine/ports/runtime.ts';
import type { Store } from './engine/ports/store.ts';
import { S4Error } from './lib/errors.ts';
import { systemRuntime } from './local/runtime.ts';
import type { WatcherKind } from './local/watch/watch-folder.ts';
import type { Prepared, PrepareWishes } from './stores/prepare.ts';
import type { S3StoreOptions } from './stores/s3/options.ts';

/**
 * The one place that builds the real thing. The SDK, the walker and the engine are loaded when a command first needs
 * them.
 */
export function compose(env: Readonly<Record<string, string | undefined>>): Services {
  const runtime = systemRuntime({ host: env['S4_HOST'] });
  return {
    runtime,
    runCycle: async (deps, options) => {
      const { runCycle } = await import('./engine/run-cycle.ts');
      return runCycle(deps, options);
    },
    openLiveTarget: async (deps, options) => {
      const { openLiveTarget } = await import('./engine/open-live-target.ts');
      return openLiveTarget(deps, options);
    },
    openStore: (access, limits) => openStore(access, limits ?? {}, runtime),
    openFolder: (root, options) => openFolder(root, options?.legacy === true, runtime),
    openWatcher: async (root, kind) => {
      const { createWatcher } = await import('./local/watch/watch-folder.ts');
      const wished = kind ?? watcherKind(env['S4_WATCHER']);
      return createWatcher({ root, ...(wished === undefined ? {} : { kind: wished }) });
    },
    openQueue: async (notify, { s3, credentials }) => {
      const { openSqsQueue } = await import('./stores/sqs/open.ts');
      const region = notify.region ?? s3?.region;
      return openSqsQueue({
        url: notify.url,
        ...(region === undefined ? {} : { region }),
        ...(s3?.profile === undefined ? {} : { profile: s3.profile }),
        ...(s3?.caFile === undefined ? {} : { caFile: s3.caFile }),
        ...(s3?.proxy === undefined ? {} : { proxy: s3.proxy }),
        ...(credentials === undefined ? {} : { credentials }),
      });
    },
    prepareStore: (access, wishes, signal) => prepareStore(access, wishes, signal, runtime),
    examineStore: async (access, signal) => {
      if (access.place.kind === 'file') return undefined;
      const { examineBucket } = await import('./stores/examine.ts');
      return examineBucket(s3Options(access, access.place.bucket, runtime), signal);
    },
    openUploads: async (access) => {
      if (access.place.kind === 'file') return undefined;
      const { openUploads } = await import('./stores/s3/uploads.ts');
      const { bucket, prefix } = access.place;
      return openUploads({ ...s3Options(access, bucket, runtime), prefix });
    },
    listBuckets: async ({ s3, credentials }, signal) => {
      const { listBuckets } = await import('./stores/s3/bucket.ts');
      const service = { ...s3, runtime, ...(credentials === undefined ? {} : { credentials }) };
      return listBuckets(service, { signal });
    },
    joinTarget: async (store, folder, capabilities, signal) => {
      const { joinTarget } = await import('./engine/identity.ts');
      return joinTarget({ store, folder, runtime, capabilities, signal });
    },
    openBase: async (target, folder) => {
      const { openBase } = await import('./engine/state/open-base.ts');
      return openBase({ state: folder.state, targetId: target.id, clientId: target.clientId, mode: 'read' });
    },
  };
}

/** A way out where the usual watcher does not hear on some file system. */
function watcherKind(value: string | undefined): WatcherKind | undefined {
  if (value === undefined || value === '' || value === 'fs' || value === 'chokidar')
    return value || undefined;
  throw new S4Error('USAGE', `S4_WATCHER is ${value}`, { hint: 'It may be "fs" or "chokidar".' });
}

async function openStore(access: StoreAccess, limits: Limits, runtime: Runtime): Promise<Store> {
  const store = await openPlace(access, runtime);
  const visible = access.legacy === true ? await withoutPythonFiles(store) : store;
  if (limits.upBytesPerSecond === undefined && limits.downBytesPerSecond === undefined) return visible;
  const { withLimits } = await import('./stores/wrap/limits.ts');
  return withLimits(visible, { ...limits, runtime });
}

async function openPlace(access: StoreAccess, runtime: Runtime): Promise<Store> {
  if (access.place.kind === 'file') {
    const { openFileStore } = await import('./stores/file/open.ts');
    return openFileStore({ root: access.place.root, runtime });
  }
  const { openS3Store } = await import('./stores/s3/open.ts');
  return openS3Store({ ...s3Options(access, access.place.bucket, runtime), prefix: access.place.prefix });
}

function s3Options(
  { s3, credentials, capabilities }: StoreAccess,
  bucket: string,
  runtime: Runtime,
): Omit<S3StoreOptions, 'prefix'> {
  return {
    ...s3,
    bucket,
    runtime,
    ...(credentials === undefined ? {} : { credentials }),
    ...(capabilities === undefined ? {} : { capabilities }),
  };
}

async function withoutPythonFiles(store: Store): Promise<Store> {
  const [{ hideKeys }, { PYTHON_FILES }] = await Promise.all([
    import('./stores/wrap/hide-keys.ts'),
    import('./config/python-index.ts'),
  ]);
  return hideKeys(store, PYTHON_FILES);
}

async function openFolder(root: string, legacy: boolean, runtime: Runtime): Promise<Folder> {
  const { openFolder: open } = await import('./local/open-folder.ts');
  const folder = await open({ root, runtime });
  if (!legacy) return folder;
  const [{ hideEntries }, { PYTHON_FILES }] = await Promise.all([
    import('./local/hide-entries.ts'),
    import('./config/python-index.ts'),
  ]);
  return hideEntries(folder, PYTHON_FILES);
}

async function prepareStore(
  access: StoreAccess,
  wishes: PrepareWishes,
  signal: AbortSignal,
  runtime: Runtime,
): Promise<Prepared> {
  const { prepareBucket, prepareDirectory } = await import('./stores/prepare.ts');
  const { place } = access;
  return place.kind === 'file'
    ? prepareDirectory(place.root, wishes)
    : prepareBucket(s3Options(access, place.bucket, runtime), wishes, signal);
}
