import type { CycleDeps, CycleOptions } from '../../src/engine/cycle.ts';
import type { SyncEvent } from '../../src/engine/events.ts';
import { createSession } from '../../src/engine/open-target.ts';
import type { Base } from '../../src/engine/ports/base.ts';
import type { Session } from '../../src/engine/session.ts';
import type { OpenedBase } from '../../src/engine/state/base.ts';
import { createTally } from '../../src/engine/tally.ts';
import { type OperationRoom, operationRoom } from './operation-room.ts';

/** As long as a client id is: the remote log takes no other name for one. */
export const ME = 'e'.repeat(16);

/** One cycle's session over an operation's room, for what surrounds its passes. */
export interface SessionRoom {
  readonly here: OperationRoom;
  readonly events: SyncEvent[];
  /** What was awaited and done, in order: `store is ours`, and what a test adds. */
  readonly steps: string[];
  readonly told: () => readonly string[];
  session(changes?: {
    readonly options?: Partial<CycleOptions>;
    readonly deps?: Partial<CycleDeps>;
    readonly base?: Base;
  }): Session;
}

export async function sessionRoom(): Promise<SessionRoom> {
  const here = await operationRoom();
  const events: SyncEvent[] = [];
  const steps: string[] = [];
  const { capabilities } = here.context();
  return {
    here,
    events,
    steps,
    told: () =>
      events.map((event) => {
        if (event.kind === 'notice') return `${event.code} ${event.path ?? '-'}: ${event.message}`;
        return event.kind === 'problem' ? `${event.problem.code} ${event.problem.path}` : event.kind;
      }),
    session: ({ options = {}, deps = {}, base = here.base } = {}) => {
      const target = { id: 'target', name: 'docs', folder: '/docs', url: here.store.url };
      const { folder, runtime, store } = here;
      const opened = {
        clientId: ME,
        base: base as OpenedBase,
        deps: {
          ...{ target: { ...target, clientId: ME, capabilities }, store, folder, runtime },
          emit: (event: SyncEvent) => void events.push(event),
          ...deps,
        },
      };
      return createSession(opened, { mode: 'sync', ...options }, createTally(), async () => {
        steps.push('store is ours');
      });
    },
  };
}
