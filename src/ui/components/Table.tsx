import { Box } from 'ink';
import type { ReactNode } from 'react';
import { type Column, layoutTable, tableRow } from '../text/table-layout.ts';
import type { Token } from '../text/theme.ts';
import { Row, Tone } from './Tone.tsx';
import { useTerminal } from './terminal-context.ts';

export interface TableCell {
  readonly text: string;
  readonly token?: Token;
}

export interface TableProps {
  readonly columns: readonly Column[];
  readonly rows: readonly { readonly key: string; readonly cells: readonly TableCell[] }[];
  /** Of the row with the cursor. Marked by a sign too, which takes two cells. */
  readonly selected?: string;
  readonly width: number;
}

/** A table that fits its width: less important columns go, paths are cut in the middle. */
export function Table({ columns, rows, selected, width }: TableProps): ReactNode {
  const { glyphs } = useTerminal();
  const gutter = selected === undefined ? 0 : 2;
  const texts = rows.map(({ cells }) => cells.map(({ text }) => text));
  const layout = layoutTable(columns, texts, width - gutter);
  const header = tableRow(
    columns,
    layout,
    columns.map((column) => column.header),
    glyphs.ellipsis,
  );
  return (
    <Box flexDirection="column">
      <Row>
        <Tone token="dim">{' '.repeat(gutter) + header.map(({ text }) => text).join('')}</Tone>
      </Row>
      {rows.map(({ key, cells }, i) => (
        <Row key={key}>
          {gutter === 0 ? '' : key === selected ? `${glyphs.cursor} ` : '  '}
          {tableRow(columns, layout, texts[i] ?? [], glyphs.ellipsis).map(({ column, text }) => (
            <Tone key={column} token={key === selected ? 'strong' : (cells[column]?.token ?? 'plain')}>
              {text}
            </Tone>
          ))}
        </Row>
      ))}
    </Box>
  );
}
