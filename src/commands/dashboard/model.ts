import type { DashboardAction, Effect } from '../../ui/dashboard/actions.ts';
import type { DashboardModel } from '../../ui/dashboard/Dashboard.tsx';
import { reduceDashboard } from '../../ui/dashboard/reduce.ts';
import type { DashboardState } from '../../ui/dashboard/state.ts';

// A sync tells something for every part of every file: that often nobody is told.
const QUIET_MS = 80;

/** Keeps the state; hands effects on. What events change is shown a little later, what keys change at once. */
export function createModel(
  start: DashboardState,
  run: (effect: Effect, state: DashboardState) => void,
): DashboardModel & { close(): void } {
  const listeners = new Set<() => void>();
  let state = start;
  let shown = start;
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (shown === state) return;
    shown = state;
    for (const listener of [...listeners]) listener();
  };
  return {
    get: () => shown,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispatch: (action: DashboardAction) => {
      const step = reduceDashboard(state, action);
      state = step.state;
      if (action.kind === 'event' || action.kind === 'live') timer ??= setTimeout(tell, QUIET_MS);
      else tell();
      for (const effect of step.effects) run(effect, state);
    },
    close: () => clearTimeout(timer),
  };
}
