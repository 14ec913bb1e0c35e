import { formatTime } from '../../report/format.ts';
import { scrolled } from '../text/scroll.ts';
import type { DashboardAction, Step } from './actions.ts';
import { browserRows, mergeFiles } from './files.ts';
import type { BrowserState, DashboardState, VersionsPanel } from './state.ts';

export function openBrowser(targetId: string): BrowserState {
  return {
    targetId,
    folder: '',
    filter: '',
    typing: false,
    tracked: undefined,
    ignored: [],
    files: [],
    rows: [],
    cursor: 0,
    panel: undefined,
  };
}

/** With what is known of the target by now. */
export function refreshed(browser: BrowserState, { targets }: Pick<DashboardState, 'targets'>): BrowserState {
  if (browser.tracked === undefined) return browser;
  const target = targets.find(({ id }) => id === browser.targetId);
  // A plan that is not there yet knows nothing of the present: the marks of before stay until it is.
  const files = mergeFiles(browser.tracked, browser.ignored, target?.status);
  return withRows({ ...browser, files });
}

function withRows(browser: BrowserState): BrowserState {
  const rows = browserRows(browser.files, browser.folder, browser.filter);
  return { ...browser, rows, cursor: Math.max(0, Math.min(browser.cursor, rows.length - 1)) };
}

/** Keys in an open target. Undefined: it is to be closed. */
export function reduceBrowser(
  browser: BrowserState,
  action: DashboardAction,
): Step<BrowserState | undefined> {
  if (browser.panel !== undefined) return reducePanel(browser, browser.panel, action);
  const stay = (state: BrowserState): Step<BrowserState> => ({ state, effects: [] });
  const row = browser.rows[browser.cursor];
  switch (action.kind) {
    case 'move':
      return stay({
        ...browser,
        cursor: scrolled(browser.cursor, action.scroll, action.page, Math.max(0, browser.rows.length - 1)),
      });
    case 'open':
      if (row?.kind === 'folder') return stay(withRows({ ...browser, folder: row.path, cursor: 0 }));
      return versionsOf(browser);
    case 'versions':
      return versionsOf(browser);
    case 'diff': {
      if (row?.kind !== 'file') return stay(browser);
      const opened = versionsOf(browser);
      const diff = {
        title: `${row.file.path}: - in the store, + here`,
        rows: undefined,
        words: [],
      };
      return {
        state:
          opened.state.panel === undefined
            ? opened.state
            : { ...opened.state, panel: { ...opened.state.panel, diff, isDiffOnly: true } },
        effects: [
          ...opened.effects,
          {
            kind: 'read-diff',
            targetId: browser.targetId,
            path: row.file.path,
            from: undefined,
            to: undefined,
          },
        ],
      };
    }
    case 'back':
      return { state: goUp(browser), effects: [] };
    case 'filter':
      return stay(withRows({ ...browser, filter: action.text, cursor: 0 }));
    case 'typing':
      return stay({ ...browser, typing: action.isOn });
    case 'sync':
      return { state: browser, effects: [{ kind: 'sync', targetId: browser.targetId }] };
    case 'refresh':
      return {
        state: browser,
        effects: [
          { kind: 'read-files', targetId: browser.targetId },
          { kind: 'look', targetId: browser.targetId },
        ],
      };
    default:
      return stay(browser);
  }
}

/** The filter first, then the folder above, then the targets. */
function goUp(browser: BrowserState): BrowserState | undefined {
  if (browser.filter !== '' || browser.typing)
    return withRows({ ...browser, filter: '', typing: false, cursor: 0 });
  if (browser.folder === '') return undefined;
  const left = browser.folder;
  const above = left.slice(0, left.lastIndexOf('/', left.length - 2) + 1);
  const up = withRows({ ...browser, folder: above, cursor: 0 });
  const cursor = up.rows.findIndex((row) => row.kind === 'folder' && row.path === left);
  return { ...up, cursor: Math.max(0, cursor) };
}

function versionsOf(browser: BrowserState): Step<BrowserState> {
  const row = browser.rows[browser.cursor];
  if (row?.kind !== 'file' || row.file.path.endsWith('/')) return { state: browser, effects: [] };
  const { path } = row.file;
  const panel: VersionsPanel = {
    path,
    versions: undefined,
    cursor: 0,
    marked: undefined,
    confirming: false,
    diff: undefined,
    isDiffOnly: false,
  };
  return {
    state: { ...browser, typing: false, panel },
    effects: [{ kind: 'read-versions', targetId: browser.targetId, path }],
  };
}

function reducePanel(
  browser: BrowserState,
  panel: VersionsPanel,
  action: DashboardAction,
): Step<BrowserState> {
  const { targetId } = browser;
  const show = (next: VersionsPanel | undefined): BrowserState => ({ ...browser, panel: next });
  const stay = (next: VersionsPanel | undefined): Step<BrowserState> => ({ state: show(next), effects: [] });
  const versions = panel.versions ?? [];
  const here = versions[panel.cursor];
  switch (action.kind) {
    case 'move':
      // A difference scrolls by itself.
      if (panel.diff !== undefined) return stay(panel);
      return stay({
        ...panel,
        confirming: false,
        cursor: scrolled(panel.cursor, action.scroll, action.page, Math.max(0, versions.length - 1)),
      });
    case 'back':
      if (panel.confirming) return stay({ ...panel, confirming: false });
      return stay(panel.diff === undefined || panel.isDiffOnly ? undefined : { ...panel, diff: undefined });
    case 'mark':
      if (here === undefined) return stay(panel);
      return stay({ ...panel, marked: panel.marked === here.versionId ? undefined : here.versionId });
    case 'open':
    case 'diff': {
      if (here === undefined || panel.diff !== undefined) return stay(panel);
      const [from, to] = orderedPair(panel, here.versionId);
      const title = `${panel.path}: - ${timeOf(panel, from)}, + ${to === undefined ? 'here' : timeOf(panel, to)}`;
      return {
        state: show({ ...panel, diff: { title, rows: undefined, words: [] } }),
        effects: [{ kind: 'read-diff', targetId, path: panel.path, from, to }],
      };
    }
    case 'restore':
      if (here === undefined || here.state.kind === 'deleted') return stay(panel);
      return stay({ ...panel, diff: undefined, confirming: true });
    case 'confirm':
      if (!panel.confirming || here === undefined) return stay(panel);
      return {
        state: show({ ...panel, confirming: false }),
        effects: action.yes
          ? [{ kind: 'restore', targetId, path: panel.path, versionId: here.versionId }]
          : [],
      };
    default:
      return stay(panel);
  }
}

function timeOf({ versions = [] }: VersionsPanel, id: string): string {
  const version = versions.find(({ versionId }) => versionId === id);
  return version === undefined ? id : formatTime(version.modifiedMs);
}

/** The older version first; one alone is compared with the file here. */
function orderedPair(
  { versions = [], marked }: VersionsPanel,
  here: string,
): readonly [string, string | undefined] {
  if (marked === undefined || marked === here) return [here, undefined];
  const at = (id: string): number => versions.findIndex(({ versionId }) => versionId === id);
  return at(marked) > at(here) ? [marked, here] : [here, marked];
}
