import type { Runtime } from '../../engine/ports/runtime.ts';
import type { Store } from '../../engine/ports/store.ts';
import { pollBell } from '../../remote-log/bell.ts';
import { type KnownHeads, readHeads } from '../../remote-log/reader.ts';
import type { Ear, ListenOptions, RunningEar } from './ear.ts';
import { createHealth, type Health } from './health.ts';
import { namedPaths } from './named-paths.ts';
import {
  afterHeads,
  afterRing,
  HEADS_EVERY_MS,
  jittered,
  type Looks,
  nextLook,
  POLL_BOUNDS,
  type PollBounds,
  pollDelayMs,
  retryDelayMs,
} from './rhythm.ts';
import { type Alarm, chanceOf, createAlarm } from './waiting.ts';

export interface BellEarOptions {
  readonly store: Pick<Store, 'poll' | 'list' | 'get'>;
  readonly runtime: Pick<Runtime, 'nowMs' | 'sleep' | 'randomHex'>;
  /**
   * Our own client id: what we published is no news. Asked at each look: where another machine writes under the same id, we
   * take a new one, and what comes under the old one is news from then on.
   */
  readonly self: () => string;
  readonly bounds?: PollBounds;
}

/**
 * Polls the bell of the remote log: a conditional GET, often while something goes on and seldom when not. When it rang,
 * the heads that changed are read, and the paths that they name are told. It needs nothing but GET and LIST, so it is
 * the same on every service.
 */
export function createBellEar(options: BellEarOptions): Ear {
  return { listen: (listening) => startListening(options, listening) };
}

interface State extends BellEarOptions {
  readonly bounds: PollBounds;
  readonly onEvent: ListenOptions['onEvent'];
  readonly signal: AbortSignal;
  readonly alarm: Alarm;
  readonly health: Health;
  /** Of the bell whose heads were read and told. */
  heardEtag: string | undefined;
  known: KnownHeads | undefined;
  looks: Looks;
  activeMs: number;
}

async function startListening(options: BellEarOptions, listening: ListenOptions): Promise<RunningEar> {
  const { runtime, bounds = POLL_BOUNDS } = options;
  const ending = new AbortController();
  const { signal: outer } = listening;
  const signal = outer === undefined ? ending.signal : AbortSignal.any([outer, ending.signal]);
  const nowMs = runtime.nowMs();
  const state: State = {
    ...options,
    bounds,
    onEvent: listening.onEvent,
    signal,
    alarm: createAlarm(runtime),
    health: createHealth(listening.onEvent),
    heardEtag: undefined,
    known: undefined,
    looks: { bellMs: nowMs, headsMs: nowMs + HEADS_EVERY_MS, againMs: [] },
    activeMs: nowMs,
  };
  // The bell before the heads: what is published in between rings again.
  const bell = await pollBell(state.store, undefined, { signal });
  state.known = (await readHeads({ store: state.store, self: state.self(), known: undefined, signal })).known;
  state.heardEtag = bell.kind === 'rang' ? bell.etag : undefined;
  state.looks = afterRing(withNextBell(state), runtime.nowMs());
  const running = listenOn(state);
  return {
    activity: () => {
      const before = pollDelayMs(quietMs(state), bounds);
      state.activeMs = runtime.nowMs();
      if (before > bounds.fastMs) hasten(state, bounds.fastMs);
    },
    pollNow: () => hasten(state, 0),
    get pollSeconds() {
      return pollDelayMs(quietMs(state), bounds) / 1000;
    },
    close: async () => {
      ending.abort();
      await running;
    },
  };
}

function quietMs({ runtime, activeMs }: State): number {
  return runtime.nowMs() - activeMs;
}

function withNextBell(state: State): Looks {
  const { runtime, bounds, looks } = state;
  const delayMs = jittered(pollDelayMs(quietMs(state), bounds), chanceOf(runtime));
  return { ...looks, bellMs: runtime.nowMs() + delayMs };
}

function hasten(state: State, delayMs: number): void {
  state.looks = { ...state.looks, bellMs: Math.min(state.looks.bellMs, state.runtime.nowMs() + delayMs) };
  state.alarm.ring();
}

async function listenOn(state: State): Promise<void> {
  const { runtime, signal, alarm, health } = state;
  while (!signal.aborted) {
    const { at, dueMs } = nextLook(state.looks);
    const waitMs = dueMs - runtime.nowMs();
    if (waitMs > 0) {
      await alarm.sleep(waitMs, signal);
      continue;
    }
    try {
      await (at === 'bell' ? lookAtBell(state) : lookAtHeads(state));
      health.succeeded();
    } catch (error) {
      if (signal.aborted) return;
      health.failed(error);
      postpone(state);
    }
  }
}

async function lookAtBell(state: State): Promise<void> {
  const { store, signal, heardEtag, runtime } = state;
  const bell = await pollBell(store, heardEtag, { signal });
  const isNews = bell.kind === 'rang' || (bell.kind === 'absent' && heardEtag !== undefined);
  if (isNews) {
    state.activeMs = runtime.nowMs();
    await lookAtHeads(state);
    // Only now: had the heads failed, the same bell must be news again (H11).
    state.heardEtag = bell.kind === 'rang' ? bell.etag : undefined;
    state.looks = afterRing(state.looks, runtime.nowMs());
  }
  state.looks = withNextBell(state);
}

async function lookAtHeads(state: State): Promise<void> {
  const { store, self, known, signal, runtime, onEvent } = state;
  const reading = await readHeads({ store, self: self(), known, signal });
  if (signal.aborted) return;
  state.known = reading.known;
  state.looks = afterHeads(state.looks, runtime.nowMs());
  const paths = namedPaths(reading.news);
  if (reading.news.length > 0) state.activeMs = runtime.nowMs();
  if (paths.length > 0) onEvent({ kind: 'heard', paths });
  if (!reading.complete) onEvent({ kind: 'rescan' });
}

/** Whatever was due is tried again, later. */
function postpone(state: State): void {
  const { runtime, health, looks } = state;
  const laterMs = runtime.nowMs() + jittered(retryDelayMs(health.failures), chanceOf(runtime));
  state.looks = {
    bellMs: Math.max(looks.bellMs, laterMs),
    headsMs: Math.max(looks.headsMs, laterMs),
    againMs: looks.againMs.map((dueMs) => Math.max(dueMs, laterMs)),
  };
}
