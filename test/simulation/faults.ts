/** Everything that a run may be made to suffer. A run draws a part of them, so that rare pairs meet undisturbed. */
export const FAULTS = [
  'edit-inside',
  'crash',
  'power-loss',
  'crash-inside',
  'power-loss-inside',
  'io-error',
  'disk-full',
  'unreadable',
  'refused',
  'unreachable',
  'denied',
  'lost-response',
  'late-request',
  'repeated-request',
  'stale-precondition',
  'truncated-body',
  'corrupt-body',
  'unsorted-listing',
  'lagging-listing',
  'torn-walk',
  'torn-journal',
  'clock-jump',
  'foreign-write',
  'foreign-delete',
  'foreign-stale-metadata',
  'foreign-bad-key',
  'log-lost',
  'log-corrupt',
  'log-forged',
  'index-lost',
  'index-corrupt',
  'index-restored',
  'journal-lost',
  'journal-corrupt',
  'state-restored',
  'state-copied',
  'state-lost',
  'second-process',
  'preview',
  'one-way',
  'chosen-paths',
  'delete-ignored',
  'ignore-rules',
] as const;

/** What a watcher and the bell do to those that listen instead of looking. */
export const LISTENING_FAULTS = [
  'hint-lost',
  'hint-late',
  'hint-twice',
  'hint-false',
  'bell-missed',
] as const;
export type FaultName = (typeof FAULTS)[number] | (typeof LISTENING_FAULTS)[number];

/** What makes a base untrue or forgets an open intent: afterwards a version may be found in the trash only. */
export const STATE_FAULTS: ReadonlySet<FaultName> = new Set([
  'index-lost',
  'index-corrupt',
  'index-restored',
  'journal-lost',
  'journal-corrupt',
  'state-restored',
  'state-copied',
  'state-lost',
]);

export interface FaultBox {
  /** Draws: does this happen here and now? Counts what does. */
  strikes(name: FaultName, oneIn: number): boolean;
  isOn(name: FaultName): boolean;
  /** No more from now on. */
  stop(): void;
  readonly counts: ReadonlyMap<FaultName, number>;
}

export function createFaultBox(random: (bound: number) => number, allowed: readonly FaultName[]): FaultBox {
  const swarm = 2 + random(3);
  const on = new Set(allowed.filter(() => random(swarm) === 0));
  const counts = new Map<FaultName, number>();
  let stopped = false;
  return {
    counts,
    isOn: (name) => !stopped && on.has(name),
    strikes(name, oneIn) {
      if (stopped || !on.has(name) || random(oneIn) !== 0) return false;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return true;
    },
    stop: () => {
      stopped = true;
    },
  };
}
