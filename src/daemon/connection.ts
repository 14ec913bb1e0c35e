import type { TargetSettings } from '../config/schema.ts';
import type { CycleOptions } from '../engine/cycle.ts';
import type { Emit } from '../engine/events.ts';
import type { LiveTarget } from '../engine/live-target.ts';
import type { Folder } from '../engine/ports/folder.ts';
import type { Store } from '../engine/ports/store.ts';
import type { RunningWatch, WatchEvent } from '../engine/ports/watcher.ts';
import { S4Error } from '../lib/errors.ts';
import type { DaemonDeps } from './deps.ts';
import type { EarEvent, RunningEar } from './listen/ear.ts';

export interface ConnectionListener {
  readonly emit: Emit;
  readonly onWatch: (event: WatchEvent) => void;
  readonly onEar: (event: EarEvent) => void;
}

export interface OpenedTarget {
  readonly live: LiveTarget;
  /** Opened just now: what happened before was not heard. */
  readonly fresh: boolean;
  readonly legacyIndex: CycleOptions['legacyIndex'];
}

/** What is open of a target: opened when a cycle needs it, closed in part when an error says that it may be broken. */
export interface Connection {
  /** @throws S4Error as the parts: FOLDER_MISSING, STORE_*, MARKER_*, LOCKED */
  open(signal: AbortSignal): Promise<OpenedTarget>;
  drop(what: 'store' | 'both'): Promise<void>;
  readonly watch: RunningWatch | undefined;
  /** `walking`: what watches the folder gets no events. */
  readonly watching: 'events' | 'walking';
  readonly ear: RunningEar | undefined;
  /** Since it was made, over all stores that were opened. */
  requests(): Readonly<Record<string, number>>;
}

const DEBOUNCE_MS = 200;
const MAX_DELAY_MS = 2_000;

export function createConnection(
  deps: DaemonDeps,
  target: () => TargetSettings,
  listener: ConnectionListener & { readonly onNewClient: (clientId: string) => Promise<void> },
): Connection {
  let folder: Folder | undefined;
  let watch: RunningWatch | undefined;
  let store: Store | undefined;
  let live: LiveTarget | undefined;
  let ear: RunningEar | undefined;
  let legacyIndex: CycleOptions['legacyIndex'];
  const made = new Map<string, number>();
  // What is dropped while it is being opened is not what is then held.
  let drops = 0;
  let closing: Promise<void> = Promise.resolve();

  const openLive = async (signal: AbortSignal): Promise<LiveTarget> => {
    folder ??= await deps.openFolder(target());
    const ours = folder;
    // Before anything is looked at: what happens from now on is heard.
    watch ??= await (await deps.openWatcher(target())).watch({
      debounceMs: DEBOUNCE_MS,
      maxDelayMs: MAX_DELAY_MS,
      onEvent: (event) => {
        listener.onWatch(event);
        // Nothing is heard from it any more, and a folder in its place is another one.
        if (event.kind === 'gone') void connection.drop('both');
      },
    });
    store ??= await deps.openStore(target());
    const theirs = store;
    legacyIndex = await deps.legacyIndex(target(), { folder: ours, store: theirs });
    const { runtime } = deps;
    const { emit, onNewClient } = listener;
    const opened = await deps.openLive(
      { target: target(), store: theirs, folder: ours, runtime, emit, onNewClient },
      { signal },
    );
    try {
      const opening = await deps.openEar(target(), theirs, () => target().clientId);
      ear = await opening.listen({ onEvent: listener.onEar });
    } catch (error) {
      await opened.close();
      throw error;
    }
    return opened;
  };

  // Taken at once: what is opened while the old is still being closed is not what was dropped.
  const dropped = async (what: 'store' | 'both'): Promise<void> => {
    const [oldEar, oldLive, oldStore] = [ear, live, store];
    const [oldWatch, oldFolder] = what === 'both' ? [watch, folder] : [];
    [ear, live, store] = [undefined, undefined, undefined];
    if (what === 'both') [watch, folder] = [undefined, undefined];
    await quietly(oldEar?.close());
    await quietly(oldLive?.close());
    for (const [kind, count] of oldStore?.requests ?? []) made.set(kind, (made.get(kind) ?? 0) + count);
    await quietly(oldStore?.close());
    await quietly(oldWatch?.close());
    await quietly(oldFolder?.close());
  };
  const connection: Connection = {
    async open(signal) {
      // The lock of a cycle that outlived its folder is let go when that cycle has ended.
      await closing;
      if (live !== undefined) return { live, fresh: false, legacyIndex };
      const before = drops;
      try {
        live = await openLive(signal);
        if (drops === before) return { live, fresh: true, legacyIndex };
      } finally {
        // A watch of a folder that went away hears nothing, and would be kept.
        if (drops !== before) await connection.drop('both');
      }
      throw goneMeanwhile(target());
    },
    drop(what) {
      drops++;
      closing = Promise.all([closing, dropped(what)]).then(() => undefined);
      return closing;
    },
    get watch() {
      return watch;
    },
    get watching() {
      return watch?.watches === 0 ? 'walking' : 'events';
    },
    get ear() {
      return ear;
    },
    requests() {
      const total = new Map(made);
      for (const [kind, count] of store?.requests ?? []) total.set(kind, (total.get(kind) ?? 0) + count);
      return Object.fromEntries([...total].sort(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
  return connection;
}

function goneMeanwhile({ folder }: TargetSettings): S4Error {
  return new S4Error('FOLDER_MISSING', `the folder ${folder} went away while it was opened`, {
    hint: 'If its disk is not mounted, mount it: the sync goes on then.',
    data: { folder },
  });
}

/**
 * Closing what an error broke fails, with the same error as a rule (a folder that is unmounted keeps its lock file).
 * All that is durable is so already; whoever opens next recovers.
 */
async function quietly(closing: Promise<void> | undefined): Promise<void> {
  try {
    await closing;
  } catch (error) {
    if (!(error instanceof S4Error || (error instanceof Error && 'syscall' in error))) throw error;
  }
}
