import { isLightBackground } from '../../report/background.ts';

/** What a text means. Colour follows from it, and never carries meaning alone. */
export type Token =
  | 'plain'
  | 'strong'
  | 'dim'
  | 'accent'
  | 'good'
  | 'warn'
  | 'error'
  | 'create'
  | 'update'
  | 'delete'
  | 'selected'
  | 'added-word'
  | 'removed-word';

/** Of the sixteen colours that a terminal's own scheme defines: they fit its background as its owner chose. */
export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/** Attributes as Ink's Text takes them. */
export interface Style {
  readonly color?: Colour;
  readonly bold?: true;
  readonly dimColor?: true;
  readonly inverse?: true;
  readonly underline?: true;
}

export type Theme = Readonly<Record<Token, Style>>;

const DARK: Theme = {
  plain: {},
  strong: { bold: true },
  dim: { dimColor: true },
  accent: { color: 'cyan' },
  good: { color: 'green' },
  warn: { color: 'yellow' },
  error: { color: 'red' },
  create: { color: 'green' },
  update: { color: 'yellow' },
  delete: { color: 'red' },
  selected: { inverse: true },
  'added-word': { color: 'green', inverse: true },
  'removed-word': { color: 'red', inverse: true },
};

/** Yellow, green and cyan cannot be read on white. */
const LIGHT: Theme = {
  ...DARK,
  accent: { color: 'blue' },
  good: { color: 'blue' },
  warn: { color: 'magenta' },
  create: { color: 'blue' },
  update: { color: 'magenta' },
  'added-word': { color: 'blue', inverse: true },
};

const NONE: Style = {};

/** No attribute at all: what is marked by colour elsewhere is marked by signs and words anyway. */
export const COLOURLESS: Theme = {
  plain: NONE,
  strong: NONE,
  dim: NONE,
  accent: NONE,
  good: NONE,
  warn: NONE,
  error: NONE,
  create: NONE,
  update: NONE,
  delete: NONE,
  selected: NONE,
  'added-word': NONE,
  'removed-word': NONE,
};

/** @param env - tells the background, see `isLightBackground` */
export function themeFor(env: Readonly<Record<string, string | undefined>>, colours: boolean): Theme {
  if (!colours) return COLOURLESS;
  return isLightBackground(env) ? LIGHT : DARK;
}
