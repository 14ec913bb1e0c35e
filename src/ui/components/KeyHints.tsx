import { Box } from 'ink';
import type { ReactNode } from 'react';
import { HINT_GAP, helpRows, hintsThatFit, type KeyTable } from '../keys/key-table.ts';
import { useKeyPress } from '../keys/use-keys.ts';
import { cellWidth, padEnd } from '../text/width.ts';
import { Row, Tone } from './Tone.tsx';
import { useTerminal } from './terminal-context.ts';

/** The help line of a screen: as many keys as fit. */
export function KeyHints({ table }: { readonly table: KeyTable }): ReactNode {
  const { columns, glyphs } = useTerminal();
  const hints = hintsThatFit(table, columns, glyphs);
  return (
    <Row>
      {hints.map(({ keys, label }, i) => (
        <Row key={keys}>
          {i === 0 ? '' : ' '.repeat(HINT_GAP)}
          <Tone token="accent">{keys}</Tone>
          <Tone token="dim">{` ${label}`}</Tone>
        </Row>
      ))}
    </Row>
  );
}

export interface HelpOverlayProps {
  readonly title: string;
  readonly tables: readonly KeyTable[];
  readonly onClose: () => void;
}

/** All keys of a screen; any key closes it. */
export function HelpOverlay({ title, tables, onClose }: HelpOverlayProps): ReactNode {
  const { glyphs, rows } = useTerminal();
  useKeyPress(
    () => {
      onClose();
      return true;
    },
    { layer: 'overlay' },
  );
  const all = tables.flatMap((table) => helpRows(table, glyphs)).slice(0, Math.max(1, rows - 5));
  const width = all.reduce((most, { keys }) => Math.max(most, cellWidth(keys)), 0);
  return (
    <Box flexDirection="column">
      <Tone token="strong">{title}</Tone>
      <Tone> </Tone>
      {all.map(({ keys, label }) => (
        <Row key={keys + label}>
          <Tone token="accent">{`  ${padEnd(keys, width)}`}</Tone>
          <Tone>{`  ${label}`}</Tone>
        </Row>
      ))}
      <Tone> </Tone>
      <Tone token="dim">Any key goes back.</Tone>
    </Box>
  );
}
