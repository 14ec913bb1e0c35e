import type { Glyphs } from '../text/glyphs.ts';
import { cellWidth } from '../text/width.ts';
import type { KeyName } from './key-press.ts';

/** What a key does on a screen. Help lines and the overlay are made from these, so that they cannot differ. */
export interface KeyBinding<Action extends string = string> {
  readonly keys: readonly KeyName[];
  readonly action: Action;
  /** One or two words, for the help line: `open`. */
  readonly label: string;
  /** A few words, for the overlay; else the label. */
  readonly help?: string;
  /** Only in the overlay: movement that everybody tries anyway. */
  readonly quiet?: true;
}

export type KeyTable<Action extends string = string> = readonly KeyBinding<Action>[];

export function actionOf<Action extends string>(table: KeyTable<Action>, key: KeyName): Action | undefined {
  return table.find(({ keys }) => keys.includes(key))?.action;
}

/** A key as it is shown. */
function keyLabel(key: KeyName, glyphs: Glyphs): string {
  switch (key) {
    case 'up':
      return glyphs.up;
    case 'down':
      return glyphs.down;
    case 'left':
      return glyphs.left;
    case 'right':
      return glyphs.right;
    case 'enter':
      return 'Enter';
    case 'escape':
      return 'Esc';
    case 'tab':
      return 'Tab';
    case 'shift-tab':
      return 'Shift-Tab';
    case 'backspace':
      return 'Backspace';
    case 'page-up':
      return 'PgUp';
    case 'page-down':
      return 'PgDn';
    case 'home':
      return 'Home';
    case 'end':
      return 'End';
    case ' ':
      return 'Space';
    default:
      return key.startsWith('ctrl-') ? `Ctrl-${key.slice(5).toUpperCase()}` : key;
  }
}

export interface Hint {
  readonly keys: string;
  readonly label: string;
}

/** The hints that fit, from the front; the last one (`?`, by habit) stays. */
export function hintsThatFit(table: KeyTable, width: number, glyphs: Glyphs): readonly Hint[] {
  const all = table.filter(({ quiet }) => quiet !== true).map((binding) => hintOf(binding, glyphs));
  const last = all.at(-1);
  if (last === undefined) return [];
  let room = width - hintWidth(last);
  const shown: Hint[] = [];
  for (const hint of all.slice(0, -1)) {
    room -= hintWidth(hint) + HINT_GAP;
    if (room < 0) break;
    shown.push(hint);
  }
  return [...shown, last];
}

export const HINT_GAP = 2;

function hintOf({ keys, label }: KeyBinding, glyphs: Glyphs): Hint {
  return { keys: keyLabel(keys[0] ?? '', glyphs), label };
}

function hintWidth({ keys, label }: Hint): number {
  return cellWidth(keys) + 1 + cellWidth(label);
}

/** Rows of the overlay: all keys of a binding, and what they do. */
export function helpRows(table: KeyTable, glyphs: Glyphs): readonly Hint[] {
  return table.map(({ keys, label, help }) => ({
    keys: keys.map((key) => keyLabel(key, glyphs)).join(' '),
    label: help ?? label,
  }));
}
