import { Box } from 'ink';
import { type ReactNode, useSyncExternalStore } from 'react';
import { count } from '../../report/format.ts';
import { statusWords } from '../../report/status-view.ts';
import { HelpOverlay, KeyHints } from '../components/KeyHints.tsx';
import { Row, Tone } from '../components/Tone.tsx';
import { useTerminal } from '../components/terminal-context.ts';
import { actionOf, type KeyTable } from '../keys/key-table.ts';
import { useKeyPress } from '../keys/use-keys.ts';
import { SCROLL_KEYS } from '../text/scroll.ts';
import type { DashboardAction } from './actions.ts';
import { BrowserView } from './BrowserView.tsx';
import {
  CONFIRM_KEYS,
  type DashboardKey,
  DIFF_KEYS,
  FILE_KEYS,
  markLegend,
  TARGET_KEYS,
  VERSION_KEYS,
} from './keys.ts';
import type { DashboardState, TargetView } from './state.ts';
import { TargetsView } from './TargetsView.tsx';
import { VersionsView } from './VersionsView.tsx';
import { targetWords } from './words.ts';

/** The state, and where keys go. What they cause comes back as a new state. */
export interface DashboardModel {
  get(): DashboardState;
  subscribe(onChange: () => void): () => void;
  dispatch(action: DashboardAction): void;
}

/** Lines around the body: header, a blank one, the notice, the keys. */
const FRAME_LINES = 4;

/** Targets; the files of one; the versions of one of them; a difference. */
export function Dashboard({ model }: { readonly model: DashboardModel }): ReactNode {
  const state = useSyncExternalStore(model.subscribe, model.get);
  const { rows, glyphs } = useTerminal();
  const { browser } = state;
  const table = keysOf(state);
  const height = Math.max(4, rows - 1 - FRAME_LINES);
  useKeyPress(
    (press) => {
      const action = press.kind === 'key' ? actionFor(table, press.name, height) : undefined;
      if (action !== undefined) model.dispatch(action);
      return action !== undefined;
    },
    { isActive: !state.help },
  );
  if (state.help)
    return (
      <HelpOverlay
        title="Keys"
        tables={table === FILE_KEYS ? [table, markLegend(glyphs)] : [table, SCROLL_KEYS]}
        onClose={() => model.dispatch({ kind: 'help', isOpen: false })}
      />
    );
  const target = browser && state.targets.find(({ id }) => id === browser.targetId);
  return (
    <Box flexDirection="column">
      <Header state={state} />
      <Tone> </Tone>
      {browser === undefined ? <TargetsView state={state} height={height} /> : null}
      {browser !== undefined && browser.panel === undefined ? (
        <BrowserView
          browser={browser}
          target={target}
          height={height}
          onFilter={(text) => model.dispatch({ kind: 'filter', text })}
          onFilterDone={() => model.dispatch({ kind: 'typing', isOn: false })}
        />
      ) : null}
      {browser?.panel === undefined ? null : (
        <VersionsView panel={browser.panel} height={height} isActive={!state.help} />
      )}
      <Tone token={state.notice?.tone ?? 'plain'}>{state.notice?.text ?? ' '}</Tone>
      <KeyHints table={table} />
    </Box>
  );
}

function Header({ state }: { readonly state: DashboardState }): ReactNode {
  const { glyphs } = useTerminal();
  const { browser, targets, source } = state;
  const target = browser && targets.find(({ id }) => id === browser.targetId);
  if (target === undefined) {
    const daemon = { connecting: '', live: 'daemon running', alone: 'no daemon' }[source];
    return (
      <Row>
        <Tone token="strong">s4</Tone>
        <Tone token="dim">{`  ${count(targets.length, 'target')}${daemon === '' ? '' : ` ${glyphs.dot} ${daemon}`}`}</Tone>
      </Row>
    );
  }
  const words = targetWords(target, glyphs);
  return (
    <Row>
      <Tone token="strong">{target.name}</Tone>
      <Tone>{'  '}</Tone>
      <Tone token={words.token}>{fullWords(target) ?? words.text}</Tone>
    </Row>
  );
}

/** There is room for words where one target is shown alone. */
function fullWords({ activity, status }: TargetView): string | undefined {
  const words = activity === 'seen' && status !== undefined ? statusWords(status) : 'in sync';
  return words === 'in sync' ? undefined : words;
}

function keysOf({ browser, source }: DashboardState): KeyTable<DashboardKey> {
  if (browser === undefined)
    return source === 'live' ? TARGET_KEYS : TARGET_KEYS.filter(({ action }) => action !== 'pause');
  if (browser.panel === undefined) return FILE_KEYS;
  if (browser.panel.confirming) return CONFIRM_KEYS;
  return browser.panel.diff === undefined ? VERSION_KEYS : DIFF_KEYS;
}

function actionFor(table: KeyTable<DashboardKey>, key: string, page: number): DashboardAction | undefined {
  const own = actionOf(table, key);
  switch (own) {
    case undefined: {
      const scroll = actionOf(SCROLL_KEYS, key);
      return scroll === undefined ? undefined : { kind: 'move', scroll, page };
    }
    case 'help':
      return { kind: 'help', isOpen: true };
    case 'filter':
      return { kind: 'typing', isOn: true };
    case 'yes':
    case 'no':
      return { kind: 'confirm', yes: own === 'yes' };
    default:
      return { kind: own };
  }
}
