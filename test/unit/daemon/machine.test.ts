import { describe, expect, it } from 'vitest';
import type { TargetPhase } from '../../../src/daemon/contract.ts';
import { type Effect, step, type TargetEvent } from '../../../src/daemon/machine.ts';
import { countOf, EVERYTHING, heardHere, NOTHING } from '../../../src/daemon/pending.ts';
import { RHYTHM } from '../../../src/daemon/rhythm.ts';
import { dueMs, holdMs, initialState, phaseOf, type TargetState } from '../../../src/daemon/target-state.ts';
import type { RelPath } from '../../../src/sync/path.ts';

const NOW = 1_000_000_000;
const A = 'a.txt' as RelPath;
const B = 'b.txt' as RelPath;
const UNREACHABLE = { code: 'STORE_UNREACHABLE', message: 'no answer' };
const DENIED = { code: 'STORE_DENIED', message: 'no', hint: 'log in' };
const GONE = { code: 'FOLDER_MISSING', message: 'gone' };
const FULL = { code: 'LOCAL_DISK_FULL', message: 'full' };

const moment = (nowMs = NOW) => ({ nowMs, chance: 0.5, rhythm: RHYTHM });

const idle: TargetState = {
  ...initialState(NOW),
  pending: NOTHING,
  nextFullMs: NOW + RHYTHM.fullEveryMs,
  nextWalkMs: NOW + RHYTHM.walkEveryMs,
  lastSyncMs: NOW,
};
const dirty: TargetState = { ...idle, pending: heardHere([A]), work: { kind: 'queued' } };
const syncing: TargetState = {
  ...idle,
  work: { kind: 'running', job: { kind: 'look', scope: heardHere([A]) } },
};
const trouble = (failure: typeof DENIED | typeof GONE, offline: boolean) => ({
  failure,
  offline,
  attempts: 3,
  nextTryMs: NOW + 8000,
});
const backoff: TargetState = { ...idle, pending: heardHere([A]), trouble: trouble(DENIED, false) };
const offline: TargetState = { ...idle, pending: heardHere([A]), trouble: trouble(UNREACHABLE, true) };
const paused: TargetState = { ...idle, paused: true };
const halted: TargetState = {
  ...idle,
  pending: heardHere([A]),
  halt: { planId: 'p1', checkedMs: NOW - 5000, nextTryMs: NOW + RHYTHM.recheckHaltMs },
};
const STATES = { idle, dirty, syncing, backoff, paused, halted, offline };

const request = (whole: boolean): TargetEvent => ({ kind: 'sync-requested', request: { id: 1, whole } });
const EVENTS = {
  'heard-here': { kind: 'heard-here', paths: [B] },
  'heard-there': { kind: 'heard-there', paths: [B] },
  'walk-needed': { kind: 'walk-needed' },
  'full-look-needed': { kind: 'full-look-needed' },
  woke: { kind: 'woke' },
  'sync-requested': request(true),
  pause: { kind: 'pause' },
  resume: { kind: 'resume' },
  'store lost': { kind: 'lost', failure: UNREACHABLE },
  'folder gone': { kind: 'lost', failure: GONE },
  'store-back': { kind: 'store-back' },
  tick: { kind: 'tick' },
} as const satisfies Record<string, TargetEvent>;

type Row = readonly [TargetPhase, ...string[]];

/** The phase afterwards, and the effects. Events of a cycle happen only while it runs: below. */
const TABLE: Readonly<Record<keyof typeof EVENTS, Readonly<Record<keyof typeof STATES, Row>>>> = {
  'heard-here': {
    idle: ['dirty', 'ask-slot'],
    dirty: ['dirty'],
    syncing: ['syncing'],
    backoff: ['backoff'],
    paused: ['paused'],
    halted: ['halted'],
    offline: ['offline'],
  },
  'heard-there': {
    idle: ['dirty', 'ask-slot'],
    dirty: ['dirty'],
    syncing: ['syncing'],
    backoff: ['backoff'],
    paused: ['paused'],
    halted: ['halted'],
    offline: ['offline'],
  },
  'walk-needed': {
    idle: ['dirty', 'ask-slot'],
    dirty: ['dirty'],
    syncing: ['syncing'],
    backoff: ['backoff'],
    paused: ['paused'],
    halted: ['halted'],
    offline: ['offline'],
  },
  'full-look-needed': {
    idle: ['dirty', 'ask-slot'],
    dirty: ['dirty'],
    syncing: ['syncing'],
    backoff: ['backoff'],
    paused: ['paused'],
    halted: ['halted'],
    offline: ['offline'],
  },
  woke: {
    idle: ['dirty', 'poll', 'ask-slot'],
    dirty: ['dirty', 'poll'],
    syncing: ['syncing', 'poll'],
    backoff: ['backoff', 'poll', 'ask-slot'],
    paused: ['paused', 'poll'],
    halted: ['halted', 'poll', 'ask-slot'],
    offline: ['offline', 'poll', 'ask-slot'],
  },
  'sync-requested': {
    idle: ['dirty', 'ask-slot'],
    dirty: ['dirty'],
    syncing: ['syncing'],
    backoff: ['backoff', 'ask-slot'],
    paused: ['paused', 'ask-slot'],
    halted: ['halted', 'ask-slot'],
    offline: ['offline', 'ask-slot'],
  },
  pause: {
    idle: ['paused'],
    dirty: ['paused'],
    syncing: ['syncing', 'interrupt'],
    backoff: ['paused'],
    paused: ['paused'],
    halted: ['paused'],
    offline: ['paused'],
  },
  resume: {
    idle: ['idle', 'poll'],
    dirty: ['dirty', 'poll'],
    syncing: ['syncing', 'poll'],
    backoff: ['backoff', 'poll', 'ask-slot'],
    paused: ['idle', 'poll'],
    halted: ['halted', 'poll', 'ask-slot'],
    offline: ['offline', 'poll', 'ask-slot'],
  },
  'store lost': {
    idle: ['offline', 'trouble-began'],
    dirty: ['offline', 'trouble-began'],
    syncing: ['syncing'],
    backoff: ['backoff'],
    paused: ['paused', 'trouble-began'],
    halted: ['offline', 'trouble-began'],
    offline: ['offline'],
  },
  'folder gone': {
    idle: ['offline', 'trouble-began'],
    dirty: ['offline', 'trouble-began'],
    syncing: ['syncing'],
    backoff: ['backoff'],
    paused: ['paused', 'trouble-began'],
    halted: ['offline', 'trouble-began'],
    offline: ['offline'],
  },
  'store-back': {
    idle: ['idle'],
    dirty: ['dirty'],
    syncing: ['syncing'],
    backoff: ['backoff'],
    paused: ['paused'],
    halted: ['halted'],
    offline: ['offline', 'ask-slot'],
  },
  tick: {
    idle: ['idle'],
    dirty: ['dirty'],
    syncing: ['syncing'],
    backoff: ['backoff'],
    paused: ['paused'],
    halted: ['halted'],
    offline: ['offline'],
  },
};

describe('every state and event', () => {
  for (const [name, row] of Object.entries(TABLE)) {
    for (const [phase, [next, ...effects]] of Object.entries(row)) {
      it(`${phase}, ${name}: ${[next, ...effects].join(', ')}`, () => {
        const before = STATES[phase as keyof typeof STATES];
        expect(phaseOf(before)).toBe(phase);
        const after = step(before, EVENTS[name as keyof typeof EVENTS], moment());
        expect(phaseOf(after.state)).toBe(next);
        expect(named(after.effects)).toEqual(effects);
      });
    }
  }

  it('never forgets what was pending, whatever happens but a cycle', () => {
    for (const before of Object.values(STATES))
      for (const event of Object.values(EVENTS)) {
        const { pending } = step(before, event, moment()).state;
        const kept =
          pending.breadth !== 'paths' || [...before.pending.local].every((p) => pending.local.has(p));
        expect(kept, `${phaseOf(before)}, ${event.kind}`).toBe(true);
      }
  });

  it('always knows when to go on, unless something runs or it is paused', () => {
    for (const before of Object.values(STATES))
      for (const event of Object.values(EVENTS)) {
        const { state } = step(before, event, moment());
        const waits = state.work.kind === 'none' && !state.paused;
        const due = dueMs(state);
        expect(due !== undefined && due > NOW, `${phaseOf(before)}, ${event.kind}`).toBe(waits);
      }
  });
});

describe('a cycle', () => {
  it('takes all that is pending, and keeps what is heard meanwhile for the next', () => {
    const begun = step(dirty, { kind: 'slot-given' }, moment());
    expect(begun.effects).toEqual([{ kind: 'run', job: { kind: 'look', scope: heardHere([A]) } }]);
    const heard = step(begun.state, { kind: 'heard-here', paths: [B] }, moment());
    const ended = step(heard.state, { kind: 'cycle-synced', again: [] }, moment());
    expect(ended.state.pending).toEqual(heardHere([B]));
    expect(named(ended.effects)).toEqual(['ask-slot']);
  });

  it('that fails gives back what it had, and is tried again later and later, up to a bound', () => {
    let state: TargetState = { ...syncing, nextWalkMs: NOW + 1e9, nextFullMs: NOW + 1e9 };
    const delays: number[] = [];
    let now = NOW;
    for (let attempt = 1; attempt <= 12; attempt++) {
      state = step(state, { kind: 'cycle-failed', failure: DENIED }, moment(now)).state;
      expect(state.pending).toEqual(heardHere([A]));
      const due = dueMs(state) ?? 0;
      delays.push(due - now);
      now = due;
      state = step(state, { kind: 'tick' }, moment(now)).state;
      state = step(state, { kind: 'slot-given' }, moment(now)).state;
      expect(phaseOf(state)).toBe('syncing');
    }
    expect(delays.slice(0, 4)).toEqual([2000, 4000, 8000, 16_000]);
    expect(delays.at(-1)).toBe(RHYTHM.maxRetryMs);
  });

  it('spreads the delays by chance, by a quarter both ways', () => {
    const delay = (chance: number) => {
      const { state } = step(syncing, { kind: 'cycle-failed', failure: DENIED }, { ...moment(), chance });
      return (dueMs(state) ?? 0) - NOW;
    };
    expect([delay(0), delay(1)]).toEqual([1500, 2500]);
  });

  it('that succeeds ends trouble, tells so once, and starts from the first delay the next time', () => {
    const failed = step(syncing, { kind: 'cycle-failed', failure: UNREACHABLE }, moment());
    expect(named(failed.effects)).toEqual(['trouble-began']);
    const again = step(running(failed.state), { kind: 'cycle-failed', failure: UNREACHABLE }, moment());
    expect(named(again.effects)).toEqual([]);
    const well = step(running(again.state), { kind: 'cycle-synced', again: [] }, moment());
    expect(named(well.effects)).toEqual(['trouble-ended', 'poll']);
    expect(phaseOf(well.state)).toBe('idle');
    const anew = step(
      running({ ...well.state, pending: heardHere([A]) }),
      { kind: 'cycle-failed', failure: UNREACHABLE },
      moment(),
    );
    expect(anew.state.trouble?.attempts).toBe(1);
  });

  it('that meets other trouble than before tells of it, and not that all is well', () => {
    const { state, effects } = step(running(offline), { kind: 'cycle-failed', failure: DENIED }, moment());
    expect(named(effects)).toEqual(['trouble-began']);
    expect(state.trouble).toMatchObject({ failure: DENIED, attempts: 1 });
  });

  it('that finds the folder gone looks at everything when it is back, and looks often whether it is', () => {
    let state = syncing;
    let now = NOW;
    for (let attempt = 0; attempt < 10; attempt++) {
      state = step(state, { kind: 'cycle-failed', failure: GONE }, moment(now)).state;
      now = dueMs(state) ?? 0;
      state = running(step(state, { kind: 'tick' }, moment(now)).state);
    }
    const failed = step(state, { kind: 'cycle-failed', failure: GONE }, moment(now));
    expect((dueMs(failed.state) ?? 0) - now).toBe(15_000);
    expect(failed.state.pending).toEqual(EVERYTHING);
    expect(phaseOf(failed.state)).toBe('offline');
  });

  it('with a full disk did what it could: the rest is tried again, and it is told', () => {
    const event: TargetEvent = { kind: 'cycle-synced', again: [B], hindrance: FULL };
    const after = step(syncing, event, moment());
    expect(phaseOf(after.state)).toBe('offline');
    expect(countOf(after.state.pending)).toBe(1);
    expect(named(after.effects)).toEqual(['trouble-began']);
    const again = step(running(after.state), event, moment());
    expect(named(again.effects)).toEqual([]);
    const well = step(running(again.state), { kind: 'cycle-synced', again: [] }, moment());
    expect(named(well.effects)).toEqual(['trouble-ended', 'poll']);
  });

  it('with problems retries those paths soon, on both sides, and less and less often', () => {
    const delays = retried(syncing, { kind: 'cycle-synced', again: [B] }, 10);
    expect(delays.slice(0, 4)).toEqual([5000, 10_000, 20_000, 40_000]);
    expect(delays.at(-1)).toBe(RHYTHM.maxRetryPathsMs);
  });

  it('with problems that stay until somebody acts retries those slowly, down to once an hour', () => {
    const delays = retried(syncing, { kind: 'cycle-synced', again: [], stuck: [B] }, 10);
    expect(delays.slice(0, 3)).toEqual([300_000, 600_000, 1_200_000]);
    expect(delays.at(-1)).toBe(RHYTHM.maxRetryStuckMs);
  });

  it('that finds no problem any more forgets the delays', () => {
    const failed = step(syncing, { kind: 'cycle-synced', again: [B] }, moment()).state;
    const tried = running(step(failed, { kind: 'tick' }, moment(NOW + 5000)).state);
    const well = step(tried, { kind: 'cycle-synced', again: [] }, moment()).state;
    expect(well.retries.size).toBe(0);
    const anew = step(
      running({ ...well, pending: heardHere([B]) }),
      { kind: 'cycle-synced', again: [B] },
      moment(),
    );
    expect((dueMs(anew.state) ?? 0) - NOW).toBe(5000);
  });

  it('with a problem that fails as a whole keeps the delay where it was', () => {
    const first = step(syncing, { kind: 'cycle-synced', again: [B] }, moment()).state;
    const tried = running(step(first, { kind: 'tick' }, moment(NOW + 5000)).state);
    const failed = step(tried, { kind: 'cycle-failed', failure: UNREACHABLE }, moment()).state;
    expect([...failed.pending.remote]).toEqual([B]);
    const second = step(running(failed), { kind: 'cycle-synced', again: [B] }, moment()).state;
    expect(second.retries.get(B)?.attempts).toBe(2);
  });

  it('looks on waking at all that had problems, and begins anew with the delays', () => {
    const waits = step(syncing, { kind: 'cycle-synced', again: [A], stuck: [B] }, moment()).state;
    const woken = step(waits, { kind: 'woke' }, moment()).state;
    expect([...woken.pending.remote]).toEqual([A, B]);
    expect([...woken.retries.values()]).toEqual([
      { attempts: 0, atMs: undefined },
      { attempts: 0, atMs: undefined },
    ]);
  });

  it('looks at all that had problems when the store answers again', () => {
    const waits = step(syncing, { kind: 'cycle-synced', again: [B] }, moment()).state;
    const lost = step(waits, { kind: 'lost', failure: UNREACHABLE }, moment()).state;
    const back = step(lost, { kind: 'store-back' }, moment());
    expect([...back.state.pending.remote]).toEqual([B]);
    expect(named(back.effects)).toEqual(['ask-slot']);
  });

  it('looks on both sides at a path with a problem that others changed', () => {
    const waits = step(syncing, { kind: 'cycle-synced', again: [], stuck: [B] }, moment()).state;
    const { pending, retries } = step(waits, { kind: 'heard-there', paths: [B] }, moment()).state;
    expect([...pending.local, ...pending.remote]).toEqual([B, B]);
    expect(retries.get(B)?.attempts).toBe(0);
  });

  it('tries a path with a problem that changed here sooner, but not at every sound that a try makes', () => {
    let state: TargetState = syncing;
    const delays: number[] = [];
    let now = NOW;
    for (let attempt = 1; attempt <= 10; attempt++) {
      state = step(state, { kind: 'cycle-synced', again: [], stuck: [B] }, moment(now)).state;
      state = step(state, { kind: 'heard-here', paths: [B] }, moment(now)).state;
      state = step(running(state, now), { kind: 'cycle-synced', again: [] }, moment(now)).state;
      const due = dueMs(state) ?? 0;
      delays.push(due - now);
      now = due;
      state = running(step(untouched(state), { kind: 'tick' }, moment(now)).state, now);
    }
    expect(delays.slice(0, 3)).toEqual([5000, 10_000, 20_000]);
    expect(delays.at(-1)).toBe(RHYTHM.maxRetryPathsMs);
  });

  it('that was interrupted is neither a success nor trouble', () => {
    const { state, effects } = step(syncing, { kind: 'cycle-interrupted' }, moment());
    expect(state.pending).toEqual(heardHere([A]));
    expect(named(effects)).toEqual(['ask-slot']);
    expect(state.trouble).toBeUndefined();
  });

  it('of everything, that was asked for and interrupted, is followed by a look at everything', () => {
    const whole = step(step(idle, request(true), moment()).state, { kind: 'slot-given' }, moment()).state;
    expect(step(whole, { kind: 'cycle-interrupted' }, moment()).state.pending).toEqual(EVERYTHING);
    const part = step(step(idle, request(false), moment()).state, { kind: 'slot-given' }, moment()).state;
    expect(step(part, { kind: 'cycle-interrupted' }, moment()).state.pending).toEqual(NOTHING);
  });

  it('during which the folder went away and came back is followed by one that opens it anew', () => {
    const gone = step(syncing, { kind: 'lost', failure: GONE }, moment());
    expect(named(gone.effects)).toEqual([]);
    const ended = step(gone.state, { kind: 'cycle-synced', again: [] }, moment());
    expect(ended.state.pending).toEqual(EVERYTHING);
    expect(named(ended.effects)).toEqual(['ask-slot']);
  });

  it('gives its slot back when nothing may be done any more', () => {
    const pausedNow = step(dirty, { kind: 'pause' }, moment()).state;
    const after = step(pausedNow, { kind: 'slot-given' }, moment());
    expect(named(after.effects)).toEqual(['return-slot']);
    expect(phaseOf(after.state)).toBe('paused');
  });

  it('that ended without having begun is a bug', () => {
    expect(() => step(idle, { kind: 'cycle-synced', again: [] }, moment())).toThrow('not begun');
  });
});

describe('a halt', () => {
  const halt = (state: TargetState, planId: string) =>
    step(state, { kind: 'cycle-halted', planId }, moment());

  it('is told once for a plan, and keeps what it looked at', () => {
    const first = halt(syncing, 'p1');
    expect(named(first.effects)).toEqual(['halt-began']);
    expect(phaseOf(first.state)).toBe('halted');
    expect(first.state.pending).toEqual(heardHere([A]));
    expect(named(halt(running(first.state), 'p1').effects)).toEqual([]);
    expect(named(halt(running(first.state), 'p2').effects)).toEqual(['halt-began']);
  });

  it('is looked at again at a slow rate, and sooner when something changed', () => {
    const { state } = halt(syncing, 'p1');
    expect((dueMs(state) ?? 0) - NOW).toBe(RHYTHM.recheckHaltMs);
    const heard = step(state, { kind: 'heard-here', paths: [B] }, moment(NOW + 1000)).state;
    expect((dueMs(heard) ?? 0) - NOW).toBe(RHYTHM.recheckChangedHaltMs);
  });

  it('is not forgotten over a network cut', () => {
    const cut = step(running(halted), { kind: 'cycle-failed', failure: UNREACHABLE }, moment());
    expect(phaseOf(cut.state)).toBe('offline');
    const back = step(running(cut.state), { kind: 'cycle-halted', planId: 'p1' }, moment());
    expect(named(back.effects)).toEqual(['trouble-ended', 'poll']);
    expect(phaseOf(back.state)).toBe('halted');
  });

  it('ends with a cycle that succeeds', () => {
    const well = step(running(halted), { kind: 'cycle-synced', again: [] }, moment());
    expect(named(well.effects)).toEqual(['halt-ended']);
    expect(phaseOf(well.state)).toBe('idle');
  });

  it('ends with a whole sync that was asked for (an approval), not with a part', () => {
    const whole = asked(halted, true);
    expect(named(step(whole, { kind: 'cycle-synced', again: [] }, moment()).effects)).toEqual(['halt-ended']);
    const part = step(asked(halted, false), { kind: 'cycle-synced', again: [] }, moment());
    expect(phaseOf(part.state)).toBe('halted');
    expect(part.effects).toEqual([]);
  });
});

describe('a sync that was asked for', () => {
  it('runs while paused, and leaves it paused', () => {
    const running = asked(paused, true);
    expect(phaseOf(running)).toBe('syncing');
    expect(phaseOf(step(running, { kind: 'cycle-synced', again: [] }, moment()).state)).toBe('paused');
  });

  it('goes before what is pending; a part of the target leaves that pending', () => {
    const part = asked(offline, false);
    expect(part.pending).toEqual(heardHere([A]));
    const whole = asked(offline, true);
    expect(whole.pending).toEqual(NOTHING);
  });

  it('of the whole counts as the hourly look', () => {
    const { state } = step(asked(idle, true), { kind: 'cycle-synced', again: [] }, moment(NOW + 5000));
    expect(state.nextFullMs).toBe(NOW + 5000 + RHYTHM.fullEveryMs);
  });

  it('that fails in a part puts nothing off', () => {
    const after = step(asked(idle, false), { kind: 'cycle-failed', failure: DENIED }, moment());
    expect(phaseOf(after.state)).toBe('idle');
  });

  it('that fails as a whole is tried again by the daemon', () => {
    const after = step(asked(idle, true), { kind: 'cycle-failed', failure: UNREACHABLE }, moment());
    expect(phaseOf(after.state)).toBe('offline');
    expect(after.state.pending).toEqual(EVERYTHING);
  });
});

describe('by the clock', () => {
  it('looks at everything at start and hourly, and walks every ten minutes', () => {
    expect(named(step(initialState(NOW), { kind: 'tick' }, moment()).effects)).toEqual(['ask-slot']);
    expect((dueMs(idle) ?? 0) - NOW).toBe(RHYTHM.walkEveryMs);
    const walk = step(idle, { kind: 'tick' }, moment(NOW + RHYTHM.walkEveryMs)).state;
    expect(walk.pending.breadth).toBe('walk');
    const full = step(idle, { kind: 'tick' }, moment(NOW + RHYTHM.fullEveryMs)).state;
    expect(full.pending).toEqual(EVERYTHING);
  });

  it('polls for the end of trouble when nothing else waits for it', () => {
    const { state } = step(idle, { kind: 'lost', failure: UNREACHABLE }, moment());
    const due = dueMs(state) ?? 0;
    expect(due - NOW).toBe(2000);
    const polled = step(state, { kind: 'tick' }, moment(due));
    expect(named(polled.effects)).toEqual(['poll']);
    expect((dueMs(polled.state) ?? 0) - due).toBe(4000);
    const back = step(polled.state, { kind: 'store-back' }, moment(due));
    expect(named(back.effects)).toEqual(['trouble-ended', 'poll']);
    expect(phaseOf(back.state)).toBe('idle');
  });

  it('looks at everything rather than at thousands of single paths', () => {
    const paths = Array.from({ length: 2001 }, (_, i) => `f${i}` as RelPath);
    expect(step(idle, { kind: 'heard-here', paths }, moment()).state.pending).toEqual(EVERYTHING);
  });
});

/** The state with what is pending under way. */
function running(state: TargetState, nowMs = NOW): TargetState {
  const queued: TargetState = { ...state, work: { kind: 'queued' } };
  return step(queued, { kind: 'slot-given' }, moment(Math.max(nowMs, holdMs(state)))).state;
}

/** Walks and listings are far away. */
function untouched(state: TargetState): TargetState {
  return { ...state, nextWalkMs: NOW + 1e9, nextFullMs: NOW + 1e9 };
}

/** From each cycle that ends so to the next look at B. */
function retried(start: TargetState, ended: TargetEvent, attempts: number): readonly number[] {
  let state = start;
  let now = NOW;
  return Array.from({ length: attempts }, () => {
    state = untouched(step(state, ended, moment(now)).state);
    expect(phaseOf(state)).toBe('idle');
    const due = dueMs(state) ?? 0;
    const waited = due - now;
    now = due;
    state = step(state, { kind: 'tick' }, moment(now)).state;
    expect([...state.pending.local, ...state.pending.remote]).toEqual([B, B]);
    state = running(state, now);
    return waited;
  });
}

function asked(state: TargetState, whole: boolean): TargetState {
  return step(step(state, request(whole), moment()).state, { kind: 'slot-given' }, moment()).state;
}

function named(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) => (effect.kind === 'tell' ? effect.news.kind : effect.kind));
}
