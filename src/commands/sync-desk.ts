import type { Emit, SyncEvent } from '../engine/events.ts';
import { createSyncModel } from '../ui/screens/sync/sync-model.ts';
import type { TerminalHost } from '../ui/terminal.ts';
import type { Context } from './context.ts';
import type { OpenTarget } from './open-target.ts';

/** The screens of a sync: what goes on, under the lines that are done, and the questions in between. */
export interface SyncDesk {
  /** Resolves once the live screen is there. Ink has to be loaded anyway: sooner, a person sees it sooner. */
  open(): Promise<void>;
  /** @param open - undefined where the daemon runs the cycle: its requests are told by `requestsMade` */
  emit(open: OpenTarget | undefined): Emit;
  /** How many requests a daemon has made for the cycle that it runs. */
  requestsMade(count: number): void;
  /** Asks about the plan that halted last. @returns its id, if it shall be carried out */
  approve(): Promise<string | undefined>;
  /** Takes the live screen away while `work` has the terminal. */
  aside<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Ink is loaded when the first screen is drawn; the first word is out by then (`cli.ts`). */
export function createSyncDesk(context: Context, terminal: TerminalHost): SyncDesk {
  const { out } = context;
  const model = createSyncModel(terminal.nowMs, terminal.signal);
  let isWanted = false;
  let told = 0;
  let halted: Extract<SyncEvent, { readonly kind: 'guard-halted' }> | undefined;
  let live: Promise<{ end(): Promise<void> } | undefined> | undefined;

  const start = async (): Promise<{ end(): Promise<void> } | undefined> => {
    const { startLiveSync } = await import('../ui/screens/sync/live.ts');
    if (!isWanted || terminal.signal.aborted) return undefined;
    out.divert(model.say);
    return startLiveSync(terminal, model);
  };
  const up = (): void => {
    isWanted = true;
    live ??= start();
  };
  const down = async (): Promise<void> => {
    isWanted = false;
    const shown = await live;
    live = undefined;
    try {
      await shown?.end();
    } finally {
      out.divert(undefined);
      terminal.stdout.write(model.takeLines());
    }
  };
  const aside: SyncDesk['aside'] = async (work) => {
    await down();
    return work();
  };
  return {
    open: async () => {
      up();
      await live;
    },
    emit: (open) => {
      told = 0;
      model.countRequests(() => (open === undefined ? told : requestsOf(open.store.requests)));
      return (event) => {
        out.emit(event);
        model.emit(event);
        if (event.kind === 'cycle-started') halted = undefined;
        if (event.kind === 'guard-halted') halted = event;
        // Between two questions there is nothing to see.
        if (event.kind !== 'conflict') up();
      };
    },
    requestsMade: (count) => {
      told = count;
    },
    approve: async () => {
      const plan = halted;
      if (plan === undefined) return undefined;
      return aside(async () => {
        const { askApproval } = await import('../ui/screens/guard/ask-approval.ts');
        if (!(await askApproval(terminal, plan))) return undefined;
        out.say('Approved: the plan is carried out.', { tone: 'strong' });
        return plan.planId;
      });
    },
    aside,
    close: down,
  };
}

function requestsOf(requests: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of requests.values()) sum += count;
  return sum;
}
