import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Process } from '../../src/commands/main.ts';
import type { Prompter } from '../../src/commands/prompter.ts';
import type { Services } from '../../src/commands/services.ts';
import type { CycleDeps, CycleOptions, CycleResult } from '../../src/engine/cycle.ts';
import type { CycleSummary, SyncEvent } from '../../src/engine/events.ts';
import { joinTarget } from '../../src/engine/identity.ts';
import { openLiveTarget } from '../../src/engine/open-live-target.ts';
import { openBase } from '../../src/engine/state/open-base.ts';
import { createMemoryDisk, type MemoryDisk } from '../../src/local/memory/disk.ts';
import { createWatcher } from '../../src/local/watch/watch-folder.ts';
import type { Examined } from '../../src/stores/examine.ts';
import { createMemoryServer, type MemoryServer } from '../../src/stores/memory/memory-server.ts';
import type { Uploads } from '../../src/stores/s3/uploads.ts';
import { createFakeRuntime } from './fake-runtime.ts';

export const QUIET_SUMMARY: CycleSummary = {
  uploaded: 0,
  downloaded: 0,
  deletedLocal: 0,
  deletedRemote: 0,
  renamed: 0,
  conflicts: 0,
  keptBoth: 0,
  problems: 0,
  bytesUp: 0,
  bytesDown: 0,
  requests: {},
  elapsedMs: 400,
};

export interface Call {
  readonly deps: CycleDeps;
  readonly options: CycleOptions;
}

/** What the engine does when it is called; throws to fail. */
export type FakeEngine = (call: Call) => Promise<CycleResult> | CycleResult;

export interface Bench {
  readonly root: string;
  readonly configDir: string;
  readonly stdout: string[];
  readonly stderr: string[];
  readonly calls: Call[];
  readonly services: Services;
  readonly interrupt: AbortController;
  readonly server: (url: string) => MemoryServer;
  readonly disk: (root: string) => MemoryDisk;
  /** Answers for the prompts to come; undefined: no terminal. */
  answers: string[] | undefined;
  readonly asked: string[];
  stdin: string;
  engine: FakeEngine;
  /** What the bucket says of itself to `s4 doctor`; undefined as for a directory. */
  /** What the queue of events answers with. */
  queueError: Error | undefined;
  examined: Examined | undefined;
  /** The unfinished uploads of the bucket; undefined as for a directory. */
  uploads: Uploads | undefined;
  /** What the keys may list. */
  buckets: readonly string[];
  /** Makes a folder below the root and returns its real path. */
  folder(name: string): string;
  process(cwd?: string): Process;
}

/** A command line whose engine, stores and folder contents are fakes; the config and folder names are real. */
export function createBench(root: string): Bench {
  const real = realpathSync(root);
  const runtime = createFakeRuntime();
  const servers = new Map<string, MemoryServer>();
  const disks = new Map<string, MemoryDisk>();
  const memo = <T>(map: Map<string, T>, key: string, make: () => T): T => {
    const value = map.get(key) ?? make();
    map.set(key, value);
    return value;
  };
  const server = (url: string): MemoryServer => memo(servers, url, () => createMemoryServer({ url }));
  const disk = (folder: string): MemoryDisk => memo(disks, folder, () => createMemoryDisk({ runtime }));
  const services: Services = {
    runtime,
    runCycle: async (deps, options) => {
      bench.calls.push({ deps, options });
      return bench.engine({ deps, options });
    },
    openLiveTarget,
    openStore: async ({ place }) => server(place.url).connect(runtime),
    openFolder: async (folder) => ({ ...disk(folder).open(), root: folder }),
    openQueue: async ({ url }) => ({
      url,
      receive: async () => {
        if (bench.queueError !== undefined) throw bench.queueError;
        return [];
      },
      remove: async () => {},
      close: async () => {},
    }),
    openWatcher: async (folder) => createWatcher({ root: folder }),
    examineStore: async () => bench.examined,
    openUploads: async () => bench.uploads,
    listBuckets: async () => bench.buckets,
    prepareStore: async () => ({ created: false, versioningEnabled: false }),
    joinTarget: (store, folder, capabilities) => joinTarget({ store, folder, runtime, capabilities }),
    openBase: (target, folder) =>
      openBase({ state: folder.state, targetId: target.id, clientId: target.clientId, mode: 'read' }),
  };
  const bench: Bench = {
    root: real,
    configDir: join(real, 'config'),
    stdout: [],
    stderr: [],
    calls: [],
    services,
    interrupt: new AbortController(),
    server,
    disk,
    queueError: undefined,
    uploads: undefined,
    answers: undefined,
    asked: [],
    stdin: '',
    engine: ({ deps, options }) => quietCycle(deps, options),
    examined: undefined,
    buckets: [],
    folder: (name) => {
      mkdirSync(join(real, name), { recursive: true });
      return join(real, name);
    },
    process: (cwd = real) => ({
      env: { S4_CONFIG_DIR: bench.configDir },
      home: real,
      cwd,
      stdout: sink(bench.stdout),
      stderr: sink(bench.stderr),
      prompter: bench.answers === undefined ? undefined : scripted(bench),
      readStdin: async () => bench.stdin,
      signal: bench.interrupt.signal,
      nowMs: () => runtime.nowMs(),
      services: async () => services,
    }),
  };
  return bench;
}

function sink(into: string[]): Process['stdout'] {
  return { write: (text) => void into.push(text), isTTY: false, columns: 80 };
}

function scripted(bench: Bench): Prompter {
  return {
    ask: async (question) => {
      bench.asked.push(question);
      const answer = bench.answers?.shift();
      if (answer === undefined) throw new Error(`nobody answers: ${question}`);
      return answer;
    },
  };
}

/** A cycle that finds nothing to do, after saying `events`. */
export function quietCycle(
  { target, folder, store, emit }: CycleDeps,
  { mode }: CycleOptions,
  events: readonly SyncEvent[] = [],
  summary: Partial<CycleSummary> = {},
): CycleResult {
  const dryRun = mode === 'preview';
  const total = { ...QUIET_SUMMARY, ...summary };
  emit({ kind: 'cycle-started', target: target.name, local: folder.root, remote: store.url, dryRun });
  for (const event of events) emit(event);
  emit({ kind: 'cycle-finished', target: target.name, summary: total, dryRun });
  return { kind: 'synced', summary: total };
}
