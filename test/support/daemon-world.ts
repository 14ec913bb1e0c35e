import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TargetSettings } from '../../src/config/schema.ts';
import type { DaemonEvent, TargetStatus } from '../../src/daemon/contract.ts';
import { createBellEar } from '../../src/daemon/listen/bell-ear.ts';
import { RHYTHM } from '../../src/daemon/rhythm.ts';
import { type Supervisor, startSupervisor } from '../../src/daemon/supervisor.ts';
import { joinTarget } from '../../src/engine/identity.ts';
import { openLiveTarget } from '../../src/engine/open-live-target.ts';
import type { Store } from '../../src/engine/ports/store.ts';
import type { WatchEvent } from '../../src/engine/ports/watcher.ts';
import { S4Error } from '../../src/lib/errors.ts';
import { createMemoryDisk, type MemoryDisk } from '../../src/local/memory/disk.ts';
import { createMemoryServer, type MemoryServer } from '../../src/stores/memory/memory-server.ts';
import type { RelPath } from '../../src/sync/path.ts';
import { createFakeRuntime } from './fake-runtime.ts';
import { createManualRuntime, type ManualRuntime } from './manual-runtime.ts';

/** A machine that runs a daemon, on a clock that the test owns. */
export interface DaemonMachine {
  readonly user: MemoryDisk['user'];
  /** A user's edit, which the watcher hears. */
  edit(path: string, change: (user: MemoryDisk['user']) => void): void;
  readonly events: DaemonEvent[];
  readonly supervisor: Supervisor;
  /** Its network. */
  isCut: boolean;
  status(): Promise<TargetStatus>;
}

export interface DaemonWorld {
  readonly server: MemoryServer;
  readonly runtime: ManualRuntime;
  machine(name: string): Promise<DaemonMachine>;
  /** Moves the clock on, from what is due to what is due; at each minute, cycles under way come to their end first. */
  pass(ms: number): Promise<void>;
  stop(): Promise<void>;
}

const STEP_MS = 60_000;

/** Daemons around one store in memory: real machines, ears, cycles; the watcher tells what the disk saw. */
export function createDaemonWorld(): DaemonWorld {
  const runtime = createManualRuntime();
  const server = createMemoryServer({ clock: runtime.nowMs });
  const machines: DaemonMachine[] = [];
  const settled = async (): Promise<void> => {
    for (;;) {
      await nextTurn();
      const all = await Promise.all(machines.map((machine) => machine.status()));
      if (all.every(({ phase }) => phase !== 'syncing' && phase !== 'dirty')) return;
      // Something in a cycle sleeps.
      await runtime.advance(1);
    }
  };
  return {
    server,
    runtime,
    machine: async (name) => {
      const made = await startMachine(name, machines.length + 1, runtime, server);
      machines.push(made);
      return made;
    },
    pass: async (ms) => {
      for (let left = ms; left > 0; left -= STEP_MS) {
        await runtime.advance(Math.min(left, STEP_MS));
        await settled();
      }
    },
    stop: async () => {
      await Promise.all(machines.map(({ supervisor }) => supervisor.stop()));
    },
  };
}

async function startMachine(
  name: string,
  seed: number,
  clock: ManualRuntime,
  server: MemoryServer,
): Promise<DaemonMachine> {
  const random = createFakeRuntime({ seed, host: name });
  const runtime = { ...clock, randomHex: random.randomHex, host: name };
  const disk = createMemoryDisk({ runtime });
  const net = { isCut: false };
  const events: DaemonEvent[] = [];
  let hear: (event: WatchEvent) => void = () => {};
  const touched = (path: string): void => {
    if (!path.startsWith('.s4')) hear({ kind: 'touched', paths: [path as RelPath] });
  };
  // As the real watcher: it hears s4's own changes too.
  disk.beforeStep((_step, path) => touched(path));
  const connect = (): Store =>
    server.connect(runtime, async () => {
      if (net.isCut) throw new S4Error('STORE_UNREACHABLE', 'the network is cut');
    });
  const settings = await join(connect(), disk, runtime, name);
  const supervisor = startSupervisor({
    runtime,
    rhythm: RHYTHM,
    pid: seed,
    version: 'test',
    concurrency: 2,
    pauses: { has: () => false, set: () => {} },
    loadTargets: () => [settings],
    openFolder: async () => disk.open(),
    openStore: async () => connect(),
    openLive: openLiveTarget,
    legacyIndex: async () => undefined,
    openWatcher: async () => ({
      watch: async ({ onEvent }) => {
        hear = onEvent;
        return { watches: 1, reloadRules: async () => {}, close: async () => {} };
      },
    }),
    openEar: async (_, store, clientId) => createBellEar({ store, runtime, self: clientId }),
    keepClientId: async () => {},
    exitOfResult: () => 0,
    exitOfError: () => 1,
    exitInterrupted: 130,
  });
  void supervisor.subscribe((event) => events.push(event), new AbortController().signal);
  const status = async (): Promise<TargetStatus> => {
    const [target] = (await supervisor.status()).targets;
    if (target === undefined) throw new Error('it keeps no target');
    return target;
  };
  return {
    user: disk.user,
    edit: (path, change) => {
      change(disk.user);
      touched(path);
    },
    events,
    supervisor,
    get isCut() {
      return net.isCut;
    },
    set isCut(isCut) {
      net.isCut = isCut;
    },
    status,
  };
}

async function join(
  store: Store,
  disk: MemoryDisk,
  runtime: Parameters<typeof joinTarget>[0]['runtime'],
  name: string,
): Promise<TargetSettings> {
  const capabilities = await store.probe();
  const joined = await joinTarget({ store, folder: disk.open(), runtime, capabilities });
  disk.crash();
  const { targetId: id, clientId } = joined;
  return { id, clientId, name, folder: `/${name}`, url: store.url, capabilities };
}
