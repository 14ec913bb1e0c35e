import type { NotifyQueue } from '../config/notify.ts';
import type { S3Settings, TargetSettings } from '../config/schema.ts';
import type { Credentials } from '../config/secret.ts';
import type { StorePlace } from '../config/url.ts';
import type { RunCycle } from '../engine/cycle.ts';
import type { OpenLiveTarget } from '../engine/live-target.ts';
import type { Base } from '../engine/ports/base.ts';
import type { EventQueue } from '../engine/ports/event-queue.ts';
import type { Folder } from '../engine/ports/folder.ts';
import type { Runtime } from '../engine/ports/runtime.ts';
import type { Store, StoreCapabilities } from '../engine/ports/store.ts';
import type { Watcher } from '../engine/ports/watcher.ts';
import type { Examined } from '../stores/examine.ts';
import type { Prepared, PrepareWishes } from '../stores/prepare.ts';
import type { Uploads } from '../stores/s3/uploads.ts';

/** Everything that is needed to reach a store. */
export interface StoreAccess {
  readonly place: StorePlace;
  readonly s3?: S3Settings;
  readonly credentials?: Credentials;
  readonly capabilities?: StoreCapabilities;
  /** Python S4's files at the top are not content. */
  readonly legacy?: true;
}

export interface Limits {
  readonly upBytesPerSecond?: number;
  readonly downBytesPerSecond?: number;
}

export interface Identity {
  readonly targetId: string;
  readonly clientId: string;
}

/**
 * What commands need from the rest of s4. Built by `compose.ts`, which loads the heavy parts when they are asked for;
 * tests give fakes.
 */
export interface Services {
  readonly runtime: Runtime;
  readonly runCycle: RunCycle;
  readonly openLiveTarget: OpenLiveTarget;
  openStore(access: StoreAccess, limits?: Limits): Promise<Store>;
  /** @throws S4Error FOLDER_MISSING */
  openFolder(root: string, options?: { readonly legacy?: boolean }): Promise<Folder>;
  /**
   * What hears changes of a folder: `fs.watch` a folder on Linux, chokidar elsewhere; `S4_WATCHER` or `kind` force one.
   * Nothing is watched before its `watch` is called, which throws S4Error FOLDER_MISSING.
   */
  openWatcher(root: string, kind?: 'fs' | 'chokidar'): Promise<Watcher>;
  /**
   * The queue that a store's events go to, with the credentials, proxy and certificates of the target.
   * Nothing is sent before it is asked.
   */
  openQueue(notify: NotifyQueue, access: Pick<StoreAccess, 's3' | 'credentials'>): Promise<EventQueue>;
  /**
   * Makes sure that the bucket (or the store's folder) is there.
   * @throws S4Error STORE_NO_BUCKET when it is not, and `create` was not wished for
   */
  prepareStore(access: StoreAccess, wishes: PrepareWishes, signal: AbortSignal): Promise<Prepared>;
  /** What a bucket says of itself; undefined for a directory, which has no such settings. @throws S4Error STORE_* */
  examineStore(access: StoreAccess, signal: AbortSignal): Promise<Examined | undefined>;
  /** The unfinished uploads below a target's prefix; undefined for a directory, which has none. */
  openUploads(access: StoreAccess): Promise<Uploads | undefined>;
  /** The buckets of whoever these keys belong to. @throws S4Error STORE_*, STORE_DENIED where they may not be listed */
  listBuckets(
    access: Pick<StoreAccess, 's3' | 'credentials'>,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** Writes or reads the ids on both sides. @throws S4Error MARKER_FOREIGN, STORE_FOREIGN */
  joinTarget(
    store: Store,
    folder: Folder,
    capabilities: StoreCapabilities,
    signal: AbortSignal,
  ): Promise<Identity>;
  /** For looking only. */
  openBase(target: TargetSettings, folder: Folder): Promise<Base>;
}

export function accessOf(target: TargetSettings, place: StorePlace): StoreAccess {
  return {
    place,
    capabilities: target.capabilities,
    ...(target.s3 === undefined ? {} : { s3: target.s3 }),
    ...(target.credentials === undefined ? {} : { credentials: target.credentials }),
    ...(target.legacy === undefined ? {} : { legacy: target.legacy }),
  };
}
