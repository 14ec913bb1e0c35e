import { createHash } from 'node:crypto';

/** Whoever waits: a process of a client, or the network, which never dies. */
export interface Actor {
  readonly name: string;
  alive: boolean;
}

export interface ParkOptions {
  /** A request on its way: it may take effect after its sender died. */
  readonly lands?: boolean;
  /** A timer: resuming it moves the clock on to this. */
  readonly dueMs?: number;
}

interface Parked extends ParkOptions {
  actor: Actor;
  readonly label: string;
  readonly notBefore: number;
  readonly resume: () => void;
}

/**
 * Owns every await of a run: whoever would wait for disk, network or clock parks here, and the seed decides who goes
 * on. Nothing else in a run is asynchronous, so the seed decides the whole run.
 */
export interface Scheduler {
  /** World time in milliseconds. */
  readonly nowMs: number;
  readonly steps: number;
  readonly waiting: number;
  /** Nobody is made to wait, time only passes where somebody sleeps. */
  calm: boolean;
  park(actor: Actor, label: string, options?: ParkOptions): Promise<void>;
  /** Resumes one that waits, and lets everything run that then can. False when nobody waits. */
  resumeOne(): Promise<boolean>;
  /** Waits until nothing runs any more but what is parked. */
  quiesce(): Promise<void>;
  /** Drops what a dead actor waits for; requests on their way may stay on it. */
  abandon(actor: Actor, stays: () => boolean): void;
  /** True while a request of somebody dead, or one that was given up, is on its way. */
  isOnItsWay(): boolean;
  advance(ms: number): void;
  say(line: string): void;
  /** SHA-256 of all lines so far. */
  traceHash(): string;
}

const NETWORK: Actor = { name: 'network', alive: true };
const SLOW_STEPS = 120;

export function network(): Actor {
  return NETWORK;
}

export function createScheduler(
  random: (bound: number) => number,
  startMs: number,
  listen: ((line: string) => void) | undefined,
): Scheduler {
  const parked: Parked[] = [];
  const hash = createHash('sha256');
  let nowMs = startMs;
  let steps = 0;
  const say = (line: string): void => {
    hash.update(`${line}\n`);
    listen?.(line);
  };
  const quiesce = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const pass = (): void => {
    const dice = random(16);
    nowMs += dice < 9 ? 0 : dice < 14 ? 1 : dice < 15 ? 40 : 900;
  };
  const pick = (): Parked | undefined => {
    const ready = parked.filter((entry) => entry.notBefore <= steps);
    const among = ready.length > 0 ? ready : parked;
    const chosen = among[random(Math.max(1, among.length))];
    if (chosen !== undefined) parked.splice(parked.indexOf(chosen), 1);
    return chosen;
  };
  const scheduler: Scheduler = {
    calm: false,
    get nowMs() {
      return nowMs;
    },
    get steps() {
      return steps;
    },
    get waiting() {
      return parked.length;
    },
    park(actor, label, options = {}) {
      if (!actor.alive) return new Promise(() => {});
      if (scheduler.calm && actor !== NETWORK) {
        nowMs = Math.max(nowMs, options.dueMs ?? 0);
        return Promise.resolve();
      }
      const slow = random(24) === 0 ? random(SLOW_STEPS) : 0;
      return new Promise((resume) => {
        parked.push({ ...options, actor, label, notBefore: steps + slow, resume });
      });
    },
    async resumeOne() {
      const chosen = pick();
      if (chosen === undefined) return false;
      steps++;
      pass();
      nowMs = Math.max(nowMs, chosen.dueMs ?? 0);
      say(`${nowMs - startMs} ${chosen.actor.name}: ${chosen.label}`);
      chosen.resume();
      await quiesce();
      return true;
    },
    quiesce,
    abandon(actor, stays) {
      for (const entry of parked.filter((each) => each.actor === actor)) {
        if (entry.lands === true && stays()) {
          entry.actor = NETWORK;
          say(`  still on its way: ${entry.label}`);
        } else parked.splice(parked.indexOf(entry), 1);
      }
    },
    isOnItsWay: () => parked.some(({ actor }) => actor === NETWORK),
    advance: (ms) => {
      nowMs += ms;
    },
    say,
    traceHash: () => hash.copy().digest('hex'),
  };
  return scheduler;
}
