import { Box } from 'ink';
import type { ReactNode } from 'react';
import { SelectList } from '../components/SelectList.tsx';
import { Tone } from '../components/Tone.tsx';
import { useTerminal } from '../components/terminal-context.ts';
import { Words } from '../components/Words.tsx';
import type { KeyTable } from '../keys/key-table.ts';
import { useKeys } from '../keys/use-keys.ts';
import type { StepProps } from './AddWizard.tsx';
import { answerLines } from './answer-lines.ts';
import { QuestionFrame } from './QuestionFrame.tsx';
import type { ChoiceQuestion } from './questions.ts';
import { useCursor } from './use-cursor.ts';

/** The list's own keys are not heard here; they are shown. */
export const CHOICE_KEYS: KeyTable = [
  { keys: ['down'], action: 'down', label: 'choose' },
  { keys: ['enter'], action: 'next', label: 'go on' },
];

// Header, title, keys and the gaps between them; one line is left free below.
const AROUND = 10;
// Of a place: a gap, and what is known of it.
const FACTS = 4;

/** One of several. */
export function ChoiceStep(props: StepProps & { readonly question: ChoiceQuestion }): ReactNode {
  const { question, state, dispatch, facts, width } = props;
  const { rows } = useTerminal();
  const cursor = useCursor(question.chosen);
  useKeys([{ keys: ['enter'], action: 'next', label: 'go on' }], () => {
    const choice = question.choices[cursor.now()];
    if (choice !== undefined) dispatch({ kind: 'answered', patch: choice.patch });
  });
  const answers = answerLines(state.draft, facts, state.step, undefined).length;
  const room = rows - AROUND - answers - question.about.length - (state.step === 'where' ? FACTS : 0);
  const height = Math.max(3, Math.min(question.choices.length, room));
  const provider =
    state.step === 'where'
      ? facts.providers.find(({ id }) => id === question.choices[cursor.at]?.key)
      : undefined;
  return (
    <QuestionFrame
      {...props}
      title={question.title}
      about={question.about}
      keys={CHOICE_KEYS}
      trouble={state.trouble}
    >
      <SelectList
        items={question.choices}
        selected={cursor.at}
        onMove={cursor.move}
        height={height}
        width={width}
      />
      {height < question.choices.length ? (
        <Tone token="dim">{`  ${question.choices.length} in all`}</Tone>
      ) : null}
      {state.step === 'where' ? (
        <Box marginTop={1} flexDirection="column">
          {(
            provider?.facts ?? ['It keeps old versions, and checks conditions: everything is promised there.']
          ).map((fact) => (
            <Words key={fact} token="dim" width={width}>
              {fact}
            </Words>
          ))}
        </Box>
      ) : null}
    </QuestionFrame>
  );
}
