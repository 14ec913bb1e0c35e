/** What a line means; colour follows from it and never carries meaning alone. */
export type Tone = 'plain' | 'create' | 'update' | 'delete' | 'warn' | 'error' | 'good' | 'dim' | 'strong';

/** From loud to chatty, as `--log-level` names them. */
export type Level = 'error' | 'warning' | 'info' | 'debug';

/** A line of plain output, free of control characters. */
export interface Line {
  readonly text: string;
  readonly tone: Tone;
  readonly level: Level;
}

const RANK: Readonly<Record<Level, number>> = { error: 0, warning: 1, info: 2, debug: 3 };

export function isShown(level: Level, threshold: Level): boolean {
  return RANK[level] <= RANK[threshold];
}

const SGR: Readonly<Record<Tone, string>> = {
  plain: '',
  create: '32',
  update: '33',
  delete: '31',
  warn: '33',
  error: '31',
  good: '32',
  dim: '2',
  strong: '1',
};

/** Of the sixteen colours, yellow, green and cyan cannot be read on white: blue and magenta stand for them there. */
const ON_LIGHT: Readonly<Partial<Record<Tone, string>>> = {
  create: '34',
  update: '35',
  warn: '35',
  good: '34',
};

/** @param isLight - the terminal's background is */
export function paint(line: Line, colours: boolean, isLight = false): string {
  const code = (isLight ? ON_LIGHT[line.tone] : undefined) ?? SGR[line.tone];
  return colours && code !== '' ? `\u001b[${code}m${line.text}\u001b[0m` : line.text;
}
