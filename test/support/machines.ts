import type { CycleDeps, CycleOptions, CycleResult } from '../../src/engine/cycle.ts';
import type { SyncEvent } from '../../src/engine/events.ts';
import { joinTarget } from '../../src/engine/identity.ts';
import type { LiveTarget } from '../../src/engine/live-target.ts';
import { openLiveTarget } from '../../src/engine/open-live-target.ts';
import type { Folder } from '../../src/engine/ports/folder.ts';
import type { Store, StoreCapabilities } from '../../src/engine/ports/store.ts';
import { runCycle } from '../../src/engine/run-cycle.ts';
import type { Target } from '../../src/engine/target.ts';
import { createMemoryDisk, type MemoryDisk } from '../../src/local/memory/disk.ts';
import {
  createMemoryServer,
  type MemoryServer,
  type MemoryServerOptions,
} from '../../src/stores/memory/memory-server.ts';
import type { RelPath } from '../../src/sync/path.ts';
import { createFakeRuntime, type FakeRuntime } from './fake-runtime.ts';

/** One machine: a disk in memory, a store client, a clock shared with the others. */
export interface Machine {
  readonly name: string;
  readonly disk: MemoryDisk;
  readonly user: MemoryDisk['user'];
  readonly runtime: FakeRuntime;
  readonly events: SyncEvent[];
  store: Store;
  target: Target;
  sync(options?: Partial<CycleOptions>, deps?: Partial<CycleDeps>): Promise<CycleResult>;
  /** Opens it as a daemon does, over a folder that stays open. */
  live(): Promise<LiveTarget>;
}

export interface World {
  readonly server: MemoryServer;
  /** A second passes for everybody. */
  tick(ms?: number): void;
  machine(name: string, options?: { readonly foldsCase?: boolean }): Promise<Machine>;
}

/** Machines around one store in memory. Every sync is followed by a second, as S3's clock has no finer one. */
export function createWorld(options: MemoryServerOptions = {}): World {
  const clock = createFakeRuntime();
  const server = createMemoryServer({ clock: clock.nowMs, ...options });
  let seed = 1;
  return {
    server,
    tick: (ms = 1000) => clock.advance(ms),
    machine: async (name, { foldsCase = false } = {}) => {
      const runtime = {
        ...createFakeRuntime({ seed: seed++, host: name }),
        nowMs: clock.nowMs,
        sleep: clock.sleep,
        advance: clock.advance,
      };
      const disk = createMemoryDisk({ runtime, foldsCase });
      const store = server.connect(runtime);
      const capabilities: StoreCapabilities = await store.probe();
      const joined = await joinTarget({ store, folder: disk.open(), runtime, capabilities });
      disk.crash();
      const depsOf = (folder: Folder): CycleDeps => ({
        target: machine.target,
        store: machine.store,
        folder,
        runtime,
        emit: (event) => machine.events.push(event),
        onNewClient: async (clientId) => {
          machine.target = { ...machine.target, clientId };
        },
      });
      const machine: Machine = {
        name,
        disk,
        user: disk.user,
        runtime,
        events: [],
        store,
        target: {
          id: joined.targetId,
          name,
          folder: `/${name}`,
          url: store.url,
          clientId: joined.clientId,
          capabilities,
        },
        sync: async (cycle = {}, deps = {}) => {
          clock.advance(1000);
          const folder = disk.open();
          try {
            return await runCycle({ ...depsOf(folder), ...deps }, { mode: 'sync', ...cycle });
          } finally {
            await folder.close();
            clock.advance(1000);
          }
        },
        live: () => openLiveTarget({ ...depsOf(disk.open()), store: currentStore(machine) }),
      };
      return machine;
    },
  };
}

/** Whatever store the machine has at the moment: a test may put another in its place. */
function currentStore(machine: Machine): Store {
  return new Proxy(machine.store, { get: (_, property) => Reflect.get(machine.store, property) });
}

/** What a file of a machine is, beside its content. */
export async function fileOf(
  { disk }: Machine,
  path: string,
): Promise<{ readonly executable: boolean; readonly inode: bigint; readonly mtimeNs: bigint }> {
  const folder = disk.open();
  const now = await folder.stat(path as RelPath);
  await folder.close();
  if (now?.kind !== 'file') throw new Error(`${path} is no file`);
  const { inode, mtimeNs } = now.fingerprint;
  return { executable: now.executable, inode, mtimeNs };
}

/** The summary of a cycle that must not have halted. */
export function summaryOf(result: CycleResult) {
  if (result.kind !== 'synced') throw new Error(`expected a sync, got ${JSON.stringify(result)}`);
  return result.summary;
}
