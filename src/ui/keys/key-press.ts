import { graphemes } from '../text/width.ts';

/**
 * A key: a printable character stands for itself (`q`, `?`, `G`), the rest have names; `ctrl-` goes before a letter.
 */
export type KeyName = string;

export type KeyPress =
  | { readonly kind: 'key'; readonly name: KeyName }
  /** Pasted: printable, no line ends, control characters dropped. It is text for a field, and never a command. */
  | { readonly kind: 'text'; readonly text: string };

/** As Ink's `useInput` gives it. */
export interface InkKey {
  readonly upArrow: boolean;
  readonly downArrow: boolean;
  readonly leftArrow: boolean;
  readonly rightArrow: boolean;
  readonly pageDown: boolean;
  readonly pageUp: boolean;
  readonly home: boolean;
  readonly end: boolean;
  readonly return: boolean;
  readonly escape: boolean;
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly tab: boolean;
  readonly backspace: boolean;
  readonly delete: boolean;
  readonly meta: boolean;
}

export const PASTE_START = '[200~';
export const PASTE_END = '[201~';

/** Keys out of what was read at once: a name, a character, or several characters. */
export function keyPresses(input: string, key: InkKey, pasting: boolean): readonly KeyPress[] {
  const name = namedKey(key);
  if (name !== undefined && !pasting) return [{ kind: 'key', name }];
  if (key.ctrl && input.length === 1) return pasting ? [] : [{ kind: 'key', name: `ctrl-${input}` }];
  if (pasting) return textPress(key.return ? ' ' : input.replace(/[\r\n\t]+/g, ' '));
  if (key.meta && !key.escape) return [];
  return typed(input);
}

function namedKey(key: InkKey): KeyName | undefined {
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  if (key.leftArrow) return 'left';
  if (key.rightArrow) return 'right';
  if (key.pageUp) return 'page-up';
  if (key.pageDown) return 'page-down';
  if (key.home) return 'home';
  if (key.end) return 'end';
  if (key.return) return 'enter';
  if (key.tab) return key.shift ? 'shift-tab' : 'tab';
  if (key.escape) return 'escape';
  // Most terminals send DEL for the backspace key, which Ink calls delete; the key "delete" cannot be told from it.
  if (key.backspace || key.delete) return 'backspace';
  return undefined;
}

const NAMED_CHARS: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
};

/** Nobody types this much at once: a paste in a terminal that does not mark it as one. */
const TYPED_AT_MOST = 24;

/** Typed faster than it is read, keys arrive together: `yes` and Enter as one string. */
function typed(input: string): readonly KeyPress[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys that came together with text
  return input.split(/([\u0001-\u001a\u007f])/).flatMap((part): readonly KeyPress[] => {
    const name = controlKey(part);
    if (name !== undefined) return [{ kind: 'key', name }];
    return part.length > TYPED_AT_MOST ? textPress(part) : graphemes(part).flatMap(textPress);
  });
}

function controlKey(char: string): KeyName | undefined {
  const named = NAMED_CHARS[char];
  if (named !== undefined) return named;
  const code = char.length === 1 ? char.charCodeAt(0) : 0;
  return code >= 1 && code <= 26 ? `ctrl-${String.fromCharCode(code + 96)}` : undefined;
}

function textPress(text: string): readonly KeyPress[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is dropped
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
  if (clean === '') return [];
  return graphemes(clean).length === 1 ? [{ kind: 'key', name: clean }] : [{ kind: 'text', text: clean }];
}

/** The text that a field inserts; undefined for keys that are none. */
export function insertedText(press: KeyPress): string | undefined {
  if (press.kind === 'text') return press.text;
  return graphemes(press.name).length === 1 ? press.name : undefined;
}
