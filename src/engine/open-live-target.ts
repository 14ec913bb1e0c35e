import { S4Error } from '../lib/errors.ts';
import { conductCycle } from './conduct.ts';
import type { CycleDeps, CycleOptions } from './cycle.ts';
import { finishCycle, tidy } from './finish.ts';
import { fulfilFirst } from './history/fulfil-first.ts';
import { checkFolderMarker, checkStoreMarker, FOLDER_MARKER } from './identity.ts';
import type { LiveCycleOptions, LiveTarget, OpenLiveTarget } from './live-target.ts';
import { createSession, type OpenedTarget, openTarget, recoverOpened } from './open-target.ts';
import type { PassOutcome } from './pass.ts';
import { type Narrow, runPasses } from './run-passes.ts';
import type { Tally } from './tally.ts';
import { trustedCapabilities } from './trusted-capabilities.ts';

const LOCK_WAIT_MS = 3_000;
const TIDY_EVERY_MS = 60 * 60 * 1000;

export const openLiveTarget: OpenLiveTarget = async (deps, options = {}) => {
  const live = await openLive(deps, options);
  return {
    cycle: (cycle) => conductCycle(deps, cycle, (tally) => live.work(cycle, tally)),
    close: live.close,
  };
};

/** A live target whose cycles somebody else conducts. */
export interface Live extends Pick<LiveTarget, 'close'> {
  work(options: LiveCycleOptions, tally: Tally): Promise<PassOutcome>;
}

/** Takes the lock, and opens. @throws S4Error as `runCycle`; then nothing is held */
export async function openLive(deps: CycleDeps, options: Pick<CycleOptions, 'signal'>): Promise<Live> {
  const release = await lock(deps, options);
  try {
    return await createLive(deps, options, release);
  } catch (error) {
    await release();
    throw error;
  }
}

async function createLive(
  given: CycleDeps,
  opening: Pick<CycleOptions, 'signal'>,
  release: () => Promise<void>,
): Promise<Live> {
  const { folder, runtime } = given;
  let { clientId } = given.target;
  const open = (signal: AbortSignal | undefined): Promise<Held> => {
    const onNewClient = async (id: string): Promise<void> => {
      clientId = id;
      await given.onNewClient?.(id);
    };
    return hold({ ...given, target: { ...given.target, clientId }, onNewClient }, signal);
  };
  let held: Held | undefined = await open(opening.signal);
  let justOpened = true;
  let tidiedMs: number | undefined;
  let working: Promise<unknown> = Promise.resolve();
  // Known from a look at everything since the base was opened, or recovered: before that no focus is enough.
  let markers: number | undefined;

  /** The base of a folder and a store that are what they were; opened anew, with recovery, where that is in doubt. */
  async function ready(options: LiveCycleOptions): Promise<Held> {
    const before = held;
    const known = before !== undefined && (await isStillOurs(before));
    if (!known) {
      markers = undefined;
      return open(options.signal);
    }
    if (justOpened) return before;
    const left = before.opened.base.pending.length > 0;
    if (!left && narrowOf(options, before) !== undefined) return before;
    const checked = await withStoreChecked(before, options.signal);
    if (left) {
      markers = undefined;
      await recoverOpened(checked.opened, sync(options.signal));
    }
    return checked;
  }

  /** Undefined: everything must be looked at. */
  function narrowOf(options: LiveCycleOptions, { opened }: Held): Narrow | undefined {
    const { focus } = options;
    const asked =
      options.checksum === true || options.deleteIgnored === true || (options.paths ?? []).length > 0;
    if (focus === undefined || markers === undefined || asked) return undefined;
    return opened.base.trust === 'sound' ? { focus, markers } : undefined;
  }

  async function work(options: LiveCycleOptions, tally: Tally): Promise<PassOutcome> {
    let current = await ready(options);
    const narrow = narrowOf(options, current);
    let checking: Promise<void> | undefined;
    const checkStore = async (): Promise<void> => {
      current = await withStoreChecked(current, options.signal);
      session.deps = current.opened.deps;
    };
    const storeIsOurs = async (): Promise<void> => {
      if (narrow !== undefined) checking ??= checkStore();
      await checking;
    };
    // Until the cycle has ended well: after a failure the next one opens anew, and so recovers first.
    held = undefined;
    justOpened = false;
    const session = createSession(current.opened, options, tally, storeIsOurs);
    await fulfilFirst(session);
    const outcome = await runPasses(session, narrow);
    if (outcome.kind === 'done' && options.mode === 'sync') {
      await finishCycle(session);
      if (tidiedMs === undefined || runtime.nowMs() - tidiedMs >= TIDY_EVERY_MS) {
        await tidy(session);
        tidiedMs = runtime.nowMs();
      }
    }
    // A focus knows the rules of this side alone.
    if (session.rulesDiffer === true) markers = undefined;
    else if (outcome.kind === 'done') markers = session.markers ?? markers;
    held = current;
    return outcome;
  }

  return {
    work: (options, tally) => {
      const outcome = work(options, tally);
      working = outcome.catch(() => undefined);
      return outcome;
    },
    async close() {
      // Another process must not find the folder free under a cycle that still works on it.
      await working;
      await release();
    },
  };

  async function isStillOurs({ opened, marker }: Held): Promise<boolean> {
    const here = await checkFolderMarker({ folder, target: given.target });
    const now = await folder.state.identity(FOLDER_MARKER);
    return (
      here.clientId === opened.clientId && now?.inode === marker?.inode && now?.ctimeNs === marker?.ctimeNs
    );
  }
}

/** What is held between cycles. */
interface Held {
  readonly opened: OpenedTarget;
  /** inode and ctime of the folder's marker: another one there is another folder, or a copy (H3). */
  readonly marker: { readonly inode: bigint; readonly ctimeNs: bigint } | undefined;
  /** What was proved of the store when the target was added. */
  readonly proved: CycleDeps['target']['capabilities'];
}

async function hold(deps: CycleDeps, signal: AbortSignal | undefined): Promise<Held> {
  const opened = await openTarget(deps, sync(signal));
  const marker = await deps.folder.state.identity(FOLDER_MARKER);
  return { opened, marker, proved: deps.target.capabilities };
}

async function withStoreChecked(held: Held, signal: AbortSignal | undefined): Promise<Held> {
  const { deps } = held.opened;
  const { store, target } = deps;
  const { versioned } = await checkStoreMarker({ store, target, ...(signal && { signal }) });
  const capabilities = trustedCapabilities(held.proved, versioned);
  return { ...held, opened: { ...held.opened, deps: { ...deps, target: { ...target, capabilities } } } };
}

function sync(signal: AbortSignal | undefined): { readonly mode: 'sync'; readonly signal?: AbortSignal } {
  return { mode: 'sync', ...(signal && { signal }) };
}

async function lock(
  { folder }: CycleDeps,
  { signal }: Pick<CycleOptions, 'signal'>,
): Promise<() => Promise<void>> {
  const outcome = await folder.lock({ waitMs: LOCK_WAIT_MS, ...(signal && { signal }) });
  if (outcome.kind === 'locked') return outcome.release;
  throw new S4Error('LOCKED', `another s4 works on this folder: ${outcome.owner}`, {
    hint: outcome.foreignHost
      ? 'It runs on another machine. If that one is gone, remove the newest .s4/lock.* of the folder.'
      : 'Wait for it to end, or stop it.',
    data: { folder: folder.root },
  });
}
