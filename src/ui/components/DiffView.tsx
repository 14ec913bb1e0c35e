import type { ReactNode } from 'react';
import type { DiffRow } from '../text/diff-rows.ts';
import type { Token } from '../text/theme.ts';
import { cellWidth, padEnd } from '../text/width.ts';
import { Scrollable } from './Scrollable.tsx';
import { Row, Tone } from './Tone.tsx';
import { useTerminal } from './terminal-context.ts';

export interface DiffViewProps {
  readonly rows: readonly DiffRow[];
  readonly height: number;
  readonly isActive?: boolean;
}

/** A difference to scroll through. Signs say what colours say. */
export function DiffView({ rows, height, isActive = true }: DiffViewProps): ReactNode {
  const labelWidth = rows.reduce(
    (most, row) => (row.kind === 'line' ? Math.max(most, cellWidth(row.label)) : most),
    0,
  );
  const render = (index: number): ReactNode => {
    const row = rows[index];
    return row === undefined ? null : <DiffLine row={row} labelWidth={labelWidth} />;
  };
  return <Scrollable count={rows.length} renderLine={render} height={height} isActive={isActive} />;
}

function DiffLine({ row, labelWidth }: { readonly row: DiffRow; readonly labelWidth: number }): ReactNode {
  const { theme } = useTerminal();
  if (row.kind === 'hunk') return <Tone token="dim">{`@@ ${row.text}`}</Tone>;
  const { line, word } = TOKENS[row.sign];
  const label = labelWidth === 0 ? '' : `${padEnd(row.label, labelWidth)} `;
  // Without colours words are marked by brackets, as wdiff does.
  const marks = theme.selected.inverse === true ? ['', ''] : MARKS[row.sign];
  return (
    <Row>
      <Tone token="dim">{label}</Tone>
      <Tone token={line}>{`${row.sign} `}</Tone>
      {row.parts.map(({ text, changed }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of a line have no other name and no state
        <Tone key={i} token={changed ? word : line}>
          {changed ? `${marks[0] ?? ''}${text}${marks[1] ?? ''}` : text}
        </Tone>
      ))}
    </Row>
  );
}

const TOKENS: Readonly<Record<' ' | '-' | '+', { readonly line: Token; readonly word: Token }>> = {
  ' ': { line: 'plain', word: 'plain' },
  '-': { line: 'delete', word: 'removed-word' },
  '+': { line: 'create', word: 'added-word' },
};

const MARKS: Readonly<Record<' ' | '-' | '+', readonly [string, string]>> = {
  ' ': ['', ''],
  '-': ['[-', '-]'],
  '+': ['{+', '+}'],
};
