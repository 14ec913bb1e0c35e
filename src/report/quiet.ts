import type { SyncEvent } from '../engine/events.ts';
import { jsonLine } from './escape.ts';

/** Of one target, over its cycles. */
interface Heard {
  /** Of the cycle under way, as long as it is not worth a line. */
  readonly held: readonly SyncEvent[];
  readonly isShown: boolean;
  /** What stands and was told: problems, skipped conflicts, notices. */
  readonly told: ReadonlySet<string>;
  readonly planId: string | undefined;
}

export interface QuietState {
  readonly targets: ReadonlyMap<string, Heard>;
}

export interface QuietStep {
  readonly state: QuietState;
  readonly events: readonly SyncEvent[];
}

export const QUIET_START: QuietState = { targets: new Map() };

const NOTHING: Heard = { held: [], isShown: false, told: new Set(), planId: undefined };
// A folder may be full of problems; what is forgotten is told once more.
const MAX_TOLD = 10_000;

/**
 * A daemon runs cycle after cycle, and most find nothing: lets through only those that do something or find something
 * new, each whole. The same problem, skipped conflict, notice or halted plan is told once. Pure.
 */
export function quietStep(state: QuietState, event: SyncEvent): QuietStep {
  const own = state.targets.get(event.target) ?? NOTHING;
  const [next, events] = take(own, event);
  return { state: { targets: new Map(state.targets).set(event.target, next) }, events };
}

type Taken = readonly [Heard, readonly SyncEvent[]];

function take(own: Heard, event: SyncEvent): Taken {
  switch (event.kind) {
    case 'cycle-started':
      return [{ ...own, held: [event], isShown: false }, []];
    case 'scanned':
    case 'planned':
      return own.isShown ? [own, [event]] : [{ ...own, held: [...own.held, event] }, []];
    case 'problem':
      return onceFor(own, event, `${event.problem.path} ${event.problem.code}`);
    case 'notice':
      return onceFor(own, event, `${event.path ?? ''} ${event.code} ${event.message}`);
    case 'conflict':
      return event.choice === 'skip'
        ? onceFor(own, event, `${event.conflict.path} ${jsonLine(event.conflict)}`)
        : shown(own, event);
    case 'guard-halted':
      return event.planId === own.planId ? [own, []] : shown({ ...own, planId: event.planId }, event);
    case 'operation-finished':
      return shown({ ...own, told: without(own.told, event.operation.path) }, event);
    case 'cycle-finished':
      return [{ ...own, planId: undefined, held: [] }, own.isShown ? [event] : []];
    case 'index-flushed':
      return [own, own.isShown ? [event] : []];
    default:
      return shown(own, event);
  }
}

function shown(own: Heard, event: SyncEvent): Taken {
  return [{ ...own, held: [], isShown: true }, [...own.held, event]];
}

function onceFor(own: Heard, event: SyncEvent, what: string): Taken {
  if (own.told.has(what)) return [own, []];
  const told = new Set(own.told.size < MAX_TOLD ? own.told : []).add(what);
  return shown({ ...own, told }, event);
}

/** Something was done there: what is said of it from now on is news. */
function without(told: ReadonlySet<string>, path: string): ReadonlySet<string> {
  const about = [...told].filter((what) => what.startsWith(`${path} `));
  if (about.length === 0) return told;
  const rest = new Set(told);
  for (const what of about) rest.delete(what);
  return rest;
}
