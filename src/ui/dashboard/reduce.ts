import { scrolled } from '../text/scroll.ts';
import type { DashboardAction, Effect, Step } from './actions.ts';
import { openBrowser, reduceBrowser, refreshed } from './reduce-browser.ts';
import { reduceTarget } from './reduce-target.ts';
import type { DashboardState, TargetView } from './state.ts';

export interface KnownTarget {
  readonly name: string;
  readonly folder: string;
  readonly url: string;
}

export function startDashboard(targets: readonly KnownTarget[]): DashboardState {
  return {
    source: 'connecting',
    targets: targets.map(
      ({ name, folder, url }): TargetView => ({
        // Names are unique; two folders of one machine may have one target.
        id: name,
        name,
        folder,
        url,
        activity: 'unknown',
        status: undefined,
        lastSyncMs: undefined,
        pending: 0,
        conflicts: 0,
        problems: 0,
        trouble: undefined,
        progress: undefined,
        throughput: Array.from({ length: 60 }, () => 0),
      }),
    ),
    cursor: 0,
    browser: undefined,
    notice: undefined,
    help: false,
  };
}

/** The whole dashboard, pure: what is shown, and what is to be done. */
export function reduceDashboard(state: DashboardState, action: DashboardAction): Step<DashboardState> {
  const stay = (next: DashboardState): Step<DashboardState> => ({ state: next, effects: [] });
  switch (action.kind) {
    case 'help':
      return stay({ ...state, help: action.isOpen });
    case 'notice':
      return stay({ ...state, notice: action.notice });
    case 'source':
      return stay({ ...state, source: action.source });
    case 'live':
    case 'started':
    case 'event':
    case 'ended':
    case 'tick':
      return found(state, action);
    case 'files':
    case 'versions-read':
    case 'diff-read':
      return stay(read(state, action));
    default:
      return pressed(state, action);
  }
}

type Found = Parameters<typeof reduceTarget>[1];

function found(state: DashboardState, action: Found): Step<DashboardState> {
  const id = action.kind === 'tick' ? undefined : action.kind === 'live' ? action.target.id : action.targetId;
  const targets = state.targets.map((target) =>
    id === undefined || target.id === id ? reduceTarget(target, action) : target,
  );
  const changed = targets.some((target, i) => target !== state.targets[i]);
  if (!changed) return { state, effects: [] };
  const next = { ...state, targets };
  const { browser } = state;
  if (browser === undefined || browser.targetId !== id || !isNews(action))
    return { state: next, effects: [] };
  const effects: readonly Effect[] = changedFiles(action)
    ? [{ kind: 'read-files', targetId: browser.targetId }]
    : [];
  return { state: { ...next, browser: refreshed(browser, next) }, effects };
}

/** Marks follow a whole plan, not each of its steps: a folder may hold a hundred thousand files. */
function isNews(action: Found): boolean {
  if (action.kind === 'event') return ['planned', 'cycle-finished'].includes(action.event.kind);
  return action.kind === 'ended';
}

function changedFiles(action: Found): boolean {
  if (action.kind !== 'event' || action.event.kind !== 'cycle-finished' || action.event.dryRun) return false;
  const { uploaded, downloaded, deletedLocal, deletedRemote, renamed, keptBoth } = action.event.summary;
  return uploaded + downloaded + deletedLocal + deletedRemote + renamed + keptBoth > 0;
}

type Read = Extract<DashboardAction, { readonly kind: 'files' | 'versions-read' | 'diff-read' }>;

function read(state: DashboardState, action: Read): DashboardState {
  const { browser } = state;
  if (browser === undefined) return state;
  if (action.kind === 'files') {
    if (browser.targetId !== action.targetId) return state;
    const { tracked, ignored } = action;
    return { ...state, browser: refreshed({ ...browser, tracked, ignored }, state) };
  }
  const { panel } = browser;
  if (panel === undefined) return state;
  if (action.kind === 'diff-read')
    return panel.diff === undefined
      ? state
      : { ...state, browser: { ...browser, panel: { ...panel, diff: action.diff } } };
  if (panel.path !== action.path) return state;
  const cursor = Math.max(0, Math.min(panel.cursor, action.versions.length - 1));
  return { ...state, browser: { ...browser, panel: { ...panel, versions: action.versions, cursor } } };
}

function pressed(before: DashboardState, action: DashboardAction): Step<DashboardState> {
  // A word about the last thing goes with the next key.
  const state = { ...before, notice: undefined };
  const { browser, targets } = state;
  if (browser !== undefined) {
    const step = reduceBrowser(browser, action);
    return { state: { ...state, browser: step.state }, effects: step.effects };
  }
  const target = targets[state.cursor];
  const stay: Step<DashboardState> = { state, effects: [] };
  switch (action.kind) {
    case 'move':
      return {
        state: {
          ...state,
          cursor: scrolled(state.cursor, action.scroll, action.page, Math.max(0, targets.length - 1)),
        },
        effects: [],
      };
    case 'back':
      return { state, effects: [{ kind: 'quit' }] };
    case 'open':
      if (target === undefined) return stay;
      return {
        state: { ...state, browser: openBrowser(target.id) },
        effects: [
          { kind: 'read-files', targetId: target.id },
          ...(needsLook(target) ? [{ kind: 'look', targetId: target.id } as const] : []),
        ],
      };
    case 'sync':
      if (target === undefined || target.activity === 'syncing') return stay;
      return { state, effects: [{ kind: 'sync', targetId: target.id }] };
    case 'refresh':
      return { state, effects: targets.map(({ id }) => ({ kind: 'look', targetId: id })) };
    case 'pause':
      if (target === undefined) return stay;
      if (state.source !== 'live')
        return {
          state: { ...state, notice: { tone: 'dim', text: 'Only a daemon can be paused; none runs.' } },
          effects: [],
        };
      return {
        state,
        effects: [{ kind: 'pause', targetId: target.id, paused: target.activity !== 'paused' }],
      };
    default:
      return stay;
  }
}

/** A daemon tells states, not paths. */
function needsLook({ activity, status }: TargetView): boolean {
  return activity !== 'looking' && activity !== 'syncing' && (status === undefined || activity !== 'seen');
}
