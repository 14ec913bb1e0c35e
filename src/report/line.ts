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

export function paint(line: Line, colours: boolean): string {
  const code = SGR[line.tone];
  return colours && code !== '' ? `\u001b[${code}m${line.text}\u001b[0m` : line.text;
}
