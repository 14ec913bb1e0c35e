import type { ReactNode } from 'react';
import { Row, Tone } from '../../components/Tone.tsx';
import { useTerminal } from '../../components/terminal-context.ts';
import { cellWidth, padEnd } from '../../text/width.ts';
import type { MenuItem } from './menu.ts';

export interface ChoiceMenuProps {
  readonly items: readonly MenuItem[];
  /** The key of the item with the cursor. */
  readonly selected: string;
}

export function ChoiceMenu({ items, selected }: ChoiceMenuProps): ReactNode {
  const { glyphs } = useTerminal();
  const width = items.reduce((most, { label }) => Math.max(most, cellWidth(label)), 0);
  return items.map(({ key, label, detail, why }) => (
    <Row key={key}>
      <Tone token="accent">{`${key === selected ? glyphs.cursor : ' '} ${why === undefined ? key : ' '}`}</Tone>
      <Tone token={why === undefined ? (key === selected ? 'strong' : 'plain') : 'dim'}>
        {`  ${padEnd(label, width)}`}
      </Tone>
      <Tone token="dim">{`  ${why === undefined ? detail : `no: ${why}`}`}</Tone>
    </Row>
  ));
}
