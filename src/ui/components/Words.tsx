import { Box } from 'ink';
import type { ReactNode } from 'react';
import type { Token } from '../text/theme.ts';
import { wrapWords } from '../text/width.ts';
import { Tone } from './Tone.tsx';

export interface WordsProps {
  readonly children: string;
  readonly width: number;
  readonly token?: Token;
  /** Cells before each line. */
  readonly indent?: number;
  /** Further cells before all lines but the first: what a mark takes there. */
  readonly hang?: number;
}

/** Sentences over as many lines as they need. */
export function Words({ children, width, token = 'plain', indent = 0, hang = 0 }: WordsProps): ReactNode {
  const lines = wrapWords(children, width - indent - hang);
  return (
    <Box flexDirection="column">
      {lines.map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text have no other name and no state
        <Tone key={i} token={token}>{`${' '.repeat(indent + (i === 0 ? 0 : hang))}${line}`}</Tone>
      ))}
    </Box>
  );
}
