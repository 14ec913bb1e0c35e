import type { ReactNode } from 'react';
import { TextField } from '../components/TextField.tsx';
import { Row, Tone } from '../components/Tone.tsx';
import { useTerminal } from '../components/terminal-context.ts';
import { Words } from '../components/Words.tsx';
import type { KeyTable } from '../keys/key-table.ts';
import { useKeys } from '../keys/use-keys.ts';
import { fitMiddle } from '../text/width.ts';
import type { StepProps } from './AddWizard.tsx';
import { lookWords } from './answer-lines.ts';
import { completePath } from './complete-path.ts';
import type { FolderLook } from './facts.ts';
import { QuestionFrame } from './QuestionFrame.tsx';
import type { TextQuestion } from './questions.ts';
import { useCursor } from './use-cursor.ts';

export interface TextStepProps extends StepProps {
  readonly question: TextQuestion;
  /** What was found in the folder that is typed. */
  readonly look?: FolderLook;
  /** A line below the field. */
  readonly note?: string;
}

const MOST_SUGGESTIONS = 6;

/** Something to type, with proposals to take by the arrows. */
export function TextStep(props: TextStepProps): ReactNode {
  const { question, state, dispatch, width, look, note } = props;
  const { glyphs } = useTerminal();
  const value = state.draft[question.field];
  const found = suggestionsFor(props, value);
  const shown = found.slice(0, MOST_SUGGESTIONS);
  const cursor = useCursor(-1);
  useKeys(
    [
      { keys: ['up'], action: 'up', label: 'up' },
      { keys: ['down'], action: 'down', label: 'down' },
    ],
    (action) =>
      cursor.move(Math.max(-1, Math.min(shown.length - 1, cursor.now() + (action === 'up' ? -1 : 1)))),
  );
  const type = (typed: string): void => {
    cursor.move(-1);
    dispatch({ kind: 'typed', patch: { [question.field]: typed } });
  };
  const submit = (typed: string): void => {
    const taken = shown[cursor.now()];
    if (taken !== undefined && question.isPath === true) type(taken);
    else void answer(props, taken ?? typed);
  };
  return (
    <QuestionFrame
      {...props}
      title={question.title}
      about={question.about}
      keys={keysOf(question, shown)}
      trouble={state.trouble}
    >
      <Row>
        <Tone token="accent">{`${glyphs.cursor} `}</Tone>
        <TextField
          value={value}
          onChange={type}
          onSubmit={submit}
          width={width - 3}
          {...(question.placeholder === undefined ? {} : { placeholder: question.placeholder })}
          {...(question.secret === true ? { secret: true } : {})}
          {...(question.isPath === true
            ? { complete: (before: string) => completePath(before, props.port.folders(before)) }
            : {})}
        />
      </Row>
      {look === undefined ? null : <Tone token="good">{`  ${lookWords(look)}`}</Tone>}
      {note === undefined ? null : (
        <Words token="dim" indent={2} width={width}>
          {note}
        </Words>
      )}
      {shown.map((text, i) => (
        <Row key={text}>
          <Tone token="accent">{i === cursor.at ? `  ${glyphs.cursor} ` : '    '}</Tone>
          <Tone token={i === cursor.at ? 'strong' : 'dim'}>
            {fitMiddle(text, width - 4, glyphs.ellipsis)}
          </Tone>
        </Row>
      ))}
      {found.length > shown.length ? (
        <Tone token="dim">{`    and ${found.length - shown.length} more`}</Tone>
      ) : null}
    </QuestionFrame>
  );
}

function suggestionsFor({ question, port }: TextStepProps, value: string): readonly string[] {
  if (question.isPath === true) return value === '' ? [] : port.folders(value);
  return question.suggestions.filter((text) => text.includes(value.trim()) && text !== value.trim());
}

function keysOf(question: TextQuestion, shown: readonly string[]): KeyTable {
  return [
    { keys: ['enter'], action: 'next', label: 'go on' },
    ...(question.isPath === true ? [{ keys: ['tab'], action: 'complete', label: 'complete' }] : []),
    ...(shown.length === 0 ? [] : [{ keys: ['down'], action: 'down', label: 'choose' }]),
  ];
}

/** Takes the answer, or says what is wrong with it. A folder that is missing is made at the second Enter. */
async function answer({ question, state, dispatch, port }: TextStepProps, typed: string): Promise<void> {
  const whole = question.secret === true ? typed : typed.trim();
  const text = question.isPath === true ? whole.replace(/(.)\/+$/, '$1') : whole;
  const patch = { [question.field]: text === '' ? (question.fallback ?? '') : text };
  const draft = { ...state.draft, ...patch };
  const fault = port.fault(state.step, draft);
  if (fault === undefined) return dispatch({ kind: 'answered', patch });
  if (fault.missing !== true || state.trouble?.missing !== true) {
    dispatch({ kind: 'typed', patch });
    return dispatch({ kind: 'refused', trouble: fault });
  }
  const trouble = await port.makeFolder(draft);
  if (trouble !== undefined) return dispatch({ kind: 'refused', trouble });
  dispatch({ kind: 'answered', patch: { ...patch, createFolder: true } });
}
