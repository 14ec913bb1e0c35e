import type { ReactNode } from 'react';
import { barText, sparklineText } from '../text/bar.ts';
import { Row, Tone } from './Tone.tsx';
import { useTerminal } from './terminal-context.ts';

/** How far something is. The number next to it is the caller's. */
export function Bar({ fraction, width }: { readonly fraction: number; readonly width: number }): ReactNode {
  const { glyphs } = useTerminal();
  const { full, empty } = barText(fraction, width, glyphs);
  return (
    <Row>
      <Tone token="accent">{full}</Tone>
      <Tone token="dim">{empty}</Tone>
    </Row>
  );
}

/** A line of columns: how something went lately. */
export function Sparkline({
  values,
  width,
}: {
  readonly values: readonly number[];
  readonly width: number;
}): ReactNode {
  const { glyphs } = useTerminal();
  return <Tone token="accent">{sparklineText(values, width, glyphs)}</Tone>;
}
