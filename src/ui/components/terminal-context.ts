import { createContext, useContext } from 'react';
import { type Glyphs, UNICODE } from '../text/glyphs.ts';
import { COLOURLESS, type Theme } from '../text/theme.ts';

/** What every component may know of the terminal. */
export interface TerminalView {
  readonly columns: number;
  readonly rows: number;
  readonly glyphs: Glyphs;
  readonly theme: Theme;
  readonly nowMs: () => number;
}

export const TerminalContext = createContext<TerminalView>({
  columns: 80,
  rows: 24,
  glyphs: UNICODE,
  theme: COLOURLESS,
  nowMs: () => 0,
});

/** The terminal's size now (a resize renders again), its signs and colours. */
export function useTerminal(): TerminalView {
  return useContext(TerminalContext);
}
