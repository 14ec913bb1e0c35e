/** Every sign that screens draw with, so that a terminal without UTF-8 gets another set and no question marks. */
export interface Glyphs {
  readonly ellipsis: string;
  readonly up: string;
  readonly down: string;
  readonly left: string;
  readonly right: string;
  readonly enter: string;
  readonly cursor: string;
  readonly good: string;
  readonly warn: string;
  readonly error: string;
  readonly deleted: string;
  readonly conflict: string;
  readonly dot: string;
  readonly bullet: string;
  readonly checked: string;
  readonly unchecked: string;
  readonly secret: string;
  readonly rule: string;
  readonly pipe: string;
  readonly barFull: string;
  readonly barEmpty: string;
  /** Eighths of a full cell, from one to seven; empty where there are none. */
  readonly barParts: readonly string[];
  /** From nothing to the most. */
  readonly spark: readonly string[];
  readonly spinner: readonly string[];
}

export const UNICODE: Glyphs = {
  ellipsis: '…',
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  enter: '⏎',
  cursor: '›',
  good: '✓',
  warn: '!',
  error: '✗',
  deleted: '−',
  conflict: '≠',
  dot: '·',
  bullet: '•',
  checked: '●',
  unchecked: '○',
  secret: '•',
  rule: '─',
  pipe: '│',
  barFull: '█',
  barEmpty: '░',
  barParts: ['▏', '▎', '▍', '▌', '▋', '▊', '▉'],
  spark: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};

export const ASCII: Glyphs = {
  ellipsis: '...',
  up: '^',
  down: 'v',
  left: '<-',
  right: '->',
  enter: 'Enter',
  cursor: '>',
  good: '+',
  warn: '!',
  error: 'x',
  deleted: '-',
  conflict: '#',
  dot: '-',
  bullet: '*',
  checked: '(*)',
  unchecked: '( )',
  secret: '*',
  rule: '-',
  pipe: '|',
  barFull: '#',
  barEmpty: '.',
  barParts: [],
  spark: ['_', '.', ':', '-', '=', '+', '*', '#'],
  spinner: ['|', '/', '-', '\\'],
};

type Env = Readonly<Record<string, string | undefined>>;

/** By the locale, as C programs see it: LC_ALL, else LC_CTYPE, else LANG. */
export function glyphsFor(env: Env): Glyphs {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => (value ?? '') !== '') ?? '';
  return /utf-?8/i.test(locale) ? UNICODE : ASCII;
}
