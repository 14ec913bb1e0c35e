import type { Runtime } from '../../engine/ports/runtime.ts';
import type { ObjectMetadata, Store, StoreCapabilities } from '../../engine/ports/store.ts';
import { connectMemoryStore, type MemoryGate } from './memory-store.ts';
import {
  createMemoryObjects,
  type MemoryObjects,
  type MemoryVersion,
  memoryEtag,
  type Versioning,
  wholeSeconds,
} from './objects.ts';

/** The conditions that a service may honour or ignore, one by one. */
export type ConditionName = Exclude<
  keyof StoreCapabilities,
  'versioning' | 'listAfterWrite' | 'sortedListing'
>;

export interface MemoryServerOptions {
  readonly url?: string;
  /** The server's clock, in milliseconds. Default: each client's own. */
  readonly clock?: () => number;
  /** Default: enabled. */
  readonly versioning?: Versioning;
  /**
   * Which conditions are enforced; default all. `unversioned`: only while versioning is off, as Ceph RGW does. One
   * that is not enforced is ignored: the write gets its 200.
   */
  readonly enforces?: Partial<Readonly<Record<ConditionName, boolean | 'unversioned'>>>;
  /** What `probe()` says; default the truth. */
  readonly claims?: Partial<StoreCapabilities>;
  /** False: folder by folder, as SeaweedFS lists. */
  readonly sortedListing?: boolean;
  /** Larger objects are sent in parts of this size. Default 8 MiB. */
  readonly partBytes?: number;
  /** Keys on a page of a listing. Default 1000. */
  readonly pageKeys?: number;
}

/** One service that several clients share, for tests and simulations. */
export interface MemoryServer {
  /** A client of its own, with its own request counts. */
  connect(runtime: Runtime, gate?: MemoryGate): Store;
  /** Keys with a current object, sorted. */
  keys(): readonly string[];
  bytes(key: string): Uint8Array | undefined;
  history(key: string): readonly MemoryVersion[];
  /** What another tool does: no condition, no token. */
  put(key: string, content: Uint8Array | string, metadata?: ObjectMetadata): void;
  remove(key: string): void;
  /** Moves an object to a storage class that must be restored before it is read. */
  archive(key: string): void;
  setVersioning(versioning: Versioning): void;
}

/** What the clients share. */
export interface MemoryService {
  readonly url: string;
  readonly objects: MemoryObjects;
  readonly partBytes: number;
  readonly pageKeys: number;
  nowMs(runtime: Runtime): number;
  enforced(name: ConditionName): boolean;
  capabilities(): StoreCapabilities;
}

const CONDITIONS: readonly ConditionName[] = [
  'putIfAbsent',
  'putIfMatch',
  'multipartIfAbsent',
  'multipartIfMatch',
  'copyIfAbsent',
  'copyIfMatch',
  'deleteIfMatch',
];

export function createMemoryServer(options: MemoryServerOptions = {}): MemoryServer {
  const sorted = options.sortedListing ?? true;
  const objects = createMemoryObjects(options.versioning ?? 'enabled', sorted);
  const partBytes = options.partBytes ?? 8 * 1024 * 1024;
  const enforced = (name: ConditionName): boolean => {
    const how = options.enforces?.[name] ?? true;
    return how === 'unversioned' ? objects.versioning === 'off' : how;
  };
  const service: MemoryService = {
    url: options.url ?? 's3://memory/prefix',
    objects,
    partBytes,
    pageKeys: options.pageKeys ?? 1000,
    nowMs: (runtime) => options.clock?.() ?? runtime.nowMs(),
    enforced,
    capabilities: () => ({
      ...truth(enforced),
      versioning: objects.versioning,
      listAfterWrite: true,
      sortedListing: sorted,
      ...options.claims,
    }),
  };
  const nowMs = () => options.clock?.() ?? Date.now();
  const write = (key: string, bytes: Uint8Array, metadata: ObjectMetadata, archived: boolean): void => {
    const content = { bytes, etag: memoryEtag(bytes, partBytes), metadata, archived };
    objects.write(key, { modifiedMs: wholeSeconds(nowMs()), content });
  };
  return {
    connect: (runtime, gate) => connectMemoryStore(service, runtime, gate),
    keys: () => objects.page('', undefined, Number.POSITIVE_INFINITY).map(String).sort(),
    bytes: (key) => objects.current(key)?.content?.bytes,
    history: (key) => objects.history(key),
    put(key, content, metadata = {}) {
      write(key, typeof content === 'string' ? new TextEncoder().encode(content) : content, metadata, false);
    },
    remove(key) {
      objects.remove(key, nowMs());
    },
    archive(key) {
      const content = objects.current(key)?.content;
      if (content) write(key, content.bytes, content.metadata, true);
    },
    setVersioning(versioning) {
      objects.versioning = versioning;
    },
  };
}

function truth(enforced: (name: ConditionName) => boolean): Readonly<Record<ConditionName, boolean>> {
  const pairs = CONDITIONS.map((name) => [name, enforced(name)] as const);
  return Object.fromEntries(pairs) as Record<ConditionName, boolean>;
}
