import { Box } from 'ink';
import { type ReactNode, useEffect, useState } from 'react';
import { HelpOverlay, KeyHints } from '../../components/KeyHints.tsx';
import { Tone } from '../../components/Tone.tsx';
import { useTerminal } from '../../components/terminal-context.ts';
import type { KeyTable } from '../../keys/key-table.ts';
import { useKeys } from '../../keys/use-keys.ts';
import { SCROLL_KEYS } from '../../text/scroll.ts';
import { fitMiddle } from '../../text/width.ts';
import { ChoiceMenu } from './ChoiceMenu.tsx';
import { BACK_KEYS, ConflictDiff } from './ConflictDiff.tsx';
import { ConflictSides } from './ConflictSides.tsx';
import type { ConflictAnswer, ConflictMaterial, ConflictQuestion } from './conflict-material.ts';
import { type MenuItem, menuOf } from './menu.ts';

export interface ConflictScreenProps {
  readonly question: ConflictQuestion;
  /** Reads both sides; asked for once. */
  readonly load: () => Promise<ConflictMaterial>;
  readonly onAnswer: (answer: ConflictAnswer) => void;
}

const MORE_LETTERS: KeyTable = [
  { keys: ['b'], action: 'b', label: 'keep both' },
  { keys: ['m'], action: 'm', label: 'merge' },
  { keys: ['s'], action: 's', label: 'decide later' },
  { keys: ['u'], action: 'u', label: 'use what was edited' },
  { keys: ['e'], action: 'e', label: 'edit' },
  { keys: ['d'], action: 'd', label: 'show what each side changed' },
  { keys: ['a'], action: 'a', label: 'the same for the rest' },
];
const LETTERS: KeyTable = [
  { keys: ['l'], action: 'l', label: 'keep local' },
  { keys: ['r'], action: 'r', label: 'keep remote' },
  ...MORE_LETTERS,
];
const KEPT_LETTERS: KeyTable = [
  { keys: ['o'], action: 'o', label: 'keep the original' },
  { keys: ['c'], action: 'c', label: 'keep the copy' },
  ...MORE_LETTERS,
];

/** Where the cursor is at first: Enter alone decides nothing. */
const SKIP = 's';

const MENU_KEYS: KeyTable<'up' | 'down' | 'choose' | 'help'> = [
  { keys: ['enter'], action: 'choose', label: 'choose', help: 'do what the cursor is at' },
  { keys: ['up', 'k'], action: 'up', label: 'up', quiet: true },
  { keys: ['down', 'j'], action: 'down', label: 'or a letter moves', help: 'down' },
  { keys: ['?'], action: 'help', label: 'help', help: 'all keys' },
];

/** Asks what becomes of a file that both sides changed. Nothing is done before an answer. */
export function ConflictScreen({ question, load, onAnswer }: ConflictScreenProps): ReactNode {
  const [view, setView] = useState<'question' | 'diff'>('question');
  const [helps, setHelps] = useState(false);
  const [cursor, setCursor] = useState(question.edited === undefined ? SKIP : 'u');
  const [forTheRest, setForTheRest] = useState(false);
  const material = useMaterial(load);
  const letters = question.kept === undefined ? LETTERS : KEPT_LETTERS;
  if (helps)
    return (
      <HelpOverlay
        title="Keys"
        tables={view === 'diff' ? [BACK_KEYS, SCROLL_KEYS] : [letters, MENU_KEYS]}
        onClose={() => setHelps(false)}
      />
    );
  const help = (): void => setHelps(true);
  if (view === 'diff')
    return (
      <ConflictDiff
        question={question}
        material={material}
        onBack={() => setView('question')}
        onHelp={help}
      />
    );
  return (
    <Question
      question={question}
      letters={letters}
      material={material}
      cursor={cursor}
      onCursor={setCursor}
      forTheRest={forTheRest}
      onRest={() => setForTheRest((was) => !was)}
      onDiff={() => setView('diff')}
      onHelp={help}
      onAnswer={onAnswer}
    />
  );
}

interface QuestionProps {
  readonly question: ConflictQuestion;
  readonly letters: KeyTable;
  readonly material: ConflictMaterial | undefined;
  /** Key of the item with the cursor. */
  readonly cursor: string;
  readonly onCursor: (key: string) => void;
  readonly forTheRest: boolean;
  readonly onRest: () => void;
  readonly onDiff: () => void;
  readonly onHelp: () => void;
  readonly onAnswer: (answer: ConflictAnswer) => void;
}

function Question(props: QuestionProps): ReactNode {
  const { question, letters, material, cursor, onCursor, forTheRest, onRest, onDiff, onHelp, onAnswer } =
    props;
  const menu = menuOf(question, material, forTheRest);
  const at = Math.max(
    0,
    menu.findIndex(({ key }) => key === cursor),
  );
  const perform = (item: MenuItem | undefined): void => {
    if (item === undefined || item.why !== undefined) return;
    const { action } = item;
    if (action.kind === 'diff') onDiff();
    else if (action.kind === 'rest') onRest();
    else onAnswer(action.kind === 'choice' ? { ...action, forTheRest } : action);
  };
  // A letter that decides only moves there: typed by mistake, it does nothing. Looking at something is done at once.
  useKeys(letters, (key) => {
    const item = menu.find((each) => each.key === key);
    if (item === undefined) return;
    onCursor(key);
    if (['diff', 'edit', 'rest'].includes(item.action.kind)) perform(item);
  });
  useKeys(MENU_KEYS, (action) => {
    if (action === 'help') onHelp();
    else if (action === 'choose') perform(menu[at]);
    else onCursor(menu[(at + (action === 'up' ? menu.length - 1 : 1)) % menu.length]?.key ?? cursor);
  });
  return (
    <Box flexDirection="column">
      <Heading question={question} />
      <ConflictSides question={question} />
      <Tone> </Tone>
      <ChoiceMenu items={menu} selected={menu[at]?.key ?? ''} />
      <Tone token="error">{question.notice ?? ' '}</Tone>
      <KeyHints table={MENU_KEYS} />
    </Box>
  );
}

function Heading({ question }: { readonly question: ConflictQuestion }): ReactNode {
  const { columns, glyphs } = useTerminal();
  const { kept, asked } = question;
  const more = asked === 0 ? '' : ` (number ${asked + 1}${kept === undefined ? ' of this sync' : ''})`;
  const what = kept === undefined ? 'Both sides changed it since the last sync.' : 'Both versions were kept.';
  return (
    <>
      <Tone token="warn">{`Conflict${more}`}</Tone>
      <Tone token="strong">{fitMiddle(question.conflict.path, columns, glyphs.ellipsis)}</Tone>
      <Tone token="dim">
        {columns < 60 ? 'Nothing is done until you choose.' : `${what} Nothing is done until you choose.`}
      </Tone>
      <Tone> </Tone>
    </>
  );
}

/** Undefined while it is read; a failure is thrown where it is drawn, and ends the screen. */
function useMaterial(load: () => Promise<ConflictMaterial>): ConflictMaterial | undefined {
  const [state, setState] = useState<{ material?: ConflictMaterial; error?: unknown }>({});
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once a screen
  useEffect(() => {
    let isGone = false;
    load().then(
      (material) => isGone || setState({ material }),
      (error: unknown) => isGone || setState({ error }),
    );
    return () => {
      isGone = true;
    };
  }, []);
  if (state.error !== undefined) throw state.error;
  return state.material;
}
