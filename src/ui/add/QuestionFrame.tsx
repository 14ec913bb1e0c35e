import { Box } from 'ink';
import type { ReactNode } from 'react';
import { KeyHints } from '../components/KeyHints.tsx';
import { Words } from '../components/Words.tsx';
import type { KeyTable } from '../keys/key-table.ts';
import type { AddFacts, Trouble } from './facts.ts';
import { type AddState, isFirst } from './reducer.ts';
import { TroubleWords } from './TroubleWords.tsx';

export interface QuestionFrameProps {
  readonly title: string;
  readonly about: readonly string[];
  readonly trouble?: Trouble | undefined;
  /** Keys of this step, before the one that goes back; undefined: none is heard. */
  readonly keys: KeyTable | undefined;
  readonly state: AddState;
  readonly facts: AddFacts;
  readonly width: number;
  readonly children: ReactNode;
}

/** A question around its field or list: title, help, trouble, keys. */
export function QuestionFrame(props: QuestionFrameProps): ReactNode {
  const { title, about, trouble, keys, state, facts, width, children } = props;
  const goBack = {
    keys: ['escape'],
    action: 'back',
    label: isFirst(state, facts) ? 'leave' : 'back',
  } as const;
  return (
    <Box flexDirection="column">
      <Words token="strong" width={width}>
        {title}
      </Words>
      {about.map((line) => (
        <Words key={line} token="dim" width={width}>
          {line}
        </Words>
      ))}
      <Box flexDirection="column" marginTop={1}>
        {children}
      </Box>
      <TroubleWords trouble={trouble} width={width} />
      <Box marginTop={1}>
        <KeyHints table={keys === undefined ? [] : [...keys, goBack]} />
      </Box>
    </Box>
  );
}
