import { Box } from 'ink';
import { type ReactNode, useRef } from 'react';
import { useKeys } from '../keys/use-keys.ts';
import { SCROLL_KEYS, scrolled, topFor } from '../text/scroll.ts';
import type { Token } from '../text/theme.ts';
import { cellWidth, fitMiddle, padEnd } from '../text/width.ts';
import { Row, Tone } from './Tone.tsx';
import { useTerminal } from './terminal-context.ts';

export interface SelectItem {
  readonly key: string;
  readonly label: string;
  readonly detail?: string;
  readonly token?: Token;
}

export interface SelectListProps {
  readonly items: readonly SelectItem[];
  readonly selected: number;
  readonly onMove: (index: number) => void;
  readonly height: number;
  readonly width: number;
  readonly isActive?: boolean;
}

/** A list with a cursor. Enter is the screen's; the list only moves. */
export function SelectList(props: SelectListProps): ReactNode {
  const { items, selected, onMove, height, width, isActive = true } = props;
  const { glyphs } = useTerminal();
  const top = useRef(0);
  const at = useRef(selected);
  at.current = selected;
  useKeys(
    SCROLL_KEYS,
    (action) => {
      at.current = scrolled(at.current, action, height, items.length - 1);
      onMove(at.current);
    },
    { isActive },
  );
  top.current = topFor(selected, top.current, height, items.length);
  const shown = items.slice(top.current, top.current + height);
  const labelWidth = Math.min(
    shown.reduce((most, { label }) => Math.max(most, cellWidth(label)), 0),
    width - 2,
  );
  return (
    <Box flexDirection="column">
      {shown.map((item, i) => {
        const isHere = top.current + i === selected;
        const label = fitMiddle(item.label, width - 2, glyphs.ellipsis);
        return (
          <Row key={item.key}>
            <Tone token="accent">{isHere ? `${glyphs.cursor} ` : '  '}</Tone>
            <Tone token={isHere ? 'strong' : (item.token ?? 'plain')}>
              {item.detail === undefined ? label : padEnd(label, labelWidth)}
            </Tone>
            {item.detail === undefined ? '' : <Tone token="dim">{`  ${item.detail}`}</Tone>}
          </Row>
        );
      })}
    </Box>
  );
}
