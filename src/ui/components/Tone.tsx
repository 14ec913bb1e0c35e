import { Text } from 'ink';
import type { ReactNode } from 'react';
import { escapeForTerminal } from '../../report/escape.ts';
import type { Token } from '../text/theme.ts';
import { useTerminal } from './terminal-context.ts';

export interface ToneProps {
  readonly token?: Token;
  /** One line. What would move or colour a terminal is made visible. */
  readonly children: string;
}

/** Text by its meaning. All text of screens goes through here: it is escaped, and coloured by the theme. */
export function Tone({ token = 'plain', children }: ToneProps): ReactNode {
  const { theme } = useTerminal();
  return (
    <Text {...theme[token]} wrap="truncate-end">
      {escapeForTerminal(children)}
    </Text>
  );
}

/** Parts of one line, side by side: they are cut together at the right edge, and never wrap. */
export function Row({ children }: { readonly children: ReactNode }): ReactNode {
  return <Text wrap="truncate-end">{children}</Text>;
}
