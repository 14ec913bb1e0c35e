import { Box } from 'ink';
import { type ReactNode, useRef, useState } from 'react';
import { useKeys } from '../keys/use-keys.ts';
import { SCROLL_KEYS, scrolled } from '../text/scroll.ts';
import { Tone } from './Tone.tsx';

export interface ScrollableProps {
  /** Lines in all. Only those in sight are drawn. */
  readonly count: number;
  readonly renderLine: (index: number) => ReactNode;
  /** Lines in sight; one more tells where we are, when not all are. */
  readonly height: number;
  readonly isActive?: boolean;
}

/** Lines that may be more than fit. */
export function Scrollable({ count, renderLine, height, isActive = true }: ScrollableProps): ReactNode {
  const [top, setTop] = useState(0);
  const fits = count <= height;
  const inSight = fits ? height : Math.max(1, height - 1);
  const last = Math.max(0, count - inSight);
  // A resize may have made room.
  const from = Math.min(top, last);
  const at = useRef(from);
  at.current = from;
  useKeys(
    SCROLL_KEYS,
    (action) => {
      at.current = scrolled(at.current, action, inSight, last);
      setTop(at.current);
    },
    { isActive: isActive && !fits },
  );
  const shown = Array.from({ length: Math.min(inSight, count - from) }, (_, i) => from + i);
  return (
    <Box flexDirection="column">
      {shown.map((index) => (
        <Box key={index}>{renderLine(index)}</Box>
      ))}
      {fits ? null : (
        <Tone token="dim">{`lines ${from + 1}-${from + shown.length} of ${count} (arrows, PgUp, PgDn)`}</Tone>
      )}
    </Box>
  );
}
